"""A plan's paths → the words that people think in: new charts, changed releases, documents."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from generator.domain.records import Plan

_CHART = re.compile(r'charts/([^/]+)/([^/]+)/Chart\.yaml')
_RELEASE = re.compile(r'(?:values|delivery)/([^/]+)/([^/]+)\.yaml')
_OF_CHART = re.compile(r'(charts/[^/]+/[^/]+)/')
_ENVIRONMENT = re.compile(r'bootstrap/([^/]+)\.yaml')
_MODEL = re.compile(r'(?:charts/([^/]+)/|(?:values|delivery)/[^/]+/([^/]+)\.yaml)')


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
        """Whether the agent uninstalls something: releases that are removed while it still follows their folder."""
        releases = [name.partition('/') for name in self.removed]
        return any(slash and environment not in self.environments for environment, slash, _ in releases)


def summarize(plan: Plan) -> Summary:
    """Which charts and releases the changes of a plan belong to, each once and sorted."""
    names: dict[str, set[str]] = {
        kind: set()
        for kind in ('add', 'restored', 'update', 'releases', 'remove', 'documents', 'models', 'environments')
    }
    for change in plan.changes:
        if chart := _CHART.fullmatch(change.path):
            kind = 'restored' if chart_folder(change.path) in plan.restored else change.kind
            names[kind].add(f'{chart[1]} {chart[2]}')
        elif release := _RELEASE.fullmatch(change.path):
            names['remove' if change.kind == 'remove' else 'releases'].add(f'{release[1]}/{release[2]}')
        elif not change.path.startswith('charts/'):
            names['documents'].add(change.path)
        if change.kind == 'remove' and (environment := _ENVIRONMENT.fullmatch(change.path)):
            names['environments'].add(environment[1])
        if model := _MODEL.match(change.path):
            names['models'].add(model[1] or model[2])
    return Summary(*(tuple(sorted(group)) for group in names.values()))


def chart_folder(path: str) -> str:
    """The folder of a chart version that a file belongs to; '' for any other file."""
    match = _OF_CHART.match(path)
    return match[1] if match else ''


def new_folders(plan: Plan) -> dict[str, int]:
    """Folders of charts that come as a whole, and of how many files: people need not be told each of them."""
    added = [folder for change in plan.changes if change.kind == 'add' and (folder := chart_folder(change.path))]
    whole = {chart_folder(c.path) for c in plan.changes if c.kind == 'add' and _CHART.fullmatch(c.path)}
    return {folder: count for folder, count in Counter(added).items() if folder in whole}
