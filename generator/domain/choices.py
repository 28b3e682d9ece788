"""Closed sets of the registry (agents, engines, routers, controllers of gateways, meshes, tools and others); facts.

Code that depends on a member uses `match` and ends in `assert_never`: mypy then reports every place that a new member
affects.
"""

from __future__ import annotations

from typing import Literal, assert_never, get_args

Agent = Literal['argocd', 'flux']
Engine = Literal['native', 'argo-rollouts', 'flagger']
Router = Literal['service', 'gateway-api', 'istio', 'nginx']
# Routers for which a release has a route; also the type of that route.
RouteType = Literal['gateway-api', 'istio', 'nginx']
# Controllers that run a gateway of the Gateway API. They share one API and differ in which parts they enforce.
Controller = Literal[
    'envoy-gateway', 'istio', 'kgateway', 'cilium', 'contour', 'nginx-gateway-fabric', 'traefik', 'gke',
]  # fmt: skip
# Where agents get charts from: this git repository, or an OCI registry.
ChartSource = Literal['git', 'oci']
Auth = Literal['none', 'jwt', 'oidc']
# How the pods of an environment are in Istio's mesh.
Mesh = Literal['none', 'sidecar', 'ambient']
# Who checks tokens and accounts; the value is that of the charts.
Enforcer = Literal['gateway', 'sidecar', 'waypoint']
# How pods get credentials of their cloud.
CloudIdentity = Literal['gke', 'eks-pod-identity', 'eks-irsa', 'azure']
# What answers the DNS requests of pods.
Dns = Literal['kube-dns', 'node-local', 'openshift']
# Tools in a cluster whose objects releases may have.
Tool = Literal[
    'argo-rollouts', 'flagger', 'gateway-api', 'envoy-gateway', 'istio', 'istio-security', 'nginx', 'cert-manager',
    'external-secrets', 'keda', 'prometheus-operator', 'dashboards',
]  # fmt: skip
# Annotations of ServiceAccounts, by which clouds know them.
_ANNOTATIONS: tuple[tuple[str, CloudIdentity], ...] = (
    ('iam.gke.io/', 'gke'),
    ('eks.amazonaws.com/', 'eks-irsa'),
    ('azure.workload.identity/', 'azure'),
)

AGENTS: tuple[Agent, ...] = get_args(Agent)
ENGINES: tuple[Engine, ...] = get_args(Engine)
ROUTERS: tuple[Router, ...] = get_args(Router)
CONTROLLERS: tuple[Controller, ...] = get_args(Controller)
TOOLS: tuple[Tool, ...] = get_args(Tool)


def agent_title(agent: Agent) -> str:
    match agent:
        case 'argocd':
            return 'Argo CD'
        case 'flux':
            return 'Flux'
        case _:
            assert_never(agent)


def agent_namespace(agent: Agent) -> str:
    """Return the namespace that an agent is usually installed in."""
    match agent:
        case 'argocd':
            return 'argocd'
        case 'flux':
            return 'flux-system'
        case _:
            assert_never(agent)


def reaches_other_clusters(agent: Agent) -> bool:
    """Whether one agent serves several clusters; otherwise each cluster runs its own agent."""
    match agent:
        case 'argocd':
            return True
        case 'flux':
            return False
        case _:
            assert_never(agent)


def has_projects(agent: Agent) -> bool:
    """Whether the agent has projects, which limit what may be deployed and where."""
    match agent:
        case 'argocd':
            return True
        case 'flux':
            return False
        case _:
            assert_never(agent)


def engine_title(engine: Engine) -> str:
    match engine:
        case 'native':
            return 'commits'
        case 'argo-rollouts':
            return 'Argo Rollouts'
        case 'flagger':
            return 'Flagger'
        case _:
            assert_never(engine)


def by_commits(engine: Engine) -> bool:
    """Whether commits in this repository move the traffic, not a controller."""
    match engine:
        case 'native':
            return True
        case 'argo-rollouts' | 'flagger':
            return False
        case _:
            assert_never(engine)


