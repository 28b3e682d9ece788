"""Rollouts in the registry → problems: what they stand on that is not there, or has changed under them."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from generator.domain import Registry, Release, Rollout, Values
from generator.errors import Problem
from generator.paths import Path, show
from generator.rollout import course
from generator.rollout_values import rollout_strategy
from generator.schema import quoted, suggest


def rollout_problems(registry: Registry, unread: Collection[str]) -> Iterator[Problem]:
    """Problems of rollouts; nothing is said of what only a file in `unread` would tell."""
    for rollout in registry.rollouts.values():
        release = registry.releases.get(rollout.name)
        if release:
            yield from _problems(rollout, release, registry)
        elif f'registry/releases/{rollout.name}.yaml' not in unread:
            message = f"there is no release '{rollout.name}' to roll out"
            hint = 'bring its file back until the rollout has ended, or remove this file, too'
            yield Problem(rollout.file, '', message, hint)


def _problems(rollout: Rollout, release: Release, registry: Registry) -> Iterator[Problem]:
    pinned = rollout.spec['from']
    if (release.version, release.chart) != (pinned['version'], pinned['chart']):
        now = f'{release.version or "no version"} (chart {release.chart or "none"})'
        message = f'the release pins {now}, and the rollout began at {pinned["version"]} (chart {pinned["chart"]})'
        yield Problem(rollout.file, '$.spec.from', message, 'take the new pin back: it moves when the rollout ends')
    ((kind, _),) = rollout.spec['strategy'].items()
    if kind == 'rolling':
        hint = 'take back what was changed here'
        yield Problem(rollout.file, '$.spec.strategy', "a rollout in git is no 'rolling'", hint)
        return
    names = [stage.name for stage in course(rollout_strategy(rollout), chart_first=True)]
    if rollout.stage not in names:
        message = f'the strategy has no stage {quoted(rollout.stage)}'
        yield Problem(rollout.file, '$.spec.stage', message, suggest(rollout.stage, names))
    yield from _switches(rollout, release, kind, registry)


def _switches(rollout: Rollout, release: Release, kind: str, registry: Registry) -> Iterator[Problem]:
    """An engine or a kind of strategy that is not the rollout's any more: the change waits until it has ended."""
    environment = registry.environments.get(release.environment)
    if environment is None:
        return
    hint = f"take it back until 'chartloom rollout finish {rollout.name}' or 'abort' has ended the rollout"
    engine = environment.spec.get('engine', 'native')
    if engine != 'native':
        message = f"engine '{engine}' knows nothing of the rollout of '{rollout.name}' that is under way"
        yield Problem(environment.file, '$.spec.engine', message, hint)
    file, place, spec = strategy_of(release, registry)
    ((now, _),) = spec.items()
    if now != kind:
        message = f"the rollout of '{rollout.name}' that is under way is a {kind}, not '{now}'"
        yield Problem(file, show(place), message, hint)


ROLLING: Values = {'rolling': {}}


def strategy_of(release: Release, registry: Registry) -> tuple[str, Path, Values]:
    """The strategy of a release, with the file and the place that say it: release over environment over model."""
    for item in (release, registry.environments.get(release.environment), registry.models.get(release.model)):
        if item and 'strategy' in item.spec:
            return item.file, ('spec', 'strategy'), item.spec['strategy']
    return release.file, ('spec',), ROLLING
