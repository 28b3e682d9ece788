"""A registry file and a new entry of a list → the file with it, written as people write; all other text stays."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from generator.documents.edit import BOM, reads_as
from generator.documents.nodes import Node, node_tree
from generator.documents.nulls import read_with_nulls
from generator.documents.read import decode_yaml
from generator.documents.write import dump_yaml, scalar_text
from generator.domain.places import Path, json_path
from generator.domain.problems import problem

_BY_HAND = 'add the entry by hand'
_FLOW_FROM = 3  # maps this deep are written on one line, as {dtype: float32, shape: [-1, 64]}


def insert_entry(data: bytes, file: str, path: Path, index: int, entry: Mapping[str, Any]) -> bytes:
    """Insert a map into the list at `path`, behind the entry before `index`, which exists.

    Comments stay with the entry that they are indented under. Raises ProblemsFound if other values would change too.
    """
    before, text = read_with_nulls(data, file)[0], decode_yaml(data, file)
    place: Node | None = node_tree(text)
    for step in path:
        place = place.children.get(str(step)) if place and place.children else None
    written = _inserted(text, place, index, entry) if place else text
    if not reads_as(written, _with(before, path, index, entry)):
        raise problem(file, json_path(path), 'cannot add an entry without changing other values', _BY_HAND)
    return (BOM if data.startswith(BOM) else b'') + written.encode()


def _with(document: Any, path: Path, index: int, entry: Mapping[str, Any]) -> Any:
    if not path:
        return [*document[:index], dict(entry), *document[index:]]
    return {**document, path[0]: _with(document[path[0]], path[1:], index, entry)}


def _inserted(text: str, place: Node, index: int, entry: Mapping[str, Any]) -> str:
    earlier, newline = place.items[index - 1], '\r\n' if '\r\n' in text else '\n'
    entry = _quoted_as(earlier, entry)
    if place.style == 'flow':
        return _into_flow(text, place, earlier, flow_text(entry), newline)
    dash = ' ' * place.column
    inner = ' ' * (earlier.column - place.column) if earlier.style == 'block' else '  '
    first, *others = [flow_text(entry)] if earlier.style == 'flow' else block_lines(entry)
    lines = [f'{dash}-{inner[1:]}{first}', *(f'{dash}{inner}{line}' if line else '' for line in others)]
    at = _after(text, earlier, place.column)
    apart = newline if index > 1 and _is_apart(text, earlier) else ''
    start = '' if text[:at].endswith('\n') else newline
    return f'{text[:at]}{start}{apart}{newline.join(lines)}{newline}{text[at:]}'


class _Quoted(str):
    """A string that is written in quotes, as the one of the entry before: a version is text, also if it is 1.2.0."""

    __slots__ = ()


def _quoted_as(earlier: Node, entry: Mapping[str, Any]) -> dict[str, Any]:
    quoted = {key for key, node in (earlier.children or {}).items() if node.style in ('"', "'")}
    return {key: _Quoted(item) if key in quoted and isinstance(item, str) else item for key, item in entry.items()}


def _into_flow(text: str, place: Node, earlier: Node, entry: str, newline: str) -> str:
    """Insert an entry into a list in brackets: on a line of its own, if the entry before has one."""
    lead = text[text.rfind('\n', 0, earlier.start) + 1 : earlier.start]
    if lead.strip() or '\n' not in text[place.start : earlier.start]:
        return f'{text[: earlier.end]}, {entry}{text[earlier.end :]}'
    if found := re.compile(r',[ \t]*(?:#[^\n]*)?\r?\n').match(
        text, earlier.end
    ):  # the comment is about the entry before
        return f'{text[: found.end()]}{lead}{entry},{newline}{text[found.end() :]}'
    return f'{text[: earlier.end]},{newline}{lead}{entry}{text[earlier.end :]}'


def _after(text: str, entry: Node, column: int) -> int:
    """Where the lines of an entry end: behind its last value, and behind comments that are indented under it."""
    last = len(text[: entry.end].rstrip())  # a literal block ends where the next token begins
    at = text.find('\n', last) + 1 or len(text)
    below = re.compile(rf'(?:[ \t]*\r?\n)*[ ]{{{column + 1},}}#[^\n]*(?:\n|$)')
    while found := below.match(text, at):
        at = found.end()
    return at


def _is_apart(text: str, entry: Node) -> bool:
    """Whether a blank line is before an entry and its comments."""
    above = text[: text.rfind('\n', 0, entry.start) + 1]
    return re.search(r'\n[ \t]*\r?\n(?:[ \t]*#[^\n]*\n)*$', above) is not None


def block_lines(value: Mapping[str, Any], depth: int = 1) -> list[str]:
    """A map as people write it, line by line; what is deep in it stands on one line."""
    lines: list[str] = []
    for key, item in value.items():
        name = _plain(key, f'{key}: a', {key: 'a'})
        if isinstance(item, Mapping) and item and depth < _FLOW_FROM:
            lines += [f'{name}:', *(f'  {line}' for line in block_lines(item, depth + 1))]
        elif isinstance(item, str) and '\n' in item:
            head, *rest = dump_yaml({'a': item}).removeprefix('a:').rstrip('\n').split('\n')
            lines += [f'{name}:{head}', *rest]
        elif isinstance(item, str):
            lines.append(f'{name}: {_plain(item, f"a: {item}", {"a": item})}')
        else:
            lines.append(f'{name}: {flow_text(item)}')
    return lines


def flow_text(value: Any) -> str:
    """A value on one line."""
    match value:
        case Mapping():
            parts = (f'{_plain(key, f"{{{key}: a}}", {key: "a"})}: {flow_text(item)}' for key, item in value.items())
            return f'{{{", ".join(parts)}}}'
        case list():
            return f'[{", ".join(map(flow_text, value))}]'
        case str():
            return _plain(value, f'{{a: [{value}]}}', {'a': [value]})
        case None:
            return 'null'
    return dump_yaml({'a': value}).removeprefix('a: ').rstrip('\n')


def _plain(text: str, used: str, wanted: Any) -> str:
    """A string without quotes, as people write it, if it is then read as this string; `used` is a text that uses it."""
    if not isinstance(text, _Quoted) and reads_as(used, wanted):
        return text
    written = scalar_text(text)
    return written if written.startswith('"') else f'"{written}"'
