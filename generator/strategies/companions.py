"""An engine and a router → what the agents must leave alone, how they apply, and when they call a release healthy.

Measured with the real controllers: without these an agent and a controller fight over the same fields.
"""

from __future__ import annotations

from typing import Any

from generator.domain.records import ResolvedRelease

_ROUTES = {
    'HTTPRoute': 'gateway.networking.k8s.io',
    'GRPCRoute': 'gateway.networking.k8s.io',
    'VirtualService': 'networking.istio.io',
}
_WEIGHTS = {
    'HTTPRoute': '.spec.rules[].backendRefs[].weight',
    'GRPCRoute': '.spec.rules[].backendRefs[].weight',
    'VirtualService': '.spec.http[].route[].weight',
}
_PARTS = {'HTTPRoute': '/spec/rules', 'GRPCRoute': '/spec/rules', 'VirtualService': '/spec/http'}
# "Paused" is done: a canary that waits longer than the timeout is no failure. A text, for kstatus reads only numbers.
_HEALTH = {
    'argo-rollouts': {
        'apiVersion': 'argoproj.io/v1alpha1',
        'kind': 'Rollout',
        'current': "status.observedGeneration == string(metadata.generation) && status.phase in ['Healthy', 'Paused']",
        'failed': "status.observedGeneration == string(metadata.generation) && status.phase == 'Degraded'",
        'inProgress': "status.observedGeneration != string(metadata.generation) || status.phase == 'Progressing'",
    },
    'flagger': {
        'apiVersion': 'flagger.app/v1beta1',
        'kind': 'Canary',
        # An analysis takes longer than any timeout should: what has begun is there.
        'current': "status.phase in ['Initialized', 'Waiting', 'Progressing', 'WaitingPromotion', 'Promoting', "
        "'Finalising', 'Succeeded']",
        'failed': "status.phase == 'Failed'",
        'inProgress': "status.phase == 'Initializing'",
    },
}


def _engine(release: ResolvedRelease) -> str:
    """Who moves the traffic."""
    return str(release.merged['strategy']['engine'])


def _kinds(release: ResolvedRelease) -> list[str]:
    """Kinds of the routes whose weights Argo Rollouts moves."""
    values = release.merged
    if _engine(release) != 'argo-rollouts' or values['strategy']['type'] != 'canary':
        return []
    kinds = {'gateway-api': ('HTTPRoute', 'GRPCRoute'), 'istio': ('VirtualService', 'VirtualService')}
    found = kinds.get(release.environment.router, ())
    opened = [kind for kind, key in zip(found, ('route', 'grpcRoute'), strict=False) if values[key]['enabled']]
    return list(dict.fromkeys(opened))


def ignore_differences(release: ResolvedRelease) -> list[dict[str, Any]]:
    """For an Application. Never with RespectIgnoreDifferences: changes of the route in git would be lost."""
    return [
        {'group': _ROUTES[kind], 'kind': kind, 'jqPathExpressions': [_WEIGHTS[kind], *_header_routes(release, kind)]}
        for kind in _kinds(release)
    ]


def _header_routes(release: ResolvedRelease, kind: str) -> list[str]:
    """Rules that Argo Rollouts puts in and takes out by itself."""
    routing = release.merged['strategy']['rollout']['canary']['trafficRouting']
    rules = '.spec.http[]' if kind == 'VirtualService' else '.spec.rules[]'
    return [f'{rules} | select(.name == "{route["name"]}")' for route in routing.get('managedRoutes', [])]


def drift_ignore(release: ResolvedRelease) -> list[dict[str, Any]]:
    """For a HelmRelease."""
    if _engine(release) != 'argo-rollouts':
        return []
    services = {'paths': ['/spec/selector'], 'target': {'version': 'v1', 'kind': 'Service'}}
    routes = [{'paths': [_PARTS[kind]], 'target': {'group': _ROUTES[kind], 'kind': kind}} for kind in _kinds(release)]
    return [services, *routes]


def client_side(release: ResolvedRelease) -> bool:
    """Whether everything must be applied from the client's side: the other takes Argo Rollouts' selectors away."""
    return _engine(release) == 'argo-rollouts'


def health_checks(release: ResolvedRelease) -> list[dict[str, str]]:
    """For a HelmRelease: when the engine's object is there, as CEL."""
    found = _HEALTH.get(_engine(release))
    return [found] if found else []
