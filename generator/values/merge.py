"""Layers of values → merged values, by helm's rule: maps are merged key by key, lists and scalars are replaced.

A layer whose values are None removes the value at its target, which a later layer may set again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from generator.documents.kubernetes_forms import list_hint, scalar_hint
from generator.domain.generated import Layer
from generator.domain.places import Path, json_path
from generator.domain.problems import Problem
from generator.domain.values import Values


def merge(base: Values, over: Values) -> dict[str, Any]:
    """Merge `over` over `base`; neither is changed, and unchanged values are the same objects in the result."""
    result = dict(base)
    for key, value in over.items():
        mine = result.get(key)
        result[key] = merge(mine, value) if isinstance(value, dict) and isinstance(mine, dict) else value
    return result


def nested(path: Path, value: Any) -> Values:
    """Return a value in the maps of its path."""
    for step in reversed(path):
        value = {step: value}
    return value  # type: ignore[no-any-return]


def placed(layer: Layer) -> Values:
    """Return the values of a layer, nested in the keys of its target."""
    return nested(layer.target, layer.values)


def laid(base: Values, layer: Layer) -> dict[str, Any]:
    """Merge a layer over `base`, which does not change."""
    if layer.values is not None:
        return merge(base, placed(layer))
    result = dict(base)
    _take_out(result, layer.target, set())
    return result


def merge_layers(layers: Iterable[Layer], base: Values | None = None) -> dict[str, Any]:
    """Merge all layers; the last one wins."""
    result: dict[str, Any] = dict(base or {})
    for layer in layers:
        result = laid(result, layer)
    return result


def merge_fitting(base: Values, layers: Iterable[Layer]) -> dict[str, Any] | None:
    """Merge all layers over `base`; None if a value changes its kind, which `kind_problems` explains.

    Unchanged values are the same objects in the result. Each map is copied once, for any number of layers.
    """
    merged = dict(base)
    copied: set[int] = set()
    for layer in layers:
        if layer.values is None:
            _take_out(merged, layer.target, copied)
        elif not _lay(merged, placed(layer), copied):
            return None
    return merged


def _take_out(mine: dict[str, Any], path: Path, copied: set[int]) -> None:
    *above, key = map(str, path)
    for step in above:
        inner = mine.get(step)
        if not isinstance(inner, dict):
            return
        if id(inner) not in copied:
            inner = mine[step] = dict(inner)
            copied.add(id(inner))
        mine = inner
    mine.pop(key, None)


def _lay(mine: dict[str, Any], over: Values, copied: set[int]) -> bool:
    for key, value in over.items():
        current = mine.get(key)
        if isinstance(value, dict) and isinstance(current, dict):
            if current and not value:
                return False
            if id(current) not in copied:
                current = mine[key] = dict(current)
                copied.add(id(current))
            if not _lay(current, value, copied):
                return False
            continue
        if key in mine and (
            isinstance(value, dict)
            or isinstance(current, dict)
            or isinstance(value, list) is not isinstance(current, list)
        ):
            return False
        mine[key] = value
    return True


def kind_problems(base: Values, layer: Layer) -> list[Problem]:
    """Find places where a layer turns a map, a list or a scalar of `base` into another kind, or changes nothing.

    Helm would silently drop the old value, or keep it although it seems to be replaced.
    """
    if layer.values is None:
        return []
    return [
        Problem(layer.file, json_path((*layer.source, *path[len(layer.target) :])), message, hint)
        for path, message, hint in _kinds(base, placed(layer), ())
    ]


def _kinds(base: Any, over: Any, path: Path) -> Iterable[tuple[Path, str, str]]:
    if _kind(base) != _kind(over):
        yield path, f'{_kind(over)} would replace {_kind(base)}', _kind_hint(base, over, path)
    elif isinstance(base, Mapping):
        if base and path and not over:
            yield path, 'an empty map changes nothing: maps are merged key by key', _EMPTY_HINT
        for key, value in over.items():
            if key in base:
                yield from _kinds(base[key], value, (*path, key))


_EMPTY_HINT = 'remove it here; null removes what is inherited'


def _kind_hint(base: Any, over: Any, path: Path) -> str:
    if isinstance(base, Mapping):
        return list_hint(path, over) if isinstance(over, list | tuple) else scalar_hint(path) or 'write a map'
    return f'write {_kind(base)}'


def _kind(value: Any) -> str:
    if isinstance(value, Mapping):
        return 'a map'
    return 'a list' if isinstance(value, list | tuple) else 'a single value'


def difference(base: Values, merged: Values) -> dict[str, Any]:
    """Return the smallest values that merged over `base` give `merged`."""
    result: dict[str, Any] = {}
    for key, value in merged.items():
        mine = base.get(key)
        if value is mine:
            continue
        if isinstance(value, dict) and isinstance(mine, dict):
            if inner := difference(mine, value):
                result[key] = inner
        elif not _same(value, mine):
            result[key] = value
    return result


def _same(one: Any, other: Any) -> bool:
    """Whether values and types are equal at every level: for Python 1, 1.0 and true are equal."""
    if type(one) is not type(other) or one != other:
        return False
    if isinstance(one, list):
        return all(map(_same, one, other))
    return not isinstance(one, dict) or all(_same(value, other[key]) for key, value in one.items())


def enabled(entries: Mapping[str, Any]) -> dict[str, Any]:
    """Return the entries of a map by name that are not disabled."""
    return {name: entry for name, entry in entries.items() if entry.get('enabled', True)} if entries else {}


def is_leaf(value: Any) -> bool:
    """Whether a value has no parts with paths of their own: a scalar, a list or an empty map."""
    return not (isinstance(value, Mapping) and value)


def leaves(values: Any, path: Path = ()) -> Iterable[tuple[Path, Any]]:
    """Yield every scalar, list and empty map with its path, in order."""
    if is_leaf(values):
        yield path, values
        return
    for key, value in values.items():
        yield from leaves(value, (*path, key))


def containers(values: Values) -> Iterator[tuple[Path, Values]]:
    """Yield the model server and its sidecars, with their places."""
    yield (), values
    for name, container in enabled(values['containers']).items():
        yield ('containers', name), container
