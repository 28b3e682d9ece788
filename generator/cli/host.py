"""chartloom host move: a host name → another owner."""

from __future__ import annotations

import click

from generator.cli.operation import Place, operation_options
from generator.cli.outcome import tell
from generator.cli.output import say, wants_json
from generator.operations.host_move import HostMove, moving


@click.group()
def command() -> None:
    """Hand a host name from one model or application to another."""


@command.command()
@click.argument('host', metavar='HOST')
@click.option('--from', 'old', required=True, metavar='OWNER', help='Who has it: a model or an application.')
@click.option(
    '--to', 'new', required=True, metavar='OWNER', help='Who gets it; model/NAME if an application has it, too.'
)
@click.option('--instead', default='', metavar='LABEL', help='First label that the old owner gets; default: its name.')
@operation_options
def move(host: str, old: str, new: str, instead: str, place: Place, output: str) -> None:
    """Move a host name from one owner to another, in one commit.

    A name below the domain of an environment moves as the first label of both owners, in all environments; a name that
    environments grant moves in their files.
    """
    outcome = place.carry_out(moving(HostMove(host, old, new, instead)))
    tell(outcome)
    if not wants_json():
        say(
            f'{host} belongs to {outcome.result["to"]}'
            if outcome.changed
            else f'nothing to do: {outcome.result["to"]} has it'
        )
