"""chartloom board: all releases on one page: versions, how far each is behind, rollouts, locks, drift, values."""

from __future__ import annotations

from pathlib import Path

import click

from generator.board.data import board_data
from generator.board.page import page
from generator.board.text import text_lines
from generator.cli import offers
from generator.cli.operation import at_option
from generator.cli.output import common_options, progress, result, say
from generator.pipeline.board import board
from generator.pipeline.run import open_run
from generator.tools.git.opening import open_repository


@click.command()
@click.argument('models', nargs=-1, shell_complete=offers.models)
@click.option(
    '--form', type=click.Choice(['text', 'html']), default='text', show_default=True,
    help='HTML is a page that needs nothing else: search, filters, details of each model.',
)  # fmt: skip
@at_option
@common_options
def command(models: tuple[str, ...], form: str, at: int | None, folder: Path, output: str) -> None:
    """Show all releases: what each environment runs, how far it is behind, and what is in the way.

    A release is compared with the one that it is promoted from, else with the newest version of its model. Days are
    counted in the history of the published branch. helm is not needed.
    """
    if output == 'json' and form != 'text':
        raise click.UsageError('--form excludes --output json')
    found = board(open_run(open_repository(folder), models, at=at, progress=progress))
    if output == 'json':
        result(board_data(found))
    elif form == 'html':
        click.echo(page(found), nl=False)
    else:
        for line, style in text_lines(found):
            say((line, dict(style)))
