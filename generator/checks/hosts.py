"""Host names of routes → problems: names outside the environment's domain, and names that belong to somebody else.

A host name belongs to one model, or to one application for all models that it routes to, in all environments of a
cluster. Otherwise a longer path, an exact path or a wildcard would take requests from whoever has the name.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator
from typing import NamedTuple

from generator.checks.clusters import ClusterKey, cluster_keys
from generator.checks.scope import Scope
from generator.checks.written import at, written
from generator.domain.environments import Environment
from generator.domain.generated import ResolvedRelease
from generator.domain.layout import model_file
from generator.domain.places import Path, json_path
from generator.domain.problems import Fault, Problem
from generator.domain.records import Registry
from generator.domain.words import quoted, some
from generator.values.blame import to_problems, written_at
from generator.values.merge import enabled

KINDS = {'HTTP': 'route', 'gRPC': 'grpcRoute'}
_ROUTE_KEYS = {'HTTP': 'path', 'gRPC': 'grpcService'}


class Owner(NamedTuple):
    """Who has a host name."""

    kind: str  # model or application
    name: str

    def __str__(self) -> str:
        return f"{self.kind} '{self.name}'"


# Model and kind of route → the owner of its host names.
OwnerOf = Callable[[str, str], Owner]


def owners_of_routes(registry: Registry) -> OwnerOf:
    """Return a function: an application owns the routes that it opens to a model, other routes are the model's own."""
    shared = {
        (route['model'], kind): Owner('application', application.name)
        for application in registry.applications.values()
        for route in application.spec.get('routes', {}).values()
        for kind, key in _ROUTE_KEYS.items()
        if key in route
    }
    return lambda model, kind: shared.get((model, kind)) or Owner('model', model)


def place_of(release: ResolvedRelease, kind: str, path: Path) -> tuple[str, str]:
    """The place in the registry that sets a route: its rule, its host name, or the model of the chart."""
    key = KINDS[kind]
    layers = (*release.chart.layers, *release.layers)
    for where in (path, (key, 'hostnames')):
        if found := written_at(where, layers):
            return found
    if release.chart.is_new:
        return model_file(release.release.model), '$.spec.route' if key == 'route' else '$.spec.route.grpc'
    return release.release.file, '$.spec'


def over(host: str) -> Iterator[str]:
    """A host name and the wildcards that contain it, the nearest first."""
    yield host
    while host := host.partition('.')[2]:
        yield f'*.{host}'


def below(host: str, domain: str) -> Iterator[str]:
    """Yield a host name and those that contain it, as long as they are below a domain."""
    while host.endswith(f'.{domain}'):
        yield host
        host = host.partition('.')[2]


def opened_by_values(scope: Scope) -> Iterator[Problem]:
    """Report values that open a route: it would have no gateway, or one that is not the environment's."""
    for item in written(scope.registry):
        values = item.spec.get('values')
        for key in KINDS.values() if values else ():
            if at(values, (key, 'enabled')) is True:
                message = 'a route is opened by route of the model, or by routes of an application'
                place = json_path(('spec', 'values', key, 'enabled'))
                yield Problem(item.file, place, message, 'write it there, and remove it here')


def foreign_hosts(scope: Scope) -> Iterator[Problem]:
    """Report host names of a release that its environment gives to nobody."""
    for release in scope.releases:
        for key in KINDS.values():
            if release.merged[key]['enabled'] and (faults := list(_foreign(release, key))):
                yield from to_problems(faults, (*release.chart.layers, *release.layers), release.release.file)


def _foreign(release: ResolvedRelease, key: str) -> Iterator[Fault]:
    environment = release.environment
    domain, granted = environment.spec.get('domain', ''), environment.spec.get('hostnames', {})
    place = (key, 'hostnames')
    if 'rules' in release.merged[key] and not enabled(release.merged[key]['rules']):
        yield Fault((key, 'rules'), 'a route without rules receives all requests', 'write at least one rule')
    # A chart may have none; where it names methods, nobody opens the others by removing these.
    named = enabled(release.chart.values[key].get('methods', {}))
    if named and not enabled(release.merged[key]['methods']):
        message = f'without any of {some(map(quoted, named))} the route receives all calls'
        yield Fault((key, 'methods'), message, 'write at least one method')
    if not release.merged[key]['hostnames']:
        yield Fault(place, 'a route without host names receives the requests for all', 'write at least one host name')
    for host in release.merged[key]['hostnames']:
        wild = host.startswith('*')
        if (not wild and (host.endswith(f'.{domain}') or host == domain)) or any(
            name in granted for name in over(host)
        ):
            continue
        what = 'a wildcard' if wild else f"not below the domain '{domain}'"
        message = f"host name '{host}' is {what}, and environment '{environment.name}' does not grant it"
        grant = f"hostnames: {{'{host}': {{model: {release.release.model}}}}}"
        yield Fault(place, message, f"use a name below '{domain}', or write {grant} into {environment.file}")


