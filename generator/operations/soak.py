"""A promotion that needs a soak → problems if the release before was not healthy, or nobody can tell.

Time alone is in git, and judged by `verify`, too; health is asked here, from the Prometheus of the environment before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import assert_never

from generator.domain.choices import by_commits
from generator.domain.generated import ResolvedRelease
from generator.domain.problems import CommandFailed, Problem
from generator.domain.strategy import BlueGreen, Canary, Checks, Rolling, Strategy
from generator.domain.units import seconds
from generator.operations.promotion import Promotion
from generator.operations.rollout_health import Ready, holds, limit, looks, ready_query, selector, steady_pods
from generator.operations.rollout_state import resolve_named
from generator.pipeline.run import Run
from generator.strategies.queries import Query, queries
from generator.tools import prometheus

_MOST_LOOKS = 1000  # over a soak of any length
_INTERVAL = 60  # seconds between two looks at pods, which are scraped twice a minute
# One look of 100 may fail: a node is drained, a pod moves.
_ALLOWED = 100


def soak_problems(run: Run, promotion: Promotion) -> list[Problem]:
    """Judge the health of the release before, over the soak of the environment that is promoted to."""
    environment = run.registry.environments[promotion.release.environment]
    soak = str(environment.promotion.get('soak', ''))
    there = resolve_named(run, promotion.source)
    engine = there.release.engine(there.environment)
    if not by_commits(engine) and _has_approval(there.strategy):
        message = (
            f"'{there.release.name}' has a step that wants an approval, which {engine} asks for: git does not know"
        )
        return [_problem(promotion, message, 'look whether it was given and the rollout has ended')]
    if not soak:
        return []
    address = str(there.environment.spec.get('monitoring', {}).get('prometheus', ''))
    if not address:
        message = f"a soak is healthy time, and '{there.environment.name}' has no Prometheus that can be asked"
        return [_problem(promotion, message, f'add monitoring.prometheus in {there.environment.file}')]
    try:
        said = list(_unhealthy(there, _Asked(address, run.clock.now - int(seconds(soak)), run.clock.now)))
    except CommandFailed as error:
        said = [error.stderr]
    what = f"'{there.release.name}' was not seen healthy over the last {soak}"
    return [_problem(promotion, f'{what}: {each}', 'look at it there') for each in said]


def _problem(promotion: Promotion, message: str, hint: str) -> Problem:
    hint = f'{hint}, or say with --confirm-healthy that it is healthy'
    return Problem(promotion.release.file, '$.spec', message, hint, 'soak')


def _has_approval(strategy: Strategy) -> bool:
    """Whether somebody must approve a step."""
    match strategy:
        case Canary():
            return any(step.approval for step in strategy.steps)
        case BlueGreen():
            return strategy.approval
        case Rolling():
            return False
        case _:
            assert_never(strategy)


@dataclass(frozen=True, slots=True)
class _Asked:
    """The address of Prometheus, and the first and the last look, in seconds since the epoch."""

    address: str
    start: int
    end: int

    def values(self, query: str, interval: int) -> tuple[int, Mapping[int, Sequence[Decimal]]]:
        """The number of looks, and the values at each that has some."""
        start, step = looks(self.start, self.end, f'{max(interval, -(-(self.end - self.start) // _MOST_LOOKS))}s')
        found = prometheus.values_at(self.address, query, start, self.end, step)
        told = {time: [each for each in map(Decimal, given) if each == each] for time, given in found.items()}
        return (self.end - start) // step + 1, {time: values for time, values in told.items() if values}


def _unhealthy(there: ResolvedRelease, asked: _Asked) -> Iterator[str]:
    """Yield what was not as it should be; a check without requests has no data, and fails nothing while others have."""
    for ready in steady_pods(there.merged):
        labels = selector(there.environment, there.release.model, ready.track)
        count, told = asked.values(ready_query(ready, labels, 0), _INTERVAL)
        yield from _few_pods(ready, count, told)
        yield from _failed_checks(there, labels, asked)


def _failed_checks(there: ResolvedRelease, labels: str, asked: _Asked) -> Iterator[str]:
    checks = None if isinstance(there.strategy, Rolling) else there.strategy.checks
    if checks:
        for query in queries(checks, there.chart, labels):
            _, told = asked.values(query.promql, int(seconds(checks.interval)))
            yield from _failed(query, checks, told)


def _few_pods(ready: Ready, count: int, told: Mapping[int, Sequence[Decimal]]) -> Iterator[str]:
    good = sum(max(values) >= ready.pods for values in told.values())
    if count - good > count // _ALLOWED:
        yield f"track '{ready.track}' had its {ready.pods} ready pods at {good} of {count} looks"


def _failed(query: Query, checks: Checks, told: Mapping[int, Sequence[Decimal]]) -> Iterator[str]:
    failed = [time for time, values in told.items() if not all(holds(query, each) for each in values)]
    allowed = max(checks.failures, len(told) // _ALLOWED)
    if not told:
        yield f'{query.name} has no data'
    elif len(failed) > allowed:
        yield f'{query.name} was not {limit(query)} at {len(failed)} of {len(told)} looks, {allowed} allowed'
