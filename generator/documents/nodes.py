"""A YAML text → its values with their positions in it, for edits that keep all other text."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import events as ev

from generator.documents.parser import with_parser


@dataclass(slots=True)
class Node:
    """A value with its position in the text, for a map with its entries, for a list with its items; `key_end` is the
    end of its own key."""

    start: int
    end: int
    style: str
    key_end: int
    column: int = 0
    children: dict[str, Node] | None = None
    items: list[Node] = field(default_factory=list)


def node_tree(text: str) -> Node:
    return with_parser(text, _root)


def _root(parser: Any) -> Node:
    parser.get_event()
    parser.get_event()
    return _node(parser, parser.get_event(), 0)


def _node(parser: Any, event: Any, key_end: int) -> Node:
    start = event.start_mark
    if isinstance(event, ev.ScalarEvent):
        return Node(start.index, event.end_mark.index, event.style or 'plain', key_end, start.column)
    node = Node(start.index, start.index, 'flow' if event.flow_style else 'block', key_end, start.column)
    if isinstance(event, ev.SequenceStartEvent):
        while not isinstance(last := parser.get_event(), ev.SequenceEndEvent):
            node.items.append(_node(parser, last, key_end))
            node.end = node.items[-1].end
    else:
        node.children = {}
        while not isinstance(last := parser.get_event(), ev.MappingEndEvent):
            child = _node(parser, parser.get_event(), last.end_mark.index)
            node.children[last.value] = child
            node.end = child.end
    if node.style == 'flow':  # a block ends where the next token begins
        node.end = last.end_mark.index
    return node
