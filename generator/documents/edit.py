"""A registry file and new values → the file with only these values changed; all other text stays as it is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from generator.documents.nodes import Node, node_tree
from generator.documents.nulls import read_with_nulls
from generator.documents.read import decode_yaml
from generator.documents.write import scalar_text
from generator.domain.places import Path, json_path
from generator.domain.problems import ProblemsFound, problem

BOM = b'\xef\xbb\xbf'
_BY_HAND = 'set the values by hand, then run the command again'


Scalar = str | bool | None  # None removes the key


def set_values(data: bytes, file: str, changes: Mapping[Path, Scalar]) -> bytes:
    """Set strings and booleans at paths whose maps exist; raises ProblemsFound if other values would change too.

    A new key is written below the key that precedes it in `changes`, else at the top of its map.
    """
    wanted = read_with_nulls(data, file)[0]
    text = decode_yaml(data, file)
    before: dict[Path, str] = {}
    for path, value in changes.items():
        text = _set(text, path, value, before.get(path[:-1], ''))
        wanted = _with(wanted, path, value)
        if not reads_as(text, wanted):
            places = ', '.join(json_path(path) for path in changes)
            raise problem(file, '', f'cannot set {places} without changing other values', _BY_HAND)
        before[path[:-1]] = str(path[-1])
    return (BOM if data.startswith(BOM) else b'') + text.encode()


def reads_as(text: str, wanted: Any) -> bool:
    """Whether a text is a document that is read as `wanted`."""
    try:
        return bool(read_with_nulls(text.encode(), '')[0] == wanted)
    except ProblemsFound:
        return False


def _with(document: Any, path: Path, value: Scalar) -> Any:
    """Return plain data with one value set."""
    if not path:
        return value
    inner = document if isinstance(document, dict) else {}
    if value is None and len(path) == 1:
        return {key: each for key, each in inner.items() if key != path[0]}
    return {**inner, path[0]: _with(inner.get(path[0]), path[1:], value)}


def _set(text: str, path: Path, value: Scalar, after: str) -> str:
    """Return the text with one value set, or unchanged if the value cannot be written there."""
    node: Node | None = node_tree(text)
    for step in path[:-1]:
        node = node.children.get(str(step)) if node and node.children is not None else None
    if node is None or node.children is None:
        return text
    key = str(path[-1])
    old = node.children.get(key)
    if value is None:
        return _remove(text, node, key, old) if old else text
    if old is None:
        return _insert(text, node, f'{key}: {_scalar(value, "")}', node.children.get(after))
    if old.children is not None or old.style in ('|', '>'):
        return text
    return text[: old.start] + _scalar(value, old.style) + text[old.end :]


def _insert(text: str, parent: Node, entry: str, sibling: Node | None) -> str:
    if parent.style == 'flow':
        if sibling:
            return f'{text[: sibling.end]}, {entry}{text[sibling.end :]}'
        at = parent.start + 1
        return f'{text[:at]}{entry}{", " if parent.children else ""}{text[at:]}'
    # Directly below the line of the map's own key: a comment on the next line belongs to the key after it.
    anchor = sibling.end if sibling else parent.key_end
    newline = '\r\n' if '\r\n' in text else '\n'
    at = text.find('\n', anchor) + 1
    line = ' ' * parent.column + entry
    return f'{text[:at]}{line}{newline}{text[at:]}' if at else f'{text}{newline}{line}'


def _remove(text: str, parent: Node, key: str, node: Node) -> str:
    """Remove an entry: its lines, or in flow style the text up to the next entry or from the one before."""
    start, end = text.rfind(key, 0, node.key_end), node.end
    if parent.style == 'flow':
        start -= text[start - 1] in '\'"'
        if after := re.match(r'\s*,\s*', text[end:]):
            return text[:start] + text[end + after.end() :]
        return re.sub(r',\s*$', '', text[:start]) + text[end:]
    line, rest = text.rfind('\n', 0, start) + 1, text.find('\n', end) + 1
    return text[:line] + (text[rest:] if rest else '')


def _scalar(value: str | bool, style: str) -> str:
    """Write a string with the quotes of the old value; without quotes only if it is still read as a string."""
    if isinstance(value, bool):
        return 'true' if value else 'false'
    if style == "'" and value.isprintable():
        return "'" + value.replace("'", "''") + "'"
    if style == 'plain' and reads_as(f'a: {value}', {'a': value}):
        return value
    written = scalar_text(value)
    return written if written.startswith('"') else f'"{written}"'
