"""The starter's sets of values, and schemas → the parts of a set that a chart takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generator.domain.values import Values

EVERYTHING = 'everything'  # the set that switches on all that a chart has


def known(values: Values, *schemas: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values without the keys that one of these closed schemas does not have."""
    found: dict[str, Any] = dict(values)
    for schema in schemas:
        found = _known(found, schema, schema)
    return found


def _known(values: Any, node: Mapping[str, Any], root: Mapping[str, Any]) -> Any:
    node = _target(node, root)
    if isinstance(values, list):
        items = node.get('items', {})
        return [_known(item, items, root) for item in values] if isinstance(items, Mapping) else values
    if not isinstance(values, Mapping) or not ('properties' in node or 'additionalProperties' in node):
        return values
    named, others = node.get('properties', {}), node.get('additionalProperties', True)
    kept = {key: item for key, item in values.items() if key in named or others is not False}
    rest = others if isinstance(others, Mapping) else {}
    return {key: _known(item, named.get(key, rest), root) for key, item in kept.items()}


def _target(node: Mapping[str, Any], root: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Any = node
    while '$ref' in found:
        steps, found = found['$ref'].removeprefix('#/').split('/'), root
        for step in steps:
            found = found[step]
    return found  # type: ignore[no-any-return]
