"""A release and its rollout → its stage, the next stage and what it waits for, as text or as data."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from generator.cli.controller_picture import controller_lines
from generator.cli.output import say
from generator.cli.rollout_picture import picture, preview
from generator.domain.choices import by_commits
from generator.domain.records import Rollout
from generator.domain.strategy import Rolling
from generator.operations.rollout_state import find_rollout, resolve_named, since, stage_name, waiting
from generator.operations.rollout_steps import Pin, Wait, after, remaining, show_time
from generator.pipeline.run import Run


def status_data(run: Run, name: str, now: int) -> dict[str, object]:
    """A rollout as data; `stage` is '' if there is none."""
    if name not in run.registry.rollouts:
        found = resolve_named(run, name)
        engine = found.release.engine(found.environment)
        return {'release': name, 'stage': '', 'engine': engine, 'strategy': type(found.strategy).__name__.lower()}
    _, rollout = find_rollout(run, name)
    began, wait = since(run, rollout), _wait(run, name, now)
    return {
        'release': name, 'stage': rollout.stage, 'aborted': rollout.aborted, 'from': rollout.spec['from'],
        'to': rollout.spec['to'], 'since': _utc(began) if began else '', 'next': after(rollout),
        'remaining': remaining(rollout), 'waitSeconds': wait.seconds, 'reasons': list(wait.reasons),
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
        say(f"{name}: no rollout is in progress; 'chartloom rollout start {name}' starts this one, a commit per line:")
        _say(preview(strategy))
    else:
        _say(controller_lines(found))


def _say(lines: Iterable[str]) -> None:
    for line in lines:
        say(line)


def _show_rollout(run: Run, rollout: Rollout, now: int) -> None:
    old, new = (Pin(**rollout.spec[key]) for key in ('from', 'to'))
    say(f'{rollout.name}: {old} → {new}', bold=True)
    for line in picture(rollout):
        say(line, fg={'✓': 'green', '●': 'yellow', '✗': 'red'}.get(line[2]))
    began, wait = since(run, rollout), _wait(run, rollout.name, now)
    if began:
        say(f"at '{stage_name(rollout)}' since {_utc(began)}, {show_time(max(0, now - began))} ago")
    if wait.reasons:
        say(f"next: '{after(rollout)}'; {'; '.join(wait.reasons)}")
    else:
        say(f"next: '{after(rollout)}', by 'chartloom rollout advance {rollout.name}'")


def _wait(run: Run, name: str, now: int) -> Wait:
    return waiting(run, name, now, approved=False, skip_hold=False)


def _utc(time: int) -> str:
    return datetime.fromtimestamp(time, UTC).strftime('%Y-%m-%dT%H:%M:%SZ')
