"""chartloom promote: models → the version that they run in the environment before, in one commit."""

from __future__ import annotations

import click

from generator.cli import offers
from generator.cli.lock import allow_frozen_option
from generator.cli.operation import Place, operation_options, tell
from generator.cli.output import say, wants_json
from generator.operations.promote import What, promoting


@click.command()
@click.argument('model', default='', shell_complete=offers.models)
@click.option(
    '--application', default='', metavar='APP', shell_complete=offers.applications,
    help='All members of this application, instead of one model.',
)  # fmt: skip
@click.option('--all', 'everything', is_flag=True, help='All models of the environments before.')
@click.option('--to', required=True, metavar='ENV', shell_complete=offers.environments, help='The environment.')
@click.option(
    '--from', 'source', default='', metavar='ENV', shell_complete=offers.environments,
    help='The environment before; default: the first of promotesFrom that has the model.',
)  # fmt: skip
@click.option('--skip-blocked', is_flag=True, help='Promote the others if something stops some of them.')
@allow_frozen_option
@operation_options
def command(
    model: str, application: str, everything: bool, to: str, source: str, skip_blocked: bool, allow_frozen: str,
    place: Place, output: str,
) -> None:  # fmt: skip
    """Move pins, model and chart version together, to those of the environment before.

    All members move in one commit, or none, unless --skip-blocked. What is judged: locks, frozen times, versions that
    were withdrawn, and whether the environment before has run the version, its rollout finished, for long enough.
    Where commits move the traffic, the rollout starts. A release that does not exist yet is made.
    """
    if sum(map(bool, (model, application, everything))) != 1:
        raise click.UsageError('expected one of MODEL, --application and --all')
    operation = promoting(What(model, application), to, source, skip_blocked=skip_blocked, allow_frozen=allow_frozen)
    outcome = place.carry_out(operation)
    told = outcome.result
    if not wants_json():
        for row in told['promoted']:
            before = f'{row["before"]} (chart {row["beforeChart"]})' if row['beforeChart'] else 'no release'
            rollout = f'; its rollout starts at {row["stage"]}' if row['stage'] else ''
            say(f'{row["release"]}: {before} → {row["version"]} (chart {row["chart"]}), from {row["from"]}{rollout}')
        for row in told['stays']:
            say(f'{row["release"]} stays: {row["reason"]}')
        for row in told['blocked']:
            say(f'{row["release"]} is stopped: {row["problems"][0]["message"]}', fg='yellow')
        if not told['promoted']:
            say('nothing to do: nothing is to be promoted')
    tell(outcome)
