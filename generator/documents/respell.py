"""A registry file and what it shall say → the file with only these names changed; comments and layout stay."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from generator.documents.nulls import read_with_nulls
from generator.documents.read import decode_yaml
from generator.domain.problems import ProblemsFound, problem
from generator.domain.values import Values

_BOM = '\ufeff'
_BY_HAND = 'change it by hand, then run the command again'


def respelled(data: bytes, file: str, wanted: Any, old: str, new: str) -> bytes:
    """Write `new` for `old` where the file then says more of what it shall say: not in comments, not in other values.

    Raises ProblemsFound if the file cannot say it so.
    """
    text, found = decode_yaml(data, file), read_with_nulls(data, file)[0]
    left, start = _distance(found, wanted), 0
    while left and (at := _word(text, old, start)) >= 0:
        changed = f'{text[:at]}{new}{text[at + len(old) :]}'
        now = _read(changed)
        if now is not None and (less := _distance(now, wanted)) < left:
            text, left, start = changed, less, at + len(new)
        else:
            start = at + len(old)
    if left:
        raise problem(file, '', f"cannot write '{new}' for '{old}' without changing other values", _BY_HAND)
    return _encoded(data, text)


def with_copies(data: bytes, file: str, parent: tuple[str, ...], names: Mapping[str, str]) -> bytes:
    """Write a copy of entries of a map below each of them, under another key: `names` are old keys → new ones.

    Raises ProblemsFound if the map is not in block style.
    """
    text, wanted = decode_yaml(data, file), read_with_nulls(data, file)[0]
    for old, new in names.items():
        wanted = _with_entry(wanted, parent, old, new)
        text = next((each for each in _copied(text, old, new) if _read(each) == wanted), text)
    if _read(text) != wanted:
        raise problem(file, '', f'cannot copy {", ".join(names)} without changing other values', _BY_HAND)
    return _encoded(data, text)


def _encoded(data: bytes, text: str) -> bytes:
    return (_BOM if data.startswith(_BOM.encode()) else '').encode() + text.encode()


def _word(text: str, word: str, start: int) -> int:
    found = re.compile(rf'(?<![\w-]){re.escape(word)}(?![\w-])').search(text, start)
    return found.start() if found else -1


def _read(text: str) -> Any:
    try:
        return read_with_nulls(text.encode(), '')[0]
    except ProblemsFound:
        return None


def _distance(one: Any, other: Any) -> int:
    """The number of values that only one of two documents has."""
    mine, theirs = Counter(_values(one, ())), Counter(_values(other, ()))
    return (mine - theirs).total() + (theirs - mine).total()


def _values(value: Any, path: tuple[object, ...]) -> Iterator[tuple[object, ...]]:
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _values(inner, (*path, key))
    elif isinstance(value, list) and value:
        for index, inner in enumerate(value):
            yield from _values(inner, (*path, index))
    else:
        yield (*path, repr(value))


def _with_entry(document: Values, parent: tuple[str, ...], old: str, new: str) -> dict[str, Any]:
    if not parent:
        return {**document, new: document[old]}
    key, *rest = parent
    return {**document, key: _with_entry(document[key], tuple(rest), old, new)}


def _copied(text: str, old: str, new: str) -> Iterator[str]:
    """Yield the text with a copy of each entry in block style that has this key."""
    lines = text.splitlines(keepends=True)
    for number, line in enumerate(lines):
        column = len(line) - len(line.lstrip(' '))
        if not re.match(rf'["\']?{re.escape(old)}["\']?:', line[column:]):
            continue
        end = number + 1
        while end < len(lines) and _is_inside(lines[end], column):
            end += 1
        entry = ''.join(lines[number:end])
        above = ''.join(lines[:end])
        newline = '' if above.endswith('\n') else '\n'
        yield f'{above}{newline}{entry.replace(old, new, 1)}{"".join(lines[end:])}'


def _is_inside(line: str, column: int) -> bool:
    """Whether a line belongs to the value of a key in this column: deeper, or an entry of a list."""
    inner = len(line) - len(line.lstrip(' '))
    return inner > column or (inner == column and line[inner:].startswith('- '))
