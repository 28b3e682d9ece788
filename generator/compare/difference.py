"""Rendered documents of two sides → what differs: objects that come, that go, and fields that change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from generator.compare.fields import Field, differing
from generator.compare.objects import Identity, Object, objects, unequal

Kind = Literal['add', 'change', 'remove']


@dataclass(frozen=True, slots=True)
class Difference:
    """An object that differs; `fields` only if both sides have it."""

    kind: Kind
    id: Identity
    old: Object | None
    new: Object | None
    fields: tuple[Field, ...] = ()


def differences(old: Sequence[bytes], new: Sequence[bytes], file: str = '') -> list[Difference]:
    """Compare documents as helm printed them, sorted by identity; raises ProblemsFound if one is no object."""
    before, after = (objects(side, file) for side in unequal(old, new))
    return between(before, after)


def between(before: dict[Identity, Object], after: dict[Identity, Object]) -> list[Difference]:
    """Compare objects by identity."""
    found = []
    for key in sorted({*before, *after}):
        mine, theirs = before.get(key), after.get(key)
        if mine is None or theirs is None:
            found.append(Difference('remove' if theirs is None else 'add', key, mine, theirs))
        elif fields := tuple(differing(mine, theirs)):
            found.append(Difference('change', key, mine, theirs, fields))
    return found
