"""Whole values of a field: texts as they are, other values as YAML, so that 80 and "80" differ; no credentials."""

from __future__ import annotations

from typing import Any

import pytest

from generator.compare.fields import ABSENT, Field
from generator.compare.told import whole


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
