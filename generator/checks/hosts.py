"""Routes of all resolved releases → problems: releases that would receive the same requests at one gateway."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from generator.domain.generated import ResolvedRelease
from generator.domain.layout import model_file
from generator.domain.places import Path
from generator.domain.problems import Problem
from generator.domain.records import Environment, Values
from generator.values.blame import written_at
from generator.values.merge import enabled

_KEYS = {'HTTP': 'route', 'gRPC': 'grpcRoute'}


class _Target(NamedTuple):
    """Requests that a release serves: `what` identifies them, `path` is the place in its values."""

    release: ResolvedRelease
    kind: str
    gateway: tuple[object, ...]
    host: str
    what: tuple[str, ...]
    shown: str
    path: Path


def host_problems(releases: Sequence[ResolvedRelease], cluster_key: Callable[[Environment], object]) -> list[Problem]:
    """Return one problem for each pair of models, even if they collide in several environments."""
    wanted: dict[tuple[object, ...], _Target] = {}
    hosts: dict[tuple[object, ...], _Target] = {}
    problems: dict[tuple[str, str, str], Problem] = {}
    environments = {release.environment.name: release.environment for release in releases}
    clusters = {name: cluster_key(environment) for name, environment in environments.items()}
    for target in (target for release in releases for target in _targets(release, clusters[release.environment.name])):
        place = (*target.gateway, target.host)
        first = wanted.setdefault((*place, target.kind, *target.what), target)
        of_host = hosts.setdefault(place, target)
        if first.release is not target.release:
            other = first.release.release.name
            message = f"release '{other}' already serves {target.shown} on host name '{target.host}'"
            hint = 'give one of the two another host name or path'
        elif of_host.kind != target.kind:
            first, whose = of_host, f"the {of_host.kind} route of release '{of_host.release.release.name}'"
            message = f"host name '{target.host}' is used by {whose}: a gateway accepts only one of the two"
            hint = 'give gRPC a host name of its own'
        else:
            continue
        problem = Problem(*_place(target), message, hint)
        problems.setdefault((problem.file, problem.path, first.release.release.model), problem)
    return list(problems.values())


def _targets(release: ResolvedRelease, cluster: object) -> Iterator[_Target]:
    for kind, key in _KEYS.items():
        route = release.merged[key]
        if not route['enabled']:
            continue
        gateway = (
            cluster,
            route['gateway'].get('namespace') or release.environment.namespace,
            route['gateway']['name'],
        )
        for host in route['hostnames'] or ['*']:
            for path, what, shown in _rules(route) if kind == 'HTTP' else _methods(route):
                yield _Target(release, kind, gateway, host, what, shown, (key, *path))


def _rules(route: Values) -> Iterator[tuple[Path, tuple[str, ...], str]]:
    for name, rule in enabled(route['rules']).items():
        yield ('rules', name), (rule['type'], rule['path'].rstrip('/')), f"path '{rule['path']}'"


def _methods(route: Values) -> Iterator[tuple[Path, tuple[str, ...], str]]:
    methods = enabled(route['methods'])
    if not methods:
        yield ('hostnames',), ('', ''), 'all gRPC services'
    for name, method in methods.items():
        service = method.get('service', '')
        yield ('methods', name), (service, method.get('method', '')), f"gRPC service '{service}'"


def _place(target: _Target) -> tuple[str, str]:
    """The place in the registry that sets a route: its rule, its host name, or the model of the chart."""
    release, key = target.release, _KEYS[target.kind]
    layers = (*release.chart.layers, *release.layers)
    for path in (target.path, (key, 'hostnames')):
        if found := written_at(path, layers):
            return found
    if release.chart.is_new:
        return (
            model_file(release.release.model),
            '$.spec.route' if key == 'route' else '$.spec.route.grpc',
        )
    return release.release.file, '$.spec'
