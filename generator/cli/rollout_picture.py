"""A rollout, or the strategy that a controller will follow → lines for the terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from generator.domain.choices import Engine, engine_title
from generator.domain.records import Environment, Rollout
from generator.domain.strategy import BlueGreen, Canary, Checks
from generator.domain.units import number
from generator.operations.rollout_steps import show_time
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
        parts.append(f'hold {show_time(stage.hold)}')
    if stage.approval:
        parts.append('approval')
    return ', '.join(parts)


def controller_lines(
    strategy: Canary | BlueGreen, engine: Engine, environment: Environment, model: str
) -> Iterator[str]:
    """What Argo Rollouts or Flagger will do with a new version, with the earliest time of each step."""
    release = f'{environment.name}/{model}'
    yield f'{engine_title(engine)} moves the traffic of {release}; git holds the target and the strategy:'
    yield from _steps(strategy) if isinstance(strategy, Canary) else _switch(strategy)
    if strategy.checks:
        yield f'  every {strategy.checks.interval} it checks {_names(strategy.checks)}'
        yield '  if they fail, the old version gets all requests, and git still has the new version: revert the commit'
    yield f"  watch it: 'kubectl -n {environment.namespace} get {_kind(engine)} {model} --watch'"


def _kind(engine: Engine) -> str:
    """The kubectl name of the object that shows a rollout."""
    match engine:
        case 'native':
            return 'deployment'
        case 'argo-rollouts':
            return 'rollout'
        case 'flagger':
            return 'canary'
        case _:
            assert_never(engine)


def _steps(canary: Canary) -> Iterator[str]:
    after = 0
    for step in canary.steps:
        what = [f'{step.weight} % of the requests'] if step.weight else []
        what += [f'requests with {", ".join(step.headers)}'] if step.headers else []
        what += [f'a copy of {step.mirror} %'] if step.mirror else []
        yield f'  {_earliest(after)}: {", ".join(what)}{_until(step.hold, step.approval)}'
        after += step.hold
    yield f'  {_earliest(after)}: all requests{_kept(canary.keep_old)}'


def _switch(strategy: BlueGreen) -> Iterator[str]:
    yield f'  at once: the new pods start{_until(0, strategy.approval)}'
    yield f'  when they are ready: all requests{_kept(strategy.keep_old)}'


def _kept(seconds: int) -> str:
    return f', the old pods stay for {show_time(seconds)}' if seconds else ''


def _earliest(after: int) -> str:
    return f'after {show_time(after)}' if after else 'at once'


def _until(hold: int, approval: bool) -> str:
    parts = [f'for {show_time(hold)}'] if hold else []
    parts += ['until somebody approves'] if approval else []
    return ''.join(f', {part}' for part in parts)


def _names(checks: Checks) -> str:
    return ', '.join(f'{check.name} {check.comparison} {number(check.limit)}' for check in checks.checks)
