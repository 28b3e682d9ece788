"""A rollout, or a strategy by commits → lines for the terminal."""

from __future__ import annotations

from collections.abc import Iterator

from generator.domain.records import Rollout
from generator.domain.strategy import BlueGreen, Canary
from generator.domain.units import spoken
from generator.strategies.course import CHART, ENDED, Stage, course
from generator.strategies.during import rollout_strategy

_WIDTH = 10
_MEANS = {
    CHART: 'the new chart with the old pods',
    'on': 'the new pods start',
    'full': 'the new pods at full size',
    'replace': 'the old pods become new ones',
    ENDED: 'the release pins the new version',
}


def picture(rollout: Rollout) -> Iterator[str]:
    """One line per stage: done ✓, current ●, next ○; with the share of the requests that the new version serves."""
    strategy = rollout_strategy(rollout)
    stages = course(strategy, chart_first=rollout.stage == CHART)
    names = [stage.name for stage in stages]
    at = names.index(rollout.stage)
    for place, stage in enumerate(stages):
        if rollout.aborted and place >= at:
            break
        yield _line('✓●○'[(place >= at) + (place > at)], stage.name, stage.requests, _about(stage))
    if rollout.aborted:
        yield _line('✗', rollout.stage, 0, 'aborted: all requests are back, the new pods are removed next')
    yield _line('○', ENDED, 0 if rollout.aborted else 100, 'as before the start' if rollout.aborted else _MEANS[ENDED])


def preview(strategy: Canary | BlueGreen) -> Iterator[str]:
    """The same lines for a rollout that has not started."""
    for stage in course(strategy):
        yield _line('○', stage.name, stage.requests, _about(stage))
    yield _line('○', ENDED, 100, _MEANS[ENDED])


def _line(mark: str, name: str, weight: int, about: str) -> str:
    full = (weight * _WIDTH + 50) // 100 if weight < 1 or weight > 9 else 1
    bar = '█' * full + '░' * (_WIDTH - full)
    return f'  {mark} {name:<8} {bar} {weight:>3} %  {about}'.rstrip()


def _about(stage: Stage) -> str:
    parts = [_MEANS[stage.name]] if stage.name in _MEANS else []
    if stage.name == 'return':
        parts.append('requests go back to them')
    if stage.headers and not stage.replaced:
        parts.append('and all with ' + ', '.join(f'{name}: {value}' for name, value in stage.headers.items()))
    if stage.mirror:
        parts.append(f'a copy of {stage.mirror} %')
    if stage.hold:
        parts.append(f'hold {spoken(stage.hold)}')
    if stage.approval:
        parts.append('approval')
    return ', '.join(parts)
