"""Environments → problems of what they require of promotions: senseless times, and needs that nothing can meet."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.resources import files

from generator.domain.environments import Environment
from generator.domain.problems import Problem
from generator.domain.times import DAYS, UTC
from generator.domain.values import Values
from generator.domain.words import quoted, suggest


def frozen_problems(environment: Environment) -> Iterator[Problem]:
    promotion = environment.promotion
    for number, window in enumerate(promotion.get('frozen', ())):
        path = f'$.spec.promotion.frozen[{number}]'
        yield from _window(environment.file, path, window)
    if 'soak' in promotion and not environment.promotes_from:
        message = 'nothing soaks before: this environment promotes from none'
        yield Problem(environment.file, '$.spec.promotion.soak', message, "add 'promotesFrom', or remove 'soak'")
    if 'metrics' in promotion and environment.follows_newest:
        message = 'takes each version at once, whatever its metrics are'
        yield Problem(environment.file, '$.spec.follow', message, "remove 'follow' or 'promotion.metrics'")


def _window(file: str, path: str, window: Values) -> Iterator[Problem]:
    zone, start, end = window.get('timeZone', UTC), window['from'], window['to']
    if zone not in _zones():
        message = f'time zone {quoted(zone)} not found'
        yield Problem(file, f'{path}.timeZone', message, suggest(zone, _zones(), 'write its name, as Europe/Berlin'))
    weekly = start[:3] in DAYS
    if weekly != (end[:3] in DAYS):
        hint = 'write two days of the week, or two dates'
        yield Problem(file, f'{path}.to', f'expected {"a day of the week" if weekly else "a date"}, found {end}', hint)
    elif start == end or (not weekly and start > end):
        yield Problem(file, f'{path}.to', f'{end} does not come after {start}', 'write the end of the frozen time')


@cache
def _zones() -> frozenset[str]:
    """The names of the IANA database in this package, not those of the machine."""
    return frozenset(files('tzdata').joinpath('zones').read_text(encoding='utf-8').split())
