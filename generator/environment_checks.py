"""All resolved releases together → problems of what they share: accelerators, names of delivery objects, host names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import ceil

from generator.delivery import object_name
from generator.domain import Environment, ResolvedRelease
from generator.errors import Problem
from generator.host_checks import host_problems
from generator.paths import show
from generator.units import quantity
from generator.value_checks import containers

# The values that are looked at here and in `host_checks`.
_SHARED = ('autoscaling', 'containers', 'grpcRoute', 'replicaCount', 'resources', 'route', 'strategy')
_IN_CLUSTER = 'kubernetes.default.svc'


def outline(release: ResolvedRelease) -> ResolvedRelease:
    """As much of a release as tells whether there are problems; not where they were written."""
    chart = replace(release.chart, values={}, schema=b'', files={}, layers=())
    return replace(release, chart=chart, values={}, merged={key: release.merged[key] for key in _SHARED}, layers=())


def environment_problems(releases: Sequence[ResolvedRelease]) -> list[Problem]:
    """Problems that no release has alone; wants all releases of the repository."""
    return [*_capacity(releases), *_object_names(releases), *host_problems(releases, cluster_key)]


def cluster_key(environment: Environment) -> tuple[str, ...]:
    """What tells clusters apart: the address of the API server, or the name where each cluster has that address."""
    cluster = environment.spec['cluster']
    scheme, _, rest = cluster['server'].partition('://')
    host, _, path = rest.partition('/')
    host = host.lower().removesuffix({'http': ':80', 'https': ':443'}[scheme])
    return ('name', cluster['name']) if host == _IN_CLUSTER else ('server', scheme, host, path.rstrip('/'))


def _capacity(releases: Sequence[ResolvedRelease]) -> Iterator[Problem]:
    """Accelerators at full size, and while the one release rolls that needs most for it."""
    members: dict[str, list[ResolvedRelease]] = defaultdict(list)
    for release in releases:
        members[release.environment.name].append(release)
    for _, group in sorted(members.items()):
        environment = group[0].environment
        for name, capacity in environment.spec.get('capacity', {}).get('accelerators', {}).items():
            if message := _too_many(group, name, capacity):
                place = show(('spec', 'capacity', 'accelerators', name))
                hint = 'lower replicas, maxReplicas or maxSurge of one of them, or raise the capacity'
                yield Problem(environment.file, place, message, hint)


def _too_many(releases: Sequence[ResolvedRelease], accelerator: str, capacity: int) -> str:
    sizes = {release.release.model: _sizes(release, accelerator) for release in releases}
    steady = sum(size for size, _ in sizes.values())
    model, (_, extra) = max(sizes.items(), key=lambda item: item[1][1])
    if steady + extra <= capacity:
        return ''
    who = ', '.join(f'{name} {size}' for name, (size, _) in sorted(sizes.items()) if size)
    rolling = f', and {extra} more while {model} rolls' if extra else ''
    return f'the releases want {steady + extra} of {capacity} {accelerator}: {who}{rolling}'


def _sizes(release: ResolvedRelease, accelerator: str) -> tuple[int, int]:
    """Accelerators that a release holds at its largest, and how many more while it rolls."""
    values = release.merged
    each = sum(
        int(quantity(c.get('resources', {}).get('limits', {}).get(accelerator, '0'))) for _, c in containers(values)
    )
    scaling = values['autoscaling']
    pods = int(scaling['maxReplicas'] if scaling['enabled'] else values['replicaCount'])
    surge = str(values['strategy']['rolling']['maxSurge'])
    more = ceil(pods * int(surge[:-1]) / 100) if surge.endswith('%') else int(surge)
    return pods * each, more * each if pods else 0


def _object_names(releases: Sequence[ResolvedRelease]) -> Iterator[Problem]:
    """Environment 'a' with model 'b-c' and environment 'a-b' with model 'c' would have one delivery object."""
    seen: dict[tuple[object, ...], ResolvedRelease] = {}
    for release in releases:
        environment = release.environment
        name = object_name(environment.name, release.release.model)
        # One Argo CD serves many clusters, and nobody says here how many there are; each cluster has its own Flux.
        served = () if environment.agent == 'argocd' else cluster_key(environment)
        first = seen.setdefault((environment.agent, environment.agent_namespace, served, name), release)
        if first is not release:
            message = f"its delivery object '{name}' has the name of that of release '{first.release.name}'"
            yield Problem(
                release.release.file, '$.metadata.name', message, 'rename one of the two environments or models'
            )
