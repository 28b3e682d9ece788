"""Routes of one owner → problems: releases that would receive the same requests at one gateway.

The members of an application have one host name. With the Gateway API and ingress-nginx the most exact match wins, in
whichever object it is: only the application itself may give one member a part of another's requests. Istio merges
VirtualServices in an order that it does not guarantee, and the first match wins.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, assert_never

from generator.checks.clusters import cluster_keys
from generator.checks.hosts import KINDS, Owner, OwnerOf, owners_of_routes, place_of
from generator.checks.scope import Scope
from generator.domain.choices import RouteType
from generator.domain.generated import ResolvedRelease
from generator.domain.places import Path
from generator.domain.problems import Problem
from generator.domain.records import Application
from generator.domain.values import Values
from generator.values.merge import enabled

_What = tuple[str, str]  # type and path of a rule, or service and method of a call; '' is any
_ANY_SERVICE: _What = ('', '*')  # one method of any service


class _Target(NamedTuple):
    """Requests that a release serves: `what` identifies them, `path` is the place in its values."""

    release: ResolvedRelease
    owner: Owner
    kind: str
    gateway: tuple[object, ...]
    host: str
    what: _What
    shown: str
    path: Path
    is_shared: bool  # whether the application itself says it

    @property
    def place(self) -> tuple[object, ...]:
        return (*self.gateway, self.host, self.owner)

    @property
    def written(self) -> tuple[str, str]:
        return place_of(self.release, self.kind, self.path)

    @property
    def is_merged(self) -> bool:
        """Whether the router merges the routes of a host name in no fixed order."""
        route: RouteType = self.release.merged[KINDS[self.kind]]['type']
        match route:
            case 'istio':
                return True
            case 'gateway-api' | 'nginx':
                return False
            case _:
                assert_never(route)


def request_problems(scope: Scope) -> list[Problem]:
    """Return one problem for each pair of models, even if they collide in several environments."""
    wanted: dict[tuple[object, ...], _Target] = {}
    hosts: dict[tuple[object, ...], _Target] = {}
    problems: dict[tuple[str, str, str], Problem] = {}
    clusters, owner_of = cluster_keys(scope.registry), owners_of_routes(scope.registry)
    targets = [
        target
        for release in scope.releases
        for target in _targets(release, clusters[release.environment.name], owner_of, scope.registry.applications)
    ]
    crowded: set[tuple[object, ...]] = set()
    for target in targets:
        place = target.place
        first = wanted.setdefault((*place, target.kind, *target.what), target)
        of_host = hosts.setdefault(place, target)
        if of_host.release is not target.release:
            crowded.add(place)
        if first.release is not target.release:
            other = first.release.release.name
            message = f"release '{other}' already serves {target.shown} on host name '{target.host}'"
            hint = 'give one of the two another host name or path'
            if first.release.release.model == target.release.release.model:
                hint = 'give each environment a domain or a gateway of its own'
        elif of_host.kind != target.kind:
            first, whose = of_host, f"the {of_host.kind} route of release '{of_host.release.release.name}'"
            message = f"host name '{target.host}' is used by {whose}: a gateway accepts only one of the two"
            hint = 'give gRPC a host name of its own'
        else:
            continue
        problem = Problem(*target.written, message, hint)
        problems.setdefault((problem.file, problem.path, first.release.release.model), problem)
    for problem, other in _overlaps([target for target in targets if crowded and target.place in crowded]):
        problems.setdefault((problem.file, problem.path, other), problem)
    return list(problems.values())


def _overlaps(targets: Sequence[_Target]) -> Iterator[tuple[Problem, str]]:
    """Yield a problem for each target within the requests of another release, and the model of that release."""
    found: defaultdict[tuple[object, ...], list[_Target]] = defaultdict(list)
    for target in targets:
        for what in _served(target):
            found[target.place, target.kind, what].append(target)
    for target in targets:
        candidates = (other for what in _wider(target) for other in found.get((target.place, target.kind, what), ()))
        if other := next((other for other in candidates if _collide(target, other)), None):
            message = (
                f"release '{other.release.release.name}' serves {other.shown} on host name '{target.host}', which"
                f' overlaps {target.shown}'
            )
            hint = 'give one of the two another host name or path, or write both into routes of one application'
            if target.is_merged:
                message += ': Istio guarantees no order between the routes of two releases'
                hint = "use router 'gateway-api', a host name of its own, or rules that do not overlap"
            place = (target if other.is_shared else other).written if target.is_shared else target.written
            yield Problem(*place, message, hint), other.release.release.model


def _collide(target: _Target, other: _Target) -> bool:
    if other.release is target.release:
        return False
    is_one = target.release.environment.name == other.release.environment.name
    return target.is_merged or not (is_one and target.is_shared and other.is_shared)


def _served(target: _Target) -> Iterator[_What]:
    """Keys by which `_wider` finds a target."""
    yield target.what
    service, method = target.what
    if target.kind == 'gRPC' and method and not service:
        yield _ANY_SERVICE


def _wider(target: _Target) -> Iterator[_What]:
    """Keys of other targets that may serve the same requests; the same key is reported elsewhere."""
    if target.kind == 'gRPC':
        service, method = target.what
        keys = {('', ''), (service, ''), ('', method)} | ({_ANY_SERVICE} if service and not method else set())
        yield from sorted(keys - {target.what})
        return
    kind, path = target.what
    if kind == 'Exact':
        yield 'PathPrefix', path
    while path:
        path = path.rpartition('/')[0]
        yield 'PathPrefix', path


def _targets(
    release: ResolvedRelease, cluster: object, owner_of: OwnerOf, applications: Mapping[str, Application]
) -> Iterator[_Target]:
    for kind, key in KINDS.items():
        route = release.merged[key]
        if not route['enabled']:
            continue
        owner = owner_of(release.release.model, kind)
        gateway = (
            cluster,
            route['gateway'].get('namespace') or release.environment.namespace,
            route['gateway']['name'],
        )
        shared = _said(applications[owner.name], release.release.model) if owner.kind == 'application' else ()
        for host in route['hostnames']:
            for path, what, shown in _rules(route) if kind == 'HTTP' else _methods(route):
                yield _Target(release, owner, kind, gateway, host, what, shown, (key, *path), what in shared)


def _said(application: Application, model: str) -> frozenset[_What]:
    """What an application itself routes to a model."""
    routes = [route for route in application.spec.get('routes', {}).values() if route['model'] == model]
    return frozenset(
        ('PathPrefix', route['path'].rstrip('/'))
        if 'path' in route
        else (route['grpcService'], route.get('grpcMethod', ''))
        for route in routes
    )


def _rules(route: Values) -> Iterator[tuple[Path, _What, str]]:
    for name, rule in enabled(route['rules']).items():
        yield ('rules', name), (rule['type'], rule['path'].rstrip('/')), f"path '{rule['path']}'"


def _methods(route: Values) -> Iterator[tuple[Path, _What, str]]:
    methods = enabled(route['methods'])
    if not methods:
        yield ('hostnames',), ('', ''), 'all gRPC services'
    for name, method in methods.items():
        service, call = method.get('service', ''), method.get('method', '')
        named = [f"{what} '{text}'" for what, text in (('service', service), ('method', call)) if text]
        yield ('methods', name), (service, call), f'gRPC {" and ".join(named)}' if named else 'all gRPC services'
