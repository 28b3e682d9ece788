"""A registry file and an item of a list of maps → the file with it or without it; all other text stays."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from generator.documents.edit import BOM, reads_as
from generator.documents.entries import flow_text
from generator.documents.nodes import Node, node_tree
from generator.documents.nulls import read_with_nulls
from generator.documents.read import decode_yaml
from generator.domain.places import Path, json_path
from generator.domain.problems import problem

Texts = Mapping[str, str]


def append_entry(data: bytes, file: str, path: Path, entry: Texts, after: str = '') -> bytes:
    """Append a map of strings to a list; a new list is written below the key `after`, if that is there."""

    def edited(text: str) -> str:
        node = _children(text, path[:-1]).get(str(path[-1]))
        if node is None:
            parent = _at(text, path[:-1])
            line = f'{_newline(text)}{" " * parent.column}- {flow_text(entry)}'
            return _insert(text, parent, str(path[-1]), f'[{flow_text(entry)}]', line, after)
        if node.style == 'flow':
            at = node.items[-1].end if node.items else node.start + 1
            return f'{text[:at]}{", " if node.items else ""}{flow_text(entry)}{text[at:]}'
        return _below(text, node.items[-1].end, f'{" " * node.column}- {flow_text(entry)}')

    return _changed(data, file, path, [*(_value(data, file, path) or []), dict(entry)], edited)


def remove_entry(data: bytes, file: str, path: Path, place: int) -> bytes:
    """Remove an item of a list; a list without items goes, too."""
    left = [each for number, each in enumerate(_value(data, file, path)) if number != place]

    def edited(text: str) -> str:
        if not left:
            return _without(text, path)
        node = _at(text, path)
        return _cut(text, node.items[place].start, node.items[place].end, flow=node.style == 'flow')

    return _changed(data, file, path, left or None, edited)


def _changed(data: bytes, file: str, path: Path, value: Any, edited: Callable[[str], str]) -> bytes:
    """Edit the text; raises ProblemsFound if other values would change, too."""
    try:
        text = edited(decode_yaml(data, file))
    except KeyError:  # the maps above do not exist
        text = ''
    if not reads_as(text, _with(read_with_nulls(data, file)[0], path, value)):
        hint = 'set the values by hand, then run the command again'
        raise problem(file, '', f'cannot set {json_path(path)} without changing other values', hint)
    return (BOM if data.startswith(BOM) else b'') + text.encode()


def _with(document: Any, path: Path, value: Any) -> Any:
    """Return plain data with one value set, or without it (None)."""
    if not path:
        return value
    inner = _with(document.get(path[0], {}), path[1:], value)
    rest = {key: each for key, each in document.items() if key != path[0]}
    return rest if inner is None else {**rest, path[0]: inner}


def _value(data: bytes, file: str, path: Path) -> Any:
    value = read_with_nulls(data, file)[0]
    for step in path:
        value = value.get(step, {})
    return value


def _at(text: str, path: Path) -> Node:
    """The value at a path; raises KeyError."""
    node = node_tree(text)
    for step in path:
        node = (node.children or {})[str(step)]
    return node


def _children(text: str, path: Path) -> Mapping[str, Node]:
    return _at(text, path).children or {}


def _insert(text: str, parent: Node, key: str, flow: str, block: str, after: str) -> str:
    sibling = (parent.children or {}).get(after)
    if parent.style != 'flow':
        return _below(text, sibling.end if sibling else parent.key_end, f'{" " * parent.column}{key}:{block}')
    if sibling:
        return f'{text[: sibling.end]}, {key}: {flow}{text[sibling.end :]}'
    at = parent.start + 1
    return f'{text[:at]}{key}: {flow}{", " if parent.children else ""}{text[at:]}'


def _below(text: str, place: int, lines: str) -> str:
    """Write lines below the line of a place."""
    last = len(text[:place].rstrip())  # a block may end where the next token begins
    at = text.find('\n', last) + 1
    return f'{text[:at]}{lines}{_newline(text)}{text[at:]}' if at else f'{text}{_newline(text)}{lines}'


def _without(text: str, path: Path) -> str:
    parent, node = _at(text, path[:-1]), _at(text, path)
    start = text.rfind(str(path[-1]), 0, node.key_end)
    return _cut(text, start, len(text[: node.end].rstrip()), flow=parent.style == 'flow')


def _cut(text: str, start: int, end: int, *, flow: bool) -> str:
    """Remove the lines between two places, in flow style also the comma after it or before it."""
    if not flow:
        line, rest = text.rfind('\n', 0, start) + 1, text.find('\n', end) + 1
        return text[:line] + (text[rest:] if rest else '')
    if after := re.match(r'\s*,\s*', text[end:]):
        return text[:start] + text[end + after.end() :]
    return re.sub(r',\s*$', '', text[:start]) + text[end:]


def _newline(text: str) -> str:
    return '\r\n' if '\r\n' in text else '\n'
