"""Charts and ledgers → ledgers with pruned entries marked, and the files of charts that must be restored."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import assert_never

from generator.charts.ledger import brought_back, read_before
from generator.charts.prune import choose_pruned, kept, marked, named_charts, pruned
from generator.charts.versions import ModelCharts, digest
from generator.domain.generated import LedgerEntry
from generator.domain.layout import CHART_YAML, chart_folder, ledger_file
from generator.domain.problems import Problem, ProblemsFound
from generator.domain.records import Registry
from generator.domain.settings import Settings
from generator.domain.tree import LINK, Tree
from generator.pipeline.chart_files import ChartFiles
from generator.pipeline.published import Base
from generator.pipeline.restore import restore
from generator.pipeline.source import Source
from generator.pipeline.tree_ids import trees
from generator.tools.git.repository import Repository


def settle(
    source: Source,
    registry: Registry,
    made: Mapping[str, ModelCharts],
    base: Base,
    published: ChartFiles,
    *,
    prune: bool,
) -> dict[str, ModelCharts]:
    """Choose the folders of the charts, mark pruned entries, and restore the files of charts that must be in git.

    With `prune`, mark all charts that are not used; if charts are in a registry, remove all folders of versions. Raises
    ProblemsFound if git cannot restore a required chart, or could not restore one that is to be pruned.
    """
    settling = _Settling(source, registry, base, published, named_charts(registry, base.ledgers), prune)
    settled: dict[str, ModelCharts] = {}
    problems: list[Problem] = []
    for name, charts in made.items():
        try:
            settled[name] = settling.settled(name, charts)
        except ProblemsFound as error:
            problems += error.problems
    if prune:
        problems += _not_restorable(source.repository, settled, base)
    if problems:
        raise ProblemsFound(problems)
    return settled


@dataclass(frozen=True, slots=True)
class _Settling:
    source: Source
    registry: Registry
    base: Base
    published: ChartFiles
    named: Mapping[str, Collection[str]]
    prune: bool

    def settled(self, name: str, charts: ModelCharts) -> ModelCharts:
        source = self.registry.settings.chart_source
        match source:
            case 'git':
                return self._in_folders(name, charts)
            case 'oci':
                return self._newest_in_place(name, charts)
            case _:
                assert_never(source)

    def _in_folders(self, name: str, charts: ModelCharts) -> ModelCharts:
        """Each version has a folder of its own, unless it was pruned."""
        charts = self._marked(name, charts, kept(self.registry.settings) if self.prune else 0)
        charts = replace(charts, absent=pruned(charts.ledger))
        return _with_missing(self.source.repository, self.registry.settings, name, charts, self.base)

    def _newest_in_place(self, name: str, charts: ModelCharts) -> ModelCharts:
        """The newest chart has the one folder that changes in place; other drafts have folders of their own.

        These stay until somebody prunes, which requires that the registry has the charts.
        """
        charts, ids = self._marked(name, charts, 0), self.base.ids
        published = {entry.version: entry for entry in self.base.ledgers.get(name, ())}
        own = {version for version in published if f'{chart_folder(name, version)}/{CHART_YAML}' in ids}
        charts = replace(charts, absent=frozenset(published if self.prune else published.keys() - own))
        if name not in self.registry.models:
            return charts
        newest = charts.newest(self.registry.models[name].newest.version)
        assert newest, 'every newest model version has a chart'
        chart = charts.charts[newest.version]
        if newest.version in published and digest(chart.files) != newest.digest:
            # Another chartloom described its changes in other words: it stays as it was published.
            chart = replace(chart, files=self.published.read(name, newest))
        return replace(charts, charts={**charts.charts, newest.version: replace(chart, newest=True)})

    def _marked(self, name: str, charts: ModelCharts, keep: int) -> ModelCharts:
        ledger, current = self.base.ledgers.get(name, ()), _current_ledger(self.source, self.base, name)
        gone = choose_pruned(self.registry.models.get(name), ledger, current, self.named.get(name, ()), keep)
        return replace(charts, ledger=marked(charts.ledger, gone))


def _current_ledger(source: Source, base: Base, model: str) -> tuple[LedgerEntry, ...]:
    """The current ledger, () if it is that of the base."""
    file = ledger_file(model)
    blob = source.tree.ids.get(file, LINK)
    return () if blob in (LINK, base.ids.get(file)) else read_before(source.read(file), file)


def _with_missing(
    repository: Repository, settings: Settings, name: str, charts: ModelCharts, base: Base
) -> ModelCharts:
    """Add the files of charts that are in the base's ledger, not pruned, and not in the base's tree."""
    published = charts.ledger[: len(base.ledgers.get(name, ()))]
    restored: dict[str, Tree] = {}
    for entry in published:
        folder = chart_folder(name, entry.version)
        if not entry.pruned and f'{folder}/{CHART_YAML}' not in base.ids:
            now = charts.charts.get(entry.version)
            if now is None or digest(now.files) != entry.digest:
                restored[entry.version] = restore(repository, name, entry, settings)
    return replace(charts, restored=restored) if restored else charts


def _not_restorable(repository: Repository, charts: Mapping[str, ModelCharts], base: Base) -> Iterator[Problem]:
    """Report folders to prune whose tree id in git differs from that in the ledger."""
    entries = ((name, entry) for name, made in charts.items() for entry in made.ledger if entry.version in made.absent)
    going = {chart_folder(name, entry.version): entry.tree for name, entry in entries}
    found = trees(repository, base.revision, [folder for folder in going if f'{folder}/{CHART_YAML}' in base.ids])
    for folder, tree in found.items():
        if tree != going[folder]:
            message = f'expected the tree {going[folder]} of its ledger, found {tree or "none"} in git'
            yield Problem(folder, '', message, brought_back(folder))
