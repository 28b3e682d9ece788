"""A release and a new version → the operation that starts its rollout."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from generator.checks.releases import shared_problems
from generator.domain.generated import ResolvedRelease
from generator.domain.layout import TEMPLATES, model_file, model_name
from generator.domain.problems import Problem, ProblemsFound
from generator.domain.records import Release
from generator.domain.strategy import Rolling
from generator.operations.operation import Operation, RegistryChange
from generator.operations.rollout_start import Start, check_release, choose_target, no_rollout, start
from generator.operations.rollout_state import resolve_alone
from generator.operations.rollout_steps import Pin
from generator.pipeline.run import Run
from generator.pipeline.source import open_source
from generator.pipeline.tree_ids import tree_files
from generator.plan.message import shortened
from generator.plan.stops import Ground, frozen, frozen_note, ground_of, stops


def starting(name: str, version: str = '', chart: str = '', allow_frozen: str = '') -> Operation:
    """Start a rollout of a release (`env/model`), by default to the newest version; `allow_frozen` says why it starts
    in a frozen time."""

    def change(run: Run) -> RegistryChange:
        reason = allow_frozen if name in run.registry.releases and frozen(_ground(run, name), run.clock) else ''
        began = start_of(run, name, version, chart, reason)
        _check_stops(stops(name, str(began.to), _ground(run, name), run.clock, allow_frozen=bool(reason)))
        check_room(run, name, began)
        subject = shortened(f'Start the rollout of {name}: {_from_to(run.registry.releases[name], began.to)}')
        result = {'result': 'started', 'stage': began.stage, 'to': began.to.spec}
        # All releases of an environment share its accelerators.
        wide = 'capacity' in run.registry.environments[run.registry.releases[name].environment].spec
        notes = (*frozen_note(name, reason), *first_note(name, began.to, began.stage))
        return RegistryChange(began.files, subject, result, notes, wide=wide)

    model = model_name(name)
    # One commit may add a version and start its rollout.
    flags = ('--allow-frozen',) if allow_frozen else ()
    return Operation(
        'rollout start', (*flags, name), (model,), change, along=(model_file(model),), releases=(name,)
    )  # fmt: skip


def start_of(run: Run, name: str, version: str, chart: str, allow_frozen: str) -> Start:
    """Start a rollout; raises ProblemsFound if the release or the version does not permit it."""
    registry = run.registry
    if name in registry.releases and not registry.releases[name].chart:
        found = resolve_alone(run, registry.releases[name])
        if isinstance(found.strategy, Rolling):
            raise no_rollout(found)
    release = check_release(registry, name)
    to = choose_target(release, registry.models[release.model], run.charts[release.model], version, chart)
    old = resolve_alone(run, release)
    new = resolve_alone(run, replace(release, spec={**release.spec, **to.spec}))

    def same_templates() -> bool:
        return _templates(run, old) == _templates(run, new)

    return start(old, new, run.source.read, same_templates, allow_frozen)


def _templates(run: Run, release: ResolvedRelease) -> dict[str, str]:
    """Blob ids of a chart's templates, by path; the chart is published, or generated in this run."""
    made = run.charts[release.chart.model].charts.get(release.chart.version)
    if made:
        return {p: run.repository.blob_id(data) for p, data in made.files.items() if p.startswith(TEMPLATES)}
    entry = next(e for e in run.charts[release.chart.model].ledger if e.version == release.chart.version)
    ids = tree_files(run.repository, entry) or {}
    return {path: blob for path, blob in ids.items() if path.startswith(TEMPLATES)}


def check_room(run: Run, name: str, began: Start) -> None:
    """Raise ProblemsFound if the environment has too few accelerators for one more rollout; reads all its releases.

    Other problems are ignored here.
    """
    environment = run.registry.environments[run.registry.releases[name].environment]
    if not began.stage or 'capacity' not in environment.spec:
        return
    try:
        all_releases = Run(open_source(run.repository).with_files(began.files))
        found = shared_problems(all_releases.releases, all_releases.registry)
    except ProblemsFound as error:
        found = list(error.problems)
    if short := [each for each in found if each.file == environment.file and '.capacity.' in each.path]:
        raise ProblemsFound(short)


def _from_to(release: Release, to: Pin) -> str:
    old = Pin(release.version, release.chart)
    return f'{old.version if old.version != to.version else old} → {to}'


def first_note(name: str, to: Pin, stage: str) -> tuple[str, ...]:
    """What the commit that starts a rollout does to the traffic."""
    if not stage:
        return ()
    return (f'{name}: {to} starts and gets no requests yet. The pin moves when the rollout ends.',)


def _ground(run: Run, name: str) -> Ground:
    return ground_of(run.registry, run.registry.releases[name])


def _check_stops(found: Iterable[Problem]) -> None:
    if problems := list(found):
        raise ProblemsFound(problems)
