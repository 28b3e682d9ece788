"""A field that differs → words for it: its place, and its old and new value, short or whole."""

from __future__ import annotations

import json
import re
from typing import Any

from generator.compare.around import around, ends_of
from generator.compare.fields import ABSENT, Field
from generator.compare.items import item_by_item
from generator.documents.write import dump_yaml, scalar_text
from generator.domain.credentials import veiled
from generator.domain.secrets import veil
from generator.domain.unseen import in_one_line

SHORT, LONG = 120, 2_000  # characters of a value: for people in a line, and for programs
PLACE = 240
_DIGEST = re.compile(r'\b([0-9a-f]{12})[0-9a-f]{28,}\b')
_HIDDEN = ' (differs where it is hidden)'


def changed(field: Field, most: int = SHORT) -> str:
    place = ends_of(in_one_line(field.place), max(most, PLACE))
    if items := item_by_item(field.old, field.new, most, lambda *both: sides(Field(field.path, *both))):
        return f'{place}: {items}'
    old, new = shown_sides(field, most)
    if field.old is ABSENT:
        return f'{place} is {new}, was not set'
    if field.new is ABSENT:
        return f'{place} is not set any more, was {old}'
    return f'{place} {old} → {new}'


def shown_sides(field: Field, most: int = SHORT) -> tuple[str, str]:
    """The old and the new value of a field, cut around what differs, and without credentials."""
    return around(*sides(field), most)


def sides(field: Field) -> tuple[str, str]:
    """The old and the new value of a field on one line each, without credentials; they are never equal."""
    old, new = _veiled(field)
    told = without_digests(veil(shown_value(old)), veil(shown_value(new)))
    if told[0] != told[1]:
        return told
    exact = veil(_exact(old)), veil(_exact(new))  # they differ in their types, as 80 and "80", or in a credential
    return exact if exact[0] != exact[1] else (told[0], f'{told[1]}{_HIDDEN}')


def without_digests(old: str, new: str) -> tuple[str, str]:
    """The first digits of digests, as long as they tell them apart: the rest tells people nothing."""
    found = {each[0]: each[1] for text in (old, new) for each in _DIGEST.finditer(text)}
    alone = {whole for whole, start in found.items() if [*found.values()].count(start) == 1}
    shown = [_DIGEST.sub(lambda each: f'{each[1]}…' if each[0] in alone else each[0], text) for text in (old, new)]
    return shown[0], shown[1]


def _veiled(field: Field) -> tuple[Any, Any]:
    path = tuple(step[1:-1] if step.startswith('[') else step for step in field.path)
    old, new = (each if each is ABSENT else veiled(path, each) for each in (field.old, field.new))
    return old, new


def shown_value(value: Any) -> str:
    """Show a value of an object on one line; 'not set' for none."""
    if value is ABSENT:
        return 'not set'
    if isinstance(value, str):
        shown = in_one_line(value)
        return shown if shown and shown == value == value.strip() else in_one_line(repr(value))
    if isinstance(value, bool) or value is None:
        return str(value).lower() if value is not None else 'null'
    if isinstance(value, dict):
        return '{' + ', '.join(f'{in_one_line(str(key))}: {shown_value(each)}' for key, each in value.items()) + '}'
    if isinstance(value, list):
        return '[' + ', '.join(map(shown_value, value)) + ']'
    return str(value)


def _exact(value: Any) -> str:
    return shown_value(value) if value is ABSENT else json.dumps(value, default=str)


def whole(field: Field) -> tuple[str | None, str | None]:
    """Write the old and new value without credentials, as YAML; texts as they are. None where only one side has it."""
    old, new = _veiled(field)
    quotes = not (isinstance(old, str) and isinstance(new, str)) and ABSENT not in (old, new)
    return _whole(old, quotes=quotes), _whole(new, quotes=quotes)


def _whole(value: Any, *, quotes: bool) -> str | None:
    if value is ABSENT:
        return None
    if isinstance(value, str):
        return veil(scalar_text(value) if quotes else value)
    if isinstance(value, dict | list) and value:
        return veil('\n'.join(line[2:] for line in dump_yaml({'': value}).splitlines()[1:]))
    return shown_value(value)
