"""What differs between two states of values: a list as a whole, and types count."""

from __future__ import annotations

from typing import Any

import pytest

from generator.plan.adoption import differences

GONE = object()


@pytest.mark.parametrize(
    ('before', 'after', 'found'),
    [
        ({'a': 1}, {'a': 1}, []),
        ({'a': 1}, {'a': True}, [(('a',), 1, True)]),
        ({'a': [1]}, {'a': [True]}, [(('a',), [1], [True])]),
        ({'a': {'b': 1}}, {'a': {'b': 1.0}}, [(('a', 'b'), 1, 1.0)]),
        ({'a': None}, {}, [(('a',), None, GONE)]),
        ({}, {'a': None}, [(('a',), GONE, None)]),
    ],
)
def test_differences(before: Any, after: Any, found: Any) -> None:
    assert list(differences(before, after, (), GONE)) == found
