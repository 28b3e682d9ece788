"""chartloom adopt: hand edits in generated files → the same values in the registry."""

from __future__ import annotations

import click

from generator.cli import offers
from generator.cli.operation import Place, operation_options
from generator.cli.outcome import tell
from generator.cli.output import in_a_line, say, wants_json
from generator.domain.layout import DELIVERY, VALUES, release_of
from generator.operations.adopt import adopting


@click.command()
@click.argument('names', nargs=-1, required=True, metavar='FILE|ENV/MODEL...', shell_complete=offers.releases)
@operation_options
def command(names: tuple[str, ...], place: Place, output: str) -> None:
    """Take hand edits in files of values/ and delivery/ into the registry, and generate these files again.

    A changed value goes to the same path under spec.values of the release, whose comments stay. What is no value, or
    what chartloom would write differently, is refused with the reason.
    """
    outcome = place.carry_out(adopting([_checked(name) for name in names]))
    tell(outcome)
    if wants_json():
        return
    for row in outcome.result['values']:
        say(in_a_line(f'{row["release"]}: {row["path"]}: {row["from"]} → {row["to"]}'))
    if not outcome.result['values']:
        say('nothing to do: no value was edited by hand')


def _checked(name: str) -> str:
    found = name.removeprefix('./').removeprefix('release/')
    if release_of(found) or (found.count('/') == 1 and all(found.split('/')) and not found.endswith('.yaml')):
        return found
    raise click.UsageError(f"expected ENV/MODEL, or a file of {VALUES}/ or {DELIVERY}/, found '{name}'")
