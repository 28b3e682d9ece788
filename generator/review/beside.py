"""The old and the new value of a field → their lines side by side, with the parts of them that differ."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import takewhile, zip_longest
from typing import NamedTuple

from generator.compare.around import ends_of

MOST = 200  # rows of a field
_AROUND = 2  # equal lines before and after one that differs
_PAIRS = 250_000  # of lines: comparing more takes too long
_CONTEXT = 100  # equal characters before and after a part that differs
_LONGEST = 2000  # characters of a part
_WORD = re.compile(r'\w+|\W')


class Part(NamedTuple):
    text: str
    differs: bool = False


Line = tuple[Part, ...]


class Row(NamedTuple):
    """A line on both sides: None where there is none. Both are None where equal lines are left out."""

    old: Line | None
    new: Line | None

    @property
    def is_equal(self) -> bool:
        return self.old == self.new


def rows(old: str | None, new: str | None) -> list[Row]:
    """Pair the lines; equal ones that are not near a difference are left out. None: this side has no value."""
    before, after = ([] if each is None else each.split('\n') for each in (old, new))
    head, tail = _alike(before, after)
    first = max(0, head - _AROUND)
    before, after = (side[first : len(side) - max(0, tail - _AROUND)] for side in (before, after))
    if len(before) * len(after) <= _PAIRS:
        groups = list(SequenceMatcher(None, before, after, autojunk=False).get_grouped_opcodes(_AROUND))
    else:
        groups = [[('replace', 0, len(before), 0, len(after))]]
    found: list[Row] = []
    for group in groups:
        if found:
            found.append(Row(None, None))
        for _, i, j, k, m in group:
            found += [_row(one, other) for one, other in zip_longest(before[i:j], after[k:m])]
    return found


def _alike(one: Sequence[str], other: Sequence[str]) -> tuple[int, int]:
    """How many items are equal at the start, and then at the end."""
    head = _equal(one, other)
    return head, _equal(one[: head - 1 if head else None : -1], other[: head - 1 if head else None : -1])


def _equal(one: Sequence[str], other: Sequence[str]) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _row(old: str | None, new: str | None) -> Row:
    if old is None or new is None:
        return Row(*(None if each is None else (Part(ends_of(each, _LONGEST)),) for each in (old, new)))
    one, other = _WORD.findall(old), _WORD.findall(new)
    head, tail = _alike(one, other)
    return Row(tuple(_parts(one, head, tail)), tuple(_parts(other, head, tail)))


def _parts(words: Sequence[str], head: int, tail: int) -> Iterator[Part]:
    """The words between the equal ones at the start and at the end differ."""
    end = len(words) - tail
    start, middle, rest = ''.join(words[:head]), ''.join(words[head:end]), ''.join(words[end:])
    if head == len(words):
        yield Part(ends_of(start, _LONGEST))
        return
    if start:
        yield Part(start if len(start) <= _CONTEXT else f'…{start[-_CONTEXT:]}')
    if middle:
        yield Part(ends_of(middle, _LONGEST), differs=True)
    if rest:
        yield Part(rest if len(rest) <= _CONTEXT else f'{rest[:_CONTEXT]}…')
