"""Two texts are cut around what differs: no cut hides a change, and what is not shown is counted."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.compare.around import around, ends_of, places, start_of

LINES = [f'line{number}: value {number}\\n' for number in range(100)]


def with_lines(**changed: str) -> str:
    lines = [*LINES]
    for name, text in changed.items():
        lines[int(name[1:])] = text
    return "'" + ''.join(lines) + "'"


@pytest.mark.parametrize(
    ('old', 'new', 'expected'),
    [
        ('a', 'b', ('a', 'b')),
        (with_lines(), with_lines(n50='line50: evil\\n'), ('…line50: value 50…', '…line50: evil…')),
        (
            with_lines(), with_lines(n7='line7: value 70\\n', n90='other\\n'),
            ('…line7: value 7…line90: value 90…', '…line7: value 70…other…'),
        ),
        ('x' * 500, 'y' * 500, tuple(f'{sign * 120}… (380 characters not shown)' for sign in 'xy')),
        ('x ' * 500, 'x ' * 250 + 'evil ' + 'x ' * 250, (None, r'evil x')),
        ('x' * 500, 'x' * 250 + '7' + 'x' * 250, (None, r'xx7xx')),
        ('x' * 119, 'x' * 119 + '7', ('x' * 119, 'x' * 119 + '7')),
        ('x' * 200, 'x' * 200 + '7', (None, r'xx7$')),
        ('x' * 200, '7' + 'x' * 200, (None, r'^7xx')),
    ],
)  # fmt: skip
def test_both_sides(old: str, new: str, expected: tuple[str | None, str]) -> None:
    one, other = around(old, new, 120)
    assert one != other
    if expected[0] is None:
        assert re.search(expected[1], other)
    else:
        assert (one, other) == expected


def test_escapes_are_not_cut_in_two() -> None:
    for number in range(30):
        text = 'y' * 100 + 'x' * number + '\\n' + 'z' * 100
        for told in around(text, text.replace('y' * 100, 'w' * 100), 110):
            assert not re.search(r'(?<!\\)\\(?:…|$)', told)


@given(st.text('ab \\n', max_size=300), st.text('ab \\n', max_size=300), st.integers(10, 60))
def test_texts_that_differ_never_look_equal(old: str, new: str, most: int) -> None:
    one, other = around(old, new, most)
    is_counted = 'not shown' in one or 'not shown' in other
    assert old == new or one != other or is_counted


@given(st.text('ab \\n', max_size=200), st.text('ab \\n', max_size=200))
def test_what_is_between_places_is_equal(old: str, new: str) -> None:
    found = list(places(old, new))
    ends = [(0, 0), *((each.j, each.m) for each in found)]
    starts = [*((each.i, each.k) for each in found), (len(old), len(new))]
    for (i, k), (j, m) in zip(ends, starts, strict=True):
        assert old[i:j] == new[k:m]


def test_it_takes_no_time() -> None:
    words = [' '.join(str(number * factor % 97) for number in range(60_000)) for factor in (1, 7)]
    begin = time.process_time()
    around(*words, 120)
    around("'" + 'a\\n' * 40_000, "'" + 'b\\na\\n' * 30_000, 120)
    assert time.process_time() - begin < 5


def test_one_text() -> None:
    assert start_of('x' * 10, 9) == 'xxxxxxxxx… (1 character not shown)'
    assert ends_of('a' * 10 + 'b' * 10, 10) == 'aaaaa…bbbbb (10 characters not shown)'
    assert ends_of('ab', 2) == start_of('ab', 2) == 'ab'
