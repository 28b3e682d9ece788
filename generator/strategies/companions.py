"""An engine and a router → what agents must ignore, and how they apply.

Tested with the real controllers: without these settings an agent and a controller overwrite each other's fields.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, assert_never

from generator.domain.choices import Engine
from generator.domain.generated import ResolvedRelease


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of route whose weights Argo Rollouts moves: its API group, and where its rules and weights are."""

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
    """Return a setting of an Application. With RespectIgnoreDifferences, changes of the route in git would be lost."""
    return [
        {
            'group': kind.group,
            'kind': kind.name,
            'jqPathExpressions': [f'{kind.each}.{kind.weights}', *_header_routes(release, kind)],
        }
        for kind in _kinds(release)
    ]


def _header_routes(release: ResolvedRelease, kind: _Kind) -> list[str]:
    """Rules that Argo Rollouts adds and removes itself."""
    routing = release.merged['strategy']['rollout']['canary']['trafficRouting']
    return [f'{kind.each} | select(.name == "{route["name"]}")' for route in routing.get('managedRoutes', [])]


def drift_ignore(release: ResolvedRelease) -> list[dict[str, Any]]:
    """Return what drift detection of a HelmRelease ignores."""
    if not _is_rollout(release):
        return []
    services = {'paths': ['/spec/selector'], 'target': {'version': 'v1', 'kind': 'Service'}}
    routes = [{'paths': [kind.rules], 'target': {'group': kind.group, 'kind': kind.name}} for kind in _kinds(release)]
    return [services, *routes]


def client_side(release: ResolvedRelease) -> bool:
    """Whether client-side apply is required: server-side apply removes the selectors of Argo Rollouts."""
    return _is_rollout(release)
