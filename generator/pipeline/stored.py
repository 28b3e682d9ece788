"""The ledgers and an OCI registry → problems: charts that it lacks, other bytes, tags of other charts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from generator.charts.archive import sha256
from generator.domain.problems import Problem
from generator.domain.progress import Tick
from generator.domain.words import some
from generator.pipeline.packages import Packaged, Shelf
from generator.pipeline.publish import moved_tag
from generator.tools.oci import OciRegistry

_PUBLISH = "run 'chartloom publish'"
_DAMAGED = "delete it in the registry, then run 'chartloom publish'"


@dataclass(slots=True)
class Stored:
    """What a registry holds of the ledgers; `charts` is the number of those that were compared."""

    charts: int = 0
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)


def compare_registry(registry: OciRegistry, shelf: Shelf, step: Tick) -> Stored:
    """Compare every chart of the ledgers with the bytes that the registry has; pruned ones only where it has a tag."""
    found, base = Stored(), shelf.base
    for model in sorted(base.ledgers):
        tags = set(registry.tags(model))
        there = [each for each in shelf.entries(model, pruned=True) if not each.pruned or each.version in tags]
        for chart in shelf.packages(model, there):
            found.charts += 1
            found.problems += _problems(registry, chart, chart.entry.version in tags)
        if unknown := sorted(tags.difference(entry.version for entry in base.ledgers[model])):
            message = f'the ledger has no charts for these tags: {some(unknown, 10)}'
            found.warnings.append(Problem(f'{registry.address}/{model}', '', message, 'find out who pushed them'))
        step(1)
    return found


def _problems(registry: OciRegistry, chart: Packaged, tagged: bool) -> Iterator[Problem]:
    place, version, package = f'{registry.address}/{chart.model}', chart.entry.version, chart.package
    if tagged and (digest := registry.manifest_digest(chart.model, version)) != package.digest:
        yield moved_tag(registry.address, chart.model, chart.entry, digest)
    manifest = registry.manifest(chart.model, package.digest)
    if manifest is None:
        yield Problem(place, '', f'chart {version} not found: {package.digest}', _PUBLISH)
        return
    if manifest != package.manifest:
        yield Problem(place, '', f'manifest of chart {version} has other bytes than {package.digest}', _DAMAGED)
    for name, expected in (('config', package.config), ('archive', package.archive)):
        there = registry.blob(chart.model, digest := sha256(expected))
        if there is None:
            yield Problem(place, '', f'{name} of chart {version} not found: {digest}', _DAMAGED)
        elif there != expected:
            yield Problem(place, '', f'{name} of chart {version} has other bytes than {digest}', _DAMAGED)
