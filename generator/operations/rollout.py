"""A verb of `chartloom rollout` → an operation that reads the state of the branch and makes at most one commit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from generator.domain.layout import model_name
from generator.domain.problems import Problem, ProblemsFound, problem
from generator.domain.records import Release, Rollout
from generator.operations.hints import SET_ASIDE
from generator.operations.operation import Operation, RegistryChange
from generator.operations.rollout_began import Began, began_at, first_look, landed
from generator.operations.rollout_health import Verdict
from generator.operations.rollout_seen import Landed, refusal
from generator.operations.rollout_state import (
    find_rollout,
    health,
    next_look,
    stage_name,
    waiting,
)
from generator.operations.rollout_steps import Pin, Wait, abort, advance, after, check_finish, remaining
from generator.operations.withdraw import withdrawing
from generator.pipeline.run import Run
from generator.plan.message import shortened
from generator.plan.suspended import suspended_problem, suspended_warning
from generator.strategies.course import ENDED
from generator.strategies.during import rollout_share, rollout_stage


@dataclass(frozen=True, slots=True)
class Gate:
    """The conditions of `advance`: `now` in seconds since the epoch, and the options of the command.

    `record`: the first run that sees a stage with a hold on the published branch records this on the remote.
    """

    now: int
    approved: bool = False
    skip_hold: bool = False
    check_health: bool = False
    prometheus: str = ''
    abort_on_failure: bool = False
    record: bool = True


def advancing(name: str, gate: Gate) -> Operation:
    """Move to the next stage, if nothing is left to wait for."""

    def decide(run: Run, release: Release, rollout: Rollout) -> RegistryChange:
        _ = run.releases  # raises the problems of this one
        if release.is_suspended and not rollout.aborted:
            raise ProblemsFound([suspended_problem(release)])
        stage = landed(run, rollout)
        began, warnings = _look(stage, gate) if stage else (None, ())
        return replace(_decide(run, release, rollout, began, gate), warnings=warnings)

    flags = [flag for flag, given in (('--approve', gate.approved), ('--now', gate.skip_hold)) if given]
    return _moving('advance', name, decide, flags)


def _look(stage: Landed, gate: Gate) -> tuple[Began, tuple[Problem, ...]]:
    """When a stage began; without a hold to wait for nobody is asked."""
    if not stage.holds or gate.skip_hold:
        return began_at(stage, gate.now), ()
    # This may be done again if the branch has moved: what is recorded stays as it is.
    began, refused = first_look(stage, gate.now, write=gate.record)
    return began, (refusal(stage.remote, refused),) if refused else ()


def _decide(run: Run, release: Release, rollout: Rollout, began: Began | None, gate: Gate) -> RegistryChange:
    verdict = Verdict('passed')
    if gate.check_health and not rollout.aborted:
        verdict = health(run, rollout, began, gate.prometheus, gate.now)
    if verdict.state == 'failed' and gate.abort_on_failure:
        return aborted(run, rollout, reasons=[verdict.reason])
    if verdict.state == 'failed':
        return RegistryChange(result=_stays('failed', rollout, 0, [verdict.reason]))
    wait = waiting(run, rollout, began, gate.now, approved=gate.approved, skip_hold=gate.skip_hold)
    if wait.reasons or verdict.state == 'waiting':
        return _wait(rollout, wait, verdict)
    return _advance(run, release, rollout, _although(run, rollout, began, gate))


def finishing(name: str, now: int) -> Operation:
    """Move to the next stage after the last step or after an abort, without waiting for holds and checks."""

    def decide(run: Run, release: Release, rollout: Rollout) -> RegistryChange:
        check_finish(rollout)
        stage = landed(run, rollout)
        began = began_at(stage, now) if stage else None
        wait = waiting(run, rollout, began, now, approved=True, skip_hold=True)
        if wait.reasons:
            return _wait(rollout, wait, Verdict('passed'))
        passed = Gate(now, approved=True, skip_hold=True)
        return _advance(run, release, rollout, _although(run, rollout, began, passed))

    return _moving('finish', name, decide)


def aborting(name: str, reason: str = '') -> Operation:
    """Move all requests back to the old version, and withdraw the new one for a reason."""

    tried: list[str] = []

    def decide(run: Run, release: Release, rollout: Rollout) -> RegistryChange:
        if rollout.aborted and tried:  # somebody else was faster
            return RegistryChange(result=_abort_result(rollout))
        tried.append(rollout.stage)
        return aborted(run, rollout, why=reason)

    return _moving('abort', name, decide)


def _moving(
    verb: str, name: str, decide: Callable[[Run, Release, Rollout], RegistryChange], flags: Sequence[str] = ()
) -> Operation:
    """An operation on a rollout in progress, which must stay at its stage until the operation is carried out.

    An abort is required at any stage.
    """
    urgent, seen = verb == 'abort', list[str]()

    def look(run: Run) -> None:
        seen[:] = [stage_name(find_rollout(run, name, verb)[1])]

    def change(run: Run) -> RegistryChange:
        release, rollout = find_rollout(run, name, verb)
        stage = stage_name(rollout)
        if seen and seen != [stage] and not urgent:
            message = f"the rollout moved from '{seen[0]}' to '{stage}' while this command ran"
            raise problem(rollout.file, '$.spec.stage', message, 'run the command again')
        seen[:] = [stage]
        return decide(run, release, rollout)

    instead = SET_ASIDE if urgent else ''
    return Operation(
        f'rollout {verb}', (*flags, name), (model_name(name),), change, look=look, instead=instead,
        history=not urgent, urgent=urgent, releases=(name,),
    )  # fmt: skip


def _traffic(rollout: Rollout, after_it: int) -> tuple[str, ...]:
    """The percent of the requests that the new version gets, before and after a commit."""
    before, version = rollout_share(rollout, rollout.stage), rollout.spec['to']['version']
    share = f'{before} % of the requests before this commit, {after_it} % after it'
    if before == after_it:
        share = f'{before} % of the requests, as before this commit'
    return (f'{rollout.name}: version {version} gets {share}.',)


def _stays(result: str, rollout: Rollout, seconds: int, reasons: list[str]) -> dict[str, object]:
    return {'result': result, 'waitSeconds': seconds, 'reasons': reasons, 'stage': rollout.stage}


def _wait(rollout: Rollout, wait: Wait, verdict: Verdict) -> RegistryChange:
    reasons = [*wait.reasons, *([verdict.reason] if verdict.reason else [])]
    seconds = wait.seconds or (next_look(rollout) if verdict.reason else 0)
    return RegistryChange(result=_stays('waiting', rollout, seconds, reasons))


def _advance(run: Run, release: Release, rollout: Rollout, although: Sequence[str] = ()) -> RegistryChange:
    version, to = rollout.spec['to']['version'], after(rollout)
    subject = f'Roll out {rollout.name} {version}: {stage_name(rollout)} → {to}'
    if rollout.aborted:
        subject = f'End the aborted rollout of {rollout.name} {version}'
    result = {
        'result': 'advanced', 'waitSeconds': 0, 'reasons': [], 'before': stage_name(rollout), 'stage': to,
        'remaining': remaining(rollout)[1:],
    }  # fmt: skip
    notes = () if rollout.aborted else (*although, *_traffic(rollout, rollout_share(rollout, to)), *_pods(rollout, to))
    return RegistryChange(advance(rollout, release, run.source.read), shortened(subject), result, notes)


def _although(run: Run, rollout: Rollout, began: Began | None, gate: Gate) -> list[str]:
    """What a stage is left without, by --now, --approve or `finish`."""
    if rollout.aborted or not (gate.approved or gate.skip_hold):
        return []
    found = [] if gate.skip_hold is False else list(waiting(run, rollout, began, gate.now, approved=True).reasons)
    notes = [f'{rollout.name}: does not wait: {reason}.' for reason in found]
    if gate.approved and rollout_stage(rollout).approval:
        notes.append(f"{rollout.name}: '{rollout.stage}' is approved by whoever makes this commit.")
    return notes


def _pods(rollout: Rollout, to: str) -> tuple[str, ...]:
    if to != 'replace':
        return ()
    return (
        f'{rollout.name}: the old pods are replaced by those of {rollout.spec["to"]["version"]}, one after the other.',
    )


def aborted(
    run: Run, rollout: Rollout, subject: str = '', reasons: Sequence[str] = (), why: str = ''
) -> RegistryChange:
    """Return the change that moves all requests back to the old version, and withdraws the new one.

    `reasons` are the checks that failed, `why` is what somebody says.
    """
    subject = subject or f'Abort the rollout of {rollout.name} {rollout.spec["to"]["version"]} at {rollout.stage}'
    files, result = abort(rollout, run.source.read), _abort_result(rollout, reasons)
    release, (old, new) = run.registry.releases[rollout.name], (Pin(**rollout.spec[end]) for end in ('from', 'to'))
    warnings = (suspended_warning(release),) if release.is_suspended else ()
    change = RegistryChange(files, shortened(subject), result, _traffic(rollout, 0), warnings=warnings)
    return withdrawing(run, change, release, new, old, why or '; '.join([f'aborted at {rollout.stage}', *reasons]))


def _abort_result(rollout: Rollout, reasons: Sequence[str] = ()) -> dict[str, object]:
    return {
        'result': 'aborted', 'waitSeconds': 0, 'reasons': [*reasons], 'stage': rollout.stage,
        'from': rollout.spec['from'], 'remaining': [ENDED] if rollout_stage(rollout).serves else [],
    }  # fmt: skip
