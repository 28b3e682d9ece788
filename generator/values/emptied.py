"""Values of a release → the same without empty maps, in which a chart reads a missing map as an empty one.

Flux applies its objects server-side: a map that is emptied turns into null there, which no chart accepts
(kustomize-controller 1.9.5 with helm-controller 1.6.1). In lists nothing changes: each is applied as a whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generator.domain.places import Path
from generator.domain.values import Values
from generator.values.parts import part_at


def without_empty_maps(values: Values, schema: bytes) -> dict[str, Any]:
    """Remove maps that are empty at any depth; an empty entry of a map by name becomes `enabled: true`.

    `schema` is that of the values; it tells entries by their key `enabled`.
    """
    return {key: value for key, each in values.items() if (value := _filled(each, schema, (key,))) != {}}


def _filled(value: Any, schema: bytes, path: Path) -> Any:
    if not isinstance(value, dict) or not _has_empty(value):  # most values
        return value
    found = {key: inner for key, each in value.items() if (inner := _filled(each, schema, (*path, key))) != {}}
    return found or ({'enabled': True} if _is_entry(schema, path) else {})


def _has_empty(value: dict[str, Any]) -> bool:
    """Whether a map is empty, or contains one that is."""
    for each in value.values():
        if isinstance(each, dict) and (not each or _has_empty(each)):
            return True
    return not value


def is_hollow(value: Any) -> bool:
    """Whether a value is a map without any content at any depth."""
    return isinstance(value, Mapping) and all(map(is_hollow, value.values()))


def _is_entry(schema: bytes, path: Path) -> bool:
    if path[0] == 'tracks' and len(path) > 3:  # tracks, its name, workload
        path = path[3:]
    return 'enabled' in (part_at(schema, path) or {}).get('properties', {})
