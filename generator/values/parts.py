"""The schema of values → its part for one value: the kind of the value, and whether its map requires it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache

from generator.domain.places import Path
from generator.domain.values import Values


@lru_cache(maxsize=4096)
def part_at(schema: bytes, path: Path) -> Values | None:
    """Return the part of a schema for the value at a path: {} if any value is allowed, None for an unknown key."""
    root = _parsed(schema)
    here = _resolved(root, root)
    for step in path:
        more = here.get('additionalProperties', {})
        part = here.get('properties', {}).get(step, more)
        if part is False:
            return None
        here = _resolved(part, root) if isinstance(part, Mapping) else {}
    return here


def is_required(schema: bytes, path: Path) -> bool:
    """Whether the map of a value requires it. Schemas of charts may say that by the number of all keys."""
    parent = part_at(schema, path[:-1]) or {}
    known = parent.get('properties', {})
    return path[-1] in parent.get('required', ()) or (path[-1] in known and parent.get('minProperties') == len(known))


@lru_cache(maxsize=64)
def _parsed(schema: bytes) -> Values:
    found: Values = json.loads(schema)
    return found


def _resolved(part: Values, schema: Values) -> Values:
    while '$ref' in part:
        pointer: str = part['$ref']
        part = {**_at(schema, pointer), **{key: each for key, each in part.items() if key != '$ref'}}
    return part


def _at(schema: Values, pointer: str) -> Values:
    for step in pointer.removeprefix('#/').split('/'):
        schema = schema[step]
    return schema
