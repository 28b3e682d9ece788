"""Rollouts in the registry → problems: files they depend on that are missing or were changed during the rollout."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from generator.domain.choices import by_commits
from generator.domain.layout import release_file
from generator.domain.places import json_path
from generator.domain.problems import Problem
from generator.domain.records import Registry, Release, Rollout
from generator.domain.strategy import Rolling
from generator.domain.words import quoted, suggest
from generator.strategies.course import course
from generator.strategies.during import rollout_stage, rollout_strategy, wait_hint
from generator.strategies.faults import strategy_faults


def rollout_problems(registry: Registry, unread: Collection[str]) -> Iterator[Problem]:
    """Yield the problems of rollouts; problems that depend on a file in `unread` are not reported."""
    for rollout in registry.rollouts.values():
        release = registry.releases.get(rollout.name)
        if release:
            yield from _problems(rollout, release, registry)
        elif release_file(rollout.name) not in unread:
            message = f"release '{rollout.name}' not found"
            hint = 'restore its file until the rollout has ended, or remove this file too'
            yield Problem(rollout.file, '', message, hint)


def _problems(rollout: Rollout, release: Release, registry: Registry) -> Iterator[Problem]:
    pinned = rollout.spec['from']
    if (release.version, release.chart) != (pinned['version'], pinned['chart']):
        now = f'{release.version or "no version"} (chart {release.chart or "none"})'
        message = f'the release pins {now}, but the rollout started at {pinned["version"]} (chart {pinned["chart"]})'
        yield Problem(rollout.file, '$.spec.from', message, 'revert the pin: it is changed when the rollout ends')
    if isinstance(rollout.strategy, Rolling):
        hint = 'revert the change of this file'
        yield Problem(rollout.file, '$.spec.strategy', "a rollout in git cannot have strategy 'rolling'", hint)
        return
    for fault in strategy_faults(rollout.spec['strategy']):
        yield Problem(rollout.file, json_path(('spec', 'strategy', *fault.path)), fault.message, fault.hint)
    names = [stage.name for stage in course(rollout_strategy(rollout), chart_first=True)]
    if rollout.stage not in names:
        message = f'the strategy has no stage {quoted(rollout.stage)}'
        yield Problem(rollout.file, '$.spec.stage', message, suggest(rollout.stage, names))
    elif rollout.aborted and rollout_stage(rollout).replaced:
        message = f"stage '{rollout.stage}' cannot be aborted: the old pods were already replaced"
        yield Problem(rollout.file, '$.spec.aborted', message, 'write false, and finish the rollout')
    yield from _engine(rollout, release, registry)


def _engine(rollout: Rollout, release: Release, registry: Registry) -> Iterator[Problem]:
    environment = registry.environments.get(release.environment)
    if environment and not by_commits(release.engine(environment)):
        place = release if 'engine' in release.spec else environment
        message = f"engine '{release.engine(environment)}' cannot continue the current rollout of '{rollout.name}'"
        yield Problem(place.file, '$.spec.engine', message, wait_hint(rollout))
