"""Faults of merged values → problems of the registry file that sets the value."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice

from generator.domain.generated import Layer
from generator.domain.layout import REGISTRY
from generator.domain.places import Path, json_path
from generator.domain.problems import MAX_PROBLEMS, MORE_PROBLEMS, Fault, Problem
from generator.values.merge import is_leaf, leaves


def to_problems(found: Iterable[Fault], layers: Sequence[Layer], fallback: str) -> list[Problem]:
    """Report each fault for the last layer of the registry that removes or else sets one of its places.

    A fault of values that only the chart sets is reported for `fallback`, the file that names the chart.
    """
    faults, problems = iter(found), list[Problem]()
    for fault in islice(faults, MAX_PROBLEMS):
        places = (fault.path, *fault.others)
        gone = next(filter(None, (_removed_at(path, layers) for path in places)), None)
        place = next(filter(None, (written_at(path, layers) for path in places)), None)
        if gone:
            problems.append(Problem(*gone, fault.message, 'keep it, or change what requires it'))
        elif place:
            problems.append(Problem(*place, fault.message, fault.hint))
        elif not fault.if_written:
            message = f'{json_path(fault.path).removeprefix("$.")} of the chart: {fault.message}'
            problems.append(Problem(fallback, '$.spec', message, fault.of_chart))
    if next(faults, None):
        problems.append(Problem(fallback, '', MORE_PROBLEMS, 'fix these first'))
    return problems


def written_at(path: Path, layers: Sequence[Layer]) -> tuple[str, str] | None:
    """Return file and path of the last registry layer that sets a value, a part of it, or a map that contains it."""
    layer = _last(path, layers)
    if layer is None:
        return None
    # A layer without a source comes from the complete file.
    return layer.file, json_path((*layer.source, *path[len(layer.target) :])) if layer.source else ''


def _removed_at(path: Path, layers: Sequence[Layer]) -> tuple[str, str] | None:
    """Return file and path of the null that removes a value, or a map that contained it, if no later layer sets it."""
    layer = _last(path, layers)
    if layer is None or layer.values is not None or path[: len(layer.target)] != layer.target:
        return None
    return layer.file, json_path(layer.source)


def _last(path: Path, layers: Sequence[Layer]) -> Layer | None:
    of_registry = (layer for layer in reversed(layers) if layer.file.startswith(f'{REGISTRY}/'))
    return next((layer for layer in of_registry if _writes(layer, path)), None)


def _writes(layer: Layer, path: Path) -> bool:
    """Whether a layer has a value at a path, below it, or in place of a map that contains it.

    Only the way of the path is looked at: a map with thousands of entries is asked about each of them.
    """
    shared = min(len(layer.target), len(path))
    if layer.target[:shared] != path[:shared]:
        return False
    values = layer.values
    for step in path[shared:]:
        if is_leaf(values):
            return bool(values != {})
        if step not in values:
            return False
        values = values[step]
    # An empty map changes nothing, but it may be an unknown key.
    at_path = is_leaf(values) and len(path) >= len(layer.target)
    return at_path or any(value != {} for _, value in leaves(values))
