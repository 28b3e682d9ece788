"""A moment as the clocks of time zones show it, without a calendar: core compares their texts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

UTC = 'UTC'
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
