"""Two states of a chart or of its ledger → what differs, in words: a few files, a few lines, old → new."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import fields
from difflib import SequenceMatcher
from itertools import zip_longest

from generator.charts.ledger import KEYS
from generator.domain.generated import LedgerEntry
from generator.domain.tree import Tree
from generator.domain.words import cut, quoted, some

MOST_FILES = 5
_MOST_LINES = 3
_MOST_ENTRIES = 3
_LONGEST = 80  # characters of a line
_READ = 2000  # characters of a line that are looked at
_COMPARED = 40_000  # pairs of lines: of very many equal lines, comparing more takes seconds
_DIGEST = re.compile(r'\b([0-9a-f]{12})[0-9a-f]{28,}\b')


def file_differences(expected: Tree, found: Tree, links: Collection[str] = ()) -> list[tuple[str, str]]:
    """What is wrong with the files of a chart, by path; `links` are the paths at which a link was found."""
    differing = (path for path in sorted({*expected, *found}) if expected.get(path) != found.get(path) or path in links)
    return [(path, _file(path, expected, found, links)) for path in differing]


def _file(path: str, expected: Tree, found: Tree, links: Collection[str]) -> str:
    if path not in found:
        return 'file of a chart not found'
    if path not in expected:
        return 'not a file of this chart version'
    if path in links:
        return 'expected a file, found a link'
    return f'differs from the chart of the ledger: {line_differences(expected[path], found[path])}'


def line_differences(old: bytes, new: bytes) -> str:
    """The first lines that differ, old → new, and the number of the others."""
    told = [f'line {number} {_pair(one, other)}' for number, one, other in _lines(*map(_text, (old, new)))]
    return some(told, _MOST_LINES) or 'bytes that are no text'


def _text(data: bytes) -> list[str]:
    return data.decode(errors='backslashreplace').split('\n')


def _lines(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[int, str | None, str | None]]:
    """Each line that differs, with its number in the old text, or in the new one if it is only there."""
    first = next((n for n, lines in enumerate(zip(old, new, strict=False)) if lines[0] != lines[1]), None)
    first = min(len(old), len(new)) if first is None else first
    behind = zip(old[first:][::-1], new[first:][::-1], strict=False)
    last = next((n for n, lines in enumerate(behind) if lines[0] != lines[1]), min(len(old), len(new)) - first)
    old, new = old[first : len(old) - last], new[first : len(new) - last]
    changes = [('replace', 0, len(old), 0, len(new))]
    if len(old) * len(new) <= _COMPARED:
        changes = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()  # type: ignore[assignment]
    for kind, start, end, from_, to in changes:
        if kind != 'equal':
            for n, (one, other) in enumerate(zip_longest(old[start:end], new[from_:to])):
                yield first + 1 + n + (from_ if one is None else start), one, other


def _pair(old: str | None, new: str | None) -> str:
    """Two lines, from a little before the place where they differ, if that is far behind their start."""
    one, other = ('' if line is None else cut(line[:_READ], _READ) for line in (old, new))
    at = next((n for n, letters in enumerate(zip(one, other, strict=False)) if letters[0] != letters[1]), 0)
    start = at - _LONGEST // 4 if at > _LONGEST // 2 else 0
    shown = ('nothing' if line is None else quoted(f'{"…" * bool(start)}{text[start:]}')
             for line, text in ((old, one), (new, other)))  # fmt: skip
    return ' → '.join(shown)


def ledger_differences(before: Sequence[LedgerEntry], now: Sequence[LedgerEntry]) -> str:
    """The entries of a ledger that differ, with the keys and their old and new values; '' for none."""
    old, new = ({entry.version: entry for entry in entries} for entries in (before, now))
    told = []
    for version in dict.fromkeys((*old, *new)):
        if version not in new:
            told.append(f'chart {version} is gone')
        elif version not in old:
            told.append(f'chart {version} was added')
        elif changed := entry_differences(old[version], new[version]):
            told.append(f'chart {version}: {changed}')
    return some(told, _MOST_ENTRIES)


def entry_differences(old: LedgerEntry, new: LedgerEntry) -> str:
    """The keys of an entry that differ, with old and new values; '' for none."""
    names = [field.name for field in fields(LedgerEntry) if getattr(old, field.name) != getattr(new, field.name)]
    return some([f'{KEYS[name]} {_value(old, name)} → {_value(new, name)}' for name in names], len(KEYS))


def _value(entry: LedgerEntry, name: str) -> str:
    value = getattr(entry, name)
    if isinstance(value, bool | int):
        return str(value).lower()
    text = '; '.join(value) if isinstance(value, tuple) else str(value)
    return quoted(_DIGEST.sub(lambda found: f'{found[1]}…', text))
