"""A release and the ledger of its model → the chart version that it uses."""

from __future__ import annotations

from generator.charts.followed import followed
from generator.charts.versions import ModelCharts
from generator.domain.environments import Environment
from generator.domain.generated import LedgerEntry
from generator.domain.problems import problem
from generator.domain.records import Model, Registry, Release
from generator.domain.words import suggest
from generator.strategies.during import target


def with_targets(registry: Registry) -> list[Release]:
    """Return all releases, and the targets of all rollouts: each uses a chart."""
    on_the_way = [target(registry.releases[name], rollout) for name, rollout in registry.rollouts.items()]
    return [*registry.releases.values(), *on_the_way]


def choose_entry(release: Release, environment: Environment, model: Model, charts: ModelCharts) -> LedgerEntry:
    """Return the chart version of a release; raises ProblemsFound if its pin is missing or not found."""
    # Without names: it writes all pins that are missing, and commits what else is new.
    pin, known = "run 'chartloom pin'", [version.version for version in model.versions]
    if not release.version and not release.chart:
        if environment.follows_newest:
            if newest := followed(release, model, charts.ledger):
                return newest
            hint = f"run 'chartloom reinstate {release.name} VERSION', or add a version to {model.file}"
            raise problem(release.file, '$.spec.withdrawn', f"gave up all versions of model '{model.name}'", hint)
        raise problem(release.file, '$.spec', 'the release is not pinned', pin)
    if not release.version:
        raise problem(release.file, '$.spec', 'a chart is pinned without its model version', pin)
    if release.version not in known:
        message = f"version '{release.version}' of model '{model.name}' not found"
        raise problem(release.file, '$.spec.version', message, suggest(release.version, known))
    if not release.chart:
        raise problem(release.file, '$.spec', f"no chart is pinned for version '{release.version}'", pin)
    entry = next((e for e in charts.ledger if e.version == release.chart), None)
    if entry is None:
        message = f"chart '{release.chart}' of model '{model.name}' not found"
        raise problem(release.file, '$.spec.chart', message, suggest(release.chart, [e.version for e in charts.ledger]))
    if entry.model_version != release.version:
        message = f"chart '{entry.version}' serves version '{entry.model_version}', not '{release.version}'"
        raise problem(release.file, '$.spec.chart', message, pin)
    return entry
