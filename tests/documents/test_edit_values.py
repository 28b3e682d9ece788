"""Values of any kind are written into registry files; comments and all other text stay."""

from __future__ import annotations

from typing import Any

import pytest

from generator.documents.edit_values import REMOVED, set_value
from generator.domain.problems import ProblemsFound

TEXT = """\
# of the shop
spec:
  version: "1"  # pinned
  # five of them
  values:
    replicaCount: 5  # for Monday
    args: [a, b]
    resources:
      # measured
      requests: {cpu: 2, memory: 2Gi}
  chart: 1.0.0
"""


@pytest.mark.parametrize(
    ('path', 'value', 'old', 'new'),
    [
        (('spec', 'values', 'replicaCount'), 7, '5  # for', '7  # for'),
        (('spec', 'values', 'args'), ['c'], '[a, b]', '[c]'),
        (('spec', 'values', 'args'), {'a': 'b'}, 'args: [a, b]', 'args:\n      a: b'),
        (('spec', 'values', 'resources', 'requests', 'cpu'), '500m', 'cpu: 2', 'cpu: 500m'),
        (('spec', 'values', 'resources', 'requests', 'gpu'), 1, '2Gi}', '2Gi, gpu: 1}'),
        (('spec', 'values', 'resources', 'limits', 'memory'), '4Gi', '2Gi}\n',
         '2Gi}\n      limits:\n        memory: 4Gi\n'),
        (('spec', 'values', 'env', 'A'), None, '  chart:', '    env:\n      A: null\n  chart:'),
        (('spec', 'values', 'replicaCount'), REMOVED, '    replicaCount: 5  # for Monday\n', ''),
        (('spec', 'values', 'resources', 'requests', 'memory'), REMOVED, ', memory: 2Gi', ''),
        (('spec', 'suspended'), {'reason': 'a: b', 'by': 'Ann'}, '  chart: 1.0.0\n',
         '  chart: 1.0.0\n  suspended:\n    reason: "a: b"\n    by: Ann\n'),
    ],
)  # fmt: skip
def test_only_the_value_changes(path: tuple[str, ...], value: Any, old: str, new: str) -> None:
    assert TEXT.count(old) == 1
    assert set_value(TEXT.encode(), 'f', path, value).decode() == TEXT.replace(old, new)


def test_a_key_stands_below_its_sibling() -> None:
    found = set_value(TEXT.encode(), 'f', ('spec', 'lock'), 'a', 'version').decode()
    assert '# pinned\n  lock: a\n' in found
    assert set_value(b'spec: {a: 1}', 'f', ('spec', 'b', 'c'), [1]) == b'spec: {a: 1, b: {c: [1]}}'
    assert set_value(b'spec: {}\n', 'f', ('spec', 'b'), True) == b'spec: {b: true}\n'


def test_empty_maps_are_left_or_dropped() -> None:
    text = b'spec:\n  a: 1\n  b:\n    # two\n    c: {d: 2}\n'
    assert set_value(text, 'f', ('spec', 'b', 'c', 'd'), REMOVED, drop_empty=True) == b'spec:\n  a: 1\n'
    assert set_value(text, 'f', ('spec', 'b', 'c'), REMOVED) == b'spec:\n  a: 1\n  b: {}\n'
    assert set_value(b'{"a": 1, "b": {"c": 2}}', 'f', ('b', 'c'), REMOVED) == b'{"a": 1, "b": {}}'
    assert set_value(b'spec:\n  # one\n  a: 1\nb: 2\n', 'f', ('spec', 'a'), REMOVED) == b'spec: {}\nb: 2\n'
    assert set_value(b'spec: {a: 1}\n', 'f', ('spec', 'a'), REMOVED) == b'spec: {}\n'


def test_what_is_no_map_is_not_replaced() -> None:
    assert set_value(b'spec: null\n', 'f', ('spec', 'b', 'c'), 'x') == b'spec:\n  b:\n    c: x\n'
    with pytest.raises(ProblemsFound) as raised:
        set_value(b'spec: 5\n', 'f', ('spec', 'b', 'c'), 'x')
    (found,) = raised.value.problems
    assert (found.path, found.message) == ('$.spec.b.c', 'cannot be set without changing other values')
    assert found.hint == 'set the value by hand, then run the command again'


LOCK = ('spec', 'lock')
VALUE = {'reason': 'audit: no changes', 'until': '2026-12-24T18:00:00Z'}
BLOCK = '  lock:\n    reason: "audit: no changes"\n    until: "2026-12-24T18:00:00Z"\n'
FLOW = 'lock: {reason: "audit: no changes", until: "2026-12-24T18:00:00Z"}'
# A file without a lock, and with one.
LOCKS = {
    'below the chart': (
        '# top\nspec:\n  version: "1"\n  chart: "1.0.0" # here\n  # of values\n  values: {}\n',
        f'# top\nspec:\n  version: "1"\n  chart: "1.0.0" # here\n{BLOCK}  # of values\n  values: {{}}\n',
    ),
    'at the end': ('spec: # all\n  # of a\n  a: 1\n', f'spec: # all\n  # of a\n  a: 1\n{BLOCK}'),
    'the last line': ('spec:\n  chart: "1.0.0"', f'spec:\n  chart: "1.0.0"\n{BLOCK}'),
    'a flow map': ('spec: {chart: "1.0.0", a: 1}\n', f'spec: {{chart: "1.0.0", {FLOW}, a: 1}}\n'),
    'an empty flow map': ('spec: {}\n', f'spec: {{{FLOW}}}\n'),
    'Windows': (
        'spec:\r\n  chart: a\r\n',
        f'spec:\r\n  chart: a\r\n{BLOCK}'.replace('\r\n', '\n').replace('\n', '\r\n'),
    ),
}


@pytest.mark.parametrize('case', LOCKS)
def test_a_map_is_written_and_removed_again(case: str) -> None:
    without, with_it = (text.encode() for text in LOCKS[case])
    assert set_value(without, 'x.yaml', LOCK, VALUE, 'chart') == with_it
    assert set_value(with_it, 'x.yaml', LOCK, VALUE, 'chart') == with_it
    assert set_value(with_it, 'x.yaml', LOCK, REMOVED).rstrip() == without.rstrip()
    assert set_value(without, 'x.yaml', LOCK, REMOVED) == without
