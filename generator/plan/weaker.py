"""The strategy of a release as published and as desired → what a new version need not pass any more."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from generator.domain.strategy import BlueGreen, Canary, Check, Checks, Rolling, Strategy
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
    if (hold := _hold(after)) < _hold(before):
        yield f'time of holds ({_hold(before)} → {hold} s)'
    if (approvals := _approvals(after)) < _approvals(before):
        yield f'approvals ({_approvals(before)} → {approvals})'
    yield from _looser(before.checks, after.checks)


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
    if after and after.failures > before.failures:
        yield f'checks that stop it ({before.failures} → {after.failures} failures are allowed)'


def _is_looser(before: Check, after: Check) -> bool:
    if (before.query, before.comparison) != (after.query, after.comparison):
        return True
    return after.limit < before.limit if before.comparison == '>=' else after.limit > before.limit
