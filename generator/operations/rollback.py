"""A release → the version that it ran before, in one commit and as fast as its engine can."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import assert_never

from generator.domain.choices import Engine
from generator.domain.layout import model_name
from generator.domain.problems import problem
from generator.domain.records import Release, Rollout
from generator.domain.strategy import Rolling, Strategy
from generator.operations.earlier_pins import pin_before, pin_of, running
from generator.operations.hints import SET_ASIDE
from generator.operations.operation import Operation, RegistryChange, why
from generator.operations.rollout import aborted
from generator.operations.rollout_start import known_release
from generator.operations.rollout_state import resolve_named
from generator.operations.rollout_steps import Pin, move_pin
from generator.operations.withdraw import withdrawing
from generator.pipeline.run import Run
from generator.plan.message import shortened
from generator.plan.suspended import suspended_warning


def rolling_back(name: str, version: str = '', reason: str = '') -> Operation:
    """Go back to the pin before the current one, or to the last one with this model version.

    A rollout in git that is in progress is aborted. The pin says that it is a rollback, until the next one. The version
    that is given up is withdrawn, for a reason.
    """
    back = Back(version, reason)
    arguments = (name, *(('--to', version) if version else ()), *why(reason))
    models = (model_name(name),)
    return Operation(
        'rollback', arguments, models, lambda run: back.change(run, name), instead=SET_ASIDE, history=True, urgent=True,
        releases=(name,),
    )  # fmt: skip


@dataclass(frozen=True)
class Back:
    """How releases go back; it remembers from where to where each was to go when the command began."""

    version: str = ''
    reason: str = ''
    _first: dict[str, tuple[Pin, Pin]] = field(default_factory=dict)

    def change(self, run: Run, name: str) -> RegistryChange:
        release = known_release(run.registry, name)
        if (first := self._first.get(name)) and (done := _meanwhile(release, *first, self.version)):
            return done
        if rollout := run.registry.rollouts.get(name):
            return _abort(run, release, rollout, self.version, self.reason)
        _check_clean(run, release)
        warnings = (suspended_warning(release),) if release.is_suspended else ()
        found = resolve_named(run, name)
        now = running(run, release)
        to = pin_before(run, release, now, self.version)
        self._first.setdefault(name, (now, to))
        subject = shortened(f'Roll back {name}: {now.version} → {to}')
        notes = (f'{name}: {_way(found.strategy, release.engine(found.environment), to.version)}',)
        files = move_pin(release, to, run.source.read, back=True)
        change = RegistryChange(files, subject, _result(now, to), notes, warnings=warnings)
        return withdrawing(run, change, release, now, to, self.reason or f'rolled back to {to}')


def _result(before: Pin, to: Pin) -> dict[str, object]:
    return {'result': 'rolled back', 'from': before.spec, 'to': to.spec}


def _meanwhile(release: Release, before: Pin, to: Pin, version: str) -> RegistryChange | None:
    """Judge a pin that may have moved since the first look: the version before it may be another one now."""
    now = pin_of(release.spec)
    if now == to:
        return RegistryChange(result=_result(before, to))
    if now == before or version:
        return None
    message = f'the pin moved from {before} to {now} while this command ran'
    hint = f"if it shall still go back, run the command again with '--to {to.version}'"
    raise problem(release.file, '$.spec', message, hint)


def _abort(run: Run, release: Release, rollout: Rollout, version: str, reason: str) -> RegistryChange:
    """The old version still runs: it gets all requests again."""
    if version not in ('', release.version):
        message = f"a rollout to {rollout.spec['to']['version']} is in progress, and '{version}' is not the old version"
        raise problem(rollout.file, '', message, f"run 'chartloom rollout abort {rollout.name}' first")
    subject = f'Roll back {rollout.name}: abort the rollout of {rollout.spec["to"]["version"]} at {rollout.stage}'
    change = aborted(run, rollout, subject, why=reason)
    result = {**change.result, 'from': rollout.spec['to'], 'to': rollout.spec['from']}
    return replace(change, result=result)


def _check_clean(run: Run, release: Release) -> None:
    """Raise ProblemsFound if the release's file has other changes: a rollback deploys them without checks."""
    source = run.source
    if release.file not in source.laid and source.tree.ids.get(release.file) != source.tree.held.get(release.file):
        raise problem(release.file, '', 'changed, and not part of this operation', SET_ASIDE)


def _way(strategy: Strategy, engine: Engine, version: str) -> str:
    """How the pods and the requests go back, and what it costs."""
    if isinstance(strategy, Rolling):
        return f'Kubernetes replaces the pods by those of {version}, as strategy rolling says.'
    match engine:
        case 'native':
            return f'Kubernetes replaces the pods by those of {version}; requests go to ready pods only.'
        case 'argo-rollouts':
            return f'all pods of {version} start, then they get all requests at once, without checks and approvals.'
        case 'flagger':
            return (
                f'the pods of {version} start as the target and get all requests, without checks; then the primary'
                ' starts them, too: it takes two model loads and as many spare accelerators.'
            )
        case _:
            assert_never(engine)
