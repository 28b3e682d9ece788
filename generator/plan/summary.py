"""A plan's paths → names of new charts, changed releases, removed releases and documents."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from generator.domain.generated import Plan
from generator.domain.layout import (
    BOOTSTRAP,
    CHART_YAML,
    chart_file,
    chart_folder,
    environment_of,
    model_of,
    release_of,
)


@dataclass(frozen=True, slots=True)
class Summary:
    new_charts: tuple[str, ...]  # 'model 1.0.2'
    restored_charts: tuple[str, ...]
    changed_charts: tuple[str, ...]  # drafts
    releases: tuple[str, ...]  # 'prod/model'
    removed: tuple[str, ...]  # 'prod/model', or a draft
    documents: tuple[str, ...]
    models: tuple[str, ...]
    environments: tuple[str, ...]  # removed

    @property
    def uninstalled(self) -> bool:
        """Whether the agent uninstalls something: a release is removed, and its environment stays."""
        releases = [name.partition('/') for name in self.removed]
        return any(slash and environment not in self.environments for environment, slash, _ in releases)


def summarize(plan: Plan) -> Summary:
    """Collect the charts and releases that a plan changes, each once and sorted."""
    names: dict[str, set[str]] = {
        kind: set()
        for kind in ('add', 'restored', 'update', 'releases', 'remove', 'documents', 'models', 'environments')
    }
    for change in plan.changes:
        model, chart = model_of(change.path), chart_file(change.path)
        if release := release_of(change.path):
            names['remove' if change.kind == 'remove' else 'releases'].add(release)
        elif not model:
            names['documents'].add(change.path)
        elif chart and chart[2] == CHART_YAML:
            kind = 'restored' if folder_of(change.path) in plan.restored else change.kind
            names[kind].add(f'{chart[0]} {chart[1]}')
        if change.kind == 'remove' and change.path.startswith(f'{BOOTSTRAP}/'):
            names['environments'].add(environment_of(change.path))
        if model:
            names['models'].add(model)
    return Summary(*(tuple(sorted(group)) for group in names.values()))


def folder_of(path: str) -> str:
    """The folder of a chart version that a file belongs to; '' for any other file."""
    chart = chart_file(path)
    return chart_folder(*chart[:2]) if chart else ''


def new_folders(plan: Plan) -> dict[str, int]:
    """Folders of new charts → their number of files: reports show one line for such a folder."""
    added = [change.path for change in plan.changes if change.kind == 'add']
    whole = {folder_of(path) for path in added if path.endswith(f'/{CHART_YAML}')}
    return {folder: count for folder, count in Counter(map(folder_of, added)).items() if folder in whole - {''}}
