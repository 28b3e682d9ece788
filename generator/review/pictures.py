"""The ways of the requests, before and by now → the lines of a small picture: weight over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from generator.review.impacts import Point

WIDTH, HEIGHT = 240, 44
_TOP = 4  # where all requests are
_STEP, _WAIT = 10, 24  # the width of what takes no time by itself, and of waiting for a person


@dataclass(frozen=True, slots=True)
class Picture:
    """Paths of SVG, '' for none; `told` says the same in words."""

    old: str
    new: str
    told: str


def picture(before: Sequence[Point], now: Sequence[Point]) -> Picture | None:
    """None if the requests come in no steps, neither before nor by now."""
    if not (before or now):
        return None
    fixed = max(sum(_fixed(point) for point in way) for way in (before, now))
    longest = max(sum(point.hold for point in way) for way in (before, now)) or 1
    scale = max(0, WIDTH - fixed) / longest
    old = _path(before, scale) if before != now else ''
    told = f'the new version gets {_told(now)}'
    return Picture(old, _path(now, scale), f'{told}; before this change {_told(before)}' if before != now else told)


def _told(way: Sequence[Point]) -> str:
    return ', '.join(map(str, way)) or 'requests as its pods are ready'


def _fixed(point: Point) -> int:
    return _STEP + (_WAIT if point.approval else 0)


def _path(way: Sequence[Point], scale: float) -> str:
    """Each weight from the left to the right, and up to the next one."""
    if not way:
        return ''
    place, parts = 0.0, [f'M0 {HEIGHT}']
    for point in way:
        place += _fixed(point) + point.hold * scale
        parts.append(f'V{_height(point.weight):.1f}H{min(place, WIDTH):.1f}')
    return ''.join([*parts, f'H{WIDTH}'])


def _height(weight: int) -> float:
    return HEIGHT - weight * (HEIGHT - _TOP) / 100
