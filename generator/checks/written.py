"""A registry → what people write in it: items with values, and what is at a path of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from generator.domain.environments import Environment
from generator.domain.places import Path
from generator.domain.records import Model, Registry, Release

Written = Model | Environment | Release


def written(registry: Registry) -> Iterator[Written]:
    """Yield all items that may set values and a strategy."""
    yield from registry.models.values()
    yield from registry.environments.values()
    yield from registry.releases.values()


def at(values: object, path: Path) -> object:
    """Return what is at a path, or None."""
    for step in path:
        values = values.get(step) if isinstance(values, Mapping) else None
    return values


def covering(path: Path, nulls: Iterable[Path]) -> Path | None:
    """Return the first null that removes the value at a path, a part of it, or a map that contains it."""
    return next((null for null in nulls if path[: len(null)] == null or null[: len(path)] == path), None)
