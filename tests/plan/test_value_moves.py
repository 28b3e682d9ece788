"""Changed values of releases: named with their old and new values, and not without end."""

from __future__ import annotations

from generator.plan.message import shortened
from generator.plan.value_moves import value_moves

FILE = 'values/prod/web.yaml'


def moved(old: str, new: str) -> str:
    return value_moves({FILE: new.encode()}, {FILE: old.encode()}, {'prod/web'}).get('prod/web', '')


def test_keys_with_old_and_new_values() -> None:
    old = 'replicaCount: 3\nparameters:\n  level: warn\nports: [1]\n'
    new = 'replicaCount: 4\nparameters:\n  level: info\nroute:\n  enabled: true\nports: [1, 2]\n'
    assert moved(old, new) == (
        'replicaCount 3 → 4, parameters.level warn → info, ports [1] → [1, 2], route not set → {"enabled": true}'
    )


def test_long_values_and_many_keys_are_cut() -> None:
    assert moved('a: 1\n', 'a: |\n' + '  x y\n' * 30) == f'a 1 → {"x y " * 9}x y…'
    many = ''.join(f'k{number}: 1\n' for number in range(8))
    assert moved('k0: 0\n', many).endswith('k4 not set → 1, and 3 more values')


def test_what_cannot_be_compared_is_left_out() -> None:
    assert moved('a: [\n', 'a: 1\n') == ''
    assert value_moves({FILE: b'a: 1\n'}, {}, {'prod/web'}) == {}


def test_a_long_subject_loses_its_chart_first() -> None:
    subject = 'Roll back prod-eu/product-recommender: 2026.11.0 → 2026.9.1 (chart 1.1.0)'
    assert shortened(subject) == 'Roll back prod-eu/product-recommender: 2026.11.0 → 2026.9.1'
    assert shortened('Pin prod/web: 1 → 2 (chart 1.1.0)') == 'Pin prod/web: 1 → 2 (chart 1.1.0)'
    assert shortened('x' * 80) == f'{"x" * 71}…'