class _Claim(NamedTuple):
    """A host name of a release, or one that an environment grants."""

    owner: Owner
    by: ResolvedRelease | Environment
    kind: str = ''

    def __str__(self) -> str:
        if isinstance(self.by, Environment):
            return f"{self.owner} (environment '{self.by.name}' grants it)"
        return f"{self.owner} (release '{self.by.release.name}' has it)"

    def place(self, host: str) -> tuple[str, str]:
        if isinstance(self.by, Environment):
            return self.by.file, json_path(('spec', 'hostnames', host))
        return place_of(self.by, self.kind, (KINDS[self.kind], 'hostnames'))


_Claims = dict[tuple[ClusterKey, str], _Claim]
_HINT = 'choose another host name, or let one application route to both models'


def owned_hosts(scope: Scope) -> list[Problem]:
    """Report host names of somebody else, once for each two owners, even if they meet in several environments."""
    clusters, owner_of = cluster_keys(scope.registry), owners_of_routes(scope.registry)
    problems: dict[tuple[str, str, Owner], Problem] = {}
    claims: _Claims = {}
    deep: list[tuple[ClusterKey, str, _Claim]] = []  # names that may be below somebody's
    for environment in scope.registry.environments.values():
        for host, whose in environment.spec.get('hostnames', {}).items():
            ((kind, name),) = whose.items()
            claim = _Claim(Owner(kind, name), environment)
            first = claims.setdefault((clusters[environment.name], host), claim)
            if first.owner != claim.owner:
                message = f"host name '{host}' belongs to {first}"
                problems[*claim.place(host), first.owner] = Problem(
                    *claim.place(host), message, 'remove one of the two'
                )
    wildcards = any(host.startswith('*') for _, host in claims)
    for release in scope.releases:
        cluster = clusters[release.environment.name]
        for kind, key in KINDS.items():
            route = release.merged[key]
            if not route['enabled']:
                continue
            owner = owner_of(release.release.model, kind)
            for host in route['hostnames']:
                if host.partition('.')[2] != release.environment.spec.get('domain'):
                    deep.append((cluster, host, _Claim(owner, release, kind)))
                names = over(host) if wildcards else (host,)
                other = next((found for name in names if (found := claims.get((cluster, name)))), None)
                if other is None:
                    claims[cluster, host] = _Claim(owner, release, kind)
                elif other.owner != owner:
                    place, message, theirs = _told(host, other, _Claim(owner, release, kind), scope.changed)
                    problems.setdefault((*place, theirs), Problem(*place, message, _HINT))
    for cluster, host, claim in deep:
        for problem, theirs in _within(cluster, host, claim, claims):
            problems.setdefault((problem.file, problem.path, theirs), problem)
    return list(problems.values())


def _within(cluster: ClusterKey, host: str, claim: _Claim, claims: _Claims) -> Iterator[tuple[Problem, Owner]]:
    """Yield a problem if a host name is below one of somebody else, who would be asked for it; and who that is."""
    environment = claim.by if isinstance(claim.by, Environment) else claim.by.environment
    if any(name in environment.spec.get('hostnames', {}) for name in over(host)):
        return
    for name in below(host, environment.spec.get('domain', '')):
        other = claims.get((cluster, name))
        if name != host and other and other.owner != claim.owner:
            message = f'host name {quoted(host)} is below {quoted(name)}, which belongs to {other}'
            yield Problem(*claim.place(host), message, _HINT), other.owner


def _told(host: str, first: _Claim, second: _Claim, changed: Container[str]) -> tuple[tuple[str, str], str, Owner]:
    """Place, message and the other owner: whose file has changed is told, else who wrote the name into values."""
    places = first.place(host), second.place(host)
    (is_new, other_is_new), (in_values, other_in_values) = zip(
        *((file in changed, '.values.' in path) for file, path in places), strict=True
    )
    if is_new if is_new != other_is_new else in_values and not other_in_values:
        first, second = second, first
    is_known = is_new != other_is_new or in_values != other_in_values or isinstance(first.by, Environment)
    and_who = '' if is_known else f', and to {second}'
    return second.place(host), f'host name {quoted(host)} belongs to {first}{and_who}', first.owner
