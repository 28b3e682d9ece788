"""Formats of schemas for texts that begin with a day: the calendar must have it. Patterns check the rest of them."""

from __future__ import annotations

from generator.domain.places import Path
from generator.domain.problems import Fault
from generator.domain.times import month_of_no_day
from generator.domain.words import quoted

FORMATS = ('date', 'date-time', 'date-or-weekday')


def is_date(text: object) -> bool:
    return not (isinstance(text, str) and month_of_no_day(text))


def no_day(path: Path, text: str) -> Fault:
    month, last = month_of_no_day(text) or ('', 0)
    return Fault(path, f'{quoted(text)} is not a day of the calendar', f'the last day of {month} is {month}-{last}')
