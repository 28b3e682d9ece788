"""Seconds since the epoch → what clocks show; a text of a command line → seconds."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from generator.domain.times import Clock, Wall


def clock(now: int | None = None) -> Clock:
    """The clock at a moment; None for the current one."""
    seconds = int(time.time()) if now is None else now

    def wall(zone: str) -> Wall:
        shown = datetime.fromtimestamp(seconds, ZoneInfo(zone))
        return Wall(shown.strftime('%Y-%m-%dT%H:%M:%S'), shown.weekday())

    return Clock(seconds, wall)


def read_time(text: str) -> int:
    """Read 2026-12-24T18:00:00Z, also with another offset; raises ValueError for anything else."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError('a time without Z or an offset')
    return int(found.timestamp())


def utc_text(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime('%Y-%m-%dT%H:%M:%SZ')
