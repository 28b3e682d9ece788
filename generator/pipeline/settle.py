"""Charts and ledgers → ledgers that say what is pruned, with the files of charts that have to stand and do not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from generator.charts.ledger import brought_back, read_before
from generator.charts.prune import choose_pruned, kept, marked, named_charts
from generator.charts.versions import ModelCharts, digest
from generator.domain.layout import CHART_YAML, chart_folder, ledger_file
from generator.domain.problems import Problem, ProblemsFound
from generator.domain.records import LedgerEntry, Registry, Tree
from generator.domain.tree import LINK
from generator.pipeline.published import Base
from generator.pipeline.restore import restore, trees
from generator.pipeline.source import Source
from generator.tools.git.repository import Repository


def settle(
    source: Source, registry: Registry, made: Mapping[str, ModelCharts], base: Base, *, prune: bool
) -> dict[str, ModelCharts]:
    """The charts with ledgers that say what is pruned, and with the files of those that have to stand and do not.

    With `prune` all go that nobody needs. ProblemsFound where git cannot bring back what has to stand, and where it
    could not bring back what goes.
    """
    repository, named = source.repository, named_charts(registry)
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
    """What stands there now, where that is not the base's."""
    file = ledger_file(model)
    blob = source.tree.ids.get(file, LINK)
    return () if blob in (LINK, base.ids.get(file)) else read_before(source.read(file), file)


def _with_missing(repository: Repository, branch: str, name: str, charts: ModelCharts, base: Base) -> ModelCharts:
    """The charts, and the files of those that the base's ledger has and its tree has not."""
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
    """Folders that would go, and that git holds otherwise than by the tree of their ledger."""
    entries = ((name, entry) for name, made in charts.items() for entry in made.ledger if entry.pruned)
    going = {chart_folder(name, entry.version): entry.tree for name, entry in entries}
    found = trees(repository, base.revision, [folder for folder in going if f'{folder}/{CHART_YAML}' in base.ids])
    for folder, tree in found.items():
        if tree != going[folder]:
            message = f'git holds this folder as {tree or "nothing"}, its ledger says {going[folder]}'
            yield Problem(folder, '', message, brought_back(folder))
