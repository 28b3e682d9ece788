"""Whole values of a field: texts as they are, other values as YAML, so that 80 and "80" differ; no credentials."""

from __future__ import annotations

import re
from typing import Any

import pytest

from generator.compare.fields import ABSENT, Field
from generator.compare.told import changed, whole


@pytest.mark.parametrize(
    ('old', 'new', 'expected'),
    [
        ('80', '81', ('80', '81')),
        (80, '80', ('80', '"80"')),
        ('', ABSENT, ('', None)),
        (ABSENT, 'yes', (None, 'yes')),
        (True, None, ('true', 'null')),
        ({}, [], ('{}', '[]')),
        ('a\nb\n', {'a': {'b': ['c', 1]}}, ('"a\\nb\\n"', 'a:\n  b:\n    - c\n    - 1')),
        ([{'name': 'a', 'value': 'x\ny'}], ABSENT, ('- name: a\n  value: |-\n    x\n    y', None)),
        (f'a {"ghp_" + "a1B2" * 10} b', 'x' * 500, ('…', 'x' * 500)),
    ],
)  # fmt: skip
def test_whole_values(old: Any, new: Any, expected: tuple[str | None, str | None]) -> None:
    assert whole(Field(('x',), old, new)) == expected


ARGS = ('spec', 'args')
HIDDEN = '… → … (differs where it is hidden)'


@pytest.mark.parametrize(
    ('old', 'new', 'expected'),
    [
        (['a', 'b'], ['a', 'c'], ': item 2 b → c'),
        (['a', 'b'], ['a', 'b', '--no-auth'], ': item 3 added: --no-auth'),
        (['a', 'b', 'c'], ['a', 'c'], ': item 2 removed: b'),
        (['a', 'b', 'c'], ['b', 'c', 'a'], ': item 1 moved to 3: a'),
        (['a', 80], ['a', '80'], ': item 2 80 → "80"'),
        (['--password=aaaa', 'a'], ['--password=bbbb', 'b'], f': item 1 {HIDDEN}; item 2 a → b'),
        (['a\nb'], ['a'], r": item 1 'a\nb' → a"),
        ([], ['a'], ' [] → [a]'),
        (80, '80', ' 80 → "80"'),
        ('a\nb', 'a\\nb', r" 'a\nb' → a\nb"),
        ('not set', ABSENT, ' is not set any more, was "not set"'),
        ('u\u3164', 'u', r" 'u\u3164' → u"),
        ('https://u:p@traces.example', 'https://u:p@evil.example', f' {HIDDEN}'),
    ],
)  # fmt: skip
def test_a_change_in_words(old: Any, new: Any, expected: str) -> None:
    assert changed(Field(ARGS, old, new)) == f'spec.args{expected}'


def test_many_items_are_counted() -> None:
    old, new = ([f'{name}{number:08}' for number in range(300)] for name in 'ab')
    assert re.search(r'; \d+ more \([\d,]+ characters not shown\)$', changed(Field(ARGS, old, new)))
