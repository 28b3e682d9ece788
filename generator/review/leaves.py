"""Differences of objects → their fields one by one: what only one side has is taken apart, too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from generator.compare.difference import Difference
from generator.compare.fields import ABSENT, Field, Path, shown
from generator.compare.told import sides
from generator.review.records import Evidence, Touched


class Leaf(NamedTuple):
    """A field of an object that has no fields itself; `old` or `new` is ABSENT if only one side has it."""

    object: Difference
    path: Path
    old: Any
    new: Any

    @property
    def key(self) -> str:
        return self.path[-1] if self.path else ''

    def evidence(self) -> Evidence:
        return Evidence(str(self.object.id), shown(self.path), *sides(Field(self.path, self.old, self.new)))


def leaves(touched: Touched, *kinds: str, new: bool = False) -> Iterator[Leaf]:
    """Yield the fields that differ of objects of these kinds, or of all; `new`: also those of objects that come and
    take nobody's place."""
    for each in touched.found:
        if kinds and each.id.kind not in kinds:
            continue
        for field in each.fields:
            yield from leaves_of(each, field)
        if new and each.kind == 'add' and not each.fields:
            yield from leaves_of(each, Field((), ABSENT, each.new))


def leaves_of(difference: Difference, field: Field) -> Iterator[Leaf]:
    return (Leaf(difference, *one) for one in _apart(field))


def _apart(field: Field) -> Iterator[Field]:
    one_side = field.new if field.old is ABSENT else field.old if field.new is ABSENT else None
    parts = dict(_parts(one_side))
    if not parts:
        yield field
    for key, value in parts.items():
        sides = (ABSENT, value) if field.old is ABSENT else (value, ABSENT)
        yield from _apart(Field((*field.path, key), *sides))


def _parts(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        yield from value.items()
    elif isinstance(value, list) and value and all(isinstance(item, Mapping) and 'name' in item for item in value):
        yield from ((f'[{item["name"]}]', item) for item in value)
