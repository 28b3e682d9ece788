"""chartloom rollback: a model or an application in an environment → what it ran before."""

from __future__ import annotations

import click

from generator.cli import offers
from generator.cli.lock import reason_of
from generator.cli.operation import Place, operation_options
from generator.cli.outcome import tell
from generator.cli.output import say, wants_json
from generator.cli.rollout import tell_abort
from generator.operations.operation import Outcome
from generator.operations.rollback import rolling_back
from generator.operations.rollback_together import rolling_back_together


@click.command()
@click.argument('model', default='', shell_complete=offers.models)
@click.option(
    '--application', default='', metavar='APP', shell_complete=offers.applications,
    help='The members of this application that moved last, and together, instead of one model.',
)  # fmt: skip
@click.option('--env', required=True, metavar='ENV', shell_complete=offers.environments, help='The environment.')
@click.option('--to', 'version', default=None, metavar='VERSION', help='The model version; default: the one before.')
@click.option('--reason', default='', callback=reason_of, help='Why the version is withdrawn there, on one line.')
@click.option('--skip-blocked', is_flag=True, help='With --application: roll back the others if one cannot go back.')
@operation_options
def command(
    model: str, application: str, env: str, version: str | None, reason: str, skip_blocked: bool, place: Place,
    output: str,
) -> None:  # fmt: skip
    """Go back to the version that a model ran before in an environment, as fast as its engine can.

    A rollout in git that is in progress is aborted. Else the pin before the current one is restored from git's history,
    and Argo Rollouts and Flagger skip their steps and checks until the next pin. The version that is given up does not
    come back there until 'chartloom reinstate'.
    """
    if version == '':
        raise click.UsageError('--to requires a version, found an empty one')
    if bool(model) == bool(application):
        raise click.UsageError('expected one of MODEL and --application')
    if application:
        if version:
            raise click.UsageError('--to is for one MODEL: members have versions of their own')
        operation = rolling_back_together(application, env, reason, skip_blocked=skip_blocked)
        _tell_together(place.carry_out(operation))
        return
    if skip_blocked:
        raise click.UsageError('--skip-blocked requires --application')
    outcome = place.carry_out(rolling_back(f'{env}/{model}', version or '', reason))
    before, after = outcome.result['from'], outcome.result['to']
    if outcome.result['result'] == 'aborted':
        tell_abort(f'{env}/{model}', outcome, after['version'])
        return
    tell(outcome)
    if not wants_json():
        say(f'{env}/{model}: {before["version"]} → {after["version"]} (chart {after["chart"]})')


def _tell_together(outcome: Outcome) -> None:
    tell(outcome)
    if wants_json():
        return
    for row in outcome.result['rolledBack']:
        aborted = '; its rollout is aborted' if row['result'] == 'aborted' else ''
        say(
            f'{row["release"]}: {row["from"]["version"]} → {row["to"]["version"]} (chart {row["to"]["chart"]}){aborted}'
        )
    for row in outcome.result['blocked']:
        say(f'{row["release"]} is not rolled back: {row["problems"][0]["message"]}', fg='yellow')
    for row in outcome.result['stays']:
        say(f'{row["release"]} stays: {row["reason"]}')
