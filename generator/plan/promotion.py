"""Pins and rollout targets that differ from the published ones → problems: charts that did not come by promotion.

Source of the rule: `promotesFrom` of an environment. A reason in `spec.skipPromotion` of the release counts for one
change, or for as long as no environment before has the model.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
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


class Had(Protocol):
    """Whether a release ran a chart on the published branch, at the end of a rollout; `ever`: also if it gave it up."""

    def __call__(self, name: str, chart: str, *, ever: bool = False) -> bool: ...


@dataclass(frozen=True, slots=True)
class Gates:
    """The registry, and what is published: the standing of a release, its history (slow), and `promotesFrom` of an
    environment, which counts before that of the registry: a request does not choose its own gate."""

    registry: Registry
    standing: Callable[[str], Standing]
    had: Had
    promotes_from: Callable[[str], Sequence[str]]

    def sources(self, environment: str) -> Sequence[str]:
        now = self.registry.environments[environment].spec.get('promotesFrom', ())
        return self.promotes_from(environment) or tuple(now)

    def has(self, release: str) -> bool:
        return release in self.registry.release_names or bool(self.standing(release).delivered)


@dataclass(frozen=True, slots=True)
class _Wish:
    """A chart that a release is to run, and the place in the registry that says so."""

    version: str
    chart: str
    file: str
    path: str


def promotion_problems(gates: Gates, changed: Collection[str]) -> Iterator[Problem]:
    """Judge the releases (`env/model`) whose delivery object changes."""
    for name in sorted(changed):
        release = gates.registry.releases[name]
        yield from _rollback(gates, release)
        if not gates.sources(release.environment):
            continue
        mine = gates.standing(name)
        for wish in _wishes(gates.registry, release):
            if wish.chart not in mine.charts and (told := _judge(gates, release, wish)):
                yield Problem(wish.file, wish.path, *told)


def _rollback(gates: Gates, release: Release) -> Iterator[Problem]:
    """Report a rollback to what the release never ran: engines would go there without their steps and checks."""
    if not release.is_rollback or gates.standing(release.name).rollback == release.chart:
        return
    if not gates.had(release.name, release.chart, ever=True):
        message = f'a rollback returns to a chart that ran here, and no published commit ended with {release.chart}'
        yield Problem(release.file, '$.spec.rollback', message, "remove it, or run 'chartloom rollback'")


def _wishes(registry: Registry, release: Release) -> Iterator[_Wish]:
    if release.chart:
        yield _Wish(release.version, release.chart, release.file, '$.spec.chart')
    if rollout := registry.rollouts.get(release.name):
        to = rollout.spec['to']
        yield _Wish(to['version'], to['chart'], rollout.file, '$.spec.to')


def _judge(gates: Gates, release: Release, wish: _Wish) -> tuple[str, str] | None:
    """Return what is wrong and what to do, or None."""
    reason, environment = release.spec.get('skipPromotion', ''), release.environment
    sources = gates.sources(environment)
    before = next((name for name in sources if gates.has(f'{name}/{release.model}')), None)
    if before is None:
        message = f"'{environment}' promotes from {either(sources)}: no release of '{release.model}' there"
        hint = f'add a release of the model to {quoted(sources[0])} first, or say why not in spec.skipPromotion'
        return None if reason else (message, hint)
    if reason and reason != gates.standing(release.name).reason:
        return None
    there = f'{before}/{release.model}'
    now = gates.standing(there)
    if wish.chart == now.delivered != now.target:
        return None
    if gates.had(there, wish.chart) or gates.had(release.name, wish.chart, ever=True):  # the second returns
        return None
    what, again = f'{wish.version} (chart {wish.chart})', ' in other words than for the pin before' if reason else ''
    skip = f'or say in spec.skipPromotion why it is skipped{again}'
    if wish.chart == now.target:
        message = f"'{environment}' promotes from '{before}', where the rollout of {what} has not ended"
        return message, f"end it first ('chartloom rollout status {there}'), {skip}"
    message = f"'{environment}' promotes from '{before}', where no published commit ended with {what}"
    return message, f'bring it there and push that first, {skip}'
