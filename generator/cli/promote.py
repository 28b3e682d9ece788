"""chartloom promote: models → the version that they run in the environment before, in one commit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from generator.cli import offers
from generator.cli.lock import allow_frozen_option
from generator.cli.operation import Place, not_empty, operation_options, together_option
from generator.cli.outcome import tell
from generator.cli.output import say, wants_json
from generator.operations.promote import promoting
from generator.operations.promotion import How, What


@click.command()
@click.argument('model', default='', shell_complete=offers.models)
@click.option(
    '--application', default='', metavar='APP', shell_complete=offers.applications,
    help='All members of this application, instead of one model.',
)  # fmt: skip
@click.option('--all', 'everything', is_flag=True, help='All models of the environments before.')
@click.option(
    '--to', required=True, multiple=True, metavar='ENV', shell_complete=offers.environments,
    help='The environment; several that promote from the same ones may be given.',
)  # fmt: skip
@click.option(
    '--from', 'source', default='', metavar='ENV', callback=not_empty, shell_complete=offers.environments,
    help='The environment before; default: the first of promotesFrom that has the model.',
)  # fmt: skip
@click.option('--skip-blocked', is_flag=True, help='Promote the others if something stops some of them.')
@click.option('--values', is_flag=True, help='Carry the values of the release before, but for spec.local.')
@together_option
@click.option(
    '--confirm-healthy', 'healthy', is_flag=True,
    help='You have looked: the releases before are healthy, their steps are approved. Prometheus is not asked.',
)  # fmt: skip
@allow_frozen_option
@operation_options
def command(
    model: str, application: str, everything: bool, to: tuple[str, ...], source: str, skip_blocked: bool, values: bool,
    together: bool, healthy: bool, allow_frozen: str, place: Place, output: str,
) -> None:  # fmt: skip
    """Move pins, model and chart version together, to those of the environment before.

    All members move in one commit, or none, unless --skip-blocked. What is judged: locks, frozen times, versions that
    were withdrawn, and whether the environment before has run the version, its rollout finished, for long enough and
    healthy. Where commits move the traffic, the rollout starts. A release that does not exist yet is made.
    """
    if sum(map(bool, (model, application, everything))) != 1:
        raise click.UsageError('expected one of MODEL, --application and --all')
    how = How(skip_blocked, allow_frozen, values, together, healthy)
    outcome = place.carry_out(promoting(What(model, application), tuple(dict.fromkeys(to)), source, how))
    told = outcome.result
    if not wants_json():
        for row in told['promoted']:
            say(_line(row))
            for each in row['values']:
                say(f'  values.{each["key"]}: {each["before"]} → {each["after"]}')
        for row in told['stays']:
            say(f'{row["release"]} stays: {row["reason"]}')
        for row in told['blocked']:
            say(f'{row["release"]} is stopped: {row["problems"][0]["message"]}', fg='yellow')
        if not told['promoted']:
            say('nothing to do: nothing is to be promoted')
    tell(outcome)


def _line(row: Mapping[str, Any]) -> str:
    if (row['before'], row['beforeChart']) == (row['version'], row['chart']):
        return f'{row["release"]}: values from {row["from"]}, it runs {row["version"]} (chart {row["chart"]}) already'
    before = f'{row["before"]} (chart {row["beforeChart"]})' if row['beforeChart'] else 'no release'
    rollout = f'; its rollout starts at {row["stage"]}' if row['stage'] else ''
    return f'{row["release"]}: {before} → {row["version"]} (chart {row["chart"]}), from {row["from"]}{rollout}'
