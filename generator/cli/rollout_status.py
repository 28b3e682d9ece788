"""A release and its rollout → its stage, the next stage and what it waits for, as text or as data."""

from __future__ import annotations

from collections.abc import Iterable

from generator.charts.followed import followed
from generator.cli.output import say
from generator.cli.rollout_picture import picture, preview
from generator.domain.choices import by_commits
from generator.domain.records import Release, Rollout
from generator.domain.strategy import Rolling
from generator.domain.units import spoken
from generator.operations.rollout_began import Began, began_at, landed
from generator.operations.rollout_seen import utc
from generator.operations.rollout_state import find_rollout, resolve_named, stage_name, waiting
from generator.operations.rollout_steps import Pin, after, remaining
from generator.pipeline.run import Run
from generator.strategies.controller_picture import controller_lines


def status_data(run: Run, name: str, now: int) -> dict[str, object]:
    """A rollout as data; `stage` is '' if there is none."""
    if name not in run.registry.rollouts:
        found = resolve_named(run, name)
        engine = found.release.engine(found.environment)
        return {'release': name, 'stage': '', 'engine': engine, 'strategy': type(found.strategy).__name__.lower()}
    _, rollout = find_rollout(run, name)
    began = _began(run, rollout, now)
    wait = waiting(run, rollout, began, now)
    return {
        'release': name, 'stage': rollout.stage, 'aborted': rollout.aborted, 'from': rollout.spec['from'],
        'to': rollout.spec['to'], 'since': utc(began.time) if began else '',
        'sinceSource': began.source if began else '', 'next': after(rollout), 'remaining': remaining(rollout),
        'waitSeconds': wait.seconds, 'reasons': list(wait.reasons),
    }  # fmt: skip


def show_status(run: Run, name: str, now: int) -> None:
    """The same as text; for a release without a rollout, what its strategy would do."""
    if name in run.registry.rollouts:
        _show_rollout(run, find_rollout(run, name)[1], now)
        return
    found = resolve_named(run, name)
    strategy = found.strategy
    if isinstance(strategy, Rolling):
        say(f"{name} has strategy 'rolling': Kubernetes replaces the pods when the pin moves")
    elif by_commits(found.release.engine(found.environment)):
        say(_would_start(run, found.release))
        _say(preview(strategy))
    else:
        _say(controller_lines(found))


def _would_start(run: Run, release: Release) -> str:
    """Which rollout the lines below describe."""
    name = release.name
    entry = followed(release, run.registry.models[release.model], run.charts[release.model].ledger)
    if not release.chart or entry is None:
        return f'{name}: a rollout requires a pin, and this release has none; it would take a commit per line:'
    old, new = Pin(release.version, release.chart), Pin(entry.model_version, entry.version)
    if old == new:
        return f'{name} already runs the newest version, {old}; a rollout of a later one would take a commit per line:'
    return f"{name}: 'chartloom rollout start {name}' would move it from {old} to {new}, a commit per line:"


def _say(lines: Iterable[str]) -> None:
    for line in lines:
        say(line)


def _show_rollout(run: Run, rollout: Rollout, now: int) -> None:
    old, new = (Pin(**rollout.spec[key]) for key in ('from', 'to'))
    say(f'{rollout.name}: {old} → {new}', bold=True)
    for line in picture(rollout):
        say(line, fg={'✓': 'green', '●': 'yellow', '✗': 'red'}.get(line[2]))
    began = _began(run, rollout, now)
    wait = waiting(run, rollout, began, now)
    if began:
        ago = spoken(max(0, now - began.time))
        say(f"at '{stage_name(rollout)}' since {utc(began.time)}{_known_by(began)}, {ago} ago")
    if wait.reasons:
        say(f"next: '{after(rollout)}'; {'; '.join(wait.reasons)}")
    else:
        say(f"next: '{after(rollout)}', by 'chartloom rollout advance {rollout.name}'")


def _began(run: Run, rollout: Rollout, now: int) -> Began | None:
    stage = landed(run, rollout)
    return began_at(stage, now) if stage else None


def _known_by(began: Began) -> str:
    """How the start of a stage is known; nothing for a stage without a hold."""
    if began.source == 'seen':
        return ' (seen)'
    return f' (date of the commit: {began.why})' if began.why else ''
