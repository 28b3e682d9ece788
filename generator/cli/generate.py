"""chartloom generate: the registry → charts, values and delivery objects, in the work tree or as a commit."""

from __future__ import annotations

import click

from generator.cli import offers
from generator.cli.operation import Place, operation_options, removal_option
from generator.cli.outcome import tell
from generator.operations.operation import generate


@click.command()
@click.argument('models', nargs=-1, shell_complete=offers.models)
@click.option('--commit', is_flag=True, help='Commit the changes, with the registry files they come from.')
@click.option('--discard-edits', is_flag=True, help='Discard hand edits of generated files.')
@removal_option
@operation_options
def command(
    models: tuple[str, ...],
    commit: bool,
    discard_edits: bool,
    allow_removal: tuple[str, ...],
    place: Place,
    output: str,
) -> None:
    """Generate charts, values and delivery objects from the registry.

    With MODELS, only the files of these models are read and generated. A rerun on unchanged input changes nothing.
    """
    if place.push and not (commit or place.url):
        raise click.UsageError('--push requires --commit')
    if place.message and not (commit or place.url):
        raise click.UsageError('--message requires --commit')
    commit = commit or bool(place.url)
    tell(place.carry_out(generate(models), commit=commit, discard=discard_edits, removable=allow_removal))
