"""Releases and their models' charts → the pins to write: missing and contradictory ones, newer ones on request."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from generator.charts.versions import ModelCharts
from generator.domain.layout import RELEASES
from generator.domain.problems import Problem, ProblemsFound
from generator.domain.records import Registry, Release
from generator.domain.words import suggest


@dataclass(frozen=True, slots=True)
class Pin:
    """The model version and chart version that a release is to stand on; `before` is what it says now."""

    release: Release
    version: str
    chart: str

    @property
    def before(self) -> str:
        if not self.release.version and not self.release.chart:
            return 'no pin'
        return f'{self.release.version or "no version"} (chart {self.release.chart or "none"})'


def choose_pins(
    registry: Registry, charts: Mapping[str, ModelCharts], names: Collection[str] = (), *, newest: bool = False
) -> list[Pin]:
    """Without names: every pin that is missing or contradicts itself. With names (`env/model`): those, moved to the
    newest chart of their version. `newest` moves to the newest model version, too. Releases that follow have none.
    """
    if unknown := [name for name in names if name not in registry.releases]:
        known = registry.releases
        raise ProblemsFound(Problem(RELEASES, '', f"there is no release '{n}'", suggest(n, known)) for n in unknown)
    pins: list[Pin] = []
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
            message = f'a rollout to {rollout.spec["to"]["version"]} is under way, and moves the pin when it ends'
            hint = f"run 'chartloom rollout finish {name}' or 'abort' first"
            problems.append(Problem(rollout.file, '', message, hint))
            continue
        pins.append(pin)
    if problems:
        raise ProblemsFound(problems)
    return pins


def _pin(release: Release, registry: Registry, charts: ModelCharts, *, move: bool, newest: bool) -> Pin:
    model = registry.models[release.model]
    # A chart that is pinned alone says itself which version it serves.
    served = next((e.model_version for e in charts.ledger if e.version == release.chart), model.newest.version)
    version = model.newest.version if newest else release.version or served
    entry = charts.newest(version)
    known = [v.version for v in model.versions]
    if entry is None or version not in known:
        message = f"there is no version '{version}' of model '{model.name}'"
        raise ProblemsFound([Problem(release.file, '$.spec.version', message, suggest(version, known))])
    fits = any(e.version == release.chart and e.model_version == version for e in charts.ledger)
    return Pin(release, version, release.chart if fits and not move else entry.version)
