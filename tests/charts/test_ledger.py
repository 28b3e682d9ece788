"""Ledgers side by side: what a revert takes from one comes back, in the order in which it was published."""

from __future__ import annotations

import dataclasses

import pytest
from pruned import entry

from generator.charts.ledger import dump_ledger, read_before, with_lost
from generator.domain.layout import is_ledger

ONE, TWO, THREE, FOUR = (entry(f'1.0.{number}') for number in range(4))


def test_what_was_lost_comes_back_in_its_place() -> None:
    assert with_lost((ONE, TWO), (ONE, TWO, THREE)) == (ONE, TWO, THREE)
    assert with_lost((ONE, THREE), (ONE, TWO, THREE)) == (ONE, TWO, THREE)
    assert with_lost((), (ONE, TWO)) == (ONE, TWO)
    assert with_lost((ONE, TWO, FOUR), (ONE, THREE)) == (ONE, THREE, TWO, FOUR)
    assert with_lost((ONE, TWO), ()) == with_lost((ONE, TWO), (ONE,)) == (ONE, TWO)


def test_of_two_entries_of_one_version_the_later_state_counts() -> None:
    marked = dataclasses.replace(ONE, pruned=True)
    assert with_lost((marked, TWO), (ONE, TWO)) == (marked, TWO)


def test_a_spoilt_ledger_of_before_vouches_for_nothing() -> None:
    data = dump_ledger('web', [ONE])
    assert read_before(data, 'f') == (ONE,)
    assert read_before(data.replace(b'patch', b'major'), 'f') == read_before(b'x', 'f') == ()


@pytest.mark.parametrize(
    ('path', 'known'),
    [
        ('charts/web/versions.yaml', True),
        ('charts/web/1.0.0/versions.yaml', False),
        ('charts/versions.yaml', False),
        ('values/web/versions.yaml', False),
        ('charts/web/x-versions.yaml', False),
    ],
)
def test_where_a_ledger_stands(path: str, known: bool) -> None:
    assert is_ledger(path) is known
