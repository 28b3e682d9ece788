"""Registry, charts and resolved releases → the tree of files that the repository should contain."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

from generator.charts.ledger import dump_ledger
from generator.charts.versions import ModelCharts
from generator.delivery import documents as repository_documents
from generator.delivery.bootstrap import dump_bootstrap
from generator.delivery.objects import dump_readme, dump_release
from generator.domain.environments import Environment
from generator.domain.generated import ResolvedRelease, Templates
from generator.domain.layout import (
    bootstrap_file,
    chart_folder,
    delivery_file,
    delivery_readme,
    ledger_file,
    values_file,
)
from generator.domain.records import Registry
from generator.domain.tree import Tree


def render_charts(charts: Mapping[str, ModelCharts]) -> dict[str, bytes]:
    """Render each model's ledger, and the charts made or restored in this run."""
    files: dict[str, bytes] = {}
    for model, made in sorted(charts.items()):
        files[ledger_file(model)] = dump_ledger(model, made.ledger)
        for chart in made.charts.values():
            files.update({f'{chart.folder}/{path}': data for path, data in chart.files.items()})
        for version, found in made.restored.items():
            files.update({f'{chart_folder(model, version)}/{path}': data for path, data in found.items()})
    return files


def render_releases(releases: Iterable[ResolvedRelease], registry: Registry, prefix: str) -> dict[str, bytes]:
    """Render values and delivery object of each release."""
    files: dict[str, bytes] = {}
    for release in releases:
        values, delivery = dump_release(release, registry.settings, prefix)
        files[values_file(release.release.name)] = values
        files[delivery_file(release.release.name)] = delivery
    return files


def render_repository(registry: Registry, templates: Templates, current: Tree, prefix: str) -> dict[str, bytes]:
    """Render files that belong to no release: bootstrap and documents; `current` are the existing documents."""
    files = {}
    for environment in _by_name(registry.environments):
        files[bootstrap_file(environment.name)] = dump_bootstrap(environment, registry.settings, prefix)
        files[delivery_readme(environment.name)] = dump_readme(environment)
    return files | repository_documents.render_documents(registry, templates, current, prefix)


def _by_name(environments: Mapping[str, Environment]) -> list[Environment]:
    return [environments[name] for name in sorted(environments)]


def tree_digest(files: Tree) -> str:
    """Return one digest of a complete tree, for logs and tests."""
    found = hashlib.sha256()
    for path, data in sorted(files.items()):
        found.update(f'{path}\0{len(data)}\0'.encode())
        found.update(data)
    return found.hexdigest()
