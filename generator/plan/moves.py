"""Releases as published and as desired → problems of those that move although something stops them here and now.

A rollback, an abort and what ends them are no moves, nor is a change of values. What counts is the published branch: a
request that removes a lock does not go round it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from generator.checks.withdrawn import gave_up
from generator.domain.problems import Problem
from generator.domain.records import Registry, Release, Rollout
from generator.domain.times import Clock
from generator.domain.units import number_of
from generator.plan.jumps import has_stage
from generator.plan.promotion import Had, Standing
from generator.plan.stops import Ground, locked, stops
from generator.strategies.course import course
from generator.strategies.during import rollout_stage, rollout_strategy


@dataclass(frozen=True, slots=True)
class Published:
    """What is published: the releases whose place a release takes (itself first), the standing of each, the records
    that may stop a release there, its history (slow), and whether a branch only lacks a later move of others there.
    `version`: the model version of a chart that a release is to run. `reinstated`: whether the file of a release only
    takes back what the published one gave up. `runs`: the chart that runs in a place, also in a suspended one."""

    places: Callable[[str], Sequence[str]]
    standing: Callable[[str], Standing]
    ground: Callable[[str, str], Ground]
    had: Had
    behind: Callable[[str, str], bool]
    version: Callable[[str, str], str]
    reinstated: Callable[[Release], bool]
    runs: Callable[[str], str]

    def before(self, release: Release, place: str) -> Standing:
        """The standing of a place; where its agent deployed no commit until now, by what runs there (slow)."""
        found = self.standing(place)
        if found.release is None or not found.release.is_suspended or release.is_suspended:
            return found
        return Standing(self.runs(place))


@dataclass(frozen=True, slots=True)
class _Move:
    """A version with a chart that a release moves to, and the place that says so."""

    version: str
    chart: str
    file: str
    path: str

    def __str__(self) -> str:
        return f'{self.version} (chart {self.chart})' if self.version else f'chart {self.chart}'


def move_problems(
    registry: Registry, changed: Collection[str], delivered: Callable[[str], str], published: Published, clock: Clock
) -> Iterator[Problem]:
    """Judge releases (`env/model`) whose delivery object or rollout changes; `delivered`: the chart they are to run."""
    for name in sorted(changed):
        found = {
            each: None
            for place in published.places(name)
            if (stopped := _at(registry, name, place, delivered, published, clock))
            and not published.behind(name, place)
            for each in stopped
        }
        yield from found


def _at(
    registry: Registry, name: str, place: str, delivered: Callable[[str], str], published: Published, clock: Clock
) -> list[Problem]:
    """Judge a release by what is published at one of its places."""
    release, rollout = registry.releases[name], registry.rollouts.get(name)
    before = published.before(release, place)
    if rollout and advances(rollout, before.rollout):
        return list(locked(name, f"go on to '{rollout.stage}'", published.ground(name, place), clock))
    moves = _moves(release, rollout, before, delivered)
    return [each for move in moves for each in _judged(release, place, move, published, clock)]


def _judged(release: Release, place: str, move: _Move, published: Published, clock: Clock) -> list[Problem]:
    # A return to what was given up is no way back, whatever the request does to the list of it.
    given_up = list(_given_up(release, place, move, published))
    found = list(_stops(release, place, move, published, clock))
    # Slow, so only now: a return to what ran here, by an operation or for example by `git revert`.
    back = release.is_rollback or number_of(move.chart) < number_of(published.before(release, place).delivered)
    return given_up if found and back and published.had(place, move.chart, ever=True) else [*found, *given_up]


def advances(rollout: Rollout, before: Rollout | None) -> bool:
    """Whether a rollout goes on to a later stage while the old version still has pods to return to."""
    if before is None or not has_stage(before) or rollout.spec['to'] != before.spec['to']:
        return False
    if rollout.aborted or before.aborted or rollout_stage(before).replaced:
        return False
    names = [stage.name for stage in course(rollout_strategy(before), chart_first=True)]
    return rollout.stage not in names[: names.index(before.stage) + 1]


def _moves(
    release: Release, rollout: Rollout | None, before: Standing, delivered: Callable[[str], str]
) -> Iterator[_Move]:
    """Yield where a release moves to: nowhere if it stays, ends a rollout or aborts it. Its pin moves at once, also
    under a rollout that starts from there."""
    if rollout:
        to, again = rollout.spec['to'], before.rollout is not None and before.rollout.aborted
        if not (rollout.aborted or (to['chart'] in before.charts and not again)):
            yield _Move(to['version'], to['chart'], rollout.file, '$.spec.to')
    chart = release.chart or ('' if rollout else delivered(release.name))
    if chart and chart not in before.charts:
        yield _Move(release.version, chart, release.file, '$.spec.chart' if release.chart else '$.spec')


def _stops(release: Release, place: str, move: _Move, published: Published, clock: Clock) -> Iterator[Problem]:
    name, ground = release.name, published.ground(release.name, place)
    reason = release.spec.get('allowFrozen', '')
    allowed = bool(reason) and reason != published.standing(place).said('allowFrozen')
    yield from stops(name, str(move), ground, clock, allow_frozen=allowed)


def _given_up(release: Release, place: str, move: _Move, published: Published) -> Iterator[Problem]:
    name, ground = release.name, published.ground(release.name, place)
    if not ground.release:
        return
    # What follows the newest version moves without a pin, and by `reinstate` at once; not by the removal of the pin.
    version = move.version or published.version(name, move.chart)
    if version and not (version != move.version and published.reinstated(ground.release)):
        yield from gave_up(ground.release, version, move.chart, move.file, move.path)
