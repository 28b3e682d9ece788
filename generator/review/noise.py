"""Differences of objects → those that the API server sees: it knows a quantity in any spelling."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from generator.compare.difference import Difference
from generator.compare.fields import Field
from generator.domain.units import quantity

_QUANTITIES = ('limits', 'requests', 'sizeLimit', 'storage')


def without_noise(found: Iterable[Difference]) -> Iterator[Difference]:
    for each in found:
        if each.kind != 'change':
            yield each
        elif fields := tuple(field for field in each.fields if not _is_same(field)):
            yield replace(each, fields=fields)


def _is_same(field: Field) -> bool:
    """Whether two quantities are equal: 1 and 1000m."""
    if not {*field.path[-2:]} & {*_QUANTITIES}:
        return False
    try:
        return quantity(str(field.old)) == quantity(str(field.new))
    except (ValueError, ArithmeticError):
        return False