def makes_routes(engine: Engine) -> bool:
    """Whether the engine, not the chart, creates the Service and the route of a release."""
    match engine:
        case 'native' | 'argo-rollouts':
            return False
        case 'flagger':
            return True
        case _:
            assert_never(engine)


def writes_weights(engine: Engine) -> bool:
    """Whether a controller writes weights into the route that the chart creates."""
    match engine:
        case 'native' | 'flagger':
            return False
        case 'argo-rollouts':
            return True
        case _:
            assert_never(engine)


def has_routes(router: Router) -> bool:
    """Whether requests from outside the cluster reach a release through a route."""
    match router:
        case 'service':
            return False
        case 'gateway-api' | 'istio' | 'nginx':
            return True
        case _:
            assert_never(router)


def is_of_gateway(route: RouteType) -> bool:
    """Whether a route is an HTTPRoute or a GRPCRoute."""
    match route:
        case 'gateway-api':
            return True
        case 'istio' | 'nginx':
            return False
        case _:
            assert_never(route)


def is_ingress(route: RouteType) -> bool:
    """Whether a route is an Ingress: it matches paths only, and a canary needs a second one."""
    match route:
        case 'gateway-api' | 'istio':
            return False
        case 'nginx':
            return True
        case _:
            assert_never(route)


def controller_title(controller: Controller) -> str:
    match controller:
        case 'envoy-gateway':
            return 'Envoy Gateway'
        case 'istio':
            return 'Istio'
        case 'kgateway':
            return 'kgateway'
        case 'cilium':
            return 'Cilium'
        case 'contour':
            return 'Contour'
        case 'nginx-gateway-fabric':
            return 'NGINX Gateway Fabric'
        case 'traefik':
            return 'Traefik'
        case 'gke':
            return 'GKE Gateway'
        case _:
            assert_never(controller)


def is_of_istio(router: Router, controller: Controller | None) -> bool:
    """Whether the gateway is Istio's: it is part of the mesh, and others connect to pods without the mesh's TLS."""
    match router:
        case 'istio':
            return True
        case 'gateway-api':
            return controller is not None and _is_istio(controller)
        case 'service' | 'nginx':
            return False
        case _:
            assert_never(router)


def _is_istio(controller: Controller) -> bool:
    match controller:
        case 'istio':
            return True
        case (
            'envoy-gateway' | 'kgateway' | 'cilium' | 'contour' | 'nginx-gateway-fabric' | 'traefik' | 'gke'
        ):  # fmt: skip
            return False
        case _:
            assert_never(controller)


def is_meshed(mesh: Mesh) -> bool:
    """Whether the pods are in Istio's mesh."""
    match mesh:
        case 'none':
            return False
        case 'sidecar' | 'ambient':
            return True
        case _:
            assert_never(mesh)


def cloud_identity_of(annotation: str) -> CloudIdentity | None:
    """Return the kind of cloud identity that an annotation of a ServiceAccount is for."""
    return next((kind for prefix, kind in _ANNOTATIONS if annotation.startswith(prefix)), None)


def proxies_in(controller: Controller | None) -> str:
    """Return the namespace where a controller of gateways runs their pods, '' for that of each gateway."""
    match controller:
        case 'envoy-gateway':
            return 'envoy-gateway-system'
        case 'istio' | 'kgateway' | 'cilium' | 'contour' | 'nginx-gateway-fabric' | 'traefik' | 'gke' | None:
            return ''
        case _:
            assert_never(controller)


def gateway_names(controller: Controller | None, gateway: str) -> tuple[str, ...]:
    """Return the names that a controller gives to what it creates for a gateway, in the gateway's namespace."""
    match controller:
        case 'istio' | None:
            return (f'{gateway}-istio',)
        case 'kgateway':
            return (gateway,)
        case 'envoy-gateway':  # in its mode that runs proxies beside their gateways
            return (gateway,)
        case 'cilium':
            return (f'cilium-gateway-{gateway}',)
        case 'contour':
            return f'contour-{gateway}', f'envoy-{gateway}'
        case 'nginx-gateway-fabric':
            return (f'{gateway}-nginx',)
        case 'traefik' | 'gke':
            return ()
        case _:
            assert_never(controller)
