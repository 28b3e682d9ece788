"""Layers of values → one, by helm's own rule: maps merge key by key, lists and scalars replace."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from generator.domain import Layer, Values
from generator.errors import Problem
from generator.paths import Path, show


def merge(base: Values, over: Values) -> dict[str, Any]:
    """`over` on `base`; neither is changed, and what `over` does not touch is the same object in the result."""
    result = dict(base)
    for key, value in over.items():
        mine = result.get(key)
        result[key] = merge(mine, value) if isinstance(value, dict) and isinstance(mine, dict) else value
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
    """Where a layer would turn a map, a list or a scalar of `base` into another kind, or would change nothing at all.

    Helm would drop what was there, or keep what seems to be replaced, without a word.
    """
    over = placed(layer)
    if _fits(base, over):
        return []
    return [
        Problem(layer.file, show((*layer.source, *path[len(layer.target) :])), message, hint)
        for path, message, hint in _kinds(base, over, ())
    ]


def _fits(base: Values, over: Values) -> bool:
    """Whether `_kinds` would find nothing: asked of every layer, so it makes no paths and no words."""
    for key, value in over.items():
        mine = base.get(key)
        if isinstance(mine, dict):
            if not isinstance(value, dict) or (mine and not value) or not _fits(mine, value):
                return False
        elif key in base and (isinstance(value, dict) or isinstance(value, list) != isinstance(mine, list)):
            return False
    return True


def _kinds(base: Any, over: Any, path: Path) -> Iterable[tuple[Path, str, str]]:
    if _kind(base) != _kind(over):
        yield path, f'{_kind(over)} would replace {_kind(base)}', _kind_hint(base, over)
    elif isinstance(base, Mapping):
        if base and path and not over:
            yield path, 'an empty map changes nothing: maps merge key by key', _EMPTY_HINT
        for key, value in over.items():
            if key in base:
                yield from _kinds(base[key], value, (*path, key))


_EMPTY_HINT = "remove it; 'enabled: false' in an entry removes that entry"


def _kind_hint(base: Any, over: Any) -> str:
    if isinstance(base, Mapping) and isinstance(over, list | tuple):
        return 'write a name before each entry: maps merge by name, lists cannot'
    return f'write {_kind(base)}'


def _kind(value: Any) -> str:
    if isinstance(value, Mapping):
        return 'a map'
    return 'a list' if isinstance(value, list | tuple) else 'a single value'


def difference(base: Values, merged: Values) -> dict[str, Any]:
    """What has to be merged over `base` to get `merged`, no more."""
    result: dict[str, Any] = {}
    for key, value in merged.items():
        mine = base.get(key)
        if value is mine:
            continue
        if isinstance(value, dict) and isinstance(mine, dict):
            if inner := difference(mine, value):
                result[key] = inner
        elif value != mine or type(value) is not type(mine):
            result[key] = value
    return result


def enabled(entries: Mapping[str, Any]) -> dict[str, Any]:
    """The entries of a map of named things that are not removed."""
    return {name: entry for name, entry in entries.items() if entry.get('enabled', True)}


def leaves(values: Any, path: Path = ()) -> Iterable[tuple[Path, Any]]:
    """Every scalar, list and empty map with its path, in order."""
    if isinstance(values, Mapping) and values:
        for key, value in values.items():
            yield from leaves(value, (*path, key))
    else:
        yield path, values
