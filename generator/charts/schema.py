"""The starter's schema of values → the form that charts hold: the same demands in few bytes, one property a line."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from generator.documents.compact import compact
from generator.domain.records import Values

# Keywords whose value has names as keys, not keywords.
_NAMED = frozenset(['properties', 'patternProperties', 'definitions', '$defs'])
_POINTERS = ('#/definitions/', '#/$defs/')


def chart_schema(schema: Values) -> str:
    """The schema as charts hold it. Descriptions stand in their values.yaml and in the schemas for editors.

    `definitions` go by their shorter name. A closed map that requires all its keys says so by their number: only null
    takes one of them away.
    """
    bare = without(schema, ('title', 'description'))
    bare['$defs'] = bare.pop('definitions')
    document: dict[str, Any] = _shortened(bare)
    return compact(document, ('properties', '$defs'))


def without(value: Any, keywords: Collection[str], *, names: bool = False) -> Any:
    """A schema without these keywords, at any depth."""
    if isinstance(value, dict):
        return {
            key: without(item, keywords, names=key in _NAMED and not names)
            for key, item in value.items()
            if names or key not in keywords
        }
    return [without(item, keywords) for item in value] if isinstance(value, list) else value


def _shortened(value: Any, *, names: bool = False) -> Any:
    match value:
        case list():
            return [_shortened(item) for item in value]
        case dict():
            found = {key: _shortened(item, names=key in _NAMED and not names) for key, item in value.items()}
            return found if names else _counted(found)
        case str():
            return value.replace(*_POINTERS) if value.startswith(_POINTERS[0]) else value
    return value


def _counted(schema: dict[str, Any]) -> dict[str, Any]:
    required, known = schema.get('required', ()), schema.get('properties', ())
    if schema.get('additionalProperties') is not False or len(required) < 2 or {*required} != {*known}:
        return schema
    kept = ((word, item) for word, item in schema.items() if word != 'required')
    return {**dict(kept), 'minProperties': len(required)}
