"""The resolved old and new forms of a release during a rollout → the values of both tracks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from generator.domain.generated import Layer, ResolvedRelease
from generator.domain.places import Path, json_path
from generator.domain.problems import Problem, ProblemsFound, problem
from generator.domain.records import Release, Rollout
from generator.domain.strategy import BlueGreen, Canary, Rolling
from generator.domain.values import Values
from generator.strategies.course import (
    Pair,
    Stage,
    aborted,
    find_stage,
    pair_of,
    tracks,
    workload_difference,
    workload_digest,
)

# Maps whose entries the old pods need as long as they run, also to restart.
_SHARED: tuple[Path, ...] = (('networkPolicy', 'egress'), ('externalSecrets', 'secrets'))
_SHARED_PORTS = ('plaintextPorts', 'metricsPorts')


def target(release: Release, rollout: Rollout) -> Release:
    """Return the release with the pin that the rollout leads to."""
    pins = {'version': rollout.spec['to']['version'], 'chart': rollout.spec['to']['chart']}
    return replace(release, spec={**release.spec, **pins, **ended_slot(release, rollout)})


def ended_slot(release: Release, rollout: Rollout) -> dict[str, str]:
    """Return the slot that has the traffic after a rollout of blueGreen; {} for a canary."""
    return {'slot': rollout_pair(release, rollout).new} if isinstance(rollout.strategy, BlueGreen) else {}


def rollout_strategy(rollout: Rollout) -> Canary | BlueGreen:
    """Return the strategy of a rollout that passed the checks of the registry."""
    assert not isinstance(rollout.strategy, Rolling), 'the checks of the registry refuse it'
    return rollout.strategy


def rollout_pair(release: Release, rollout: Rollout) -> Pair:
    return pair_of(rollout_strategy(rollout), release.slot)


def rollout_share(rollout: Rollout, stage: str) -> int:
    """Return the percent of the requests that the new version serves at a stage, 100 at the end."""
    found = find_stage(rollout_strategy(rollout), stage)
    return found.requests if found else 100


def rollout_stage(rollout: Rollout) -> Stage:
    stage = find_stage(rollout_strategy(rollout), rollout.stage)
    assert stage, 'the checks of the registry refuse others'
    return aborted(stage) if rollout.aborted else stage


def rollout_layers(rollout: Rollout, old: ResolvedRelease, new: ResolvedRelease) -> Iterator[Layer]:
    """Yield what the rollout sets over the values of the new form.

    Raises ProblemsFound if an edit would change running pods or the kind of the strategy.
    """
    pair = rollout_pair(old.release, rollout)
    _check_kind(rollout, new)
    _check_unchanged(rollout, pair, old, new)
    difference = workload_difference(old.merged, new.merged)
    stage = rollout_stage(rollout)
    yield Layer(rollout.file, ('spec',), ('tracks',), tracks(stage, pair, difference, new.merged))
    if stage.name == 'replace' and stage.weight < 100:  # in place: no pod may be unavailable while others take requests
        surge = new.merged['strategy']['rolling']['maxSurge']
        careful = {'maxSurge': surge if str(surge) not in ('0', '0%') else 1, 'maxUnavailable': 0}
        yield Layer(rollout.file, ('spec',), ('strategy', 'rolling'), careful)
    for path in _SHARED:
        mine, theirs = _at(old.merged, path), _at(new.merged, path)
        if gone := {name: entry for name, entry in mine.items() if name not in theirs}:
            yield Layer(rollout.file, ('spec',), path, gone)
    for key in _SHARED_PORTS:
        numbers = {*_at(old.merged, ('mesh',)).get(key, ()), *(wanted := _at(new.merged, ('mesh',)).get(key, ()))}
        if len(numbers) > len(wanted):
            yield Layer(rollout.file, ('spec',), ('mesh', key), sorted(numbers))


def wait_hint(rollout: Rollout) -> str:
    """Return the hint for a change that must wait."""
    return f"undo it, or end the rollout first: 'chartloom rollout finish {rollout.name}' or 'abort'"


def _check_kind(rollout: Rollout, new: ResolvedRelease) -> None:
    kind, now = rollout.strategy.kind, new.written
    if now.kind != kind:
        message = f"the running rollout of '{rollout.name}' has strategy '{kind}', not '{now.kind}'"
        raise problem(now.file, json_path(now.path), message, wait_hint(rollout))


def _check_unchanged(rollout: Rollout, pair: Pair, old: ResolvedRelease, new: ResolvedRelease) -> None:
    if rollout.aborted:  # nothing may block an abort
        return
    digests = {pair.live: workload_digest(old.merged), pair.new: workload_digest(new.merged)}
    problems = []
    for track, digest in digests.items():
        if rollout.spec['workloads'].get(track) != digest:
            message = f"the pods of track '{track}' would change during the rollout"
            hint = (
                f'undo the change in {old.release.file} or {old.environment.file}, or end the rollout first:'
                f" 'chartloom rollout abort {rollout.name}'"
            )
            problems.append(Problem(rollout.file, json_path(('spec', 'workloads', track)), message, hint))
    if problems:
        raise ProblemsFound(problems)


def _at(values: Values, path: Path) -> Values:
    found: Values = values
    for step in path:
        found = found.get(str(step), {})
    return found
