"""A field that differs → words for it: its place, and its old and new value, short."""

from __future__ import annotations

import re
from typing import Any

from generator.compare.fields import ABSENT, Field
from generator.domain.credentials import veiled
from generator.domain.words import cut, quoted

_LONGEST = 120  # characters of a value
_DIGEST = re.compile(r'\b([0-9a-f]{12})[0-9a-f]{28,}\b')


def changed(field: Field) -> str:
    place, (old, new) = field.place, shown_sides(field)
    if field.old is ABSENT:
        return f'{place} is {new}, was not set'
    if field.new is ABSENT:
        return f'{place} is not set any more, was {old}'
    return f'{place} {old} → {new}'


def shown_sides(field: Field) -> tuple[str, str]:
    """The old and the new value of a field, short and without credentials."""
    path = tuple(step[1:-1] if step.startswith('[') else step for step in field.path)
    old, new = (each if each is ABSENT else veiled(path, each) for each in (field.old, field.new))
    return shown_value(old), shown_value(new)


def shown_value(value: Any) -> str:
    """Show a value of an object, short; 'not set' for none."""
    if value is ABSENT:
        return 'not set'
    if isinstance(value, str):
        value = _DIGEST.sub(lambda found: f'{found[1]}…', value)
        plain = value.isprintable() and value == value.strip() and value
        return cut(value, _LONGEST) if plain else quoted(value)
    if isinstance(value, bool) or value is None:
        return str(value).lower() if value is not None else 'null'
    if isinstance(value, dict):
        return cut('{' + ', '.join(f'{key}: {shown_value(each)}' for key, each in value.items()) + '}', _LONGEST)
    if isinstance(value, list):
        return cut('[' + ', '.join(map(shown_value, value)) + ']', _LONGEST)
    return str(value)
