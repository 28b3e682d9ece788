"""Durations and quantities, as Go and Kubernetes write them → exact numbers; their schemas have let them through."""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

_SECONDS = {'ms': Decimal('0.001'), 's': Decimal(1), 'm': Decimal(60), 'h': Decimal(3600)}
_DURATION = re.compile(r'([0-9]+)(ms|s|m|h)')
_UNITS: dict[str, Fraction | int] = {
    '': 1, 'm': Fraction(1, 1000), 'k': 10**3, 'M': 10**6, 'G': 10**9, 'T': 10**12, 'P': 10**15, 'E': 10**18,
    'Ki': 2**10, 'Mi': 2**20, 'Gi': 2**30, 'Ti': 2**40, 'Pi': 2**50, 'Ei': 2**60,
}  # fmt: skip
_QUANTITY = re.compile(r'([0-9]+(?:\.[0-9]+)?)([a-zA-Z]*)')


def seconds(duration: str) -> Decimal:
    """Seconds of a duration such as 150ms or 1m30s."""
    return sum((Decimal(number) * _SECONDS[unit] for number, unit in _DURATION.findall(duration)), Decimal(0))


def duration(whole: int) -> str:
    """Seconds in the largest unit that says them exactly, no larger than what all engines read: 90s, 10m."""
    return f'{whole // 60}m' if whole and whole % 60 == 0 else f'{whole}s'


@lru_cache(maxsize=4096)
def quantity(text: str) -> Fraction:
    """A Kubernetes quantity as a number."""
    match = _QUANTITY.fullmatch(text)
    assert match, 'the schema let this through'
    return Fraction(match[1]) * _UNITS[match[2]]


def mebibytes(size: str) -> Fraction:
    """A size such as 640Mi in MiB."""
    return quantity(size) / 2**20


def number(value: Decimal | float) -> str:
    """Digits and a point, no more of them than there must be."""
    text = format(Decimal(str(value)), 'f')
    return text.rstrip('0').rstrip('.') if '.' in text else text
