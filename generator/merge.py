"""Layers of values → one, by helm's own rule: maps merge key by key, lists and scalars replace."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from generator.domain import Layer, Values
from generator.errors import Problem
from generator.paths import Path, show


def merge(base: Values, over: Values) -> dict[str, Any]:
    """`over` on `base`; neither is changed."""
    result = dict(base)
    for key, value in over.items():
        mine = result.get(key)
        result[key] = merge(mine, value) if isinstance(value, Mapping) and isinstance(mine, Mapping) else value
    return result


def placed(layer: Layer) -> Values:
    """The values of a layer at their place in the whole."""
    values = layer.values
    for step in reversed(layer.target):
        values = {step: values}
    return values  # type: ignore[no-any-return]


def merge_layers(layers: Iterable[Layer], base: Values | None = None) -> dict[str, Any]:
    """All layers, the last one on top."""
    result: dict[str, Any] = dict(base or {})
    for layer in layers:
        result = merge(result, placed(layer))
    return result


def kind_problems(base: Values, layer: Layer) -> list[Problem]:
    """Where a layer would turn a map, a list or a scalar of `base` into another kind: helm would drop what was there."""
    return list(_kinds(base, placed(layer), (), layer))


def _kinds(base: Any, over: Any, path: Path, layer: Layer) -> Iterable[Problem]:
    if _kind(base) != _kind(over):
        place = (*layer.source, *path[len(layer.target) :])
        hint = f'write {_kind(base)}; see values.schema.json of the chart'
        yield Problem(layer.file, show(place), f'{_kind(over)} would replace {_kind(base)}', hint)
    elif isinstance(base, Mapping):
        for key, value in over.items():
            if key in base:
                yield from _kinds(base[key], value, (*path, key), layer)


def _kind(value: Any) -> str:
    if isinstance(value, Mapping):
        return 'a map'
    return 'a list' if isinstance(value, list | tuple) else 'a single value'


def difference(base: Values, merged: Values) -> dict[str, Any]:
    """What has to be merged over `base` to get `merged`, no more."""
    result: dict[str, Any] = {}
    for key, value in merged.items():
        if key not in base:
            result[key] = value
        elif isinstance(value, Mapping) and isinstance(base[key], Mapping):
            if inner := difference(base[key], value):
                result[key] = inner
        elif value != base[key] or type(value) is not type(base[key]):
            result[key] = value
    return result


def leaves(values: Any, path: Path = ()) -> Iterable[tuple[Path, Any]]:
    """Every scalar, list and empty map with its path, in order."""
    if isinstance(values, Mapping) and values:
        for key, value in values.items():
            yield from leaves(value, (*path, key))
    else:
        yield path, values
