"""Registry and charts → resolved releases: pins, layers, merged values, each checked by the schema of its own chart."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial

from generator.charts.versions import ModelCharts
from generator.checks.registry import release_problems
from generator.domain.problems import Problem, ProblemsFound
from generator.domain.records import (
    DOMAIN,
    VALUES_CONTRACT,
    Chart,
    Environment,
    LedgerEntry,
    Model,
    Registry,
    Release,
    ResolvedRelease,
    Rollout,
)
from generator.domain.strategy import Rolling, WrittenStrategy
from generator.domain.words import suggest
from generator.releases.access import secret_layers
from generator.releases.layers import mirror_layers, release_layers
from generator.releases.nginx import nginx_layers
from generator.strategies.compile import engine_layers
from generator.strategies.during import rollout_layers, target
from generator.strategies.written import release_strategy
from generator.values.layers import merge_checked
from generator.values.merge import difference, merge_layers

# Gives a chart version of a model that was not made in this run: read from the base tree.
ReadChart = Callable[[str, LedgerEntry], Chart]


def standing(registry: Registry) -> list[Release]:
    """All releases, and those that rollouts lead to: each stands on a chart."""
    on_the_way = [target(registry.releases[name], rollout) for name, rollout in registry.rollouts.items()]
    return [*registry.releases.values(), *on_the_way]


def choose_entry(release: Release, environment: Environment, model: Model, charts: ModelCharts) -> LedgerEntry:
    """The chart version that a release stands on; raises ProblemsFound when its pin is missing or names nothing."""
    if not release.version and not release.chart:
        if environment.follows_newest:
            newest = charts.newest(model.newest.version)
            assert newest, 'every newest model version has a chart'
            return newest
        raise ProblemsFound(
            [Problem(release.file, '$.spec', 'nothing is pinned', f"run 'chartloom pin {release.name}'")]
        )
    known = [version.version for version in model.versions]
    if not release.version:
        raise ProblemsFound(
            [
                Problem(
                    release.file,
                    '$.spec',
                    'a chart is pinned without its model version',
                    f"run 'chartloom pin {release.name}'",
                )
            ]
        )
    if release.version not in known:
        message = f"there is no version '{release.version}' of model '{model.name}'"
        raise ProblemsFound([Problem(release.file, '$.spec.version', message, suggest(release.version, known))])
    if not release.chart:
        message = f"no chart is pinned for version '{release.version}'"
        raise ProblemsFound([Problem(release.file, '$.spec', message, f"run 'chartloom pin {release.name}'")])
    return _entry(release, model, charts)


def _entry(release: Release, model: Model, charts: ModelCharts) -> LedgerEntry:
    entry = next((e for e in charts.ledger if e.version == release.chart), None)
    if entry is None:
        message = f"there is no chart '{release.chart}' of model '{model.name}'"
        versions = [e.version for e in charts.ledger]
        raise ProblemsFound([Problem(release.file, '$.spec.chart', message, suggest(release.chart, versions))])
    if entry.model_version != release.version:
        message = f"chart '{entry.version}' serves version '{entry.model_version}', not '{release.version}'"
        raise ProblemsFound([Problem(release.file, '$.spec.chart', message, f"run 'chartloom pin {release.name}'")])
    return entry


def resolve_releases(
    registry: Registry, charts: Mapping[str, ModelCharts], read_chart: ReadChart, releases: Iterable[Release]
) -> list[ResolvedRelease]:
    """Resolve releases in the order of their names; raises ProblemsFound with the problems of all of them."""
    resolved: list[ResolvedRelease] = []
    problems: list[Problem] = []
    for release in sorted(releases, key=lambda item: item.name):
        try:
            resolved.append(_resolve(release, registry, charts, read_chart))
        except ProblemsFound as error:
            problems += error.problems
    if problems:
        raise ProblemsFound(problems)
    return resolved


# Layers that follow from all others: from values that are known to have the right form.
_DERIVED = (secret_layers, nginx_layers, mirror_layers)


def _resolve(
    release: Release, registry: Registry, charts: Mapping[str, ModelCharts], read_chart: ReadChart
) -> ResolvedRelease:
    rollout = registry.rollouts.get(release.name)
    if rollout is None:
        return resolve_pinned(release, registry, charts, read_chart)
    new = resolve_pinned(_checked_target(release, rollout, registry, charts), registry, charts, read_chart)
    old = resolve_pinned(release, registry, charts, read_chart)
    layers = (*new.layers, *rollout_layers(rollout, old, new))
    merged = merge_checked(layers, new.chart.values, new.chart.schema, rollout.file, fits=new.chart.is_new)
    values = difference(new.chart.values, merged)
    written = WrittenStrategy(rollout.strategy, rollout.spec['strategy'], rollout.file, ('spec', 'strategy'))
    return ResolvedRelease(release, new.environment, new.chart, values, merged, layers, written)


def _checked_target(
    release: Release, rollout: Rollout, registry: Registry, charts: Mapping[str, ModelCharts]
) -> Release:
    """What a rollout leads to, where it can be led there."""
    found = target(release, rollout)
    try:
        model = registry.models[release.model]
        choose_entry(
            replace(found, file=rollout.file), registry.environments[release.environment], model, charts[release.model]
        )
    except ProblemsFound as error:
        hint = 'take back what was changed here'
        raise ProblemsFound(
            replace(p, path=p.path.replace('$.spec', '$.spec.to', 1), hint=hint) for p in error.problems
        ) from None
    return found


def resolve_pinned(
    release: Release, registry: Registry, charts: Mapping[str, ModelCharts], read_chart: ReadChart
) -> ResolvedRelease:
    """A release as its pin says, whether or not a rollout leads away from it."""
    environment = registry.environments[release.environment]
    model_charts = charts[release.model]
    entry = choose_entry(release, environment, registry.models[release.model], model_charts)
    chart = model_charts.charts.get(entry.version) or read_chart(release.model, entry)
    _check_contract(release, chart)
    written = release_strategy(release, environment, chart)
    layers = tuple(release_layers(release, environment, chart, written, registry))
    merged = merge_checked(layers, chart.values, chart.schema, release.file, fits=chart.is_new)
    by_commits = release.engine(environment) == 'native' and not isinstance(written.strategy, Rolling)
    if by_commits and not release.version:
        message = f"strategy '{written.kind}' in git leads from a pin to another, and nothing is pinned"
        hint = f"run 'chartloom pin {release.name}', or write strategy: {{rolling: {{}}}} into {environment.file}"
        raise ProblemsFound([Problem(release.file, '$.spec', message, hint)])
    for derive in (partial(engine_layers, release, chart, written), *_DERIVED):
        if found := tuple(derive(environment, merged)):
            layers, merged = (*layers, *found), merge_layers(found, merged)
    values = difference(chart.values, merged)
    result = ResolvedRelease(release, environment, chart, values, merged, layers, written)
    if problems := release_problems(result):
        raise ProblemsFound(problems)
    return result


def _check_contract(release: Release, chart: Chart) -> None:
    contract = chart.annotations.get(f'{DOMAIN}/values-contract')
    supported = str(VALUES_CONTRACT)
    if contract != supported:
        message = f"chart '{chart.version}' has values contract '{contract}', this chartloom supports '{supported}'"
        raise ProblemsFound([Problem(release.file, '$.spec.chart', message, 'use a newer chartloom')])
