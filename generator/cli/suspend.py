"""chartloom suspend: a release → its agent keeps its hands off it."""

from __future__ import annotations

import click

from generator.cli import offers
from generator.cli.operation import Place, operation_options, release_name
from generator.cli.outcome import tell
from generator.cli.output import say, wants_json
from generator.operations.suspend import suspending


@click.command()
@click.argument('name', metavar='ENV/MODEL', callback=release_name, shell_complete=offers.releases)
@click.option('--reason', required=True, help='Why, on one line.')
@operation_options
def command(name: str, reason: str, place: Place, output: str) -> None:
    """Take the agent's hands off one release: it applies no commit, corrects no drift and removes nothing.

    What runs stays. Argo CD gets an Application without automated sync and without its finalizer, Flux a HelmRelease
    with suspend: true. Pins and rollouts of the release are refused until 'chartloom resume'.
    """
    reason = reason.strip()
    if not (2 <= len(reason) <= 300 and reason.isprintable()):
        raise click.UsageError('--reason is one line of 2 to 300 characters')
    outcome = place.carry_out(suspending(name, reason))
    tell(outcome)
    if not wants_json():
        say(
            f'{name} is suspended' if outcome.changed else f'nothing to do: {name} is already suspended for this reason'
        )
