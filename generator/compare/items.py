"""Two lists of plain items, as the words of a command → what is added, removed or moved, and what is another one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

from generator.compare.around import around
from generator.compare.fields import ABSENT

_PAIRS = 250_000  # of items: comparing more takes too long
_MANY = 10  # values of the longest length that are told of one list

Tell = Callable[[Any, Any], tuple[str, str]]


def item_by_item(old: Any, new: Any, most: int, tell: Tell) -> str:
    """Tell what differs, or '' if these are no two lists of plain items; `tell` words an old and a new value."""
    if not (_is_plain(old) and _is_plain(new)) or len(old) * len(new) > _PAIRS:
        return ''
    return _fitting([line for _, line in sorted(_told(old, new, most, tell), key=lambda it: it[0])], most * _MANY)


def _is_plain(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and not any(isinstance(each, Mapping | list) for each in value)


def _fitting(told: Sequence[str], most: int) -> str:
    size, fitting = 0, 0
    for line in told:
        size += len(line)
        if fitting and size > most:
            break
        fitting += 1
    left = sum(map(len, told[fitting:]))
    more = [f'{len(told) - fitting} more ({left:,} characters not shown)'] if left else []
    return '; '.join([*told[:fitting], *more])


def _told(old: Sequence[Any], new: Sequence[Any], most: int, tell: Tell) -> Iterator[tuple[int, str]]:
    """Yield what differs with its place, counted from 1."""
    before, after = ([json.dumps(each) for each in side] for side in (old, new))
    pairs = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    found = [each[1:] for each in pairs if each[0] != 'equal']
    moved = dict(_moved(before, after, found))
    for number, there in moved.items():
        value, _ = around(*tell(old[number], ABSENT), most)
        yield there + 1, f'item {number + 1} moved to {there + 1}: {value}'
    places = {*moved.values()}
    for i, j, k, m in found:
        gone = [each for each in range(i, j) if each not in moved]
        come = [each for each in range(k, m) if each not in places]
        for number, there in zip(gone, come, strict=False):
            yield there + 1, f'item {there + 1} {" → ".join(around(*tell(old[number], new[there]), most))}'
        for number in gone[len(come) :]:
            yield k + 1, f'item {number + 1} removed: {around(*tell(old[number], ABSENT), most)[0]}'
        for there in come[len(gone) :]:
            yield there + 1, f'item {there + 1} added: {around(*tell(ABSENT, new[there]), most)[1]}'


def _moved(
    before: Sequence[str], after: Sequence[str], found: Sequence[tuple[int, int, int, int]]
) -> Iterator[tuple[int, int]]:
    """Pair the items that are gone from one place and have come to another."""
    come: dict[str, list[int]] = {}
    for _, _, k, m in reversed(found):
        for there in reversed(range(k, m)):
            come.setdefault(after[there], []).append(there)
    for i, j, _, _ in found:
        for number in range(i, j):
            if places := come.get(before[number]):
                yield number, places.pop()
