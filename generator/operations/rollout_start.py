"""A release and its new version → the registry files that start the rollout, or the problem that prevents it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from generator.charts.followed import followed, newest_of
from generator.charts.versions import ModelCharts
from generator.checks.withdrawn import gave_up
from generator.documents.edit import set_values
from generator.domain.choices import by_commits
from generator.domain.generated import ResolvedRelease
from generator.domain.layout import RELEASES, ledger_file
from generator.domain.places import json_path
from generator.domain.problems import ProblemsFound, problem
from generator.domain.records import Model, Registry, Release
from generator.domain.strategy import Rolling
from generator.domain.tree import Files, Read
from generator.domain.words import suggest
from generator.operations.rollout_steps import Pin, begin, move_pin
from generator.plan.suspended import suspended_problem
from generator.strategies.course import course, pair_of, workload_digest


@dataclass(frozen=True, slots=True)
class Start:
    """`stage` is the first stage, '' if a controller (Argo Rollouts, Flagger) moves the traffic."""

    files: Files
    to: Pin
    stage: str


def check_release(registry: Registry, name: str) -> Release:
    """Return a release that has a pin and no rollout in progress; raises ProblemsFound."""
    release = known_release(registry, name)
    if release.is_suspended:
        raise ProblemsFound([suspended_problem(release)])
    if rollout := registry.rollouts.get(name):
        hint = f"run 'chartloom rollout status {name}', then advance, finish or abort it"
        raise problem(rollout.file, '', f'a rollout to {rollout.spec["to"]["version"]} is in progress', hint)
    if not release.version or not release.chart:
        message = 'a rollout requires a pin, and this release has none'
        raise problem(release.file, '$.spec', message, f"run 'chartloom pin {name}'")
    return release


def known_release(registry: Registry, name: str) -> Release:
    if name not in registry.releases:
        raise problem(RELEASES, '', f"release '{name}' not found", suggest(name, registry.releases))
    return registry.releases[name]


def choose_target(release: Release, model: Model, charts: ModelCharts, version: str, chart: str) -> Pin:
    """Choose the new pin; the default is the newest version, and the newest chart of the version."""
    served = {entry.version: entry.model_version for entry in charts.ledger}
    if chart and chart not in served:
        raise problem(ledger_file(model.name), '', f"chart '{chart}' not found", suggest(chart, served))
    last = followed(release, model, charts.ledger)
    version = version or served.get(chart, last.model_version if last else model.newest.version)
    known = [entry.version for entry in model.versions]
    if version not in known:
        message = f"version '{version}' of model '{model.name}' not found"
        raise problem(model.file, '$.spec.versions', message, suggest(version, known))
    newest = newest_of(release, version, charts.ledger) or charts.newest(version)
    assert newest, 'every version has a chart'
    pin = Pin(version, chart or newest.version)
    if found := list(gave_up(release, pin.version, pin.chart, release.file, '$.spec.withdrawn')):
        raise ProblemsFound(found)
    if chart and served[chart] != version:
        message = f"chart '{chart}' serves version '{served[chart]}', not '{version}'"
        raise problem(ledger_file(model.name), '', message, f'omit --version, or use --chart {newest.version}')
    if (pin.version, pin.chart) == (release.version, release.chart):
        hint = f'add a version to {model.file}, or name one with --version'
        raise problem(release.file, '$.spec', f'the release already runs {pin}', hint)
    return pin


def no_rollout(found: ResolvedRelease) -> ProblemsFound:
    """The problem of a rollout of a release with strategy rolling."""
    written, environment = found.written, found.environment
    hint = f"run 'chartloom pin --newest {found.release.name}'"
    if not found.release.chart and environment.follows_newest:
        hint = f"'{environment.name}' follows the newest version: run 'chartloom generate --commit'"
    message = "strategy 'rolling' has no rollout: Kubernetes replaces the pods"
    return problem(written.file, json_path(written.path), message, hint)


def start(
    old: ResolvedRelease, new: ResolvedRelease, read: Read, same_templates: Callable[[], bool], allow_frozen: str = ''
) -> Start:
    """Start a rollout from `old` to `new`; each has its own strategy."""
    release, to = old.release, Pin(new.release.version, new.release.chart)
    strategy, written = new.strategy, new.written
    if isinstance(strategy, Rolling):
        raise no_rollout(new)
    if not by_commits(release.engine(old.environment)):
        return Start(move_pin(release, to, read, allow_frozen=allow_frozen), to, '')
    if old.strategy.kind != strategy.kind:
        message = f"the release has strategy '{old.strategy.kind}', and {to} has '{strategy.kind}'"
        hint = (
            f"run 'chartloom pin --newest {release.name}': its pods are replaced once, later versions can be rolled out"
        )
        raise problem(written.file, json_path(written.path), message, hint)
    stage = course(strategy, chart_first=not same_templates())[0].name
    pair = pair_of(strategy, release.slot)
    workloads = {pair.live: workload_digest(old.merged), pair.new: workload_digest(new.merged)}
    files = begin(release, to, written.spec, stage, workloads)
    if allow_frozen:
        files[release.file] = set_values(read(release.file), release.file, {('spec', 'allowFrozen'): allow_frozen})
    return Start(files, to, stage)
