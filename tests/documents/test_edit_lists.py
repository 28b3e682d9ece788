"""Lists of maps that operations write into a registry file: nothing else changes, comments stay."""

from __future__ import annotations

import pytest

from generator.documents.edit_lists import append_entry, remove_entry
from generator.domain.problems import ProblemsFound

WITHDRAWN = ('spec', 'withdrawn')
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
    with pytest.raises(ProblemsFound, match=r'cannot set \$\.spec\.withdrawn without changing other values'):
        append_entry(b'other: 1\n', 'x.yaml', WITHDRAWN, ONE)
