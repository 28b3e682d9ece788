"""chartloom rollout: one release to another version, each step a commit; with other engines one commit in all."""

from __future__ import annotations

import time
from pathlib import Path

import click

from generator.cli import CHANGES, PROBLEMS, offers
from generator.cli.output import common_options, problem_data, report, result, say, wants_json
from generator.cli.rollout_commit import apply_move, commit_options, model_of, open_named, tell_move
from generator.cli.rollout_status import show_status, status_data
from generator.domain.problems import problem
from generator.domain.records import Rollout
from generator.operations.rollout import (
    aborting,
    advancing,
    check_room,
    find_rollout,
    health,
    move,
    next_look,
    rollout_names,
    stage_name,
    start_of,
    waiting,
)
from generator.operations.rollout_health import Verdict
from generator.operations.rollout_steps import Files, Wait, after, check_finish, remaining
from generator.pipeline.run import Run
from generator.plan.message import shortened
from generator.strategies.course import ENDED
from generator.strategies.during import rollout_stage
from generator.tools.git.repository import Repository


@click.group()
def command() -> None:
    """Move a release to another version, step by step.

    With engine native each step is a commit: 'start' begins, 'advance' makes the next step when its time has come. With
    Argo Rollouts and Flagger 'start' is the one commit, and their controllers do the rest.
    """


@command.command()
@click.option(
    '--version', default='', shell_complete=offers.versions, help='The model version to go to; default: the newest.'
)
@click.option(
    '--chart', default='', shell_complete=offers.charts,
    help='The chart version to go to; default: the newest of that version.',
)  # fmt: skip
@commit_options(offers.releases)
def start(name: str, version: str, chart: str, push: bool, message: str, folder: Path, output: str) -> None:
    """Begin: the new pods beside the old ones, without traffic."""
    name, repository = open_named(name, folder)
    run = Run(repository, [model_of(name)])
    began = start_of(run, name, version, chart)
    check_room(run, name, began)

    def edit(run: Run) -> Files:
        return start_of(run, name, began.to.version, began.to.chart).files

    subject = f'Start to roll out {name} {began.to.version}'
    outcome = apply_move(repository, name, 'start', edit, message or shortened(subject), push)
    tell_move(outcome, {'result': 'started', 'stage': began.stage, 'to': began.to.spec})
    if not wants_json():
        show_status(Run(repository, [model_of(name)]), name, int(time.time()))


@command.command()
@click.option('--approve', is_flag=True, help='Approve the stage that waits for somebody.')
@click.option('--now', 'skip_hold', is_flag=True, help='Do not wait for the end of its hold.')
@click.option('--if-healthy', is_flag=True, help='Ask Prometheus first: pods are ready, and the checks hold.')
@click.option('--prometheus', default='', help="Address of Prometheus; default: the environment's.")
@click.option('--abort-on-failure', is_flag=True, help='Take all requests back when the checks fail.')
@commit_options(offers.rollouts)
@click.pass_context
def advance(
    context: click.Context, name: str, approve: bool, skip_hold: bool, if_healthy: bool, prometheus: str,
    abort_on_failure: bool, push: bool, message: str, folder: Path, output: str,
) -> None:  # fmt: skip
    """Make the next step, if its time has come.

    Exit codes: 0 advanced, 1 failed (or aborted), 4 waiting.
    """
    name, repository = open_named(name, folder)
    run, now = Run(repository, [model_of(name)]), int(time.time())
    _, rollout = find_rollout(run, name)
    verdict = Verdict('passed')
    if (if_healthy or prometheus or abort_on_failure) and not rollout.aborted:
        verdict = health(run, name, prometheus, now)
    wait = waiting(run, name, now, approved=approve, skip_hold=skip_hold)
    if verdict.state == 'failed':
        _fail(context, repository, rollout, verdict, push, message, abort_on_failure)
    elif wait.reasons or verdict.state == 'waiting':
        _wait(context, rollout, wait, verdict)
    else:
        _advance(repository, rollout, 'advance', push, message)


