"""Maps and lists of maps that operations write into a registry file: nothing else changes, comments stay."""

from __future__ import annotations

import pytest

from generator.documents.edit_blocks import append_entry, remove_entry, set_map
from generator.domain.problems import ProblemsFound

LOCK, WITHDRAWN = ('spec', 'lock'), ('spec', 'withdrawn')
VALUE = {'reason': 'audit: no changes', 'until': '2026-12-24T18:00:00Z'}
BLOCK = '  lock:\n    reason: "audit: no changes"\n    until: "2026-12-24T18:00:00Z"\n'
FLOW = 'lock: {reason: "audit: no changes", until: "2026-12-24T18:00:00Z"}'
# A file without a lock, and with one.
LOCKS = {
    'below the chart': (
        '# top\nspec:\n  version: "1"\n  chart: "1.0.0" # here\n  # of values\n  values: {}\n',
        f'# top\nspec:\n  version: "1"\n  chart: "1.0.0" # here\n{BLOCK}  # of values\n  values: {{}}\n',
    ),
    'at the top': ('spec: # all\n  # of a\n  a: 1\n', f'spec: # all\n{BLOCK}  # of a\n  a: 1\n'),
    'the last line': ('spec:\n  chart: "1.0.0"', f'spec:\n  chart: "1.0.0"\n{BLOCK[:-1]}'),
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
    assert set_map(without, 'x.yaml', LOCK, VALUE, 'chart') == with_it
    assert set_map(with_it, 'x.yaml', LOCK, VALUE, 'chart').rstrip() == with_it.rstrip()
    assert set_map(with_it, 'x.yaml', LOCK, None).rstrip() == without.rstrip()
    assert set_map(without, 'x.yaml', LOCK, None) == without


ONE, TWO = {'version': '1', 'reason': 'slow, and hot'}, {'version': '2', 'reason': 'no'}
FIRST, SECOND = '{version: "1", reason: "slow, and hot"}', '{version: "2", reason: "no"}'
LISTS = {
    'a block': (
        'spec:\n  chart: "1.0.0"\n  values: {}\n',
        f'spec:\n  chart: "1.0.0"\n  withdrawn:\n  - {FIRST}\n  values: {{}}\n',
        f'spec:\n  chart: "1.0.0"\n  withdrawn:\n  - {FIRST}\n  - {SECOND}\n  values: {{}}\n',
    ),
    'a flow map': (
        'spec: {chart: "1.0.0"}\n',
        f'spec: {{chart: "1.0.0", withdrawn: [{FIRST}]}}\n',
        f'spec: {{chart: "1.0.0", withdrawn: [{FIRST}, {SECOND}]}}\n',
    ),
}


@pytest.mark.parametrize('case', LISTS)
def test_an_entry_is_appended_and_removed_again(case: str) -> None:
    none, one, two = (text.encode() for text in LISTS[case])
    assert append_entry(none, 'x.yaml', WITHDRAWN, ONE, 'chart') == one
    assert append_entry(one, 'x.yaml', WITHDRAWN, TWO, 'chart') == two
    assert remove_entry(two, 'x.yaml', WITHDRAWN, 1) == one
    assert remove_entry(one, 'x.yaml', WITHDRAWN, 0) == none


def test_comments_of_other_entries_stay() -> None:
    text = f'spec:\n  withdrawn:\n    # ours\n    - version: "0"\n      reason: old # very\n    - {FIRST}\n  a: 1\n'
    found = append_entry(text.encode(), 'x.yaml', WITHDRAWN, TWO)
    assert found.decode() == text.replace(f'- {FIRST}\n', f'- {FIRST}\n    - {SECOND}\n')
    assert remove_entry(text.encode(), 'x.yaml', WITHDRAWN, 1).decode() == text.replace(f'    - {FIRST}\n', '')
    left = remove_entry(text.encode(), 'x.yaml', WITHDRAWN, 0).decode()
    assert left == f'spec:\n  withdrawn:\n    # ours\n    - {FIRST}\n  a: 1\n'


def test_what_cannot_be_written_is_told() -> None:
    with pytest.raises(ProblemsFound, match=r'cannot set \$\.spec\.lock without changing other values'):
        set_map(b'other: 1\n', 'x.yaml', LOCK, VALUE)
