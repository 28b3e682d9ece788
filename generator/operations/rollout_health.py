"""A stage of a rollout → the Prometheus queries that must pass before the next stage; their results → a verdict.

A check is evaluated once per `interval` since the start of the stage; each evaluation is a look. A look without data
does not pass.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from generator.domain.environments import Environment
from generator.domain.strategy import check_key, check_value
from generator.domain.units import seconds
from generator.domain.values import Values
from generator.strategies.course import Stage
from generator.strategies.queries import Query

# The time of a look → the values of the query at that time, as Prometheus writes them.
Looks = Mapping[int, Sequence[str]]
# Prometheus refuses a query for more than 11,000 points of a series.
MOST_LOOKS = 10_000


@dataclass(frozen=True, slots=True)
class Verdict:
    """`passed`, `waiting` or `failed`, and why."""

    state: str
    reason: str = ''


@dataclass(frozen=True, slots=True)
class Ready:
    """The number of pods of a track that must be up; `fresh`: all of them were created after the stage began."""

    track: str
    pods: int
    fresh: bool = False


def selector(environment: Environment, name: str, track: str) -> str:
    """The labels of a track's pods, as the release's PodMonitor gives them."""
    return f'job="{environment.namespace}/{name}",chartloom_dev_track="{track}"'


def wanted_pods(stage: Stage, replaced: str, values: Values) -> Iterator[Ready]:
    """The tracks that must be ready at a stage; `replaced` is the track whose pods change at stage 'replace'.

    `values` are the merged values, with their tracks.
    """
    for ready in steady_pods(values):
        # Prometheus scrapes the old pods of this track, too: only the time of the first scrape distinguishes them.
        yield replace(ready, fresh=stage.name == 'replace' and ready.track == replaced)


def steady_pods(values: Values) -> Iterator[Ready]:
    """The tracks of a release without a rollout, by its merged values."""
    scaling = values['autoscaling']
    fewest = scaling['minReplicas'] if scaling['enabled'] else values['replicaCount']
    for name, track in values['tracks'].items():
        if track['enabled']:
            yield Ready(name, int(track['replicas'] or fewest))


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
    """The time of the first look, and the seconds between two looks; the last look is at `now`."""
    step = max(1, int(seconds(interval)))
    count = min((now - since) // step, MOST_LOOKS)
    return now - max(0, count) * step, step


def judge_check(query: Query, found: Looks, now: int, failures: int) -> Verdict:
    """Judge all looks: at most `failures` may fail, and the last one must have data and pass."""
    told = {time: values for time, given in found.items() if (values := [v for v in map(Decimal, given) if v == v])}
    failed = [time for time, values in told.items() if not all(holds(query, value) for value in values)]
    name, seen = check_key(query.name), f'{len(failed)} of {len(told)} looks failed, {failures} allowed'
    if len(failed) > failures:
        worst = next(value for value in told[max(failed)] if not holds(query, value))
        return Verdict('failed', f'{name} was {_shown(query, worst)}, expected {limit(query)} ({seen})')
    if now not in told:
        return Verdict('waiting', f'{name} has no data yet')
    if now in failed:
        worst = next(value for value in told[now] if not holds(query, value))
        return Verdict('waiting', f'{name} is {_shown(query, worst)}, expected {limit(query)} ({seen})')
    return Verdict('passed')


def holds(query: Query, value: Decimal) -> bool:
    """Whether a value is as a check requires."""
    return value >= query.limit if query.comparison == '>=' else value <= query.limit


def limit(query: Query) -> str:
    """What a check requires, as it is told."""
    return f'{query.comparison} {check_value(query.name, query.limit)}'


def _shown(query: Query, value: Decimal) -> str:
    return check_value(query.name, Decimal(f'{value:.6g}')) if value.is_finite() else str(value)


def together(verdicts: Sequence[Verdict]) -> Verdict:
    """Combine verdicts: 'failed' if any failed, else 'waiting' if any waits; with all reasons of that state."""
    for state in ('failed', 'waiting'):
        if reasons := [verdict.reason for verdict in verdicts if verdict.state == state]:
            return Verdict(state, '; '.join(reasons))
    return Verdict('passed')
