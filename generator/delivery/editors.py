"""The schemas that check the registry → those for editors, in which null removes an inherited value.

The reader takes null out of a document before it is checked, so the schema of values does not know it.
"""

from __future__ import annotations

import json
from typing import Any

from generator.documents.compact import compact
from generator.domain.records import Tree

_VALUES = 'values.json'
_NULL = {'type': 'null'}


def for_editors(schemas: Tree) -> dict[str, bytes]:
    """Return the schemas by name; those of the registry refer to the schema of values."""
    values = _with_null(json.loads(schemas[_VALUES]))
    return {**schemas, _VALUES: compact(values, ('properties', 'definitions')).encode()}


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