def _advance(repository: Repository, rollout: Rollout, operation: str, push: bool, message: str) -> None:
    name, to = rollout.name, after(rollout)
    version = rollout.spec['to']['version']
    subject = f'Roll out {name} {version}: {stage_name(rollout)} → {to}'
    if rollout.aborted:
        subject = f'End the aborted rollout of {name} {version}'
    edit = move(name, stage_name(rollout), advancing)
    outcome = apply_move(repository, name, operation, edit, message or shortened(subject), push)
    rest = remaining(rollout)[1:]
    tell_move(outcome, {'result': 'advanced', 'waitSeconds': 0, 'reasons': [], 'stage': to, 'remaining': rest})
    if not wants_json():
        say(f'{name}: {stage_name(rollout)} → {to}' + (f', then {", ".join(rest)}' if rest else ''))


def _wait(context: click.Context, rollout: Rollout, wait: Wait, verdict: Verdict) -> None:
    reasons = [*wait.reasons, *([verdict.reason] if verdict.reason else [])]
    seconds = wait.seconds or (next_look(rollout) if verdict.reason else 0)
    if wants_json():
        result({'result': 'waiting', 'waitSeconds': seconds, 'reasons': reasons, 'stage': rollout.stage})
    else:
        say(f"{rollout.name} waits at '{stage_name(rollout)}': {'; '.join(reasons)}")
    context.exit(CHANGES)


def _fail(
    context: click.Context, repository: Repository, rollout: Rollout, verdict: Verdict, push: bool, message: str,
    abort_on_failure: bool,
) -> None:  # fmt: skip
    hint = '' if abort_on_failure else f"run 'chartloom rollout abort {rollout.name}'"
    told = problem(rollout.file, '$.spec.stage', verdict.reason, hint)
    if not wants_json():
        report(told)
    if abort_on_failure:
        _abort(repository, rollout, push, message, [verdict.reason])
    elif wants_json():
        about = {'result': 'failed', 'waitSeconds': 0, 'reasons': [verdict.reason], 'stage': rollout.stage}
        result({**about, 'problems': problem_data(told.problems)})
    context.exit(PROBLEMS)


@command.command()
@commit_options(offers.rollouts)
def abort(name: str, push: bool, message: str, folder: Path, output: str) -> None:
    """Take all requests back to the old version.

    Where the new one has got requests its pods stay, to answer them, until 'advance' or 'finish' removes them.
    """
    name, repository = open_named(name, folder)
    _, rollout = find_rollout(Run(repository, [model_of(name)]), name)
    _abort(repository, rollout, push, message, [])


def _abort(repository: Repository, rollout: Rollout, push: bool, message: str, reasons: list[str]) -> None:
    name = rollout.name
    subject = f'Abort the rollout of {name} {rollout.spec["to"]["version"]} at {rollout.stage}'
    outcome = apply_move(
        repository, name, 'abort', move(name, stage_name(rollout), aborting), message or shortened(subject), push
    )
    rest = [ENDED] if rollout_stage(rollout).serves else []
    tell_move(
        outcome, {'result': 'aborted', 'waitSeconds': 0, 'reasons': reasons, 'stage': rollout.stage, 'remaining': rest}
    )
    if not wants_json():
        last = f"; 'chartloom rollout finish {name}' removes the new pods" if rest else ''
        say(f'{name}: all requests are back at {rollout.spec["from"]["version"]}{last}')


@command.command()
@commit_options(offers.rollouts)
@click.pass_context
def finish(context: click.Context, name: str, push: bool, message: str, folder: Path, output: str) -> None:
    """Make the next commit towards the end, after the last step or an abort; no hold and no check is waited for."""
    name, repository = open_named(name, folder)
    run, now = Run(repository, [model_of(name)]), int(time.time())
    _, rollout = find_rollout(run, name)
    check_finish(rollout)
    wait = waiting(run, name, now, approved=True, skip_hold=True)
    if wait.reasons:
        _wait(context, rollout, wait, Verdict('passed'))
    _advance(repository, rollout, 'finish', push, message)


@command.command()
@click.argument('name', metavar='[ENV/MODEL]', default='', shell_complete=offers.releases)
@common_options
def status(name: str, folder: Path, output: str) -> None:
    """Show where rollouts stand, what comes next and what it waits for; all that are under way where none is named."""
    name, repository = open_named(name, folder)
    names = [name] if name else rollout_names(repository)
    runs, now = [(Run(repository, [model_of(each)]), each) for each in names], int(time.time())
    if wants_json():
        result({'rollouts': [status_data(run, each, now) for run, each in runs]})
        return
    for run, each in runs:
        show_status(run, each, now)
    if not names:
        say('no rollout is under way')
