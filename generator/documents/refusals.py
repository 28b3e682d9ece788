"""A node of a YAML document that `read` does not accept → path, message and hint of the problem."""

from __future__ import annotations

import json
import re
from typing import Any

from generator.documents.scalars import NOTHING, quote_hint
from generator.domain.places import Path, json_path
from generator.domain.words import cut

Refusal = tuple[str, str, str]

_TEMPLATE = re.compile(r'(?:\{\{.*?\}\}[^\s,#{}\]]*)+')
_EMPTY = "remove the key, or write a value: '', {} or [] for an empty one"
_EMPTY_ENTRY = 'remove the entry, or write a value'


def doubt_refusal(text: str, path: Path) -> Refusal:
    return json_path(path), f'{cut(text, 80)} is ambiguous: YAML readers read it differently', quote_hint(text)


def missing_refusal(path: Path) -> Refusal:
    return json_path(path), 'the value is missing', _EMPTY_ENTRY if path and isinstance(path[-1], int) else _EMPTY


def duplicate_refusal(event: Any, path: Path) -> Refusal:
    return json_path(path), f'line {event.start_mark.line + 1}: duplicate key', 'keep one of the two'


def word_refusal(key: str, path: Path, event: Any) -> Refusal:
    """Refuse a key that is a special word or a number."""
    where = f'line {event.start_mark.line + 1}: '
    if key == '<<':
        return json_path(path), f"{where}merge keys are not supported: '<<'", 'write its keys here'
    if key in NOTHING:
        return json_path(path), f'{where}the key is empty', 'write a word before the colon'
    message = f'the key {cut(key, 80)} is read as a string only by some YAML readers'
    return json_path((*path, key)), message, f'quote it: {json.dumps(cut(key, 80), ensure_ascii=False)}:'


def key_refusal(event: Any, path: Path, text: str) -> Refusal:
    """Refuse a key that is no scalar."""
    line = event.start_mark.line + 1
    if not begins_with_template(event, text):
        return json_path(path), f'line {line}: the key is not a string', 'write a plain word as the key'
    found = _TEMPLATE.match(_rest(event, text))
    hint = f'quote the text: "{found[0]}"' if found else 'quote text that starts with {{'
    return json_path(path), f'line {line}: unquoted {{{{ starts a map within a map', hint


def begins_with_template(event: Any, text: str) -> bool:
    return _rest(event, text).startswith('{{')


def _rest(event: Any, text: str) -> str:
    """The line from the character before an event on."""
    line: str = text.splitlines()[event.start_mark.line]
    return line[max(event.start_mark.column - 1, 0) :]


def alias_refusal(event: Any, path: Path) -> Refusal:
    hint = 'write the value here, or quote text that starts with *'
    return json_path(path), f"aliases are not supported: '*{cut(event.anchor, 80)}'", hint


def node_refusal(event: Any, path: Path) -> Refusal:
    """Refuse an anchor or a tag."""
    if event.anchor:
        name = cut(event.anchor, 80)
        hint = f'write the value in place of each *{name}, and remove &{name}'
        return json_path(path), f"anchors are not supported: '&{name}'", hint
    tag = event.tag.replace('tag:yaml.org,2002:', '!!')
    return json_path(path), f"tags are not supported: '{tag}'", 'remove the tag; quote the value if it is a string'
