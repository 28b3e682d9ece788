"""An engine and a router → what the agents must leave alone, how they apply, and when they call a release healthy.

Measured with the real controllers: without these an agent and a controller fight over the same fields.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, assert_never

from generator.domain.choices import Engine
from generator.domain.records import ResolvedRelease


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of route whose weights Argo Rollouts moves: its API group, and where its rules and weights stand."""

    name: str
    group: str
    rules: str  # as a path
    each: str  # as a jq expression
    weights: str


_HTTP, _GRPC, _ISTIO = (
    _Kind('HTTPRoute', 'gateway.networking.k8s.io', '/spec/rules', '.spec.rules[]', 'backendRefs[].weight'),
    _Kind('GRPCRoute', 'gateway.networking.k8s.io', '/spec/rules', '.spec.rules[]', 'backendRefs[].weight'),
    _Kind('VirtualService', 'networking.istio.io', '/spec/http', '.spec.http[]', 'route[].weight'),
)


def _engine(release: ResolvedRelease) -> Engine:
    """Who moves the traffic."""
    found: Engine = release.merged['strategy']['engine']
    return found


def _is_rollout(release: ResolvedRelease) -> bool:
    """Whether Argo Rollouts runs the pods."""
    engine = _engine(release)
    match engine:
        case 'argo-rollouts':
            return True
        case 'native' | 'flagger':
            return False
        case _:
            assert_never(engine)


def _kinds(release: ResolvedRelease) -> list[_Kind]:
    """Kinds of the routes whose weights Argo Rollouts moves."""
    values, router = release.merged, release.environment.router
    if not _is_rollout(release) or values['strategy']['type'] != 'canary':
        return []
    found: tuple[_Kind, ...]
    match router:
        case 'service' | 'nginx':  # it moves none, or copies an Ingress
            found = ()
        case 'gateway-api':
            found = (_HTTP, _GRPC)
        case 'istio':
            found = (_ISTIO, _ISTIO)
        case _:
            assert_never(router)
    opened = [kind for kind, key in zip(found, ('route', 'grpcRoute'), strict=False) if values[key]['enabled']]
    return list(dict.fromkeys(opened))


def ignore_differences(release: ResolvedRelease) -> list[dict[str, Any]]:
    """For an Application. Never with RespectIgnoreDifferences: changes of the route in git would be lost."""
    return [
        {
            'group': kind.group,
            'kind': kind.name,
            'jqPathExpressions': [f'{kind.each}.{kind.weights}', *_header_routes(release, kind)],
        }
        for kind in _kinds(release)
    ]


def _header_routes(release: ResolvedRelease, kind: _Kind) -> list[str]:
    """Rules that Argo Rollouts puts in and takes out by itself."""
    routing = release.merged['strategy']['rollout']['canary']['trafficRouting']
    return [f'{kind.each} | select(.name == "{route["name"]}")' for route in routing.get('managedRoutes', [])]


def drift_ignore(release: ResolvedRelease) -> list[dict[str, Any]]:
    """For a HelmRelease."""
    if not _is_rollout(release):
        return []
    services = {'paths': ['/spec/selector'], 'target': {'version': 'v1', 'kind': 'Service'}}
    routes = [{'paths': [kind.rules], 'target': {'group': kind.group, 'kind': kind.name}} for kind in _kinds(release)]
    return [services, *routes]


def client_side(release: ResolvedRelease) -> bool:
    """Whether everything must be applied from the client's side: the other takes Argo Rollouts' selectors away."""
    return _is_rollout(release)


# "Paused" is done: a canary that waits longer than the timeout is no failure. A text, for kstatus reads only numbers.
_ROLLOUT = {
    'apiVersion': 'argoproj.io/v1alpha1',
    'kind': 'Rollout',
    'current': "status.observedGeneration == string(metadata.generation) && status.phase in ['Healthy', 'Paused']",
    'failed': "status.observedGeneration == string(metadata.generation) && status.phase == 'Degraded'",
    'inProgress': "status.observedGeneration != string(metadata.generation) || status.phase == 'Progressing'",
}
_CANARY = {
    'apiVersion': 'flagger.app/v1beta1',
    'kind': 'Canary',
    # An analysis takes longer than any timeout should: what has begun is there.
    'current': "status.phase in ['Initialized', 'Waiting', 'Progressing', 'WaitingPromotion', 'Promoting', "
    "'Finalising', 'Succeeded']",
    'failed': "status.phase == 'Failed'",
    'inProgress': "status.phase == 'Initializing'",
}


def health_checks(release: ResolvedRelease) -> list[dict[str, str]]:
    """For a HelmRelease: when the engine's object is there, as CEL."""
    engine = _engine(release)
    match engine:
        case 'native':
            return []
        case 'argo-rollouts':
            return [_ROLLOUT]
        case 'flagger':
            return [_CANARY]
        case _:
            assert_never(engine)
