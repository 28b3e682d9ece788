"""Pins and rollout targets that differ from the published ones → problems: charts that did not come by promotion.

Source of the rule: `promotesFrom` of an environment. A reason in `spec.skipPromotion` of the release counts for one
change, or for as long as no environment before has the model.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from generator.domain.problems import Problem
from generator.domain.records import Registry, Release
from generator.domain.words import either, quoted


@dataclass(frozen=True, slots=True)
class Standing:
    """What the published branch says of a release: the chart of its delivery object, of its pin, of its rollout's
    target and of a rollback, and the reason to skip a promotion; '' for none."""

    delivered: str = ''
    pin: str = ''
    target: str = ''
    rollback: str = ''
    reason: str = ''

    @property
    def charts(self) -> tuple[str, ...]:
        return self.delivered, self.pin, self.target


@dataclass(frozen=True, slots=True)
class Origin:
    """A published environment that has the name, or the cluster and namespace, of one in the registry; its releases are
    what was there before. A new environment is its own."""

    name: str
    promotes_from: tuple[str, ...]


class Had(Protocol):
    """Whether a release ran a chart on the published branch, at the end of a rollout; `ever`: also if it gave it up."""

    def __call__(self, name: str, chart: str, *, ever: bool = False) -> bool: ...


@dataclass(frozen=True, slots=True)
class Gates:
    """The registry, the chart that a release without a pin is to run, and what is published: the standing of a release,
    its history (slow), and the origins of an environment: a request does not choose its own gate."""

    registry: Registry
    chart: Callable[[str], str]
    standing: Callable[[str], Standing]
    had: Had
    origins: Mapping[str, Sequence[Origin]]

    def has(self, release: str) -> bool:
        return release in self.registry.release_names or bool(self.standing(release).delivered)


@dataclass(frozen=True, slots=True)
class _Wish:
    """A chart that a release is to run, and the place in the registry that says so."""

    what: str
    chart: str
    file: str
    path: str


def numbers(chart: str) -> list[int]:
    """Return the numbers of a chart version, to compare it by; none for none."""
    return [int(part) for part in chart.split('.')] if chart else []


def promotion_problems(gates: Gates, changed: Collection[str]) -> Iterator[Problem]:
    """Judge the releases (`env/model`) whose delivery object changes."""
    for name in sorted(changed):
        release = gates.registry.releases[name]
        for origin in gates.origins[release.environment]:
            before = f'{origin.name}/{release.model}'
            yield from _rollback(gates, release, before)
            if not origin.promotes_from:
                continue
            mine = gates.standing(before)
            for wish in _wishes(gates, release):
                if wish.chart not in mine.charts and (told := _judge(gates, release, origin, wish)):
                    yield Problem(wish.file, wish.path, *told)


def _rollback(gates: Gates, release: Release, before: str) -> Iterator[Problem]:
    """Report a rollback to what the release never ran, or gave up: engines go there without their steps and checks."""
    chart, standing = release.chart, gates.standing(before)
    if not release.is_rollback or standing.rollback == chart:
        return
    published = standing.pin or standing.delivered
    if not gates.had(before, chart, ever=True):
        message = f'a rollback returns to a chart that ran here, and no published commit ended with {chart}'
    elif numbers(chart) >= numbers(published):
        message = f'a rollback returns to an older chart than the published {published}, found {chart}'
    elif not gates.had(before, chart):
        message = f'a rollback returns to a chart that this release did not give up: it gave up {chart}'
    else:
        return
    yield Problem(release.file, '$.spec.rollback', message, "remove it, or run 'chartloom rollback'")


def _wishes(gates: Gates, release: Release) -> Iterator[_Wish]:
    if release.chart:
        what = f'{release.version} (chart {release.chart})'
        yield _Wish(what, release.chart, release.file, '$.spec.chart')
    elif chart := gates.chart(release.name):
        yield _Wish(f'chart {chart}', chart, release.file, '$.spec')
    if rollout := gates.registry.rollouts.get(release.name):
        to = rollout.spec['to']
        yield _Wish(f'{to["version"]} (chart {to["chart"]})', to['chart'], rollout.file, '$.spec.to')


def _judge(gates: Gates, release: Release, origin: Origin, wish: _Wish) -> tuple[str, str] | None:
    """Return what is wrong and what to do, or None."""
    reason, sources, own = release.spec.get('skipPromotion', ''), origin.promotes_from, f'{origin.name}/{release.model}'
    who = f"'{release.environment}'"
    if origin.name != release.environment:
        who += f" takes the place of '{origin.name}', which"
    before = next((name for name in sources if gates.has(f'{name}/{release.model}')), None)
    if before is None:
        message = f"{who} promotes from {either(sources)}: no release of '{release.model}' there"
        hint = f'add a release of the model to {quoted(sources[0])} first, or say why not in spec.skipPromotion'
        return None if reason else (message, hint)
    if reason and reason != gates.standing(own).reason:
        return None
    there = f'{before}/{release.model}'
    now = gates.standing(there)
    if wish.chart == now.delivered != now.target:
        return None
    if gates.had(there, wish.chart) or gates.had(own, wish.chart, ever=True):  # the second returns
        return None
    again = ' in other words than for the pin before' if reason else ''
    skip = f'or say in spec.skipPromotion why it is skipped{again}'
    if wish.chart == now.target:
        message = f"{who} promotes from '{before}', where the rollout of {wish.what} has not ended"
        return message, f"end it first ('chartloom rollout status {there}'), {skip}"
    message = f"{who} promotes from '{before}', where no published commit ended with {wish.what}"
    return message, f'bring it there and push that first, {skip}'
