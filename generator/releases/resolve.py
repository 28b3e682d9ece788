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
    Values,
)
from generator.domain.words import suggest
from generator.releases.access import secret_layers
from generator.releases.layers import mirror_layers, release_layers
from generator.releases.nginx import nginx_layers
from generator.strategies.compile import engine_layers, said_strategy
from generator.strategies.during import rollout_layers, target
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


# Where nobody says anything.
_ROLLING: Values = {'rolling': {}}
# All of them may still be pinned.
_CONTRACTS = frozenset(str(number) for number in range(1, VALUES_CONTRACT + 1))
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
    said = said_strategy(new.release, new.environment, new.chart, registry)
    layers = (*new.layers, *rollout_layers(rollout, old, new, said))
    merged = merge_checked(layers, new.chart.values, new.chart.schema, rollout.file, fits=new.chart.is_new)
    values = difference(new.chart.values, merged)
    return ResolvedRelease(release, new.environment, new.chart, values, merged, layers, rollout.spec['strategy'])


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
    layers = tuple(release_layers(release, environment, chart, registry))
    merged = merge_checked(layers, chart.values, chart.schema, release.file, fits=chart.is_new)
    said = said_strategy(release, environment, chart, registry)
    if not release.version and release.engine(environment) == 'native' and said and said.kind != 'rolling':
        message = f"strategy '{said.kind}' in git leads from a pin to another, and nothing is pinned"
        hint = f"run 'chartloom pin {release.name}', or write strategy: {{rolling: {{}}}} into {environment.file}"
        raise ProblemsFound([Problem(release.file, '$.spec', message, hint)])
    for derive in (partial(engine_layers, release, chart, said), *_DERIVED):
        if found := tuple(derive(environment, merged)):
            layers, merged = (*layers, *found), merge_layers(found, merged)
    values = difference(chart.values, merged)
    result = ResolvedRelease(release, environment, chart, values, merged, layers, said.spec if said else _ROLLING)
    if problems := release_problems(result):
        raise ProblemsFound(problems)
    return result


def _check_contract(release: Release, chart: Chart) -> None:
    contract = chart.annotations.get(f'{DOMAIN}/values-contract')
    if contract not in _CONTRACTS:
        message = f"chart '{chart.version}' has values contract '{contract}', this chartloom knows '{VALUES_CONTRACT}'"
        raise ProblemsFound([Problem(release.file, '$.spec.chart', message, 'use a newer chartloom')])
