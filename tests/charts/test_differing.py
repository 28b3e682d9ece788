"""What differs between two states of a chart or a ledger, in few and safe words."""

from __future__ import annotations

from dataclasses import replace
from time import monotonic

import pytest
from pruned import entry

from generator.charts.differing import entry_differences, file_differences, ledger_differences, line_differences

TEXT = b'a\nb\nc\nd\n'
LINES = [
    (TEXT, b'a\nX\nc\nd\n', "line 2 'b' → 'X'"),
    (TEXT, b'a\nb\nnew\nc\nd\n', "line 3 nothing → 'new'"),
    (TEXT, b'a\nd\n', "line 2 'b' → nothing, line 3 'c' → nothing"),
    (TEXT, b'a\nb\nc\nd', "line 5 '' → nothing"),
    (TEXT, b'', "line 1 'a' → nothing, line 2 'b' → nothing, line 3 'c' → nothing and 1 more"),
    (b'x' * 200 + b'1', b'x' * 200 + b'2', f"line 1 '…{'x' * 20}1' → '…{'x' * 20}2'"),
    (b'\xff', b'\xfe', r"line 1 '\xff' → '\xfe'"),
    (b'a\x1b[31m\n', b'a\r\n', r"line 1 'a\x1b[31m' → 'a\r'"),
    (b'u: https://u:secret@h/1\n', b'u: https://u:secrets@h/1\n', "line 1 'u: https…' → 'u: https…'"),
]


@pytest.mark.parametrize(('old', 'new', 'told'), LINES, ids=[told for *_, told in LINES])
def test_the_first_lines_that_differ(old: bytes, new: bytes, told: str) -> None:
    assert line_differences(old, new) == told


@pytest.mark.parametrize(('old', 'new'), [(b'a\n' * 999, b'b\na\n' * 500), (b'a' * 8_000_000, b'b' * 8_000_000)])
def test_large_files_take_no_time_and_no_space(old: bytes, new: bytes) -> None:
    begin = monotonic()
    assert len(line_differences(old, new)) < 600
    assert monotonic() - begin < 5


def test_what_is_wrong_with_files() -> None:
    expected = {'a': b'1', 'b': b'2', 'c': b'3', 'd': b'4'}
    assert file_differences(expected, {'a': b'1', 'b': b'x', 'd': b'', 'e': b''}, ['d']) == [
        ('b', "differs from the chart of the ledger: line 1 '2' → 'x'"),
        ('c', 'file of a chart not found'),
        ('d', 'expected a file, found a link'),
        ('e', 'not a file of this chart version'),
    ]


def test_keys_of_entries() -> None:
    old = replace(entry('1.0.0'), digest=f'{"1" * 64}')
    new = replace(old, digest=f'{"2" * 64}', bump='major', reasons=('memory 1Gi → 2Gi', 'x'), templates=1, pruned=True)
    told = f"digest '{'1' * 12}…' → '{'2' * 12}…', bump 'patch' → 'major', reasons '' → 'memory 1Gi → 2Gi; x', "
    told += 'podTemplates 0 → 1, pruned false → true'
    assert entry_differences(old, new) == told
    others = [entry(f'1.0.{number}') for number in range(1, 6)]
    assert ledger_differences([old, *others[:1]], [new]) == f'chart 1.0.0: {told}, chart 1.0.1 is gone'
    assert ledger_differences([], others) == (
        'chart 1.0.1 was added, chart 1.0.2 was added, chart 1.0.3 was added and 2 more'
    )
