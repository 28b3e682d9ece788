"""Places where the registry says null → layers that remove values, what is left without them, and what is wrong.

A removed value that its map requires becomes the empty value of its kind, as a chart writes what is not set.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from generator.domain.generated import Layer
from generator.domain.places import Path, json_path
from generator.domain.problems import Fault, Problem
from generator.domain.values import Values
from generator.domain.words import nearest, quoted, suggest
from generator.values.merge import laid, merge, nested
from generator.values.parts import is_required, part_at

# The key of a chart's values with the paths that the chart takes out.
REMOVED = 'removed'
_REQUIRED = 'it cannot be removed: the chart requires it'
# The empty value of each kind that has one.
_EMPTY: dict[str, Any] = {'object': {}, 'array': [], 'string': ''}


def removal_layers(file: str, places: Iterable[Path]) -> Iterator[Layer]:
    """Yield a layer without values for each null; `values` and `scheduling` of a file have the keys of a chart."""
    for place in places:
        yield Layer(file, place, place[2 if place[1] in ('values', 'scheduling') else 1 :], None)


def removals(layers: Iterable[Layer]) -> list[Layer]:
    return [layer for layer in layers if layer.values is None]


def holds(values: Any, path: Path) -> bool:
    """Whether values have a value at a path."""
    for step in path:
        if not isinstance(values, Mapping) or step not in values:
            return False
        values = values[step]
    return True


def with_required(merged: dict[str, Any], removed: Iterable[Layer], schema: bytes) -> dict[str, Any]:
    """Set required values that were removed and not set again to the empty value of their kind."""
    for layer in removed:
        path = layer.target
        if not holds(merged, path) and holds(merged, path[:-1]) and is_required(schema, path):
            kind = str((part_at(schema, path) or {}).get('type'))
            merged = merge(merged, nested(path, _EMPTY[kind])) if kind in _EMPTY else merged
    return merged


def removal_problems(
    merged: Values, removed: Iterable[Layer], schema: bytes, faults: Sequence[Fault]
) -> Iterator[Problem]:
    """Yield removals of what no chart knows or of what the chart requires; `faults` are those of the merged values."""
    for layer in removed:
        path = layer.target
        if strange := _unknown(path, schema):
            known = (part_at(schema, strange[:-1]) or {}).get('properties', {})
            place = layer.source[: len(layer.source) - len(path) + len(strange)]
            message = f'unknown key {quoted(str(strange[-1]))}'
            yield Problem(layer.file, json_path(place), message, suggest(str(strange[-1]), known, 'remove it here'))
        elif _is_missed(path, merged, schema, faults):
            yield Problem(layer.file, json_path(layer.source), _REQUIRED, 'write a value')


def _unknown(path: Path, schema: bytes) -> Path:
    """The shortest part of a path that is no key of a chart; () if the chart knows all of it."""
    return next((path[:end] for end in range(1, len(path) + 1) if part_at(schema, path[:end]) is None), ())


def _is_missed(path: Path, merged: Values, schema: bytes, faults: Sequence[Fault]) -> bool:
    if not holds(merged, path):
        required = holds(merged, path[:-1]) and is_required(schema, path)
        return required or any(fault.path == path[:-1] and path in fault.others for fault in faults)
    empty = part_at(schema, path) or {}
    value = _at(merged, path)
    return value == _EMPTY.get(str(empty.get('type'))) and any(fault.path[: len(path)] == path for fault in faults)


def idle_problems(layers: Iterable[Layer], base: Values) -> Iterator[Problem]:
    """Yield removals of what no layer below has set."""
    merged: Values = base
    for layer in layers:
        if layer.values is None and not holds(merged, layer.target):
            *above, key = layer.target
            there = _at(merged, tuple(above))
            close = nearest(str(key), there) if isinstance(there, Mapping) else ''
            hint = f'did you mean {quoted(close)}?' if close else 'remove it here'
            yield Problem(layer.file, json_path(layer.source), 'there is nothing to remove', hint)
        merged = laid(merged, layer)


def _at(values: Any, path: Path) -> Any:
    for step in path:
        values = values.get(step) if isinstance(values, Mapping) else None
    return values


def missing(base: Values, merged: Values, path: Path = ()) -> Iterator[list[str | int]]:
    """Yield the paths of the values of `base` that `merged` does not have, as lists of keys."""
    for key, value in base.items():
        if key not in merged:
            yield [*path, key]
        elif isinstance(value, dict) and value is not merged[key] and isinstance(merged[key], dict):
            yield from missing(value, merged[key], (*path, key))
