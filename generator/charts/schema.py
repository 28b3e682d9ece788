"""The starter's schema of values → the schema of charts: few bytes, one property per line."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterator
from typing import Any

from generator.documents.compact import compact
from generator.domain.values import Values

# Keys that chartloom writes into values of releases. It checks them by the complete schema, charts by their outline.
FILLED = ('fullnameOverride', 'partOf', 'removed', 'podLabels', 'mesh', 'strategy', 'tracks', 'routing')
# In the form of Kubernetes: its API server checks what the schema of a chart does not check.
_OF_KUBERNETES = 'affinity'
# Keywords for the names of keys and the types of their values.
_NAMES = frozenset(['type', 'additionalProperties', 'properties', 'items', '$ref'])
# Keywords whose value is a map by name, not by keyword.
_NAMED = frozenset(['properties', 'patternProperties', 'definitions', '$defs'])
_POINTERS = ('#/definitions/', '#/$defs/')


def chart_schema(schema: Values) -> str:
    """Return the schema for charts: as strict as the starter's for what users set, except for the values of affinity.

    It has no descriptions: they are in the values.yaml of charts and in the schemas for editors. `definitions` become
    `$defs`, and are inlined if that is shorter. A closed map that requires all its keys gets `minProperties` instead of
    `required`: only null removes a key.
    """
    bare = without(schema, ('title', 'description'))
    for key in FILLED:
        bare['properties'][key] = _outline(bare['properties'][key], bare)
    definitions = bare.pop('definitions')
    _keep_names(bare['properties'], definitions)
    uses = _uses(bare, definitions)
    short = {name: definitions[name] for name in uses if _is_shorter(name, definitions[name], uses[name])}
    bare['$defs'] = {name: item for name, item in definitions.items() if name in uses.keys() - short.keys()}
    document: dict[str, Any] = _shortened(_inlined(bare, short))
    return compact(document, ('properties', '$defs'))


def without(value: Any, keywords: Collection[str], *, names: bool = False) -> Any:
    """Return a schema without these keywords at any depth."""
    if isinstance(value, dict):
        return {
            key: without(item, keywords, names=key in _NAMED and not names)
            for key, item in value.items()
            if names or key not in keywords
        }
    return [without(item, keywords) for item in value] if isinstance(value, list) else value


def _outline(schema: Values, root: Values) -> Values:
    """A schema that accepts any content in properties that are maps or lists."""
    parts = {key: _resolved(part, root) for key, part in schema.get('properties', {}).items()}
    kinds = {key: {'type': part['type']} for key, part in parts.items() if part.get('type') in ('object', 'array')}
    return {**schema, 'properties': {**schema['properties'], **kinds}} if kinds else schema


def _resolved(schema: Values, root: Values) -> Values:
    while '$ref' in schema:
        section, name = schema['$ref'].split('/')[1:]
        schema = root[section][name]
    return schema


def _keep_names(properties: dict[str, Any], definitions: dict[str, Any]) -> None:
    """Reduce affinity, and the definitions that only it uses, to names of keys: a misspelt one is an error."""
    others = _uses({key: item for key, item in properties.items() if key != _OF_KUBERNETES}, definitions)
    for name in _uses(properties[_OF_KUBERNETES], definitions).keys() - others.keys():
        definitions[name] = _names(definitions[name])
    properties[_OF_KUBERNETES] = _names(properties[_OF_KUBERNETES])


def _names(value: Any, *, named: bool = False) -> Any:
    if not isinstance(value, dict):
        return value
    return {
        key: _names(item, named=key == 'properties' and not named)
        for key, item in value.items()
        if named or key in _NAMES
    }


def _uses(schema: Any, definitions: Values) -> Counter[str]:
    """How often a schema refers to each definition, directly or by way of others."""
    uses = Counter(_references(schema))
    ahead = list(uses)
    while ahead:
        below = Counter(_references(definitions[ahead.pop()]))
        ahead += below.keys() - uses.keys()
        uses += below
    return uses


def _is_shorter(name: str, definition: Any, uses: int) -> bool:
    """Whether a definition takes fewer bytes inlined at each use."""
    text, reference = (len(json.dumps(item)) for item in (definition, {'$ref': _POINTERS[1] + name}))
    return text * uses < text + len(name) + reference * uses


def _inlined(value: Any, short: Values) -> Any:
    match value:
        case {'$ref': str(pointer)} if (name := pointer.removeprefix(_POINTERS[0])) in short:
            return _inlined(short[name], short)
        case dict():
            return {key: _inlined(item, short) for key, item in value.items()}
        case list():
            return [_inlined(item, short) for item in value]
    return value


def _references(value: Any) -> Iterator[str]:
    match value:
        case dict():
            for item in value.values():
                yield from _references(item)
        case list():
            for item in value:
                yield from _references(item)
        case str() if value.startswith(_POINTERS[0]):
            yield value.removeprefix(_POINTERS[0])


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
