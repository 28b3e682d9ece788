"""Releases and their models' charts → pins to write: missing and inconsistent ones, newer ones on request."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from generator.charts.versions import ModelCharts
from generator.documents.read import read_yaml
from generator.domain.layout import RELEASES, model_file, release_file
from generator.domain.problems import Problem, ProblemsFound
from generator.domain.records import Registry, Release
from generator.domain.tree import LINK, Files
from generator.domain.words import suggest
from generator.operations.operation import Operation, RegistryChange
from generator.operations.rollout_steps import Pin, move_pin
from generator.pipeline.run import Run
from generator.plan.message import shortened

_INSTEAD = "run 'chartloom pin' without names, which commits all changes, or undo the change with 'git restore'"


@dataclass(frozen=True, slots=True)
class NewPin:
    """The new model version and chart version of a release."""

    release: Release
    version: str
    chart: str


def pinning(names: tuple[str, ...] = (), *, newest: bool = False) -> Operation:
    """Write missing pins; with names (`env/model`), move the pins of these releases."""

    def change(run: Run) -> RegistryChange:
        chosen = choose_pins(run.registry, run.charts, names, newest=newest)
        pins = [*chosen, *_edited(run, names, {pin.release.name for pin in chosen})]
        rows = [_row(pin, _committed(run, pin.release)) for pin in pins]
        return RegistryChange(_files(pins, run), _subject(rows), {'pins': rows})

    models = tuple(sorted({name.rpartition('/')[2] for name in names}))
    # A release without a pin cannot be generated, so `generate --commit` cannot commit it first.
    along = [*map(release_file, names), *map(model_file, models)] if names else None
    arguments = (*(('--newest',) if newest else ()), *names)
    return Operation('pin', arguments, models, change, along, instead=_INSTEAD)


def _files(pins: Collection[NewPin], run: Run) -> Files:
    """The files of the releases with their pins, comments kept."""
    files: dict[str, bytes] = {}
    for pin in pins:
        files |= move_pin(pin.release, Pin(pin.version, pin.chart), run.source.read)
    return files


def _edited(run: Run, names: Collection[str], chosen: Collection[str]) -> Iterator[NewPin]:
    """Yield complete pins that somebody wrote into the registry and did not commit."""
    for name in sorted(names or run.registry.releases):
        release = run.registry.releases[name]
        if name not in chosen and release.chart and _committed(run, release) != (release.version, release.chart):
            yield NewPin(release, release.version, release.chart)


def _committed(run: Run, release: Release) -> tuple[str, str]:
    """Return the model version and chart version of a release in HEAD, '' if not set."""
    blob = run.source.tree.held.get(release.file, LINK)
    if blob == LINK:
        return '', ''
    if blob == run.source.tree.ids.get(release.file) and release.file not in run.source.laid:
        return release.version, release.chart
    try:
        document = read_yaml(run.repository.read([blob])[blob], release.file)
    except ProblemsFound:
        return '', ''
    spec = document.get('spec') if isinstance(document, dict) else None
    return (str(spec.get('version', '')), str(spec.get('chart', ''))) if isinstance(spec, dict) else ('', '')


def _row(pin: NewPin, committed: tuple[str, str]) -> dict[str, str]:
    version, chart = committed
    before = f'{version or "no version"} (chart {chart or "none"})' if version or chart else 'no pin'
    return {'release': pin.release.name, 'version': pin.version, 'chart': pin.chart, 'before': before}


def _subject(rows: Sequence[Mapping[str, str]]) -> str:
    if len(rows) != 1:
        return f'Pin {len(rows)} releases'
    (row,) = rows
    subject = f'Pin {row["release"]}: {row["before"]} → {row["version"]} (chart {row["chart"]})'
    old = row['before'].partition(' (')[0]
    # The charts are in the body, too.
    return subject if subject == shortened(subject) else shortened(f'Pin {row["release"]}: {old} → {row["version"]}')


def choose_pins(
    registry: Registry, charts: Mapping[str, ModelCharts], names: Collection[str] = (), *, newest: bool = False
) -> list[NewPin]:
    """Choose the pins to write. Without names: those that are missing or inconsistent. With names (`env/model`): these
    releases move to the newest chart of their version, with `newest` to the newest model version. Releases in an
    environment that follows the newest version get no pin.
    """
    if unknown := [name for name in names if name not in registry.releases]:
        known = registry.releases
        raise ProblemsFound(Problem(RELEASES, '', f"release '{n}' not found", suggest(n, known)) for n in unknown)
    pins: list[NewPin] = []
    problems: list[Problem] = []
    for name in sorted(names or registry.releases):
        release = registry.releases[name]
        follows = registry.environments[release.environment].follows_newest
        if follows and not release.version and not release.chart and not names:
            continue
        try:
            pin = _pin(release, registry, charts[release.model], move=bool(names) or newest, newest=newest)
        except ProblemsFound as error:
            problems += error.problems
            continue
        if (pin.version, pin.chart) == (release.version, release.chart):
            continue
        if rollout := registry.rollouts.get(name):
            if not names:  # the rollout moves this pin itself
                continue
            message = f'a rollout to {rollout.spec["to"]["version"]} is in progress and moves the pin when it ends'
            hint = f"run 'chartloom rollout finish {name}' or 'chartloom rollout abort {name}' first"
            problems.append(Problem(rollout.file, '', message, hint))
            continue
        pins.append(pin)
    if problems:
        raise ProblemsFound(problems)
    return pins


def _pin(release: Release, registry: Registry, charts: ModelCharts, *, move: bool, newest: bool) -> NewPin:
    model = registry.models[release.model]
    # If only a chart is pinned, its ledger entry has the model version.
    served = next((e.model_version for e in charts.ledger if e.version == release.chart), model.newest.version)
    version = model.newest.version if newest else release.version or served
    entry = charts.newest(version)
    known = [v.version for v in model.versions]
    if entry is None or version not in known:
        message = f"version '{version}' of model '{model.name}' not found"
        raise ProblemsFound([Problem(release.file, '$.spec.version', message, suggest(version, known))])
    fits = any(e.version == release.chart and e.model_version == version for e in charts.ledger)
    return NewPin(release, version, release.chart if fits and not move else entry.version)
