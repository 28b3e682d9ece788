"""Releases and their models' charts → the pins to write: missing and inconsistent ones, newer ones on request."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from generator.charts.followed import followed, newest_of
from generator.charts.versions import ModelCharts
from generator.checks.withdrawn import gave_up
from generator.domain.layout import ENVIRONMENTS, RELEASES
from generator.domain.problems import Problem, ProblemsFound
from generator.domain.records import Registry, Release
from generator.domain.times import Clock
from generator.domain.words import suggest
from generator.plan.stops import ground_of, stops
from generator.plan.suspended import suspended_problem


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


NOTHING = Scope()  # moves no pin; missing ones are written


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
        same = (pin.version, pin.chart) == (release.version, release.chart)
        if same and not (scope.moves and release.is_rollback):
            continue
        stopped = _stopped(pin, registry, clock, moves=scope.moves and not same, allow_frozen=allow_frozen)
        if not stopped:
            pins.append(pin)
        elif scope.names:
            problems += stopped
        elif scope.moves:
            skipped[name] = stopped[0].message
    if problems:
        raise ProblemsFound(problems)
    return Choice(tuple(pins), skipped)


def _stopped(pin: NewPin, registry: Registry, clock: Clock, *, moves: bool, allow_frozen: bool) -> list[Problem]:
    """What keeps a pin: the rollout that is in progress; if the version moves, also what stops the release."""
    release = pin.release
    if rollout := registry.rollouts.get(release.name):
        message = f'a rollout to {rollout.spec["to"]["version"]} is in progress and moves the pin when it ends'
        hint = f"run 'chartloom rollout finish {release.name}' or 'chartloom rollout abort {release.name}' first"
        return [Problem(rollout.file, '', message, hint)]
    if not moves:
        return []
    suspended = [suspended_problem(release)] if release.is_suspended else []
    what = f'{pin.version} (chart {pin.chart})'
    return [*suspended, *stops(release.name, what, ground_of(registry, release), clock, allow_frozen=allow_frozen)]


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
