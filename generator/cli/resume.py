"""chartloom resume: a suspended release → its agent applies commits and corrects drift again."""

from __future__ import annotations

import click

from generator.cli import offers
from generator.cli.operation import Place, operation_options, release_name
from generator.cli.outcome import tell
from generator.cli.output import say, wants_json
from generator.operations.suspend import resuming


@click.command()
@click.argument('name', metavar='ENV/MODEL', callback=release_name, shell_complete=offers.releases)
@operation_options
def command(name: str, place: Place, output: str) -> None:
    """Give a suspended release back to its agent, which applies what was committed meanwhile."""
    outcome = place.carry_out(resuming(name))
    tell(outcome)
    if not wants_json():
        say(f'{name} is not suspended any more' if outcome.changed else f'nothing to do: {name} is not suspended')
