"""A registry file and a value of any kind → the file with it at its place; all other text stays as it is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from generator.documents.edit import BOM
from generator.documents.entries import block_lines, flow_text
from generator.documents.nodes import Node, node_tree
from generator.documents.read import decode_yaml, read_yaml_text
from generator.domain.places import Path, json_path
from generator.domain.problems import ProblemsFound, problem

REMOVED: Final = object()  # in place of a value
_BY_HAND = 'set the value by hand, then run the command again'


def set_value(
    data: bytes, file: str, path: Path, value: Any, after: str = '', *, drop_empty: bool = False
) -> bytes:  # fmt: skip
    """Set a value at a path of keys, and make the maps above it; REMOVED removes the key, with
    `drop_empty` also the maps that would be empty without it, below the first key of the path.

    A new key is written below its sibling `after`, else at the end of its map. Raises ProblemsFound if other values
    would change too.
    """
    text = decode_yaml(data, file)
    document = read_yaml_text(text, file, [])
    while drop_empty and value is REMOVED and len(path) > 2 and _is_alone(document, path):
        path = path[:-1]
    parent, rest = _deepest(node_tree(text), path)
    written = text
    if parent and parent.children is not None and not (len(rest) > 1 and _is_taken(text, parent, str(rest[0]))):
        for step in reversed(rest[1:]):
            value = value if value is REMOVED else {str(step): value}
        written = _edited(text, parent, str(rest[0]), value, after)
    wanted = _with(document, path[: len(path) - len(rest) + 1], value)
    if not _reads_as(written, file, wanted):
        raise problem(file, json_path(path), 'cannot be set without changing other values', _BY_HAND)
    return (BOM if data.startswith(BOM) else b'') + written.encode()


def _is_alone(document: Any, path: Path) -> bool:
    """Whether a key is the only one in its map, which would be empty without it."""
    for step in path[:-1]:
        document = document.get(step) if isinstance(document, dict) else None
    return isinstance(document, dict) and list(document) == [path[-1]]


def _reads_as(text: str, file: str, wanted: Any) -> bool:
    """Whether a text is read as `wanted`, in which None stands for null."""
    try:
        return bool(read_yaml_text(text, file, []) == wanted)
    except ProblemsFound:
        return False


def _is_taken(text: str, parent: Node, key: str) -> bool:
    """Whether a key has a value that is no map."""
    node = (parent.children or {}).get(key)
    return node is not None and text[node.start : node.end] not in ('', '~', 'null')


def _deepest(node: Node | None, path: Path) -> tuple[Node | None, Path]:
    """The deepest map on the way that exists, and the rest of the path."""
    for number, step in enumerate(path[:-1]):
        below = (node.children or {}).get(str(step)) if node else None
        if below is None or below.children is None:
            return node, path[number:]
        node = below
    return node, path[-1:]


def _with(document: Any, path: Path, value: Any) -> Any:
    inner = document if isinstance(document, dict) else {}
    rest = {key: each for key, each in inner.items() if key != path[0]}
    if len(path) > 1:
        return {**rest, path[0]: _with(inner.get(path[0]), path[1:], value)}
    return rest if value is REMOVED else {**rest, path[0]: value}


def _edited(text: str, parent: Node, key: str, value: Any, after: str) -> str:
    children = parent.children or {}
    old = children.get(key)
    if old is None:
        return text if value is REMOVED else _insert(text, parent, key, value, children.get(after))
    if value is REMOVED:
        return _remove(text, parent, key, old)
    if parent.style == 'flow' or (old.style in ('plain', "'", '"', 'flow') and not isinstance(value, Mapping)):
        return text[: old.start] + flow_text(value) + text[old.end :]
    line, end = _lines_of(text, key, old)
    return text[:line] + _lines(text, parent, key, value) + text[end:]


def _lines_of(text: str, key: str, node: Node) -> tuple[int, int]:
    """The start of the line of a key in block style, and the end of the last line of its value."""
    start = text.rfind(key, 0, node.key_end)
    last = len(text[: max(node.end, node.key_end)].rstrip())  # a block may end where the next token begins
    return text.rfind('\n', 0, start) + 1, text.find('\n', last) + 1 or len(text)


def _lines(text: str, parent: Node, key: str, value: Any) -> str:
    newline = '\r\n' if '\r\n' in text else '\n'
    lines = block_lines({key: value})
    return ''.join(f'{" " * parent.column}{line}{newline}' if line else newline for line in lines)


def _insert(text: str, parent: Node, key: str, value: Any, sibling: Node | None) -> str:
    children = list((parent.children or {}).items())
    if parent.style == 'flow':
        entry = flow_text({key: value})[1:-1]
        at = sibling.end if sibling else children[-1][1].end if children else parent.start + 1
        return f'{text[:at]}{", " if children else ""}{entry}{text[at:]}'
    names = {id(node): name for name, node in children}
    last = sibling or children[-1][1]
    _, at = _lines_of(text, names[id(last)], last)
    start = '' if text[:at].endswith('\n') else '\n'
    return text[:at] + start + _lines(text, parent, key, value) + text[at:]


def _remove(text: str, parent: Node, key: str, node: Node) -> str:
    if parent.style != 'flow':
        line, end = _lines_of(text, key, node)
        if len(parent.children or {}) > 1 or not parent.key_end:
            return text[:line] + text[end:]
        return f'{text[: parent.key_end]}: {{}}{text[len(text[:end].rstrip()) :]}'
    start = text.rfind(key, 0, node.key_end)
    start -= text[start - 1] in '\'"'
    if following := re.match(r'\s*,\s*', text[node.end :]):
        return text[:start] + text[node.end + following.end() :]
    return re.sub(r',\s*$', '', text[:start]) + text[node.end :]
