"""The closed sets of the registry: agents, engines, routers, Gateway API controllers, and ways to ask who somebody is.

Whoever decides by one of them does so in a `match` that ends in `assert_never`: mypy then names every place that a new
member needs. What only says a fact of a member stands here.
"""

from __future__ import annotations

from typing import Literal, assert_never, get_args

Agent = Literal['argocd', 'flux']
Engine = Literal['native', 'argo-rollouts', 'flagger']
Router = Literal['service', 'gateway-api', 'istio', 'nginx']
# The routers that a release has a route for: the type of that route.
RouteType = Literal['gateway-api', 'istio', 'nginx']
# Of a gateway of the Gateway API: what runs it. They share one API and differ in what they enforce of it.
Controller = Literal[
    'envoy-gateway', 'istio', 'kgateway', 'cilium', 'contour', 'nginx-gateway-fabric', 'traefik', 'gke',
]  # fmt: skip
Auth = Literal['none', 'jwt', 'oidc']

AGENTS: tuple[Agent, ...] = get_args(Agent)
ENGINES: tuple[Engine, ...] = get_args(Engine)
ROUTERS: tuple[Router, ...] = get_args(Router)
CONTROLLERS: tuple[Controller, ...] = get_args(Controller)


def agent_title(agent: Agent) -> str:
    match agent:
        case 'argocd':
            return 'Argo CD'
        case 'flux':
            return 'Flux'
        case _:
            assert_never(agent)


def agent_namespace(agent: Agent) -> str:
    """The namespace that an agent is usually installed in."""
    match agent:
        case 'argocd':
            return 'argocd'
        case 'flux':
            return 'flux-system'
        case _:
            assert_never(agent)


def reaches_other_clusters(agent: Agent) -> bool:
    """Whether one agent serves many clusters from its own; else each cluster has an agent in it."""
    match agent:
        case 'argocd':
            return True
        case 'flux':
            return False
        case _:
            assert_never(agent)


def has_projects(agent: Agent) -> bool:
    """Whether an environment has projects in its agent, which say what may be deployed and where."""
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
    """Whether the Service and the route of a release are the engine's own, not the chart's."""
    match engine:
        case 'native' | 'argo-rollouts':
            return False
        case 'flagger':
            return True
        case _:
            assert_never(engine)


def writes_weights(engine: Engine) -> bool:
    """Whether a controller writes weights into the route that the chart has made."""
    match engine:
        case 'native' | 'flagger':
            return False
        case 'argo-rollouts':
            return True
        case _:
            assert_never(engine)


def has_routes(router: Router) -> bool:
    """Whether requests come from outside, through a route of the release."""
    match router:
        case 'service':
            return False
        case 'gateway-api' | 'istio' | 'nginx':
            return True
        case _:
            assert_never(router)


def is_ingress(route: RouteType) -> bool:
    """Whether a route is an Ingress: of a canary there is a second one, and paths are all that it matches."""
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
