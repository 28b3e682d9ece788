"""Two texts of one line each → both of them, cut around the places where they differ, so that no cut hides a change.

Equal parts are left out with an ellipsis; of what differs and does not fit, the number of characters is told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import zip_longest
from typing import NamedTuple

_PAIRS = 60_000  # of lines or words: comparing more takes too long
_BEFORE, _AFTER = 40, 20  # equal characters around a place
_GAP = 16  # equal characters between two places that are told as one
_LEAST = 24  # characters that are worth a place
_LONG = 40  # characters of words that are compared letter by letter
_MOST = 4_000  # places that are looked at one by one
_LINES = re.compile(r'(?s).*?\\n|.+')  # line breaks are written as escapes
_WORDS = re.compile(r'(?s)\\.|\w+|\W')


class Place(NamedTuple):
    """Where two texts differ: from and to in the old one, from and to in the new one."""

    i: int
    j: int
    k: int
    m: int


@lru_cache(maxsize=1_000)
def around(old: str, new: str, most: int) -> tuple[str, str]:
    """Cut both to about `most` characters, and some around each place."""
    if max(len(old), len(new)) <= most or old == new:
        return start_of(old, most), start_of(new, most)
    found = list(_joined(places(old, new)))
    before, after = [each[:2] for each in found], [each[2:] for each in found]
    return _side(old, before, most), _side(new, after, most)


def start_of(text: str, most: int) -> str:
    """The start of a text, and how much of it is not shown."""
    return text if len(text) <= most else f'{text[:most]}… {_left(len(text) - most)}'


def ends_of(text: str, most: int) -> str:
    """A name without its middle: where it is and what it is are at its ends."""
    if len(text) <= most:
        return text
    return f'{text[: most // 2]}…{text[most // 2 - most :]} {_left(len(text) - most)}'


def _left(number: int) -> str:
    return f'({number:,} character{"" if number == 1 else "s"} not shown)'


def places(old: str, new: str) -> Iterator[Place]:
    """Compare lines, and the words of lines that differ."""
    one, other = (_LINES.findall(text) for text in (old, new))
    for place in _differing(one, other):
        (i, j, k, m), lines = place, (one[place.i : place.j], other[place.k : place.m])
        at, there = len(''.join(one[:i])), len(''.join(other[:k]))
        if len(lines[0]) == len(lines[1]) <= _MOST:  # most likely each stands for the one at its place
            for line, its in zip(*lines, strict=True):
                yield from _moved(_of_words(line, its), at, there)
                at, there = at + len(line), there + len(its)
        else:
            yield from _moved(_of_words(''.join(one[i:j]), ''.join(other[k:m])), at, there)


def _of_words(old: str, new: str) -> Iterator[Place]:
    one, other = _WORDS.findall(old), _WORDS.findall(new)
    ends = [_ends(each) for each in (one, other)]
    for i, j, k, m in _differing(one, other):
        place = Place(ends[0][i], ends[0][j], ends[1][k], ends[1][m])
        yield _in_words(old, new, place) if max(place.j - place.i, place.m - place.k) > _LONG else place


def _in_words(old: str, new: str, place: Place) -> Place:
    """Of long words, the letters that differ: they would be cut otherwise."""
    i, j, k, m = place
    one, other = old[i:j], new[k:m]
    head = _equal(one, other)
    tail = _equal(one[head:][::-1], other[head:][::-1])
    return Place(i + head, j - tail, k + head, m - tail)


def _ends(parts: Sequence[str]) -> list[int]:
    ends = [0]
    for part in parts:
        ends.append(ends[-1] + len(part))
    return ends


def _moved(found: Iterator[Place], at: int, there: int) -> Iterator[Place]:
    return (Place(at + i, at + j, there + k, there + m) for i, j, k, m in found)


def _differing(one: Sequence[str], other: Sequence[str]) -> Iterator[Place]:
    """The items that differ, without those that are equal at the start and at the end."""
    head = _equal(one, other)
    tail = _equal(one[head:][::-1], other[head:][::-1])
    i, j, k, m = head, len(one) - tail, head, len(other) - tail
    if (j - i) * (m - k) > _PAIRS or not (j > i and m > k):
        if j > i or m > k:
            yield Place(i, j, k, m)
        return
    matcher = SequenceMatcher(None, one[i:j], other[k:m], autojunk=False)
    for kind, *ends in matcher.get_opcodes():
        if kind != 'equal':
            yield Place(ends[0] + i, ends[1] + i, ends[2] + k, ends[3] + k)


def _equal(one: Sequence[str], other: Sequence[str]) -> int:
    pairs = zip_longest(one, other)
    return next((number for number, (its, theirs) in enumerate(pairs) if its != theirs), len(one))


def _joined(found: Iterator[Place]) -> Iterator[Place]:
    """Places that are near each other as one."""
    last: Place | None = None
    for place in found:
        if last and place.i - last.j <= _GAP:
            last = Place(last.i, place.j, last.k, place.m)
            continue
        if last:
            yield last
        last = place
    if last:
        yield last


def _side(text: str, found: Sequence[tuple[int, int]], most: int) -> str:
    """The places of one side, each with what is around it, as long as they fit."""
    told, end, left = '', 0, 0
    for number, (start, stop) in enumerate(found):
        room = most - len(told)
        if number and room < min(_LEAST, stop - start):
            left += stop - start
            continue
        first = max(end, _start(text, start))
        shown = min(stop, start + max(room, _LEAST))
        after = min(_stop(text, stop), found[number + 1][0] if number + 1 < len(found) else len(text))
        told += '…' if first > end else ''
        told += text[first:shown] + (text[stop:after] if shown == stop else '…')
        left += stop - shown
        end = after if shown == stop else stop
    told += '…' if end < len(text) and not told.endswith('…') else ''
    return f'{told} {_left(left)}' if left else told


def _start(text: str, place: int) -> int:
    """Where to begin before a place: at a line, or at a word."""
    first = max(0, place - _BEFORE)
    first -= first > 0 and text[first - 1] == '\\'
    before = text[first:place]
    if (line := before.rfind('\\n')) >= 0:
        return first + line + 2
    if first and (word := before.find(' ')) >= 0:
        return first + word + 1
    return first


def _stop(text: str, place: int) -> int:
    """Where to end after a place: at a line, or at a word."""
    last = min(len(text), place + _AFTER)
    last += last < len(text) and text[last - 1] == '\\'
    after = text[place:last]
    if (line := after.find('\\n')) >= 0:
        return place + line
    if last < len(text) and (word := after.rfind(' ')) > 0:
        return place + word
    return last
