"""The text of a map or a list in block style → its entries, each with the comments that belong to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ruamel.yaml import events as ev
from ruamel.yaml.error import YAMLError

from generator.documents.parser import with_parser
from generator.documents.three_way import identity_of

Kind = Literal['map', 'list']


@dataclass(frozen=True, slots=True)
class Part:
    """An entry: `lead` are the comments above it, `text` its own lines.

    Its value begins at `value` in the text; `inner` is where the lines of a block collection begin in it, 0 for other
    values. `note` is the comment behind a value on one line. `dash` is the place of an item's dash, -1 for a map entry.
    """

    lead: str = ''
    text: str = ''
    value: int = 0
    inner: int = 0
    note: str = ''
    dash: int = -1

    @property
    def whole(self) -> str:
        return self.lead + self.text

    @property
    def indent(self) -> str:
        return self.text[: len(self.text) - len(self.text.lstrip(' '))]

    @property
    def start(self) -> str:
        """The text before the value: the indented key."""
        return self.text[: self.value]

    @property
    def head(self) -> str:
        return self.text[: self.inner] if self.dash < 0 else ''

    @property
    def body(self) -> str:
        """The lines of its collection; an item's own dash is a space."""
        if self.dash < 0:
            return self.text[self.inner :]
        return f'{self.text[: self.dash]} {self.text[self.dash + 1 :]}'

    def joined(self, lead: str, head: str, body: str) -> str:
        """Put an entry together again; the dash of an item goes to its first line that is no comment."""
        if self.dash < 0:
            return lead + head + body
        lines = body.splitlines(keepends=True)
        first = next(i for i, line in enumerate(lines) if line.strip() and not line.lstrip().startswith('#'))
        lines[first] = f'{lines[first][: self.dash]}-{lines[first][self.dash + 1 :]}'
        return lead + ''.join(lines)


@dataclass(frozen=True, slots=True)
class Parts:
    """The entries by key, items of a list by their identity; `tail` are the comments below the last one."""

    kind: Kind
    parts: Mapping[str, Part]
    tail: str


@dataclass(slots=True)
class _Found:
    """Where an entry begins and ends (its last character), where its value begins, and whether that is a collection."""

    start: int
    column: int
    value: int
    end: int
    block: bool
    scalar: bool
    names: dict[str, str]
    key: str = ''


def parts_of(text: str) -> Parts | None:
    """Take a text apart; None if it is no collection in block style, or a list whose items have no identity."""
    try:
        kind, found = with_parser(text, _entries)
    except YAMLError:
        return None
    if kind is None:
        return None
    if kind == 'list':
        identity = identity_of([each.names for each in found])
        if not identity or not all(each.block for each in found):
            return None
        for each in found:
            each.key, line = each.names[identity], text.rfind('\n', 0, each.start) + 1
            each.start = text.rfind('-', line, each.start)
            each.column = each.start - line
        if any(each.start < 0 for each in found):  # the dash is on a line of its own
            return None
    return _cut(text, kind, found)


def _cut(text: str, kind: Kind, found: list[_Found]) -> Parts:
    parts, at = dict[str, Part](), 0
    for index, each in enumerate(found):
        line = text.rfind('\n', 0, each.start) + 1
        end = _line_end(text, each.end)
        if index + 1 < len(found):
            below = text.rfind('\n', 0, found[index + 1].start) + 1
            end += _own(text[end:below], found[index + 1].column)
        inner = (text.rfind('\n', 0, each.value) + 1 - line if kind == 'map' else 1) if each.block else 0
        note = ''
        if each.scalar and '\n' not in text[each.value : each.end]:
            note = text[each.end + 1 : _line_end(text, each.end)].strip()
        dash = each.column if kind == 'list' else -1
        parts[each.key] = Part(text[at:line], text[line:end], each.value - line, inner, note, dash)
        at = end
    return Parts(kind, parts, text[at:])


def _line_end(text: str, at: int) -> int:
    found = text.find('\n', at)
    return len(text) if found < 0 else found + 1


def _own(between: str, column: int) -> int:
    """How much of the comments between two entries belongs to the first: up to the last one that is indented more."""
    length, at = 0, 0
    for line in between.splitlines(keepends=True):
        at += len(line)
        if line.strip() and len(line) - len(line.lstrip(' ')) > column:
            length = at
    return length


def _entries(parser: Any) -> tuple[Kind | None, list[_Found]]:
    parser.get_event()
    parser.get_event()
    root = parser.get_event()
    if not isinstance(root, ev.CollectionStartEvent) or root.flow_style:
        return None, []
    if isinstance(root, ev.MappingStartEvent):
        return 'map', _of_map(parser)
    found = []
    while not isinstance(item := parser.get_event(), ev.SequenceEndEvent):
        names: dict[str, str] = {}
        end = _skip(parser, item, names)
        block = isinstance(item, ev.MappingStartEvent) and not item.flow_style
        at = item.start_mark  # behind the dash
        found.append(_Found(at.index, at.column, at.index, end, block, False, names))
    return 'list', found


def _of_map(parser: Any) -> list[_Found]:
    found = []
    while not isinstance(key := parser.get_event(), ev.MappingEndEvent):
        value = parser.get_event()
        at, scalar = key.start_mark, isinstance(value, ev.ScalarEvent)
        block = not scalar and not value.flow_style and value.start_mark.line > at.line
        end = _skip(parser, value, {})
        found.append(_Found(at.index, at.column, value.start_mark.index, end, block, scalar, {}, key.value))
    return found


def _skip(parser: Any, event: Any, names: dict[str, str]) -> int:
    """Go to the end of a node; return the place of its last character. `names` gets the scalars of a map."""
    if isinstance(event, ev.ScalarEvent):
        return max(int(event.start_mark.index), int(event.end_mark.index) - 1)
    end = int(event.start_mark.index)
    if isinstance(event, ev.SequenceStartEvent):
        while not isinstance(item := parser.get_event(), ev.SequenceEndEvent):
            end = _skip(parser, item, {})
        return int(item.end_mark.index) - 1 if event.flow_style else end
    while not isinstance(key := parser.get_event(), ev.MappingEndEvent):
        value = parser.get_event()
        if isinstance(value, ev.ScalarEvent):
            names[key.value] = value.value
        end = _skip(parser, value, {})
    return int(key.end_mark.index) - 1 if event.flow_style else end
