"""chartloom model: a model → the same under another name."""

from __future__ import annotations

import click

from generator.cli import offers
from generator.cli.operation import Place, operation_options
from generator.cli.outcome import number, tell
from generator.cli.output import say, wants_json
from generator.operations.model_rename import renaming


@click.group()
def command() -> None:
    """Give a model another name."""


@command.command()
@click.argument('old', metavar='OLD', shell_complete=offers.models)
@click.argument('new', metavar='NEW')
@operation_options
def rename(old: str, new: str, place: Place, output: str) -> None:
    """Give a model another name that no published release runs: its files, its releases, and what refers to it.

    Pods, Services and charts have the name of the model, so another name makes another model: charts begin at 1.0.0,
    and the published charts of the old name stay. For a model that runs, add a second model and move the requests to
    it.
    """
    outcome = place.carry_out(renaming(old, new))
    tell(outcome)
    if wants_json():
        return
    if not outcome.changed:
        say(f"nothing to do: there is no '{old}', and '{new}' is there")
        return
    say(f'{old} → {new}, with {number(outcome.result["environments"], "release")}')
