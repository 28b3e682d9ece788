"""Environments, or the repository → another source of charts: folders of git, or an OCI registry; one commit each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping

from generator.charts.prune import named_charts
from generator.documents.edit import Scalar, set_values
from generator.domain.choices import ChartSource
from generator.domain.environments import Environment
from generator.domain.generated import LedgerEntry
from generator.domain.layout import CHART_YAML, ENVIRONMENTS, chart_folder
from generator.domain.places import Path
from generator.domain.problems import Problem, ProblemsFound
from generator.domain.records import Registry
from generator.domain.settings import Settings
from generator.domain.words import some, suggest
from generator.operations.operation import Operation, RegistryChange
from generator.pipeline.run import Run
from generator.tools.oci import OciRegistry

# Opens the OCI registry that the settings name.
Connect = Callable[[Settings], OciRegistry]

_SOURCE: Path = ('spec', 'charts', 'source')
_OF_ENVIRONMENT: Path = ('spec', 'chartSource')


def moving_environment(source: ChartSource, name: str, connect: Connect) -> Operation:
    """Let the agent of an environment get its charts from another source; the objects in its cluster stay the same."""

    def change(run: Run) -> RegistryChange:
        registry = run.registry
        environment = _known(registry, name)
        if environment.chart_source(registry.settings) == source:
            return RegistryChange(result={'result': f'{name} gets its charts from {source} already'})
        if source == 'oci':
            _check_stored(run, connect, _used(run, name))
        key = None if source == registry.settings.chart_source else source
        files = {environment.file: _edited(run, environment.file, {_OF_ENVIRONMENT: key})}
        return RegistryChange(files, f'Move {name} to charts from {_place(source, registry.settings)}')

    return Operation('chart-source', (source, '--env', name), change=change)


def moving_repository(source: ChartSource, connect: Connect) -> Operation:
    """Keep charts in folders of git, or only the newest of each model; what agents get does not change."""

    def change(run: Run) -> RegistryChange:
        settings, environments = run.settings, run.registry.environments.values()
        if settings.chart_source == source:
            return RegistryChange(result={'result': f'charts of this repository are in {source} already'})
        keys: dict[str, Scalar] = {}
        if source == 'oci':
            if left := [each for each in environments if each.chart_source(settings) == 'git']:
                raise ProblemsFound(map(_not_moved, left))
            _check_stored(run, connect, _folders(run))
            keys = {each.file: None for each in environments if 'chartSource' in each.spec}
        else:  # their agents go on with the registry, until each is moved
            keys = {each.file: 'oci' for each in environments if 'chartSource' not in each.spec}
        files = {file: _edited(run, file, {_OF_ENVIRONMENT: key}) for file, key in keys.items()}
        files[settings.file] = _edited(run, settings.file, {_SOURCE: source})
        return RegistryChange(files, f'Keep charts in {_place(source, settings)}')

    return Operation('chart-source', (source,), change=change, prune=source == 'oci')


def unpublished(run: Run, connect: Connect) -> list[Problem]:
    """Report charts with folders of their own that the registry does not have, if it is what agents read."""
    return [] if run.settings.chart_source == 'git' else _lacking(run, connect, _folders(run))


def _known(registry: Registry, name: str) -> Environment:
    if name not in registry.environments:
        hint = suggest(name, registry.environments)
        raise ProblemsFound([Problem(ENVIRONMENTS, '', f"environment '{name}' not found", hint)])
    return registry.environments[name]


def _edited(run: Run, file: str, changes: Mapping[Path, Scalar]) -> bytes:
    return set_values(run.source.read(file), file, changes)


def _place(source: ChartSource, settings: Settings) -> str:
    return settings.registry if source == 'oci' else 'folders of git'


def _not_moved(environment: Environment) -> Problem:
    message = f"the agent of '{environment.name}' gets its charts from folders of git, which would go"
    hint = f"run 'chartloom chart-source oci --env {environment.name}' first"
    return Problem(environment.file, '', message, hint)


def _used(run: Run, environment: str) -> Mapping[str, list[LedgerEntry]]:
    """The charts that the releases of an environment run, and those that rollouts come from, by model."""
    found = defaultdict[str, set[str]](set)
    for release in run.releases:
        if release.environment.name == environment:
            found[release.chart.model].add(release.chart.version)
    for rollout in run.registry.rollouts.values():
        if rollout.environment == environment:
            found[rollout.model].add(str(rollout.spec['from']['chart']))
    return {model: [run.entry(model, version) for version in sorted(found[model])] for model in sorted(found)}


def _folders(run: Run) -> Mapping[str, list[LedgerEntry]]:
    """The charts of the base that have a folder of their own, or must be in a source: those that releases name."""
    named = named_charts(run.registry)
    return {
        model: [
            entry
            for entry in entries
            if entry.version in named.get(model, ())
            or f'{chart_folder(model, entry.version)}/{CHART_YAML}' in run.base.ids
        ]
        for model, entries in run.base.ledgers.items()
    }


def _check_stored(run: Run, connect: Connect, charts: Mapping[str, Iterable[LedgerEntry]]) -> None:
    if problems := _lacking(run, connect, charts):
        raise ProblemsFound(problems)


def _lacking(run: Run, connect: Connect, charts: Mapping[str, Iterable[LedgerEntry]]) -> list[Problem]:
    registry, problems = connect(run.settings), []
    for model, entries in charts.items():
        lacks = [each.version for each in entries if registry.manifest_digest(model, each.manifest) != each.manifest]
        if lacks:
            message = f'charts that the registry does not have: {some(lacks)}'
            problems.append(
                Problem(f'{registry.address}/{model}', '', message, f"run 'chartloom publish {model}' first")
            )
    return problems
