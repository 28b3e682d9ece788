"""A plan's paths → the words that people think in: new charts, changed releases, documents."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from generator.domain import Plan

_CHART = re.compile(r'charts/([^/]+)/([^/]+)/Chart\.yaml')
_RELEASE = re.compile(r'(?:values|delivery)/([^/]+)/([^/]+)\.yaml')
_MODEL = re.compile(r'(?:charts/([^/]+)/|(?:values|delivery)/[^/]+/([^/]+)\.yaml)')


@dataclass(frozen=True, slots=True)
class Summary:
    new_charts: tuple[str, ...]  # 'model 1.0.2'
    changed_charts: tuple[str, ...]  # drafts
    releases: tuple[str, ...]  # 'prod/model'
    removed: tuple[str, ...]  # 'prod/model', or a draft
    documents: tuple[str, ...]
    models: tuple[str, ...]


def uninstalled(removed: Iterable[str]) -> bool:
    """Whether releases are among what is removed: the agent then uninstalls what they ran."""
    return any('/' in name for name in removed)


def summarize(plan: Plan) -> Summary:
    """Which charts and releases the changes of a plan belong to, each once and sorted."""
    names: dict[str, set[str]] = {
        kind: set() for kind in ('add', 'update', 'releases', 'remove', 'documents', 'models')
    }
    for change in plan.changes:
        if chart := _CHART.fullmatch(change.path):
            names[change.kind].add(f'{chart[1]} {chart[2]}')
        elif release := _RELEASE.fullmatch(change.path):
            names['remove' if change.kind == 'remove' else 'releases'].add(f'{release[1]}/{release[2]}')
        elif not change.path.startswith('charts/'):
            names['documents'].add(change.path)
        if model := _MODEL.match(change.path):
            names['models'].add(model[1] or model[2])
    return Summary(*(tuple(sorted(group)) for group in names.values()))
