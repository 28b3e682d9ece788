"""Durations and quantities in the formats of Go and Kubernetes → exact numbers; schemas have checked the formats."""

from __future__ import annotations

import math
import re
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

_SECONDS = {'ms': Decimal('0.001'), 's': Decimal(1), 'm': Decimal(60), 'h': Decimal(3600)}
_TOO_LONG = 10**5
_DURATION = re.compile(r'([0-9]+)(ms|s|m|h)')
_UNITS: dict[str, Fraction | int] = {
    '': 1, 'm': Fraction(1, 1000), 'k': 10**3, 'M': 10**6, 'G': 10**9, 'T': 10**12, 'P': 10**15, 'E': 10**18,
    'Ki': 2**10, 'Mi': 2**20, 'Gi': 2**30, 'Ti': 2**40, 'Pi': 2**50, 'Ei': 2**60,
}  # fmt: skip
LONGEST = 30  # characters of a quantity
_QUANTITY = re.compile(r'([0-9]+(?:\.[0-9]+)?)([a-zA-Z]*)')


def seconds(duration: str) -> Decimal:
    """Convert a duration such as 150ms or 1m30s to seconds."""
    return sum((Decimal(number) * _SECONDS[unit] for number, unit in _DURATION.findall(duration)), Decimal(0))


def duration(whole: int) -> str:
    """Format seconds in minutes if exact, else in seconds (90s, 10m): not all engines read larger units."""
    return f'{whole // 60}m' if whole and whole % 60 == 0 else f'{whole}s'


def spoken(whole: int) -> str:
    """Format seconds in the two largest units: 1h 5m, 30s."""
    parts = [(whole // 3600, 'h'), (whole // 60 % 60, 'm'), (whole % 60, 's')]
    shown = [f'{number}{unit}' for number, unit in parts if number]
    return ' '.join(shown[:2]) or '0s'


def limit(length: Decimal) -> str:
    """Format seconds as a time limit of routes: at most 5 digits, rounded up in the smallest unit that suffices."""
    for unit, each in _SECONDS.items():
        if (count := math.ceil(length / each)) < _TOO_LONG:
            return f'{count}{unit}'
    return f'{_TOO_LONG - 1}h'


@lru_cache(maxsize=4096)
def quantity(text: str) -> Fraction:
    """Convert a Kubernetes quantity to a number."""
    match = _QUANTITY.fullmatch(text)
    assert match, 'the schema checks the format'
    # By way of Decimal: Python refuses to convert the digits of a long text to a whole number.
    return Fraction(Decimal(match[1])) * _UNITS[match[2]]


def mebibytes(size: str) -> Fraction:
    """Convert a size such as 640Mi to MiB."""
    return quantity(size) / 2**20


def number(value: Decimal | float) -> str:
    """Format a number without an exponent and without trailing zeros."""
    text = format(Decimal(str(value)), 'f')
    return text.rstrip('0').rstrip('.') if '.' in text else text


def number_of(chart: str) -> list[int]:
    """A chart version as numbers, to compare it."""
    return [int(part) for part in chart.split('.')] if chart else []
