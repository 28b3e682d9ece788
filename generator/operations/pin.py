"""Releases and their models' charts → pins to write: missing and inconsistent ones, newer ones on request."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from generator.charts.followed import followed, newest_of
from generator.charts.versions import ModelCharts
from generator.checks.withdrawn import gave_up
from generator.documents.nulls import read_with_nulls
from generator.domain.layout import ENVIRONMENTS, RELEASES, model_file, model_name, release_file
from generator.domain.problems import Problem, ProblemsFound
from generator.domain.records import Registry, Release, Values
from generator.domain.times import Clock
from generator.domain.tree import LINK, Files
from generator.domain.words import suggest
from generator.operations.operation import Operation, RegistryChange
from generator.operations.rollout_steps import Pin, move_pin
from generator.pipeline.run import Run
from generator.plan.message import shortened
from generator.plan.stops import frozen, frozen_note, ground_of, stops
from generator.plan.suspended import suspended_problem

_INSTEAD = "run 'chartloom pin' without names, which commits all changes, or undo the change with 'git restore'"


@dataclass(frozen=True, slots=True)
class Scope:
    """The releases whose pins move: by name (`env/model`), all of some environments, or all; if empty, none moves."""

    names: tuple[str, ...] = ()
    environments: tuple[str, ...] = ()
    everything: bool = False

    @property
    def moves(self) -> bool:
        return bool(self.names or self.environments or self.everything)

    @property
    def arguments(self) -> tuple[str, ...]:
        """The scope as it is written on the command line."""
        environments = (word for name in self.environments for word in ('--env', name))
        return (*environments, *(('--all',) if self.everything else ()), *self.names)

    def releases(self, registry: Registry) -> list[str]:
        """The names in the scope, sorted; all if it is empty. Raises ProblemsFound for unknown names."""
        problems = _unknown('release', RELEASES, self.names, registry.releases)
        problems += _unknown('environment', ENVIRONMENTS, self.environments, registry.environments)
        if problems:
            raise ProblemsFound(problems)
        of_environments = (r.name for r in registry.releases.values() if r.environment in self.environments)
        return sorted({*self.names, *of_environments} if self.names or self.environments else registry.releases)


def _unknown(what: str, folder: str, names: Collection[str], known: Collection[str]) -> list[Problem]:
    unknown = (name for name in names if name not in known)
    return [Problem(folder, '', f"{what} '{name}' not found", suggest(name, known)) for name in unknown]


@dataclass(frozen=True, slots=True)
class NewPin:
    """The new model version and chart version of a release."""

    release: Release
    version: str
    chart: str


@dataclass(frozen=True, slots=True)
class Choice:
    """The pins to write, and why other releases of the scope keep theirs."""

    pins: tuple[NewPin, ...]
    skipped: Mapping[str, str]


def pinning(scope: Scope = Scope(), *, newest: bool = False, allow_frozen: str = '') -> Operation:
    """Write missing pins; with a scope, move the pins of its releases, also in a frozen time for the reason
    `allow_frozen`."""

    def change(run: Run) -> RegistryChange:
        releases = scope.releases(run.registry)
        choice = choose_pins(run.registry, run.charts, scope, run.clock, newest=newest, allow_frozen=bool(allow_frozen))
        pins = [*choice.pins, *_edited(run, releases, {pin.release.name for pin in choice.pins})]
        rows = [_row(pin, _committed(run, pin.release)) for pin in pins]
        named = {pin.release.name for pin in pins}
        skipped = [{'release': name, 'reason': why} for name, why in choice.skipped.items() if name not in named]
        along = [*map(release_file, releases), *(model_file(model_name(name)) for name in releases)]
        # Where a pin is missing, nothing can be generated, so `generate --commit` cannot commit the other changes.
        instead = (
            _INSTEAD if any(_lacks_pin(release, run.registry) for release in run.registry.releases.values()) else ''
        )
        told = {'pins': rows, 'skipped': skipped}
        frozen_now = [pin for pin in pins if frozen(ground_of(run.registry, pin.release), run.clock)]
        notes = [note for pin in frozen_now for note in frozen_note(pin.release.name, allow_frozen)]
        notes += _skipped_promotions(run, pins)
        files = _files(pins, run, allow_frozen)
        return RegistryChange(files, _subject(rows), told, tuple(notes), along=along, instead=instead)

    models = tuple(sorted({model_name(name) for name in scope.names}))
    # A release without a pin cannot be generated, so `generate --commit` cannot commit it first.
    along = () if scope.moves else None
    flags = (('--newest', newest), ('--allow-frozen', allow_frozen))
    arguments = (*(flag for flag, given in flags if given), *scope.arguments)
    return Operation('pin', arguments, models, change, along, releases=scope.names)


def _lacks_pin(release: Release, registry: Registry) -> bool:
    follows = registry.environments[release.environment].follows_newest
    return not (follows or (release.version and release.chart))


def _files(pins: Collection[NewPin], run: Run, allow_frozen: str) -> Files:
    """The files of the releases with their pins, comments kept."""
    files: dict[str, bytes] = {}
    for pin in pins:
        reason = allow_frozen if frozen(ground_of(run.registry, pin.release), run.clock) else ''
        files |= move_pin(pin.release, Pin(pin.version, pin.chart), run.source.read, allow_frozen=reason)
    return files


def _edited(run: Run, names: Iterable[str], chosen: Collection[str]) -> Iterator[NewPin]:
    """Yield complete pins that somebody wrote into the registry and did not commit."""
    for name in names:
        release = run.registry.releases[name]
        if name not in chosen and release.chart and _committed(run, release) != (release.version, release.chart):
            yield NewPin(release, release.version, release.chart)


def _committed(run: Run, release: Release) -> tuple[str, str]:
    """Return the model version and chart version of a release in HEAD, '' if not set."""
    spec = _committed_spec(run, release)
    return str(spec.get('version', '')), str(spec.get('chart', ''))


def _committed_spec(run: Run, release: Release) -> Values:
    blob = run.source.tree.held.get(release.file, LINK)
    if blob == LINK:
        return {}
    if blob == run.source.tree.ids.get(release.file) and release.file not in run.source.laid:
        return release.spec
    try:
        document = read_with_nulls(run.repository.read([blob])[blob], release.file)[0]
    except ProblemsFound:
        return {}
    spec = document.get('spec') if isinstance(document, dict) else None
    return spec if isinstance(spec, dict) else {}


def _skipped_promotions(run: Run, pins: Iterable[NewPin]) -> Iterator[str]:
    """Say why a version need not come by promotion, if that is new: a reason counts for one change of the pin."""
    for pin in pins:
        reason = pin.release.spec.get('skipPromotion', '')
        if reason and reason != _committed_spec(run, pin.release).get('skipPromotion'):
            yield f'{pin.release.name}: promotion is skipped: {reason}'


def _row(pin: NewPin, committed: tuple[str, str]) -> dict[str, str]:
    version, chart = committed
    before = f'{version or "no version"} (chart {chart or "none"})' if version or chart else 'no pin'
    return {'release': pin.release.name, 'version': pin.version, 'chart': pin.chart, 'before': before}


def _subject(rows: Sequence[Mapping[str, str]]) -> str:
    if len(rows) != 1:
        environments = {row['release'].partition('/')[0] for row in rows}
        return shortened(f'Pin {len(rows)} releases{f" of {min(environments)}" if len(environments) == 1 else ""}')
    (row,) = rows
    subject = f'Pin {row["release"]}: {row["before"]} → {row["version"]} (chart {row["chart"]})'
    old = row['before'].partition(' (')[0]
    # The charts are in the body, too.
    return subject if subject == shortened(subject) else shortened(f'Pin {row["release"]}: {old} → {row["version"]}')


def choose_pins(
    registry: Registry,
    charts: Mapping[str, ModelCharts],
    scope: Scope,
    clock: Clock,
    *,
    newest: bool = False,
    allow_frozen: bool = False,
) -> Choice:
    """Choose the pins to write. Without a scope: those that are missing or inconsistent. With one: its releases move to
    the newest chart of their version, with `newest` to the newest model version. In an environment that follows the
    newest version, releases get a pin or another one only by name. A rollout in progress keeps the pin, and so do
    stops (locks, frozen times): with names this is a problem, else the release is skipped.
    """
    pins: list[NewPin] = []
    problems: list[Problem] = []
    skipped: dict[str, str] = {}
    for name in scope.releases(registry):
        release = registry.releases[name]
        if not scope.names and (follows := _follows(release, registry, scope)) is not None:
            skipped.update({name: follows} if follows else {})
            continue
        try:
            pin = _pin(release, registry, charts[release.model], move=scope.moves, newest=newest)
        except ProblemsFound as error:
            problems += error.problems
            continue
        if (pin.version, pin.chart) == (release.version, release.chart) and not (scope.moves and release.is_rollback):
            continue
        if rollout := registry.rollouts.get(name):
            message = f'a rollout to {rollout.spec["to"]["version"]} is in progress and moves the pin when it ends'
            if scope.names:
                hint = f"run 'chartloom rollout finish {name}' or 'chartloom rollout abort {name}' first"
                problems.append(Problem(rollout.file, '', message, hint))
            elif scope.moves:
                skipped[name] = message
            continue
        what = f'{pin.version} (chart {pin.chart})'
        moves = scope.moves and (pin.version, pin.chart) != (release.version, release.chart)
        stopped = [suspended_problem(release)] if moves and release.is_suspended else []
        if moves:
            stopped += stops(name, what, ground_of(registry, release), clock, allow_frozen=allow_frozen)
        if stopped:
            if scope.names:
                problems += stopped
            else:
                skipped[name] = stopped[0].message
            continue
        pins.append(pin)
    if problems:
        raise ProblemsFound(problems)
    return Choice(tuple(pins), skipped)


def _follows(release: Release, registry: Registry, scope: Scope) -> str | None:
    """Why a release of an environment that follows the newest version is skipped ('': it has no pin); else None."""
    if not registry.environments[release.environment].follows_newest:
        return None
    if not release.version and not release.chart:
        return ''
    if not scope.moves:  # completed, if it is incomplete
        return None
    return f"its pin holds it back in an environment that follows; to move it, run 'chartloom pin {release.name}'"


def _pin(release: Release, registry: Registry, charts: ModelCharts, *, move: bool, newest: bool) -> NewPin:
    model = registry.models[release.model]
    # If only a chart is pinned, its ledger entry has the model version.
    last = followed(release, model, charts.ledger)
    latest = last.model_version if last else model.newest.version
    served = next((e.model_version for e in charts.ledger if e.version == release.chart), latest)
    version = latest if newest else release.version or served
    entry, known = newest_of(release, version, charts.ledger), [v.version for v in model.versions]
    if found := list(gave_up(release, version, entry.version if entry else '', release.file, '$.spec.version')):
        raise ProblemsFound(found)
    if entry is None or version not in known:
        message = f"version '{version}' of model '{model.name}' not found"
        raise ProblemsFound([Problem(release.file, '$.spec.version', message, suggest(version, known))])
    fits = any(e.version == release.chart and e.model_version == version for e in charts.ledger)
    return NewPin(release, version, release.chart if fits and not move else entry.version)
