"""Rollouts as published and as desired → problems: stages that were left out, and files that were rewritten."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from generator.domain.problems import Problem
from generator.domain.records import Registry, Rollout
from generator.domain.strategy import Rolling
from generator.domain.units import number_of
from generator.domain.values import Values
from generator.plan.promotion import Origin
from generator.strategies.course import ENDED, course, find_stage, next_stage
from generator.strategies.during import rollout_strategy

# A rollout → the file and the strategy of the chart that it goes to; {} if its model has none.
OfChart = Callable[[Rollout], tuple[str, Values]]
# What a rollout keeps from its start to its end.
_KEPT = ('from', 'to', 'strategy', 'workloads')


def jumps(
    registry: Registry, published: Mapping[str, Rollout], pins: Mapping[str, str], same: Collection[str],
    of_chart: OfChart,
) -> Iterator[Problem]:  # fmt: skip
    """Compare the rollouts of the registry with the published ones, by release; `pins` are published charts.

    Each stage is a commit that the agent applies before the next one. A step back is allowed, and so is a branch that
    does not change a rollout (`same`) and is behind. An aborted rollout gets no requests again before it has ended, or
    before all its stages come again.
    """
    known = {name: rollout for name, rollout in published.items() if has_stage(rollout)}
    for name, rollout in sorted(registry.rollouts.items()):
        before = known.get(name)
        if name in same:
            continue
        yield from _moves(rollout, before) if before else _begins(rollout, pins.get(name, ''), registry, of_chart)
    for name, before in sorted(known.items()):
        if name not in registry.rollouts and name in registry.releases:
            yield from _ends(registry, before)


def inherited(
    registry: Registry, origins: Mapping[str, Sequence[Origin]], rollouts: Mapping[str, Rollout]
) -> Iterator[tuple[str, Rollout]]:
    """Yield published rollouts by the releases of other environments that take their place."""
    heirs = [(origin.name, heir) for heir, found in origins.items() for origin in found if origin.name != heir]
    for rollout in rollouts.values():
        for before, heir in heirs:
            if before == rollout.environment and f'{heir}/{rollout.model}' in registry.releases:
                yield f'{heir}/{rollout.model}', replace(rollout, environment=heir)


def has_stage(rollout: Rollout) -> bool:
    """Whether a published file makes sense: nobody may have verified it."""
    return not isinstance(rollout.strategy, Rolling) and find_stage(rollout.strategy, rollout.stage) is not None


def _begins(rollout: Rollout, pin: str, registry: Registry, of_chart: OfChart) -> Iterator[Problem]:
    places = (registry.releases.get(rollout.name), registry.environments.get(rollout.environment))
    written = ((place.file, place.spec['strategy']) for place in places if place and 'strategy' in place.spec)
    file, strategy = next(written, None) or of_chart(rollout)
    if strategy != rollout.spec['strategy']:
        message = f'a rollout starts with the strategy of {file}, found another one'
        yield Problem(rollout.file, '$.spec.strategy', message, f"run 'chartloom rollout start {rollout.name}'")
    names = _names(rollout)
    # With the target pinned, the commit that ended the rollout was reverted.
    reverted = names[-1:] if pin == rollout.spec['to']['chart'] else []
    start = rollout.spec['from']
    if not reverted and pin not in ('', start['chart']):
        found = f'{start["version"]} (chart {start["chart"]})'
        message = f'a rollout starts from the published pin, chart {pin}, found {found}'
        yield Problem(rollout.file, '$.spec.from', message, f"run 'chartloom rollout start {rollout.name}'")
    if rollout.stage not in (*names[:2], *reverted):
        message = f"a rollout starts at '{names[1]}', found '{rollout.stage}'"
        yield Problem(rollout.file, '$.spec.stage', message, f"run 'chartloom rollout start {rollout.name}'")


def _moves(rollout: Rollout, before: Rollout) -> Iterator[Problem]:
    if changed := next((key for key in _KEPT if before.spec[key] != rollout.spec[key]), ''):
        hint = f"undo the change, or run 'chartloom rollout abort {rollout.name}' and start again"
        yield Problem(rollout.file, f'$.spec.{changed}', 'changed while the rollout is in progress', hint)
        return
    if before.aborted:
        yield from _after_abort(rollout, before)
        return
    names, expected = _names(rollout), next_stage(rollout_strategy(before), before.stage)
    if rollout.stage in names[names.index(before.stage) + 2 :]:
        message = f"the stage after the published '{before.stage}' is '{expected}', found '{rollout.stage}'"
        yield Problem(rollout.file, '$.spec.stage', message, _by_steps(rollout))


def _after_abort(rollout: Rollout, before: Rollout) -> Iterator[Problem]:
    """Report an aborted rollout whose new version would get requests again, unless all its stages come again."""
    stages = course(rollout_strategy(rollout), chart_first=True)
    names = [stage.name for stage in stages]
    at, last = names.index(rollout.stage), names.index(before.stage)
    serving = any(stage.serves for stage in stages[: at + 1])
    if at > last or (serving and not rollout.aborted):
        key, again = ('stage', '') if rollout.aborted else ('aborted', ' again')
        message = f"the rollout was aborted at '{before.stage}': it ends, or begins again at '{names[1]}'"
        message += f", found '{rollout.stage}'{again}"
        hint = f"undo the change, or run 'chartloom rollout finish {rollout.name}' and start again"
        yield Problem(rollout.file, f'$.spec.{key}', message, hint)


def _ends(registry: Registry, before: Rollout) -> Iterator[Problem]:
    release, to = registry.releases[before.name], before.spec['to']
    if release.chart != to['chart']:
        return
    if before.aborted:
        message = f'the rollout to {to["version"]} was aborted, so the release keeps {before.spec["from"]["version"]}'
        yield Problem(release.file, '$.spec.chart', message, f"run 'chartloom rollout finish {before.name}'")
    elif (following := next_stage(rollout_strategy(before), before.stage)) != ENDED:
        message = f"the rollout to {to['version']} is at '{before.stage}' and ends later, after '{following}'"
        yield Problem(release.file, '$.spec.chart', message, _by_steps(before))


def lost_rollouts(registry: Registry, gone: Mapping[str, Rollout]) -> Iterator[Problem]:
    """Yield a warning for each published rollout whose file is gone although it has not ended, by the release it moves.

    Without it, a later version begins at once: an operation ends it by its last stage, by an abort or by a rollback,
    which withdraw the version.
    """
    for name, before in sorted(gone.items()):
        release, to = registry.releases.get(name), before.spec['to']
        if release is None or release.chart == to['chart'] or not has_stage(before):
            continue
        back = number_of(release.chart) <= number_of(before.spec['from']['chart'])
        ended = before.aborted or release.is_rollback or release.gave_up(to['version'], to['chart'])
        if back and ended:
            continue
        at, kind = f"the rollout to {to['version']} at '{before.stage}'", before.strategy.kind
        if not ended:
            message = f'{at} is gone, with its steps, holds and approvals, and has not ended'
            hint = f"undo it; 'chartloom rollout abort {name}' and 'finish' end it, and withdraw {to['version']}"
            yield Problem(release.file, '', message, hint)
        if not back:
            message = (
                f'{release.version} (chart {release.chart}) gets all requests at once, although the strategy is {kind}'
            )
            yield Problem(
                release.file, '', message, "revert the pin, end the rollout, and run 'chartloom rollout start'"
            )


def _by_steps(rollout: Rollout) -> str:
    return f"undo the change; 'chartloom rollout advance {rollout.name}' moves one stage a commit, after its hold"


def _names(rollout: Rollout) -> list[str]:
    return [stage.name for stage in course(rollout_strategy(rollout), chart_first=True)]
