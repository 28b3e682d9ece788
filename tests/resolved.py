"""A registry of which nothing is published → its releases as they are resolved, and the problems of that."""

from __future__ import annotations

from typing import Any

import registries as r
from charting import make_charts

from generator.charts.starter import load_templates
from generator.charts.versions import ModelCharts
from generator.checks.objects import endings
from generator.checks.releases import shared_problems
from generator.documents.schema import RegistrySchemas
from generator.domain.generated import ResolvedRelease
from generator.domain.problems import Problem, ProblemsFound
from generator.domain.records import Registry
from generator.registry.load import load_registry
from generator.releases.resolve import resolve_releases

TEMPLATES = load_templates()
SCHEMAS = RegistrySchemas(TEMPLATES.schemas)


def loaded(files: r.Files) -> Registry:
    return load_registry(files, files.__getitem__, SCHEMAS)


def resolved(files: r.Files) -> list[ResolvedRelease]:
    return releases_of(loaded(files))[1]


def releases_of(found: Registry) -> tuple[dict[str, ModelCharts], list[ResolvedRelease]]:
    """The charts and releases of a registry."""
    charts = {name: make_charts(model, found.settings, TEMPLATES, bump='minor') for name, model in found.models.items()}

    def nothing_else(model: str, entry: Any) -> Any:
        raise AssertionError('nothing is published')

    return charts, resolve_releases(found, charts, nothing_else, found.releases.values())


def shared(files: r.Files) -> list[Problem]:
    """The problems between the releases of a registry."""
    return shared_problems(resolved(files), loaded(files))


def problems(files: r.Files) -> list[str]:
    """The problems of a registry, each as people read it; [] if there are none."""
    try:
        resolved(files)
    except ProblemsFound as error:
        return [str(problem) for problem in error.problems]
    return []


def predicted(release: ResolvedRelease) -> set[tuple[str, str]]:
    """Kind and name of every object that a release may have, by the rules about names."""
    own = {(kind, f'{release.release.model}{ending}') for kind, found in endings(release).items() for ending in found}
    return own | {('Certificate', release.merged['tls']['secretName'])}
