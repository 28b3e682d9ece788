"""A resolved release → every value with the layer that set it last."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from generator.domain.generated import Layer, ResolvedRelease
from generator.domain.layout import CHART_VALUES, STARTER_VALUES
from generator.domain.places import Path, json_path
from generator.registry.inherit import writer
from generator.values.merge import leaves
from generator.values.removed import REMOVED, holds, removals


@dataclass(frozen=True, slots=True)
class Origin:
    """A value of a release, and the file and path that set it; the value None is removed there."""

    path: Path
    value: Any
    file: str
    source: Path


def explain_release(release: ResolvedRelease) -> Iterator[Origin]:
    """Yield every leaf of the merged values in order, and what was removed and not set again.

    For a chart of this run, the origin is a layer of the chart; for an older chart it is the chart's values.yaml.
    """
    baked = STARTER_VALUES if release.chart.is_new else f'{release.chart.folder}/{CHART_VALUES}'
    layers = [*reversed(release.layers), *reversed(release.chart.layers)]
    for path, value in leaves(release.merged):
        if path[0] != REMOVED or not value:  # what it names is told at its own place
            yield _written(release, Origin(path, value, *_origin(path, layers, baked)))
    yield from (_written(release, each) for each in _removed(release, layers))


def _written(release: ResolvedRelease, origin: Origin) -> Origin:
    """Name the file of the environment that an inherited value comes from."""
    environment = release.environment
    if origin.file != environment.file:
        return origin
    return replace(origin, file=writer(environment, json_path(origin.source)).file)


def _removed(release: ResolvedRelease, layers: Sequence[Layer]) -> Iterator[Origin]:
    seen, idle = set(), {(problem.file, problem.path) for problem in release.warnings}
    for layer in removals(layers):
        there = (layer.file, json_path(layer.source)) not in idle
        if there and layer.target not in seen and not holds(release.merged, layer.target):
            seen.add(layer.target)
            yield Origin(layer.target, None, layer.file, layer.source)


def _origin(path: Path, layers: Sequence[Layer], baked: str) -> tuple[str, Path]:
    return set_by(path, layers) or (baked, path)


def set_by(path: Path, layers: Iterable[Layer]) -> tuple[str, Path] | None:
    """The first of these layers that sets the value at a path: its file and the place there; None for none."""
    found = ((layer.file, place) for layer in layers if (place := _within(layer, path)) is not None)
    return next(found, None)


def _within(layer: Layer, path: Path) -> Path | None:
    """Where a layer sets the value at a path, or None if it does not."""
    depth = len(layer.target)
    if path[:depth] != layer.target:
        return None
    value = layer.values
    for step in path[depth:]:
        if not isinstance(value, Mapping) or step not in value:
            return None
        value = value[step]
    return (*layer.source, *path[depth:])
