"""chartloom rollback: a model in an environment → the version that it ran before."""

from __future__ import annotations

import click

from generator.cli import offers
from generator.cli.lock import reason_of
from generator.cli.operation import Place, operation_options, tell
from generator.cli.output import say, wants_json
from generator.cli.rollout import tell_abort
from generator.operations.rollback import rolling_back


@click.command()
@click.argument('model', shell_complete=offers.models)
@click.option('--env', required=True, metavar='ENV', shell_complete=offers.environments, help='The environment.')
@click.option('--to', 'version', default=None, metavar='VERSION', help='The model version; default: the one before.')
@click.option('--reason', default='', callback=reason_of, help='Why the version is withdrawn there, on one line.')
@operation_options
def command(model: str, env: str, version: str | None, reason: str, place: Place, output: str) -> None:
    """Go back to the version that a model ran before in an environment, as fast as its engine can.

    A rollout in git that is in progress is aborted. Else the pin before the current one is restored from git's history,
    and Argo Rollouts and Flagger skip their steps and checks until the next pin. The version that is given up does not
    come back there until 'chartloom reinstate'.
    """
    if version == '':
        raise click.UsageError('--to requires a version, found an empty one')
    outcome = place.carry_out(rolling_back(f'{env}/{model}', version or '', reason))
    before, after = outcome.result['from'], outcome.result['to']
    if outcome.result['result'] == 'aborted':
        tell_abort(f'{env}/{model}', outcome, after['version'])
        return
    tell(outcome)
    if not wants_json():
        say(f'{env}/{model}: {before["version"]} → {after["version"]} (chart {after["chart"]})')
