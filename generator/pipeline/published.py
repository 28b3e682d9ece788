"""A source → its base (the published revision, which charts must not change), and the charts of pinned releases."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from generator.charts.ledger import TAMPERED, brought_back
from generator.charts.starter import load_templates
from generator.charts.versions import ModelCharts, digest
from generator.documents.read import read_yaml
from generator.domain.generated import Chart, LedgerEntry
from generator.domain.layout import CHART_README, CHART_SCHEMA, CHART_VALUES, CHART_YAML, chart_folder
from generator.domain.problems import Problem, ProblemsFound
from generator.domain.records import Registry, Release
from generator.domain.tree import Ids, Tree
from generator.pipeline.chart_files import ChartFiles
from generator.pipeline.ledgers import Ledgers, ledgers_of_others, read_ledgers, refuse_rewritten
from generator.pipeline.source import Source
from generator.releases.pins import choose_entry
from generator.releases.resolve import ReadChart
from generator.strategies.written import of_chart


@dataclass(frozen=True, slots=True)
class Base:
    """The published revision, its generated files (blob ids by path) and its ledgers."""

    revision: str
    ids: Ids
    ledgers: Ledgers


def read_base(source: Source, revision: str, lost: Ids, models: Collection[str]) -> Base:
    """Read the base: the generated files of a revision, and the ledgers of these models.

    `lost` are the ledgers that the revision may have reverted, from `lost_ledgers`.
    """
    ids = source.held_by(revision)
    refuse_rewritten(source.repository, revision, ids, lost)
    return Base(revision, ids, read_ledgers(source.repository, ids, lost, models))


def base_of_others(source: Source, revision: str, lost: Ids, models: Collection[str]) -> Base:
    """Read the base with the ledgers of all other models: those that are not in the registry."""
    ids = source.held_by(revision)
    return Base(revision, ids, ledgers_of_others(source.repository, ids, lost, models))


def chart_reader(
    published: ChartFiles, made: Mapping[str, ModelCharts], ahead: Iterable[tuple[str, LedgerEntry]] = ()
) -> ReadChart:
    """Return a reader of the charts that were not generated in this run.

    A chart is read completely, to compare its digest with the ledger. One without a folder is restored. The charts in
    `ahead` (model, entry) are read at once, by one git process.
    """
    published.load(ahead)
    charts: dict[str, Chart] = {}

    def files(model: str, entry: LedgerEntry) -> Tree:
        restored = made[model].restored.get(entry.version)
        return published.read(model, entry) if restored is None else restored

    def read(model: str, entry: LedgerEntry) -> Chart:
        folder = chart_folder(model, entry.version)
        if folder not in charts:
            charts[folder] = _chart(model, entry, files(model, entry))
        return charts[folder]

    return read


def _chart(model: str, entry: LedgerEntry, files: Tree) -> Chart:
    folder = chart_folder(model, entry.version)
    annotations = read_yaml(files[CHART_YAML], f'{folder}/{CHART_YAML}').get('annotations', {})
    return Chart(
        model=model, version=entry.version, model_version=entry.model_version,
        values=read_yaml(files[CHART_VALUES], f'{folder}/{CHART_VALUES}'), schema=_described(files[CHART_SCHEMA]),
        annotations=annotations, strategy=of_chart(annotations, folder),
    )  # fmt: skip


def _described(schema: bytes) -> bytes:
    """A chart's schema, with descriptions if it equals that of the current starter: messages about values use them."""
    starter = load_templates().starter
    return starter.described if schema == starter.files[CHART_SCHEMA] else schema


def tampered(charts: Mapping[str, ModelCharts], base: Base, published: ChartFiles) -> list[Problem]:
    """Report charts that were generated again in this run and whose files in the base differ from the ledger's digest.

    `verify` checks the other charts, because their files have to be read for it.
    """
    blobs, problems = dict[int, str](), list[Problem]()
    for model, made in charts.items():
        known = {entry.version: entry for entry in base.ledgers.get(model, ())}
        for version, chart in made.charts.items():
            if version not in known or not (folder := published.places.folder(model, known[version])):
                continue
            there, differing = published.places.blobs(folder), []
            for path, data in chart.files.items():
                if (blob := blobs.get(id(data))) is None:  # most files come from the starter, and are shared by charts
                    blob = blobs[id(data)] = published.repository.blob_id(data)
                if there.get(path) != blob:
                    differing.append(path)
            if _is_tampered(chart, known[version], differing, len(there)):
                problems += _tampered(published, model, known[version])
    return problems


def _tampered(published: ChartFiles, model: str, entry: LedgerEntry) -> Iterable[Problem]:
    try:
        published.read(model, entry)
    except ProblemsFound as error:
        return error.problems
    folder = chart_folder(model, entry.version)
    return [Problem(folder, '', TAMPERED, brought_back(folder))]


def _is_tampered(chart: Chart, entry: LedgerEntry, differing: Collection[str], count: int) -> bool:
    """Judge by the names of differing or missing files and the number of existing ones."""
    same, complete = digest(chart.files) == entry.digest, count == len(chart.files)
    if complete and not differing:
        return not same
    # Another version of chartloom may describe the changes in other words; then the digest of `chart` differs, too.
    return same or not complete or not _NUMBERED.issuperset(differing)


_NUMBERED = {CHART_YAML, CHART_README}


def pinned(
    registry: Registry, charts: Mapping[str, ModelCharts], releases: Iterable[Release]
) -> Iterator[tuple[str, LedgerEntry]]:
    """Yield (model, entry) of pinned charts that were not generated in this run; invalid pins are reported later."""
    for release in releases:
        model = registry.models[release.model]
        try:
            entry = choose_entry(release, registry.environments[release.environment], model, charts[release.model])
        except ProblemsFound:
            continue
        if entry.version not in charts[release.model].charts:
            yield model.name, entry
