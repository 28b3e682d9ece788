"""A release, what it is to run and the moment → what stops it: locks, frozen times, and versions that were given up.

What a promotion needs (the environment before, soak, metrics) is in promotion.py; both give problems with a rule. A
rollback and an abort are never stopped.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from generator.domain.environments import Environment
from generator.domain.problems import Problem
from generator.domain.records import Application, Registry, Release
from generator.domain.times import DAYS, UTC, Clock
from generator.domain.values import Values
from generator.plan.rules import Rule


@dataclass(frozen=True, slots=True)
class Ground:
    """The records that may stop a release, as in the registry or as published: its own, those of its environment, and
    of the applications that it is a member of."""

    release: Release | None = None
    environments: tuple[Environment, ...] = ()
    applications: tuple[Application, ...] = ()


@dataclass(frozen=True, slots=True)
class Lock:
    """A lock, the file it is in, and its scope as `chartloom unlock` takes it."""

    file: str
    scope: str
    spec: Values

    def holds(self, clock: Clock) -> bool:
        return bool(self.spec.get('until', clock.utc + '~') > clock.utc)

    def __str__(self) -> str:
        by, until = self.spec.get('by', ''), self.spec.get('until', '')
        return f'locked{f" by {by}" if by else ""}{f" until {until}" if until else ""}: {self.spec["reason"]}'


def ground_of(registry: Registry, release: Release) -> Ground:
    environment = registry.environments[release.environment]
    return Ground(release, (environment,), registry.applications_of.get(release.model, ()))


def locks(ground: Ground) -> Iterator[Lock]:
    """Yield all locks over a release, expired ones too: the release's own, then the environment's, then others."""
    if ground.release and 'lock' in ground.release.spec:
        yield Lock(ground.release.file, ground.release.name, ground.release.spec['lock'])
    for environment in ground.environments:
        if 'lock' in environment.spec:
            yield Lock(environment.file, f'--env {environment.name}', environment.spec['lock'])
    for application in ground.applications:
        if 'lock' in application.spec:
            yield Lock(application.file, f'--application {application.name}', application.spec['lock'])


def stops(name: str, what: str, ground: Ground, clock: Clock, *, allow_frozen: bool = False) -> Iterator[Problem]:
    """Yield what stops a release now, whatever it is to run; `what` is said of that: '2 (chart 1.1.0)'."""
    yield from locked(name, f'move to {what}', ground, clock)
    for environment in () if allow_frozen else ground.environments:
        yield from _frozen(name, what, environment, clock)


def locked(name: str, verb: str, ground: Ground, clock: Clock) -> Iterator[Problem]:
    for lock in locks(ground):
        if lock.holds(clock):
            hint = f"run 'chartloom unlock {lock.scope}' first, on the published branch"
            yield _problem('locked', lock.file, '$.spec.lock', f"'{name}' must not {verb}: {lock}", hint)


def _frozen(name: str, what: str, environment: Environment, clock: Clock) -> Iterator[Problem]:
    for number, window in enumerate(environment.promotion.get('frozen', ())):
        if is_frozen(window, clock):
            zone = window.get('timeZone', UTC)
            message = f"'{name}' must not move to {what}: frozen until {window['to']} ({zone}): {window['reason']}"
            hint = 'wait, or say with --allow-frozen REASON (spec.allowFrozen of the release) why it does not'
            yield _problem('frozen', environment.file, f'$.spec.promotion.frozen[{number}]', message, hint)


def frozen(ground: Ground, clock: Clock) -> bool:
    """Whether an environment of a release is frozen now."""
    windows = (window for environment in ground.environments for window in environment.promotion.get('frozen', ()))
    return any(is_frozen(window, clock) for window in windows)


def frozen_note(name: str, reason: str) -> tuple[str, ...]:
    """The line of a commit about a release that moves in a frozen time, for a reason."""
    return (f'{name} moves in a frozen time: {reason}',) if reason else ()


def is_frozen(window: Values, clock: Clock) -> bool:
    """Whether a moment is in a time of the calendar: from its start to before its end, by the clocks of its zone."""
    wall, start, end = clock.wall(window.get('timeZone', UTC)), window['from'], window['to']
    if start[:3] not in DAYS:
        return bool(start <= wall.text[: len(start)] < end)
    first, last = _minute_of_week(start), _minute_of_week(end)
    now = wall.minute_of_week
    return first <= now < last if first <= last else now >= first or now < last


def _minute_of_week(text: str) -> int:
    return DAYS.index(text[:3]) * 1440 + int(text[4:6]) * 60 + int(text[7:9])


def _problem(rule: Rule, file: str, path: str, message: str, hint: str) -> Problem:
    return Problem(file, path, message, hint, rule)
