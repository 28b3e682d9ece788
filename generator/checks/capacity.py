"""All resolved releases → problems of shared resources: accelerators, names of delivery objects, host names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from generator.checks.hosts import host_problems
from generator.domain.choices import Engine, Router, by_commits, reaches_other_clusters
from generator.domain.generated import ResolvedRelease
from generator.domain.layout import delivery_name
from generator.domain.places import json_path
from generator.domain.problems import Problem
from generator.domain.records import Environment, Values
from generator.domain.strategy import Rolling, Strategy
from generator.domain.units import quantity
from generator.strategies.capacity import Size, extra_pods, plans_that_fit, size_of
from generator.strategies.context import router_of
from generator.values.checks import containers

# The values that this module and `hosts` read; `_SIZES` only if the environment limits accelerators.
_ALWAYS = ('route', 'grpcRoute', 'autoscaling')
_SIZES = ('containers', 'replicaCount', 'resources', 'strategy', 'tracks')
_IN_CLUSTER = 'kubernetes.default.svc'


def outline(release: ResolvedRelease) -> ResolvedRelease:
    """Reduce a release to what the checks need, without the places that set the values."""
    chart = replace(release.chart, values={}, schema=b'', annotations={}, strategy=None, files={}, layers=())
    keys = (*_ALWAYS, *_SIZES) if _accelerators(release.environment) else _ALWAYS
    merged = {key: release.merged[key] for key in keys}
    return replace(release, chart=chart, values={}, merged=merged, layers=())


def _accelerators(environment: Environment) -> Values:
    found: Values = environment.spec.get('capacity', {}).get('accelerators', {})
    return found


def environment_problems(releases: Sequence[ResolvedRelease]) -> list[Problem]:
    """Return the problems between releases; requires all releases of the repository."""
    return [
        *_capacity(releases),
        *_object_names(releases),
        *_track_names(releases),
        *host_problems(releases, cluster_key),
    ]


def cluster_key(environment: Environment) -> tuple[str, ...]:
    """Identify a cluster: by the address of its API server, or by name if that says nothing."""
    scheme, _, rest = environment.server.partition('://')
    host, _, path = rest.partition('/')
    host = host.lower().removesuffix({'http': ':80'}.get(scheme, ':443'))
    if host in ('', _IN_CLUSTER):
        return 'name', environment.spec['cluster']['name']
    return 'server', scheme, host, path.rstrip('/')


def _capacity(releases: Sequence[ResolvedRelease]) -> Iterator[Problem]:
    """Compare accelerators with the capacity, at full size and during the rollout of one release."""
    members: dict[str, list[ResolvedRelease]] = defaultdict(list)
    for release in releases:
        members[release.environment.name].append(release)
    for _, group in sorted(members.items()):
        environment = group[0].environment
        for name, capacity in _accelerators(environment).items():
            message, hint = _too_many(group, name, capacity)
            if message:
                place = json_path(('spec', 'capacity', 'accelerators', name))
                yield Problem(environment.file, place, message, hint)


def _too_many(releases: Sequence[ResolvedRelease], accelerator: str, capacity: int) -> tuple[str, str]:
    """Return message and hint, both '' if the capacity suffices during the rollout of any one release."""
    needs = {release.release.model: _need(release, accelerator) for release in releases}
    under_way = {name: need.extra for name, need in sorted(needs.items()) if need.rolls and need.extra}
    steady = sum(need.steady for need in needs.values())
    certain = steady + sum(under_way.values())
    # Rollouts by a new pin are counted one at a time; a rollout by commits starts only after the others have ended.
    wanted = {'': certain} | {
        name: (steady if need.by_commits else certain) + need.extra
        for name, need in needs.items()
        if name not in under_way
    }
    model, most = max(wanted.items(), key=lambda item: item[1])
    if most <= capacity:
        return '', ''
    parts = [f'{name} {need.steady}' for name, need in sorted(needs.items()) if need.steady]
    if not model or not needs[model].by_commits:
        parts += [f'{more} for the rollout of {name}' for name, more in under_way.items()]
    if model and needs[model].extra:
        parts += [f'and {needs[model].extra} more during a rollout of {model}']
    message = f'the releases need {most} {accelerator}, the capacity is {capacity}: {", ".join(parts)}'
    if not model or most - needs[model].extra > capacity:
        return message, _LOWER
    need = needs[model]
    room = (capacity - most + need.extra) // need.each
    plans = plans_that_fit(need.strategy, need.engine, need.router, need.size, room)
    return message, f"options for '{model}': {', or '.join(plan.text for plan in plans)}; or raise the capacity"


_LOWER = 'lower replicas or maxReplicas of one of them, or raise the capacity'


@dataclass(frozen=True, slots=True)
class _Need:
    """Accelerators of a release: of `each` pod, of all pods (`steady`), and the `extra` ones of a rollout."""

    each: int
    size: Size
    strategy: Strategy
    engine: Engine
    router: Router
    rolls: bool

    @property
    def by_commits(self) -> bool:
        return by_commits(self.engine) and not isinstance(self.strategy, Rolling)

    @property
    def steady(self) -> int:
        return self.each * self.size.pods

    @property
    def extra(self) -> int:
        return self.each * extra_pods(self.strategy, self.engine, self.router, self.size) if self.each else 0


def _need(release: ResolvedRelease, accelerator: str) -> _Need:
    values = release.merged
    each = sum(
        int(quantity(c.get('resources', {}).get('limits', {}).get(accelerator, '0'))) for _, c in containers(values)
    )
    engine = release.release.engine(release.environment)
    rolls = sum(track['enabled'] for track in values['tracks'].values()) > 1
    return _Need(each, size_of(values), release.strategy, engine, router_of(release.environment, values), rolls)


def _object_names(releases: Sequence[ResolvedRelease]) -> Iterator[Problem]:
    """Environment 'a' with model 'b-c' and environment 'a-b' with model 'c' would have the same delivery object."""
    seen: dict[tuple[object, ...], ResolvedRelease] = {}
    agents: dict[str, tuple[object, ...]] = {}
    for release in releases:
        environment = release.environment
        name = delivery_name(environment.name, release.release.model)
        # One Argo CD may serve all clusters (the registry does not tell); each cluster has its own Flux.
        if environment.name not in agents:
            served = () if reaches_other_clusters(environment.agent) else cluster_key(environment)
            agents[environment.name] = environment.agent, environment.delivery_namespace, served
        first = seen.setdefault((*agents[environment.name], name), release)
        if first is not release:
            message = f"its delivery object has the same name '{name}' as that of release '{first.release.name}'"
            yield Problem(
                release.release.file, '$.metadata.name', message, 'rename one of the two environments or models'
            )


# Endings of the names of objects during a rollout.
_ENDINGS = ('blue', 'canary', 'green', 'preview', 'primary', 'stable')


def _endings(release: ResolvedRelease) -> tuple[str, ...]:
    scaling = release.merged['autoscaling']
    return (
        *(() if isinstance(release.strategy, Rolling) else _ENDINGS),
        *(('keda',) if scaling['enabled'] and scaling['type'] == 'keda' else ()),
    )


def _track_names(releases: Sequence[ResolvedRelease]) -> Iterator[Problem]:
    """The canary of 'web' and model 'web-canary' would have the same Deployment."""
    names = {release.release.name: release for release in releases}
    for release in releases:
        for ending in _endings(release):
            if other := names.get(f'{release.release.name}-{ending}'):
                message = f"its objects would have the names of the {ending} objects of '{release.release.name}'"
                hint = f"rename model '{other.release.model}'"
                if ending in _ENDINGS:
                    hint += f", or use strategy rolling for '{release.release.name}'"
                yield Problem(other.release.file, '$.metadata.name', message, hint)
