"""A resolved release → every value with the layer that set it last."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from generator.domain.generated import Layer, ResolvedRelease
from generator.domain.layout import CHART_VALUES, STARTER_VALUES
from generator.domain.places import Path
from generator.values.merge import leaves


@dataclass(frozen=True, slots=True)
class Origin:
    """A value of a release, and the file and path that set it."""

    path: Path
    value: Any
    file: str
    source: Path


def explain_release(release: ResolvedRelease) -> Iterator[Origin]:
    """Yield every leaf of the merged values in order.

    For a chart of this run, the origin is a layer of the chart; for an older chart it is the chart's values.yaml.
    """
    baked = STARTER_VALUES if release.chart.is_new else f'{release.chart.folder}/{CHART_VALUES}'
    layers = [*reversed(release.layers), *reversed(release.chart.layers)]
    for path, value in leaves(release.merged):
        yield Origin(path, value, *_origin(path, layers, baked))


def _origin(path: Path, layers: list[Layer], baked: str) -> tuple[str, Path]:
    for layer in layers:
        if (found := _within(layer, path)) is not None:
            return layer.file, found
    return baked, path


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
