"""Registry and charts → resolved releases: layers and merged values, each checked by the schema of its own chart."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from generator.charts.versions import ModelCharts
from generator.checks.releases import release_problems, stage_problems
from generator.documents.schema import values_faults
from generator.domain.choices import by_commits
from generator.domain.generated import Chart, Layer, LedgerEntry, ResolvedRelease
from generator.domain.places import Path, json_path
from generator.domain.problems import Problem, ProblemsFound
from generator.domain.records import Registry, Release, Rollout
from generator.domain.strategy import Rolling, WrittenStrategy
from generator.domain.values import DOMAIN, VALUES_CONTRACT, Values
from generator.registry.inherit import blamed, writer
from generator.releases.access import secret_layers
from generator.releases.causes import one_for_each_cause
from generator.releases.layers import mirror_layers, release_layers
from generator.releases.mesh import plaintext_layers
from generator.releases.nginx import nginx_layers
from generator.releases.pins import choose_entry
from generator.releases.routes import routing_layers
from generator.strategies.compile import engine_layers, is_supported
from generator.strategies.during import rollout_layers, target
from generator.strategies.written import release_strategy
from generator.values.emptied import without_empty_maps
from generator.values.layers import merge_checked
from generator.values.merge import difference, merge_layers
from generator.values.removed import REMOVED, idle_problems, missing, removals

# Reads a chart version of a model that was not made in this run from the base tree.
ReadChart = Callable[[str, LedgerEntry], Chart]


def resolve_releases(
    registry: Registry, charts: Mapping[str, ModelCharts], read_chart: ReadChart, releases: Iterable[Release]
) -> list[ResolvedRelease]:
    """Resolve releases in the order of their names; raises ProblemsFound with one problem for each cause."""
    resolved: list[ResolvedRelease] = []
    problems: list[tuple[Release, Sequence[Problem]]] = []
    for release in sorted(releases, key=lambda item: item.name):
        try:
            resolved.append(_resolve(release, registry, charts, read_chart))
        except ProblemsFound as error:
            problems.append((release, blamed(error.problems, [registry.environments[release.environment]])))
    if problems:
        raise ProblemsFound(one_for_each_cause(problems))
    return resolved


def _resolve(
    release: Release, registry: Registry, charts: Mapping[str, ModelCharts], read_chart: ReadChart
) -> ResolvedRelease:
    rollout = registry.rollouts.get(release.name)
    if rollout is None:
        return resolve_pinned(release, registry, charts, read_chart)
    new = resolve_pinned(_checked_target(release, rollout, registry, charts), registry, charts, read_chart)
    old = resolve_pinned(release, registry, charts, read_chart)
    layers = (*new.layers, *rollout_layers(rollout, old, new))
    merged = merge_checked(layers, new.chart.values, new.chart.schema, rollout.file)
    routing = tuple(routing_layers(new.environment, merged))
    layers, merged = (*layers, *routing), _with_derived(routing, merged, release, new.chart)
    if release.removed or new.environment.removed:
        merged = _with_removed(new.chart, merged, layers, release)
    values = _delivered(new.chart, merged)
    written = WrittenStrategy(rollout.strategy, rollout.spec['strategy'], rollout.file, ('spec', 'strategy'))
    result = replace(
        new, release=release, values=values, merged=merged, layers=layers, written=written
    )  # fmt: skip
    # Nothing may block an abort. The first commit of a rollout is refused for any of its stages.
    if not rollout.aborted and (problems := stage_problems(result, rollout.stage)):
        raise ProblemsFound(problems)
    return result


def _checked_target(
    release: Release, rollout: Rollout, registry: Registry, charts: Mapping[str, ModelCharts]
) -> Release:
    """The target of a rollout; raises ProblemsFound if its pin is invalid."""
    found = target(release, rollout)
    try:
        model = registry.models[release.model]
        choose_entry(
            replace(found, file=rollout.file), registry.environments[release.environment], model, charts[release.model]
        )
    except ProblemsFound as error:
        hint = 'undo the change here'
        raise ProblemsFound(
            replace(p, path=p.path.replace('$.spec', '$.spec.to', 1), hint=hint) for p in error.problems
        ) from None
    return found


def resolve_pinned(
    release: Release, registry: Registry, charts: Mapping[str, ModelCharts], read_chart: ReadChart
) -> ResolvedRelease:
    """Resolve a release by its pin, even if it has a rollout."""
    environment = registry.environments[release.environment]
    model_charts = charts[release.model]
    entry = choose_entry(release, environment, registry.models[release.model], model_charts)
    chart = model_charts.charts.get(entry.version) or read_chart(release.model, entry)
    _check_contract(release, chart)
    written = release_strategy(release, environment, chart)
    layers = tuple(release_layers(release, environment, chart, written, registry))
    merged = merge_checked(layers, chart.values, chart.schema, release.file)
    moved = by_commits(release.engine(environment)) and not isinstance(written.strategy, Rolling)
    if moved and not release.version:
        message = f"strategy '{written.kind}' with engine 'native' requires a pinned release"
        place = release.file if written.file == release.file else environment.file
        hint = f'write strategy: {{rolling: {{}}}} into {place}'
        if is_supported(written.strategy, environment, release.engine(environment), merged):
            hint += f", or run 'chartloom pin {release.name}': the release then follows no more"
        raise ProblemsFound([Problem(release.file, '$.spec', message, hint)])
    follow = (
        partial(engine_layers, release, chart, written),
        secret_layers,
        nginx_layers,
        mirror_layers,
        plaintext_layers,
        routing_layers,
    )
    for derive in follow:
        if derived := tuple(derive(environment, merged)):
            layers, merged = (*layers, *derived), _with_derived(derived, merged, release, chart)
    warnings: tuple[Problem, ...] = ()
    if release.removed or environment.removed:
        merged = _with_removed(chart, merged, layers, release)
        idle = idle_problems(layers, chart.values)
        # What it only inherits is told of the other environment.
        warnings = tuple(p for p in idle if p.file != environment.file or writer(environment, p.path).file == p.file)
    values = _delivered(chart, merged)
    result = ResolvedRelease(release, environment, chart, entry.manifest, values, merged, layers, written, warnings)
    if problems := release_problems(result, registry):
        raise ProblemsFound(problems)
    return result


def _delivered(chart: Chart, merged: Values) -> Values:
    """What a delivery object contains of the merged values."""
    return without_empty_maps(difference(chart.values, merged), chart.schema)


def _with_removed(chart: Chart, merged: dict[str, Any], layers: Sequence[Layer], release: Release) -> dict[str, Any]:
    """Add the list of the chart's values that the merged ones do not have, which the chart takes out.

    Raises ProblemsFound if the chart does not know this list.
    """
    paths = list(missing(chart.values, merged))
    if not paths or REMOVED in chart.values:
        return {**merged, REMOVED: paths} if paths else merged
    gone = [layer for layer in removals(layers) if any(_overlap(layer.target, tuple(path)) for path in paths)]
    message = f"chart '{chart.version}' of an older chartloom cannot remove its values"
    hint = f"run 'chartloom pin --newest {release.name}', or write a value"
    raise ProblemsFound(Problem(layer.file, json_path(layer.source), message, hint) for layer in gone)


def _with_derived(derived: Sequence[Layer], merged: Values, release: Release, chart: Chart) -> dict[str, Any]:
    """Merge derived layers over values; raises ProblemsFound if the result does not fit the chart's schema.

    It fits the schema of a chart that this run makes; charts of another chartloom may have other limits.
    """
    whole = merge_layers(derived, merged)
    problems = []
    for fault in () if chart.is_new else values_faults(chart.schema, whole):
        layer = next((layer for layer in reversed(derived) if _overlap(layer.target, fault.path)), None)
        file, path = (layer.file, json_path(layer.source)) if layer else (release.file, '$.spec')
        message = f"a derived value does not fit chart '{chart.version}': {json_path(fault.path)}: {fault.message}"
        hint = f"run 'chartloom pin --newest {release.name}'"
        problems.append(Problem(file, path, message, hint))
    if problems:
        raise ProblemsFound(problems)
    return whole


def _overlap(one: Path, other: Path) -> bool:
    shared = min(len(one), len(other))
    return one[:shared] == other[:shared]


def _check_contract(release: Release, chart: Chart) -> None:
    contract = chart.annotations.get(f'{DOMAIN}/values-contract')
    supported = str(VALUES_CONTRACT)
    if contract != supported:
        message = f"chart '{chart.version}' has values contract '{contract}', this chartloom supports '{supported}'"
        raise ProblemsFound([Problem(release.file, '$.spec.chart', message, 'use a newer chartloom')])
