"""All resolved releases → problems of accelerators: more than the environment has, now or during a rollout."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from generator.checks.scope import Scope
from generator.domain.choices import Engine, Router, by_commits
from generator.domain.environments import Environment
from generator.domain.generated import ResolvedRelease
from generator.domain.places import Path, json_path
from generator.domain.problems import Problem
from generator.domain.strategy import Rolling, Strategy
from generator.domain.units import quantity
from generator.domain.values import Values
from generator.domain.words import some
from generator.strategies.capacity import Size, extra_pods, plans_that_fit, size_of
from generator.strategies.context import router_of
from generator.values.merge import containers

_PLACE: Path = ('spec', 'capacity', 'accelerators')


def accelerators(environment: Environment) -> Values:
    found: Values = environment.spec.get('capacity', {}).get('accelerators', {})
    return found


def capacity_problems(scope: Scope) -> Iterator[Problem]:
    """Compare accelerators with the capacity, at full size and during the rollout of one release."""
    members: dict[str, list[ResolvedRelease]] = defaultdict(list)
    for release in scope.releases:
        members[release.environment.name].append(release)
    for _, group in sorted(members.items()):
        environment = group[0].environment
        for name, capacity in accelerators(environment).items():
            message, hint = _too_many(group, name, capacity)
            if message:
                yield Problem(environment.file, json_path((*_PLACE, name)), message, hint)
        if accelerators(environment):
            yield from _not_counted(environment, group)


def _not_counted(environment: Environment, releases: Sequence[ResolvedRelease]) -> Iterator[Problem]:
    """Report accelerators that the environment does not name, for example MIG slices where it counts whole GPUs."""
    wanted: dict[str, list[str]] = defaultdict(list)
    for release in releases:
        for name in sorted(_extended(release.merged) - accelerators(environment).keys()):
            wanted[name].append(release.release.model)
    for name, models in wanted.items():
        message = f'{some(models)} requires {name}, which the capacity does not name'
        yield Problem(environment.file, json_path(_PLACE), message, f'add {name} with their number')


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
    engine = release.release.engine(release.environment)
    rolls = sum(track['enabled'] for track in values['tracks'].values()) > 1
    each = _of_pod(values, accelerator)
    return _Need(each, size_of(values), release.strategy, engine, router_of(release.environment, values), rolls)


def _of_pod(values: Values, accelerator: str) -> int:
    """What the scheduler reserves for a pod: the download runs before the containers, which run together."""
    together = sum(_limit(container, accelerator) for _, container in containers(values))
    return max([together, *(_limit(before, accelerator) for before in _before(values))])


def _limit(container: Values, accelerator: str) -> int:
    return int(quantity(container.get('resources', {}).get('limits', {}).get(accelerator, '0')))


def _before(values: Values) -> list[Values]:
    artifact: Values = values['artifact']
    return [artifact] if artifact['delivery'] == 'download' else []


def _extended(values: Values) -> set[str]:
    """Names of accelerators: what is neither CPU nor memory has the name of its vendor in front."""
    every = [*(container for _, container in containers(values)), *_before(values)]
    limits = [container.get('resources', {}).get('limits', {}) for container in every]
    return {name for each in limits for name, count in each.items() if '/' in name and quantity(count)}
