"""A moment as the clocks of time zones show it, without a calendar: core compares their texts."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

UTC = 'UTC'
_DATE = re.compile(r'([0-9]{4})-(0[1-9]|1[0-2])-([0-9]{2})(?:T|$)')
_LENGTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
DAYS = ('Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun')


@dataclass(frozen=True, slots=True)
class Wall:
    """What a clock on a wall shows, 2026-12-04T16:00:00, and the day of the week, 0 for Monday."""

    text: str
    weekday: int

    @property
    def minute_of_week(self) -> int:
        return self.weekday * 1440 + int(self.text[11:13]) * 60 + int(self.text[14:16])


@dataclass(frozen=True, slots=True)
class Clock:
    """One moment: `now` in seconds since the epoch, and what clocks in a time zone show."""

    now: int
    wall: Callable[[str], Wall]

    @property
    def utc(self) -> str:
        """The moment as registry files write it: 2026-12-04T16:00:00Z."""
        return f'{self.wall(UTC).text}Z'

    @property
    def date(self) -> str:
        return self.utc[:10]


def month_of_no_day(text: str) -> tuple[str, int] | None:
    """Of a date or a moment whose day is not in the calendar, 2026-02-30: the month, and how many days it has."""
    found = _DATE.match(text)
    if not found:
        return None  # a day of the week, or what its form tells
    year, month, day = map(int, found.groups())
    leap = month == 2 and year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    last = _LENGTHS[month - 1] + leap
    return None if 1 <= day <= last else (text[:7], last)
