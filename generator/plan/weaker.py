"""The strategy of a release as published and as desired → what a new version need not pass any more."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise, takewhile
from typing import assert_never

from generator.domain.strategy import BlueGreen, Canary, Check, Checks, Rolling, Strategy
from generator.domain.units import seconds
from generator.domain.words import quoted


def weaker(before: Strategy, after: Strategy) -> Iterator[str]:
    """Yield what is lost: steps, holds, approvals and checks."""
    if isinstance(before, Rolling):
        return
    if isinstance(after, Rolling):
        yield f'all of {before.kind}, since Kubernetes replaces its pods'
        return
    if (steps := len(_weights(after))) < len(_weights(before)):
        yield f'steps ({len(_weights(before))} → {steps})'
    if (first := _weights(after)[0]) > _weights(before)[0]:
        yield f'a small first step ({_weights(before)[0]} → {first} %)'
    elif isinstance(before, Canary) and isinstance(after, Canary) and (lost := _larger(before, after)):
        yield lost
    hold, approvals = _hold(after), _approvals(after)
    if hold < _hold(before):
        yield f'time of holds ({_hold(before)} → {hold} s)'
    if approvals < _approvals(before):
        yield f'approvals ({_approvals(before)} → {approvals})'
    if hold >= _hold(before) and approvals >= _approvals(before) and (lost := _later(before, after)):
        yield lost
    yield from _fewer(before, after)
    if after.keep_old < before.keep_old:
        yield f'time in which the old pods stay ({before.keep_old} → {after.keep_old} s)'
    yield from _looser(before.checks, after.checks)


def _larger(before: Canary, after: Canary) -> str:
    """More requests at once, or fewer pods for them; '' for neither."""
    jump, now = _jump(before), _jump(after)
    if now > jump:
        return f'small steps (at most {jump} → {now} % more at once)'
    if after.replicas and not before.replicas:
        return f'pods in proportion to its requests ({after.replicas} at every step)'
    return ''


def _jump(canary: Canary) -> int:
    weights = (0, *_weights(canary), 100)
    return max(later - earlier for earlier, later in pairwise(weights))


def _later(before: Canary | BlueGreen, after: Canary | BlueGreen) -> str:
    """What passes later than before: time and approvals up to the weight of a step; '' for none.

    Finer steps below a weight lose nothing.
    """
    for weight in dict.fromkeys(_weights(before)):
        (hold, approvals), (now, then) = _passed(before, weight), _passed(after, weight)
        if now < hold:
            return f'time of holds up to {weight} % ({hold} → {now} s)'
        if then < approvals:
            return f'approvals up to {weight} % ({approvals} → {then})'
    return ''


def _passed(strategy: Canary | BlueGreen, weight: int) -> tuple[int, int]:
    """The seconds and the approvals before a new version gets more than a percent of the requests."""
    if isinstance(strategy, BlueGreen):
        return 0, int(strategy.approval)
    steps = list(takewhile(lambda step: step.weight <= weight, strategy.steps))
    return sum(step.hold for step in steps), sum(step.approval for step in steps)


def _fewer(before: Canary | BlueGreen, after: Canary | BlueGreen) -> Iterator[str]:
    """Yield kinds of steps that show a new version to few, or to nobody."""
    mine, now = (each.steps if isinstance(each, Canary) else () for each in (before, after))
    for name, kind in (('headers', lambda step: bool(step.headers)), ('a mirror', lambda step: bool(step.mirror))):
        counts = [sum(map(kind, steps)) for steps in (mine, now)]
        if counts[1] < counts[0]:
            yield f'steps with {name} ({counts[0]} → {counts[1]})'


def _weights(strategy: Canary | BlueGreen) -> tuple[int, ...]:
    """The percents of the requests that a new version gets one after the other, before it gets all."""
    match strategy:
        case Canary():
            return strategy.weights or (100,)
        case BlueGreen():
            return (100,)
        case _:
            assert_never(strategy)


def _hold(strategy: Canary | BlueGreen) -> int:
    return sum(step.hold for step in strategy.steps) if isinstance(strategy, Canary) else 0


def _approvals(strategy: Canary | BlueGreen) -> int:
    match strategy:
        case Canary():
            return sum(step.approval for step in strategy.steps)
        case BlueGreen():
            return int(strategy.approval)
        case _:
            assert_never(strategy)


def _looser(before: Checks | None, after: Checks | None) -> Iterator[str]:
    if before is None:
        return
    now = {check.name: check for check in after.checks} if after else {}
    for check in before.checks:
        if check.name not in now:
            yield f'check {quoted(check.name)}'
        elif _is_looser(check, now[check.name]):
            yield f'the limit or the query of check {quoted(check.name)}'
    if after and seconds(after.window) < seconds(before.window):
        yield f'the window of checks ({before.window} → {after.window})'
    if after and seconds(after.interval) > seconds(before.interval):
        yield f'the interval of checks ({before.interval} → {after.interval})'
    if after and after.failures > before.failures:
        yield f'checks that stop it ({before.failures} → {after.failures} failures are allowed)'


def _is_looser(before: Check, after: Check) -> bool:
    if (before.query, before.comparison) != (after.query, after.comparison):
        return True
    return after.limit < before.limit if before.comparison == '>=' else after.limit > before.limit
