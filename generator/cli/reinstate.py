"""chartloom reinstate: a version that a release gave up → it may be pinned, followed and promoted again."""

from __future__ import annotations

import click

from generator.cli import offers
from generator.cli.operation import Place, operation_options, release_name
from generator.cli.outcome import tell
from generator.cli.output import say, wants_json
from generator.operations.withdraw import reinstating


@click.command()
@click.argument('name', metavar='ENV/MODEL', callback=release_name, shell_complete=offers.releases)
@click.argument('version', shell_complete=offers.versions)
@operation_options
def command(name: str, version: str, place: Place, output: str) -> None:
    """Take back that a rollback or an abort withdrew a version: it may be pinned, followed and promoted again.

    The pin does not move, but a release that follows the newest version takes it at once.
    """
    outcome = place.carry_out(reinstating(name, version))
    tell(outcome)
    if not wants_json():
        done = f'{version} may run again in {name}'
        say(done if outcome.changed else f'nothing to do: {name} did not give up {version}')
