"""Queries of alerts that differ in their limits alone, and by little."""

from __future__ import annotations

import pytest

from generator.review.alerts import same_question


@pytest.mark.parametrize(
    ('old', 'new', 'same'),
    [
        ('sum(x) > 5', 'sum(x) > 8', True),
        ('sum(x) > 5', 'sum(x) > 50', False),
        ('sum(x) > 5', 'sum(x) < 5', False),
        ('sum(x) > 5', 'sum(y) > 5', False),
        ('sum(x) == 0', 'sum(x) == 0', True),
        ('sum(x) > 0', 'sum(x) > 1', False),
        ('up == 1', 'up == 5', False),
        ('up != 1', 'up != 2', False),
        ('rate(x[5m]) > 5', 'rate(x[1h]) > 5', False),
        ('(a) > 0.01 and (b) > 0', '(a) > 0.02 and (b) > 0', True),
        ('sum(x) > 5', 'vector(0) > 1', False),
        ('a > 1e-3', 'a > 2e-3', True),
    ],
)
def test_queries_that_ask_the_same(old: str, new: str, *, same: bool) -> None:
    assert same_question(old, new) is same
