"""chartloom chart-source: an environment, or the repository → charts from folders of git, or from an OCI registry."""

from __future__ import annotations

from functools import partial

import click

from generator.cli import offers
from generator.cli.operation import Place, operation_options
from generator.cli.outcome import tell
from generator.cli.output import say, wants_json
from generator.cli.registry import connect, registry_options
from generator.domain.choices import ChartSource
from generator.operations.chart_source import moving_environment, moving_repository


@click.command()
@click.argument('source', type=click.Choice(['git', 'oci']))
@click.option(
    '--env', 'environment', default='', metavar='ENV', shell_complete=offers.environments,
    help='Move this environment; without it, move the folders of the repository.',
)  # fmt: skip
@registry_options
@operation_options
def command(
    source: ChartSource, environment: str, plain_http: bool, ca_file: str | None, place: Place, output: str
) -> None:
    """Move to charts from an OCI registry, or back to folders of git.

    To the registry: publish all charts, move each environment with --env, then run 'chartloom chart-source oci', which
    removes the folders of versions. Back to git: first 'chartloom chart-source git', which restores the folders, then
    each environment. The objects in the clusters stay the same.
    """
    opened = partial(connect, plain_http=plain_http, ca_file=ca_file)
    moving = moving_environment(source, environment, opened) if environment else moving_repository(source, opened)
    outcome = place.carry_out(moving)
    if not wants_json() and outcome.result:
        say(outcome.result['result'])
    tell(outcome)
