"""The schemas that check the registry → those for editors, which check one file at a time, as it is written.

There null removes an inherited value: the reader takes it out of a document before it is checked, so the schemas do not
know it. And an environment that inherits another need not say what the other says.
"""

from __future__ import annotations

import json
from typing import Any

from generator.documents.compact import compact
from generator.documents.schema import REQUIRING, partial_schema
from generator.domain.tree import Tree
from generator.registry.inherit import OWN

_VALUES = 'values.json'
_ENVIRONMENT = 'environment.json'
_NULL = {'type': 'null'}


def for_editors(schemas: Tree) -> dict[str, bytes]:
    """Return the schemas by name; those of the registry refer to the schema of values."""
    values = _with_null(json.loads(schemas[_VALUES]))
    environment = json.dumps(_of_heirs(json.loads(schemas[_ENVIRONMENT])), indent=2, ensure_ascii=False) + '\n'
    return {
        **schemas,
        _ENVIRONMENT: environment.encode(),
        _VALUES: compact(values, ('properties', 'definitions')).encode(),
    }


def _of_heirs(schema: Any) -> Any:
    """The schema of environments, whose spec is required to be whole only if it inherits nothing."""
    spec = schema['properties']['spec']
    partial = partial_schema(schema)['properties']['spec']
    own = {**partial, 'properties': {key: _unless_own(key, part) for key, part in partial['properties'].items()}}
    own['required'] = [key for key in spec['required'] if key in OWN]
    whole = {'if': {'required': ['inherits']}, 'else': _requirements(spec)}
    return {**schema, 'properties': {**schema['properties'], 'spec': {**own, 'allOf': [whole]}}}


def _unless_own(key: str, schema: Any) -> Any:
    return _with_null(schema) if key in OWN else _or_null(schema)


def _requirements(schema: Any) -> Any:
    """What a schema requires, and nothing else of it."""
    found = {key: schema[key] for key in REQUIRING if key in schema}
    inner = {key: _requirements(part) for key, part in schema.get('properties', {}).items()}
    if inner := {key: part for key, part in inner.items() if part}:
        found['properties'] = inner
    return found


def _with_null(schema: Any) -> Any:
    """A schema in which the keys of maps may have the value null; entries of lists may not."""
    found = dict(schema)
    for word in ('properties', 'definitions'):
        if word in schema:
            change = _or_null if word == 'properties' else _with_null
            found[word] = {key: change(part) for key, part in schema[word].items()}
    if isinstance(schema.get('additionalProperties'), dict):
        found['additionalProperties'] = _or_null(schema['additionalProperties'])
    if 'items' in schema:
        found['items'] = _with_null(schema['items'])
    return found


def _or_null(schema: Any) -> Any:
    found = _with_null(schema)
    if '$ref' in found:
        reference = {'$ref': found.pop('$ref')}
        return {**found, 'anyOf': [reference, _NULL]}
    if 'enum' in found:
        found['enum'] = [*found['enum'], None]
    if 'type' in found:
        kinds = found['type'] if isinstance(found['type'], list) else [found['type']]
        found['type'] = [*kinds, 'null']
    return found
