"""chartloom rollout: a release → another version, one commit per stage; with other engines one commit in total."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from generator.cli import CHANGES, PROBLEMS, offers
from generator.cli.lock import allow_frozen_option, reason_of
from generator.cli.operation import Place, branch_option, chosen_branch, operation_options, release_name
from generator.cli.outcome import outcome_data, tell
from generator.cli.output import common_options, problem_data, report, result, say, wants_json, warn
from generator.cli.rollout_status import show_status, status_data
from generator.domain.layout import model_name, rollout_file
from generator.domain.problems import problem
from generator.operations.operation import Operation, Outcome
from generator.operations.remote import opened
from generator.operations.rollout import Gate, aborting, advancing, finishing
from generator.operations.rollout_began import landed
from generator.operations.rollout_seen import recall
from generator.operations.rollout_starting import starting
from generator.operations.rollout_state import rollout_names
from generator.pipeline.run import open_run
from generator.tools.git.repository import Repository

F = TypeVar('F', bound=Callable[..., Any])


@click.group()
def command() -> None:
    """Move a release to another version, step by step.

    With engine native each stage is a commit: 'start' makes the first one, and 'advance' the next one, as soon as the
    stage's hold is over. With Argo Rollouts and Flagger 'start' makes the only commit; their controllers do the rest.
    """


def _verb(named: offers.Offer) -> Callable[[F], F]:
    """Add the arguments and options of a verb; completion offers the `named` releases."""
    name = click.argument('name', metavar='ENV/MODEL', callback=release_name, shell_complete=named)
    return lambda function: name(operation_options(function))


@command.command()
@click.option(
    '--version', default='', shell_complete=offers.versions, help='The new model version; default: the newest.'
)
@click.option(
    '--chart', default='', shell_complete=offers.charts,
    help='The new chart version; default: the newest chart of that model version.',
)  # fmt: skip
@allow_frozen_option
@_verb(offers.releases)
def start(name: str, version: str, chart: str, allow_frozen: str, place: Place, output: str) -> None:
    """Start a rollout: with engine native the new pods start next to the old ones, without traffic.

    With Argo Rollouts and Flagger the pin moves, and their controllers do the rest.
    """
    outcome = place.carry_out(starting(name, version, chart, allow_frozen))
    tell(outcome)
    if not wants_json() and not place.dry_run and (place.url or not place.branch):
        with opened(place.target) as repository:
            show_status(open_run(repository, [model_name(name)]), name, place.now)


@command.command()
@click.option('--approve', is_flag=True, help='Approve a stage that requires approval.')
@click.option('--now', 'skip_hold', is_flag=True, help='Do not wait for the end of the hold.')
@click.option('--if-healthy', is_flag=True, help='Ask Prometheus first whether the pods are ready and the checks pass.')
@click.option('--prometheus', default='', help='URL of Prometheus; default: monitoring.prometheus of the environment.')
@click.option('--abort-on-failure', is_flag=True, help='Abort the rollout if the checks fail.')
@_verb(offers.rollouts)
@click.pass_context
def advance(
    context: click.Context, name: str, approve: bool, skip_hold: bool, if_healthy: bool, prometheus: str,
    abort_on_failure: bool, place: Place, output: str,
) -> None:  # fmt: skip
    """Move to the next stage, if the hold of this one is over and its approval is given.

    The first 'advance' that sees a stage on the published branch records this on the remote, for everybody: the hold
    counts from then. With --dry-run or --now nothing is recorded.

    Exit codes: 0 advanced, 1 failed (or aborted), 4 waiting.
    """
    check_health = if_healthy or bool(prometheus) or abort_on_failure
    gate = Gate(place.now, approve, skip_hold, check_health, prometheus, abort_on_failure, not place.dry_run)
    _move(context, name, place, advancing(name, gate))


@command.command()
@click.option('--reason', default='', callback=reason_of, help='Why the version is withdrawn here, on one line.')
@_verb(offers.rollouts)
@click.pass_context
def abort(context: click.Context, name: str, reason: str, place: Place, output: str) -> None:
    """Move all requests back to the old version. The new one does not come back until 'chartloom reinstate'.

    If the new pods have served requests, they stay to complete them, until 'advance' or 'finish' removes them.
    """
    _move(context, name, place, aborting(name, reason))


@command.command()
@_verb(offers.rollouts)
@click.pass_context
def finish(context: click.Context, name: str, place: Place, output: str) -> None:
    """Move to the next stage after the last step or after an abort, without waiting for holds and checks."""
    _move(context, name, place, finishing(name, place.now))


def _move(context: click.Context, name: str, place: Place, operation: Operation) -> None:
    outcome = place.carry_out(operation)
    match outcome.result['result']:
        case 'waiting':
            _show(outcome, f"{name} waits at '{outcome.result['stage']}': {'; '.join(outcome.result['reasons'])}")
            context.exit(CHANGES)
        case 'failed':
            _fail(name, outcome)
            context.exit(PROBLEMS)
        case 'aborted':
            tell_abort(name, outcome)
            if outcome.result['reasons']:
                context.exit(PROBLEMS)
        case _:
            rest = outcome.result['remaining']
            steps = f'{name}: {outcome.result["before"]} → {outcome.result["stage"]}'
            tell(outcome)
            _say(steps + (f', then {", ".join(rest)}' if rest else ''))


def _show(outcome: Outcome, words: str) -> None:
    warn(outcome.warnings)
    if wants_json():
        result(outcome_data(outcome))
    else:
        say(words)


def _say(words: str) -> None:
    if not wants_json():
        say(words)


def _fail(name: str, outcome: Outcome) -> None:
    warn(outcome.warnings)
    (reason,) = outcome.result['reasons']
    told = problem(rollout_file(name), '$.spec.stage', reason, f"run 'chartloom rollout abort {name}'")
    if wants_json():
        result({**outcome_data(outcome), 'problems': problem_data(told.problems)})
    else:
        report(told)


def tell_abort(name: str, outcome: Outcome, version: str = '') -> None:
    """Say that an abort has moved all requests back to a version, by default to the one that the rollout came from."""
    for reason in outcome.result['reasons']:
        if not wants_json():
            report(problem(rollout_file(name), '$.spec.stage', reason))
    tell(outcome)
    last = f"; 'chartloom rollout finish {name}' removes the new pods" if outcome.result['remaining'] else ''
    version = version or outcome.result['from']['version']
    _say(f'{name}: {version} serves all requests again{last}')


@command.command()
@click.argument('name', metavar='[ENV/MODEL]', default='', shell_complete=offers.releases, callback=release_name)
@click.option(
    '--repo', default='', metavar='URL', help='Read this remote repository without a checkout; --record pushes to it.'
)
@branch_option
@click.option('--record', is_flag=True, help='Record on the remote that the stages are on the published branch.')
@common_options
def status(name: str, repo: str, branch: str, record: bool, folder: Path, output: str) -> None:
    """Show the stage of a rollout, the next stage and what it waits for; without ENV/MODEL, of all rollouts.

    With --record, holds count from now on if nobody has recorded an earlier time: run it in CI after each push to the
    published branch.
    """
    with opened(Place(folder, repo, chosen_branch(repo, branch), False, False, '').target) as repository:
        _status(name, repository, record)


def _status(name: str, repository: Repository, record: bool) -> None:
    names = [name] if name else rollout_names(repository)
    runs, now = [(open_run(repository, [model_name(each)]), each) for each in names], int(time.time())
    rollouts = [(run, run.registry.rollouts[each]) for run, each in runs if each in run.registry.rollouts]
    stages = [stage for run, rollout in rollouts if (stage := landed(run, rollout))]
    warnings = recall(stages, now, write=record)
    if wants_json():
        result({'rollouts': [status_data(run, each, now) for run, each in runs], 'warnings': problem_data(warnings)})
        return
    warn(warnings)
    for run, each in runs:
        show_status(run, each, now)
    if not names:
        say('no rollout in git is in progress')
        say("for a release that Argo Rollouts or Flagger moves: 'chartloom rollout status ENV/MODEL'")
