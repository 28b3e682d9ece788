"""A plan's paths → names of new charts, changed releases, removed releases and documents; why releases change."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from generator.domain.generated import Change, Plan
from generator.domain.layout import (
    BOOTSTRAP,
    CHART_YAML,
    NEWEST,
    chart_file,
    chart_folder,
    environment_of,
    model_of,
    release_of,
    values_file,
)

_NONE: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Summary:
    new_charts: tuple[str, ...]  # 'model 1.0.2'
    restored_charts: tuple[str, ...]
    changed_charts: tuple[str, ...]  # drafts
    releases: tuple[str, ...]  # 'prod/model', also if only its chart changes
    removed: tuple[str, ...]  # 'prod/model', or a draft
    documents: tuple[str, ...]
    models: tuple[str, ...]
    environments: tuple[str, ...]  # removed
    kept: tuple[str, ...]  # of the removed releases, those whose objects stay

    @property
    def uninstalled(self) -> bool:
        """Whether the agent uninstalls something: a release is removed, and its environment stays."""
        releases = [name.partition('/') for name in self.removed if name not in self.kept]
        return any(slash and environment not in self.environments for environment, slash, _ in releases)


def summarize(plan: Plan, reasons: Mapping[str, str] = _NONE) -> Summary:
    """Collect the charts and releases that a plan changes, each once and sorted.

    `reasons` are those of releases: a release changes with its chart, also if none of its own files does.
    """
    names: dict[str, set[str]] = {
        kind: set()
        for kind in ('add', 'restored', 'update', 'releases', 'remove', 'documents', 'models', 'environments', 'kept')
    }
    for change in plan.changes:
        model, chart = model_of(change.path), chart_file(change.path)
        if release := release_of(change.path):
            names['remove' if change.kind == 'remove' else 'releases'].add(release)
        elif not model:
            names['documents'].add(change.path)
        elif chart and (kind := _kind(plan, change)):
            names[kind].add(f'{chart[0]} {_version(plan, change.path, chart[1])}')
        if change.kind == 'remove' and change.path.startswith(f'{BOOTSTRAP}/'):
            names['environments'].add(environment_of(change.path))
        if model:
            names['models'].add(model)
    names['releases'].update(reasons)
    names['kept'].update(plan.kept)
    return Summary(*(tuple(sorted(group)) for group in names.values()))


def _kind(plan: Plan, change: Change) -> str:
    """What happens to the chart of a file: Chart.yaml of a rewritten draft may stay as it is."""
    folder = folder_of(change.path)
    if folder in plan.restored:
        return 'restored'
    if folder in plan.rewritten:
        return 'update'
    if not change.path.endswith(f'/{CHART_YAML}'):
        return ''
    # The folder of the newest chart has another one now.
    return 'add' if folder.endswith(f'/{NEWEST}') and change.kind == 'update' else change.kind


def _version(plan: Plan, path: str, version: str) -> str:
    """The version of a chart whose Chart.yaml is at a path; the folder of the newest does not have it in its name."""
    found = _IN_CHART.search(plan.files.get(path, b'')) if version == NEWEST else None
    return found[1].decode() if found else version


_IN_CHART = re.compile(rb'^version: "?([0-9.]+)"?$', re.MULTILINE)


def explained(plan: Plan, reasons: Mapping[str, str]) -> list[dict[str, str]]:
    """Give every changed release with the reason why it changes, for programs."""
    paths = {change.path for change in plan.changes}
    return [
        {
            'release': name,
            'reason': reasons.get(name)
            or ('its values change' if values_file(name) in paths else 'its delivery object changes'),
        }
        for name in summarize(plan, reasons).releases
    ]


def folder_of(path: str) -> str:
    """The folder of a chart version that a file belongs to; '' for any other file."""
    chart = chart_file(path)
    return chart_folder(*chart[:2]) if chart else ''


def new_folders(plan: Plan) -> dict[str, int]:
    """Folders of new charts → their number of files: reports show one line for such a folder."""
    added = [change.path for change in plan.changes if change.kind == 'add']
    whole = {folder_of(path) for path in added if path.endswith(f'/{CHART_YAML}')}
    return {folder: count for folder, count in Counter(map(folder_of, added)).items() if folder in whole - {''}}
