"""A verb of `chartloom rollout` → an operation that reads the state of the branch and makes at most one commit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from generator.checks.releases import shared_problems
from generator.domain.generated import ResolvedRelease
from generator.domain.layout import TEMPLATES, model_file, model_name
from generator.domain.problems import Problem, ProblemsFound, problem
from generator.domain.records import Release, Rollout
from generator.domain.strategy import Rolling
from generator.operations.operation import Operation, RegistryChange
from generator.operations.rollout_began import Began, began_at, first_look, landed
from generator.operations.rollout_health import Verdict
from generator.operations.rollout_seen import Landed, refusal
from generator.operations.rollout_start import Start, check_release, choose_target, no_rollout, start
from generator.operations.rollout_state import (
    find_rollout,
    health,
    next_look,
    resolve_alone,
    stage_name,
    waiting,
)
from generator.operations.rollout_steps import Pin, Wait, abort, advance, after, check_finish, remaining
from generator.operations.withdraw import withdrawing
from generator.pipeline.run import Run
from generator.pipeline.source import open_source
from generator.pipeline.tree_ids import tree_files
from generator.plan.message import shortened
from generator.plan.stops import Ground, frozen, frozen_note, ground_of, stops
from generator.plan.suspended import suspended_problem, suspended_warning
from generator.strategies.course import ENDED
from generator.strategies.during import rollout_share, rollout_stage

# The hint for other changes in the work tree, of a command that may not wait until they are committed.
SET_ASIDE = "set it aside with 'git stash -u', or use --repo URL"


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
    return _advance(run, release, rollout)


def _ground(run: Run, name: str) -> Ground:
    return ground_of(run.registry, run.registry.releases[name])


def _check_stops(found: Iterable[Problem]) -> None:
    if problems := list(found):
        raise ProblemsFound(problems)


def finishing(name: str, now: int) -> Operation:
    """Move to the next stage after the last step or after an abort, without waiting for holds and checks."""

    def decide(run: Run, release: Release, rollout: Rollout) -> RegistryChange:
        check_finish(rollout)
        stage = landed(run, rollout)
        wait = waiting(run, rollout, began_at(stage, now) if stage else None, now, approved=True, skip_hold=True)
        return _wait(rollout, wait, Verdict('passed')) if wait.reasons else _advance(run, release, rollout)

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


def _from_to(release: Release, to: Pin) -> str:
    old = Pin(release.version, release.chart)
    return f'{old.version if old.version != to.version else old} → {to}'


def first_note(name: str, to: Pin, stage: str) -> tuple[str, ...]:
    """What the commit that starts a rollout does to the traffic."""
    if not stage:
        return ()
    return (f'{name}: {to} starts and gets no requests yet. The pin moves when the rollout ends.',)


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


def _advance(run: Run, release: Release, rollout: Rollout) -> RegistryChange:
    version, to = rollout.spec['to']['version'], after(rollout)
    subject = f'Roll out {rollout.name} {version}: {stage_name(rollout)} → {to}'
    if rollout.aborted:
        subject = f'End the aborted rollout of {rollout.name} {version}'
    result = {
        'result': 'advanced', 'waitSeconds': 0, 'reasons': [], 'before': stage_name(rollout), 'stage': to,
        'remaining': remaining(rollout)[1:],
    }  # fmt: skip
    notes = () if rollout.aborted else _traffic(rollout, rollout_share(rollout, to))
    return RegistryChange(advance(rollout, release, run.source.read), shortened(subject), result, notes)


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
