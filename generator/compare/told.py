"""A field that differs → words for it: its place, and its old and new value, short or whole."""

from __future__ import annotations

import re
from typing import Any

from generator.compare.fields import ABSENT, Field
from generator.documents.write import dump_yaml, scalar_text
from generator.domain.credentials import veiled
from generator.domain.secrets import veil
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
    old, new = _veiled(field)
    return shown_value(old), shown_value(new)


def _veiled(field: Field) -> tuple[Any, Any]:
    path = tuple(step[1:-1] if step.startswith('[') else step for step in field.path)
    old, new = (each if each is ABSENT else veiled(path, each) for each in (field.old, field.new))
    return old, new


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
