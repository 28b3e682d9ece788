"""A stage of a rollout → what Prometheus is asked before it may be left, and what its answers mean.

Every `interval` of the strategy's checks since the stage began is a look; no data is never a pass.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from generator.domain.records import Environment, Values
from generator.domain.units import number, seconds
from generator.strategies.course import Stage
from generator.strategies.queries import Query

# A look at a time: the values that a query had then, as Prometheus writes them.
Looks = Mapping[int, Sequence[str]]
# Prometheus gives no more points to a question.
MOST_LOOKS = 10_000


@dataclass(frozen=True, slots=True)
class Verdict:
    """`passed`, `waiting` or `failed`, and why."""

    state: str
    reason: str = ''


@dataclass(frozen=True, slots=True)
class Ready:
    """As many pods of a track as there must be are scraped; `fresh`: none of them was there when the stage began."""

    track: str
    pods: int
    fresh: bool


def selector(environment: Environment, name: str, track: str) -> str:
    """The labels of a track's pods, as the release's PodMonitor gives them."""
    return f'job="{environment.namespace}/{name}",chartloom_dev_track="{track}"'


def wanted_pods(stage: Stage, replaced: str, values: Values) -> Iterator[Ready]:
    """The tracks that must be ready at a stage; `replaced` is the one whose pods change at the stage of that name.

    `values` are merged, with their tracks.
    """
    scaling = values['autoscaling']
    fewest = scaling['minReplicas'] if scaling['enabled'] else values['replicaCount']
    for name, track in values['tracks'].items():
        if track['enabled']:
            # The pods that the new ones replace are scraped, too: only time tells them apart.
            fresh = stage.name == 'replace' and name == replaced
            yield Ready(name, int(track['replicas'] or fewest), fresh)


def ready_query(ready: Ready, labels: str, age: int) -> str:
    up = f'up{{{labels}}}'
    if not ready.fresh:
        return f'count({up} == 1)'
    before = f'{up} offset {max(1, age)}s'
    return f'count({up} == 1 unless {before}) unless count({up} == 1 and {before})'


def judge_ready(ready: Ready, values: Sequence[str]) -> Verdict:
    found = max((int(value) for value in map(Decimal, values) if value.is_finite()), default=0)
    if found >= ready.pods:
        return Verdict('passed')
    new = 'new ' if ready.fresh else ''
    return Verdict('waiting', f"{found} of {ready.pods} {new}pods of track '{ready.track}' are ready")


def looks(since: int, now: int, interval: str) -> tuple[int, int]:
    """The first time to look at and the seconds between two: the last one is now."""
    step = max(1, int(seconds(interval)))
    count = min((now - since) // step, MOST_LOOKS)
    return now - max(0, count) * step, step


def judge_check(query: Query, found: Looks, now: int, failures: int) -> Verdict:
    """`failures` looks may fail; the last one must tell something, and something good."""
    told = {time: values for time, given in found.items() if (values := [v for v in map(Decimal, given) if v == v])}
    failed = [time for time, values in told.items() if not all(_holds(query, value) for value in values)]
    seen = f'{len(failed)} of {len(told)} looks failed, {failures} may'
    if len(failed) > failures:
        worst = next(value for value in told[max(failed)] if not _holds(query, value))
        return Verdict('failed', f'{query.name} was {_shown(worst)}, not {_limit(query)} ({seen})')
    if now not in told:
        return Verdict('waiting', f'{query.name} tells nothing yet')
    if now in failed:
        worst = next(value for value in told[now] if not _holds(query, value))
        return Verdict('waiting', f'{query.name} is {_shown(worst)}, not {_limit(query)} ({seen})')
    return Verdict('passed')


def _holds(query: Query, value: Decimal) -> bool:
    return value >= query.limit if query.comparison == '>=' else value <= query.limit


def _limit(query: Query) -> str:
    return f'{query.comparison} {number(query.limit)}'


def _shown(value: Decimal) -> str:
    return number(Decimal(f'{value:.6g}')) if value.is_finite() else str(value)


def together(verdicts: Sequence[Verdict]) -> Verdict:
    """One failure is a failure, else one that waits makes all wait."""
    for state in ('failed', 'waiting'):
        if reasons := [verdict.reason for verdict in verdicts if verdict.state == state]:
            return Verdict(state, '; '.join(reasons))
    return Verdict('passed')
