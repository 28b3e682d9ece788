"""Charts and ledgers → ledgers with pruned entries marked, and the files of charts that must be restored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from generator.charts.ledger import brought_back, read_before
from generator.charts.prune import choose_pruned, kept, marked, named_charts
from generator.charts.versions import ModelCharts, digest
from generator.domain.generated import LedgerEntry
from generator.domain.layout import CHART_YAML, chart_folder, ledger_file
from generator.domain.problems import Problem, ProblemsFound
from generator.domain.records import Registry, Tree
from generator.domain.tree import LINK
from generator.pipeline.published import Base
from generator.pipeline.restore import restore, trees
from generator.pipeline.source import Source
from generator.tools.git.repository import Repository


def settle(
    source: Source, registry: Registry, made: Mapping[str, ModelCharts], base: Base, *, prune: bool
) -> dict[str, ModelCharts]:
    """Mark pruned entries in the ledgers, and restore the files of charts that are required and missing.

    With `prune`, mark all charts that are not used. Raises ProblemsFound if git cannot restore a required chart, or
    could not restore one that is to be pruned.
    """
    repository, named = source.repository, named_charts(registry, base.ledgers)
    settled: dict[str, ModelCharts] = {}
    problems: list[Problem] = []
    for name, charts in made.items():
        ledger, keep = base.ledgers.get(name, ()), kept(registry.settings) if prune else 0
        current = _current_ledger(source, base, name)
        gone = choose_pruned(registry.models.get(name), ledger, current, named.get(name, ()), keep)
        charts = replace(charts, ledger=marked(charts.ledger, gone))
        try:
            settled[name] = _with_missing(repository, registry.settings.branch, name, charts, base)
        except ProblemsFound as error:
            problems += error.problems
    if prune:
        problems += _not_restorable(repository, settled, base)
    if problems:
        raise ProblemsFound(problems)
    return settled


def _current_ledger(source: Source, base: Base, model: str) -> tuple[LedgerEntry, ...]:
    """The current ledger, () if it is that of the base."""
    file = ledger_file(model)
    blob = source.tree.ids.get(file, LINK)
    return () if blob in (LINK, base.ids.get(file)) else read_before(source.read(file), file)


def _with_missing(repository: Repository, branch: str, name: str, charts: ModelCharts, base: Base) -> ModelCharts:
    """Add the files of charts that are in the base's ledger, not pruned, and not in the base's tree."""
    published = charts.ledger[: len(base.ledgers.get(name, ()))]
    restored: dict[str, Tree] = {}
    for entry in published:
        folder = chart_folder(name, entry.version)
        if not entry.pruned and f'{folder}/{CHART_YAML}' not in base.ids:
            now = charts.charts.get(entry.version)
            if now is None or digest(now.files) != entry.digest:
                restored[entry.version] = restore(repository, folder, entry, branch)
    return replace(charts, restored=restored) if restored else charts


def _not_restorable(repository: Repository, charts: Mapping[str, ModelCharts], base: Base) -> Iterator[Problem]:
    """Report folders to prune whose tree id in git differs from that in the ledger."""
    entries = ((name, entry) for name, made in charts.items() for entry in made.ledger if entry.pruned)
    going = {chart_folder(name, entry.version): entry.tree for name, entry in entries}
    found = trees(repository, base.revision, [folder for folder in going if f'{folder}/{CHART_YAML}' in base.ids])
    for folder, tree in found.items():
        if tree != going[folder]:
            message = f'expected the tree {going[folder]} of its ledger, found {tree or "none"} in git'
            yield Problem(folder, '', message, brought_back(folder))
