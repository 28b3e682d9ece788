"""An environment → the kinds of objects that its releases may have: those of the tools that its settings use.

Its bootstrap permits these and no others. A release that needs another tool is refused; the environment may permit it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, assert_never

from generator.domain.choices import TOOLS, Engine, Router, Tool, is_meshed
from generator.domain.environments import Environment
from generator.domain.values import Values
from generator.strategies.gateways import unenforced


class Kind(NamedTuple):
    group: str
    name: str
    plural: str


def _kinds(group: str, **plurals: str) -> tuple[Kind, ...]:
    return tuple(Kind(group, name, plural) for name, plural in plurals.items())


# What every chart renders.
_ALWAYS = (
    *_kinds('', Service='services', ServiceAccount='serviceaccounts', Pod='pods'),
    *_kinds('apps', Deployment='deployments'),
    *_kinds('autoscaling', HorizontalPodAutoscaler='horizontalpodautoscalers'),
    *_kinds('policy', PodDisruptionBudget='poddisruptionbudgets'),
    *_kinds('networking.k8s.io', NetworkPolicy='networkpolicies'),
)
# Kinds that controllers create from them: Argo CD shows no pods or logs below a kind that the project does not permit.
_CHILDREN = (
    *_kinds('apps', ReplicaSet='replicasets'),
    *_kinds('discovery.k8s.io', EndpointSlice='endpointslices'),
)


def kinds_of(environment: Environment) -> tuple[Kind, ...]:
    """Return the kinds that releases of an environment may have; those of one group stand together."""
    permitted = tools_of(environment)
    found = [*_ALWAYS, *(kind for tool in TOOLS if tool in permitted for kind in _of_tool(tool))]
    groups = list(dict.fromkeys(kind.group for kind in found))
    return tuple(sorted(found, key=lambda kind: groups.index(kind.group)))


def children_of(environment: Environment) -> tuple[Kind, ...]:
    """Return the kinds that controllers create from them."""
    runs = _kinds('argoproj.io', AnalysisRun='analysisruns')
    return (*_CHILDREN, *runs) if any(kind.name == 'Rollout' for kind in kinds_of(environment)) else _CHILDREN


def tools_of(environment: Environment) -> frozenset[Tool]:
    """Return the tools that the settings of an environment use, and those that it permits beside them."""
    return frozenset([*_used(environment), *environment.spec.get('permits', ())])


def _used(environment: Environment) -> Iterator[Tool]:
    spec = environment.spec
    monitoring: Values = spec.get('monitoring', {})
    if tool := tool_of(environment.engine):
        yield tool
    yield from _of_router(environment)
    if is_meshed(environment.mesh):
        yield 'istio-security'
    if monitoring.get('podMonitor') or monitoring.get('rules'):
        yield 'prometheus-operator'
    if monitoring.get('dashboards'):
        yield 'dashboards'
    if monitoring.get('prometheus'):
        yield 'keda'
    if 'secretStore' in spec:
        yield 'external-secrets'


def tool_of(engine: Engine) -> Tool | None:
    """Return the tool that an engine is, None for commits."""
    match engine:
        case 'native':
            return None
        case 'argo-rollouts' | 'flagger':
            return engine
        case _:
            assert_never(engine)


def _of_router(environment: Environment) -> Iterator[Tool]:
    router: Router = environment.router
    signed = 'identity' in environment.spec
    match router:
        case 'service':
            pass
        case 'gateway-api':
            yield 'gateway-api'
            if signed and unenforced('auth.jwt', environment.controller) is None:
                yield 'envoy-gateway'
        case 'istio':
            yield 'istio'
        case 'nginx':
            yield 'nginx'
            if 'tls' in environment.spec:
                yield 'cert-manager'
        case _:
            assert_never(router)


def _of_tool(tool: Tool) -> tuple[Kind, ...]:
    match tool:
        case 'argo-rollouts':
            return _kinds('argoproj.io', Rollout='rollouts', AnalysisTemplate='analysistemplates')
        case 'flagger':
            return _kinds('flagger.app', Canary='canaries', MetricTemplate='metrictemplates')
        case 'gateway-api':
            return _kinds('gateway.networking.k8s.io', HTTPRoute='httproutes', GRPCRoute='grpcroutes')
        case 'envoy-gateway':
            return _kinds('gateway.envoyproxy.io', SecurityPolicy='securitypolicies')
        case 'istio':
            return _kinds('networking.istio.io', VirtualService='virtualservices', DestinationRule='destinationrules')
        case 'istio-security':
            return _kinds(
                'security.istio.io',
                RequestAuthentication='requestauthentications',
                AuthorizationPolicy='authorizationpolicies',
                PeerAuthentication='peerauthentications',
            )
        case 'nginx':
            return _kinds('networking.k8s.io', Ingress='ingresses')
        case 'cert-manager':
            return _kinds('cert-manager.io', Certificate='certificates')
        case 'external-secrets':
            return _kinds('external-secrets.io', ExternalSecret='externalsecrets')
        case 'keda':
            return _kinds('keda.sh', ScaledObject='scaledobjects')
        case 'prometheus-operator':
            return _kinds('monitoring.coreos.com', PodMonitor='podmonitors', PrometheusRule='prometheusrules')
        case 'dashboards':
            return _kinds('', ConfigMap='configmaps')
        case _:
            assert_never(tool)
