"""Pins and rollout targets that differ from the published ones → problems: charts that did not come by promotion.

Source of the rule: `promotesFrom` of an environment. A reason in `spec.skipPromotion` of the release counts for one
change, or for as long as no environment before has the model.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from generator.domain.problems import Problem
from generator.domain.records import Registry, Release
from generator.domain.words import either, quoted


@dataclass(frozen=True, slots=True)
class Standing:
    """What the published branch says of a release: the chart of its delivery object, of its pin and of its rollout's
    target, and the reason to skip a promotion; '' for none."""

    delivered: str = ''
    pin: str = ''
    target: str = ''
    reason: str = ''

    @property
    def charts(self) -> tuple[str, ...]:
        return self.delivered, self.pin, self.target


@dataclass(frozen=True, slots=True)
class _Wish:
    """A chart that a release is to run, and the place in the registry that says so."""

    version: str
    chart: str
    file: str
    path: str


def promotion_problems(
    registry: Registry,
    changed: Collection[str],
    standing: Callable[[str], Standing],
    had: Callable[[str, str], bool],
) -> Iterator[Problem]:
    """Judge the releases (`env/model`) whose delivery object changes.

    `standing` is what is published of a release; `had` says whether a release ran a chart earlier on the published
    branch, at the end of a rollout. The second is slow, and asked only if the first does not answer.
    """
    for name in sorted(changed):
        release = registry.releases[name]
        sources = registry.environments[release.environment].spec.get('promotesFrom', [])
        if not sources:
            continue
        mine = standing(name)
        for wish in _wishes(registry, release):
            if wish.chart not in mine.charts and (told := _judge(registry, release, wish, mine, standing, had)):
                yield Problem(wish.file, wish.path, *told)


def _wishes(registry: Registry, release: Release) -> Iterator[_Wish]:
    if release.chart:
        yield _Wish(release.version, release.chart, release.file, '$.spec.chart')
    if rollout := registry.rollouts.get(release.name):
        to = rollout.spec['to']
        yield _Wish(to['version'], to['chart'], rollout.file, '$.spec.to')


def _judge(
    registry: Registry,
    release: Release,
    wish: _Wish,
    mine: Standing,
    standing: Callable[[str], Standing],
    had: Callable[[str, str], bool],
) -> tuple[str, str] | None:
    """Return what is wrong and what to do, or None."""
    reason = release.spec.get('skipPromotion', '')
    sources = registry.environments[release.environment].spec['promotesFrom']
    before = next((name for name in sources if f'{name}/{release.model}' in registry.release_names), None)
    if before is None:
        message = f"'{release.environment}' promotes from {either(sources)}: no release of '{release.model}' there"
        hint = f'add a release of the model to {quoted(sources[0])} first, or say why not in spec.skipPromotion'
        return None if reason else (message, hint)
    if reason and reason != mine.reason:
        return None
    there = f'{before}/{release.model}'
    now = standing(there)
    if wish.chart == now.delivered != now.target:
        return None
    if had(there, wish.chart) or had(release.name, wish.chart):  # the second is a rollback
        return None
    what, again = f'{wish.version} (chart {wish.chart})', ' in other words than for the pin before' if reason else ''
    skip = f'or say in spec.skipPromotion why it is skipped{again}'
    if wish.chart == now.target:
        message = f"'{release.environment}' promotes from '{before}', where the rollout of {what} has not ended"
        return message, f"end it first ('chartloom rollout status {there}'), {skip}"
    message = f"'{release.environment}' promotes from '{before}', where no published commit ended with {what}"
    return message, f'bring it there and push that first, {skip}'
