"""Layers of values on a base → merged values, every problem told where the value was written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from generator.domain import Layer, Values
from generator.errors import Problem, ProblemsFound
from generator.merge import kind_problems, leaves, merge, placed
from generator.paths import show
from generator.schema import values_problems


def merge_checked(layers: Sequence[Layer], base: Values, schema: bytes, fallback: str) -> dict[str, Any]:
    """Merge layers over `base` and check the whole by `schema`; problems of no layer are told of the file `fallback`."""
    problems: list[Problem] = []
    merged: dict[str, Any] = dict(base)
    for layer in layers:
        problems += kind_problems(merged, layer)
        merged = merge(merged, placed(layer))
    if problems:
        raise ProblemsFound(problems)
    if problems := values_problems(schema, merged, fallback):
        raise ProblemsFound(_at_their_source(problems, layers))
    return merged


def _at_their_source(problems: Iterable[Problem], layers: Sequence[Layer]) -> Iterator[Problem]:
    for found in problems:
        source = next((layer for layer in reversed(layers) if _writes(layer, found.path)), None)
        if source is None:
            yield found
        else:
            path = show(source.source) + found.path.removeprefix(show(source.target))
            yield Problem(source.file, path if source.source or source.target else found.path, found.message, found.hint)


def _writes(layer: Layer, path: str) -> bool:
    """Whether a layer writes the value at a shown path, a part of it, or what it is a part of."""
    for leaf, _ in leaves(layer.values, layer.target):
        shown = show(leaf)
        if shown == path or shown.startswith((f'{path}.', f'{path}[')) or path.startswith((f'{shown}.', f'{shown}[')):
            return True
    return False
