"""Pins and rollout targets that differ from the published ones → problems: charts that did not come by promotion.

Source of the rule: `promotesFrom` of an environment. A reason in `spec.skipPromotion` of the release counts for one
change, or for as long as no environment before has the model.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from generator.domain.environments import Environment
from generator.domain.problems import Problem
from generator.domain.records import Registry, Release, Rollout
from generator.domain.units import number_of, seconds, spoken
from generator.domain.values import Values
from generator.domain.words import either, quoted
from generator.plan.rules import Rule

_NUMBER = re.compile(r'-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]{1,3})?')


@dataclass(frozen=True, slots=True)
class Standing:
    """What the published branch says of a release: the chart of its delivery object ('' for none), and its files."""

    delivered: str = ''
    release: Release | None = None
    rollout: Rollout | None = None

    @property
    def pin(self) -> str:
        return self.release.chart if self.release else ''

    @property
    def target(self) -> str:
        """The chart that its rollout leads to."""
        return str(self.rollout.spec['to']['chart']) if self.rollout else ''

    def said(self, key: str) -> str:
        """A text in its file, '' for none."""
        return str(self.release.spec.get(key, '')) if self.release else ''

    @property
    def charts(self) -> tuple[str, ...]:
        return self.delivered, self.pin, self.target


@dataclass(frozen=True, slots=True)
class Origin:
    """A published environment that has the name, or the cluster and namespace, of one in the registry; its releases are
    what was there before. A new environment is its own."""

    name: str
    promotes_from: tuple[str, ...]
    environment: Environment


class Had(Protocol):
    """Whether a release ran a chart on the published branch, at the end of a rollout; `ever`: also if it gave it up."""

    def __call__(self, name: str, chart: str, *, ever: bool = False) -> bool: ...


@dataclass(frozen=True, slots=True)
class Gates:
    """The registry, the chart that a release without a pin is to run, and what is published: the standing of a release,
    its history (slow), and the origins of an environment: a request does not choose its own gate. `ran_for`: for how
    many seconds a release ran a chart on the published branch, its rollout finished (slow). `version`: the model
    version of a chart that a release is to run. `measured`: the metrics of a version of a model, None for no version.
    `holds`: for how many seconds the steps of a published release hold, if a controller carries them out.
    """

    registry: Registry
    chart: Callable[[str], str]
    standing: Callable[[str], Standing]
    had: Had
    ran_for: Callable[[str, str], int]
    origins: Mapping[str, Sequence[Origin]]
    version: Callable[[str, str], str]
    measured: Callable[[str, str], Values | None]
    holds: Callable[[str], int]

    def has(self, release: str) -> bool:
        return release in self.registry.release_names or bool(self.standing(release).delivered)


@dataclass(frozen=True, slots=True)
class _Wish:
    """A version ('' if it is not known) with a chart that a release is to run, and the place that says so."""

    version: str
    chart: str
    file: str
    path: str

    @property
    def what(self) -> str:
        return f'{self.version} (chart {self.chart})' if self.version else f'chart {self.chart}'

    def problem(self, rule: Rule, message: str, hint: str) -> Problem:
        return Problem(self.file, self.path, message, hint, rule)


def promotion_problems(gates: Gates, changed: Collection[str]) -> Iterator[Problem]:
    """Judge the releases (`env/model`) whose delivery object changes."""
    for name in sorted(changed):
        release = gates.registry.releases[name]
        for origin in gates.origins[release.environment]:
            before = f'{origin.name}/{release.model}'
            yield from _rollback(gates, release, before)
            mine, reason = gates.standing(before), str(release.spec.get('skipPromotion', ''))
            for wish in _wishes(gates, release):
                if wish.chart in mine.charts:
                    continue
                if reason and reason != mine.said('skipPromotion'):
                    yield from _given_up(gates, release, origin, wish)
                elif found := [*_before(gates, release, origin, wish), *_metrics(gates, release, origin, wish)]:
                    # Slow, so only now: a release returns to what it ran itself.
                    yield from () if gates.had(before, wish.chart, ever=True) else found


def _rollback(gates: Gates, release: Release, before: str) -> Iterator[Problem]:
    """Report a rollback to what the release never ran, or gave up: engines go there without their steps and checks."""
    chart, standing = release.chart, gates.standing(before)
    if not release.is_rollback or standing.said('rollback') == chart == standing.pin:
        return
    published = standing.pin or standing.delivered
    if not gates.had(before, chart, ever=True):
        message = f'a rollback returns to a chart that ran here, and no published commit ended with {chart}'
    elif number_of(chart) >= number_of(published):
        message = f'a rollback returns to an older chart than the published {published}, found {chart}'
    elif not gates.had(before, chart):
        message = f'a rollback returns to a chart that this release did not give up: it gave up {chart}'
    else:
        return
    hint = "remove it, or run 'chartloom rollback'"
    yield Problem(release.file, '$.spec.rollback', message, hint, 'promotion')


def _wishes(gates: Gates, release: Release) -> Iterator[_Wish]:
    if release.chart:
        yield _Wish(release.version, release.chart, release.file, '$.spec.chart')
    elif chart := gates.chart(release.name):
        yield _Wish('', chart, release.file, '$.spec')
    if rollout := gates.registry.rollouts.get(release.name):
        to = rollout.spec['to']
        yield _Wish(to['version'], to['chart'], rollout.file, '$.spec.to')


def _who(release: Release, origin: Origin) -> str:
    who = f"'{release.environment}'"
    return who if origin.name == release.environment else f"{who} takes the place of '{origin.name}', which"


def _given_up(gates: Gates, release: Release, origin: Origin, wish: _Wish) -> Iterator[Problem]:
    """Report what the environment before gave up, as published or in the registry."""
    there = _source(gates, release, origin)
    if not there:
        return
    version = wish.version or gates.version(release.name, wish.chart)
    both = (gates.standing(there).release, gates.registry.releases.get(there))
    if entry := next(filter(None, (each.gave_up(version, wish.chart) for each in both if each)), None):
        before = there.partition('/')[0]
        message = f"{_who(release, origin)} promotes from '{before}', which gave up {wish.what} on {entry['date']}"
        hint = f"promote what mends it, or run 'chartloom reinstate {there} {version}' and push that first"
        yield wish.problem('withdrawn', f'{message}: {entry["reason"]}', hint)


def _source(gates: Gates, release: Release, origin: Origin) -> str:
    """The release that this one is promoted from: that of the first environment with the model; '' for none."""
    names = (f'{name}/{release.model}' for name in origin.promotes_from)
    return next(filter(gates.has, names), '')


def _before(gates: Gates, release: Release, origin: Origin, wish: _Wish) -> Iterator[Problem]:
    """Report what has not run in the environment before, or not long enough."""
    if not origin.promotes_from:
        return
    who, there, said = _who(release, origin), _source(gates, release, origin), release.spec.get('skipPromotion', '')
    if not there:
        message = f"{who} promotes from {either(origin.promotes_from)}: no release of '{release.model}' there"
        first = quoted(origin.promotes_from[0])
        hint = f'add a release of the model to {first} first, or say why not in spec.skipPromotion'
        yield from () if said else (wish.problem('promotion', message, hint),)
        return
    if found := list(_given_up(gates, release, origin, wish)):
        yield from found
        return
    before, now = there.partition('/')[0], gates.standing(there)
    again = ' in other words than for the pin before' if said else ''
    skip = f'or say in spec.skipPromotion why it is skipped{again}'
    if now.release and now.release.is_suspended:
        message = f"{who} promotes from '{before}', where the release is suspended: its agent deploys no commit"
        yield wish.problem('promotion', message, f"run 'chartloom resume {there}' and push that first, {skip}")
        return
    if wish.chart == now.delivered != now.target or gates.had(there, wish.chart):
        yield from _soak(gates, origin, wish, there, f"{who} promotes from '{before}', where", skip)
    elif wish.chart == now.target:
        message = f"{who} promotes from '{before}', where the rollout of {wish.what} has not ended"
        yield wish.problem('promotion', message, f"end it first ('chartloom rollout status {there}'), {skip}")
    else:
        message = f"{who} promotes from '{before}', where no published commit ended with {wish.what}"
        yield wish.problem('promotion', message, f'bring it there and push that first, {skip}')


def _soak(gates: Gates, origin: Origin, wish: _Wish, there: str, where: str, skip: str) -> Iterator[Problem]:
    """Report a chart that has not run long enough: the holds of a controller's steps, which git does not see, and the
    soak."""
    soak, holds = origin.environment.promotion.get('soak', ''), gates.holds(there)
    needed = holds + int(seconds(soak or '0s'))
    if needed and (ran := gates.ran_for(there, wish.chart)) < needed:
        steps = f'{spoken(holds)} of the steps there' if holds else ''
        wanted = ' and '.join(filter(None, (steps, f'{soak} (promotion.soak)' if soak else '')))
        message = f'{where} {wish.what} has run for {spoken(ran)}, and must for {wanted}'
        yield wish.problem('soak', message, f'wait {spoken(needed - ran)} more, {skip}')


def _metrics(gates: Gates, release: Release, origin: Origin, wish: _Wish) -> Iterator[Problem]:
    """Report metrics of a model version that are not what the environment requires."""
    who, version = _who(release, origin), wish.version or gates.version(release.name, wish.chart)
    measured = gates.measured(release.model, version)
    if measured is None:
        return
    for name, wanted in origin.environment.promotion.get('metrics', {}).items():
        if not meets(measured.get(name), wanted):
            has = f'has {measured[name]}' if name in measured else 'has no such metric'
            message = f"{who} requires {name} {wanted} (promotion.metrics), and version '{version}' {has}"
            file = gates.registry.models[release.model].file
            hint = f'use another version, push its metrics in {file} first, or say in spec.skipPromotion why not'
            yield wish.problem('metrics', message, hint)


def meets(value: object, wanted: str) -> bool:
    """Whether a number, or its text, fulfils a comparison such as '>= 0.2'."""
    sign, _, text = wanted.partition(' ')
    if not _NUMBER.fullmatch(str(value)):
        return False
    found, limit = Decimal(str(value)), Decimal(text)
    return {'>=': found >= limit, '<=': found <= limit, '>': found > limit, '<': found < limit}[sign]
