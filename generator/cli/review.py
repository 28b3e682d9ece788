"""chartloom review: what a change does to releases: risks, pods, requests and the difference of their objects."""

from __future__ import annotations

import os
from pathlib import Path

import click

from generator import __version__
from generator.cli import PROBLEMS, offers
from generator.cli.fail_on import fail_on_option
from generator.cli.operation import at_option
from generator.cli.output import common_options, progress, result, say
from generator.pipeline.merged import find_sides
from generator.pipeline.review import review
from generator.pipeline.risk_places import RiskPlaces
from generator.pipeline.run import Run, open_run
from generator.pipeline.source import open_revision
from generator.review.data import report_data
from generator.review.failing import fails
from generator.review.markdown import markdown
from generator.review.page import page
from generator.review.sarif import sarif
from generator.review.text import text_lines
from generator.tools.git.opening import open_repository
from generator.tools.git.repository import Repository
from generator.tools.git.revision import find_commit
from generator.tools.helm.binary import find_helm


@click.command()
@click.argument('base', default='', metavar='[BASE]', shell_complete=offers.branches)
@click.argument('head', default='', metavar='[HEAD]', shell_complete=offers.branches)
@click.option(
    '--form', type=click.Choice(['text', 'markdown', 'html', 'sarif']), default='text', show_default=True,
    help='Markdown is for a comment of a request: below 60,000 characters. HTML is a page that needs nothing else. '
    'SARIF is for code scanning.',
)  # fmt: skip
@fail_on_option
@at_option
@common_options
def command(
    base: str, head: str, form: str, fail_on: tuple[str, ...], at: int | None, folder: Path, output: str
) -> None:  # fmt: skip
    """Show what a change does to releases: risks first, then pods, accelerators and requests, then their objects.

    Both sides are rendered with helm. BASE is a revision, by default where this branch left the published one; HEAD is
    a revision, by default the work tree. The report is complete unless its first lines say what is missing.
    """
    repository = open_repository(folder)
    before, after, published = _runs(repository, base, head, at)
    found = review(before, after, find_helm(os.environ), os.cpu_count() or 2, published)
    if output == 'json':
        result(report_data(found))
    elif form == 'markdown':
        click.echo(markdown(found), nl=False)
    elif form == 'html':
        click.echo(page(found), nl=False)
    elif form == 'sarif':
        click.echo(sarif(found, RiskPlaces(before, after).of, __version__), nl=False)
    else:
        for line, style in text_lines(found):
            say((line, dict(style)))
    if fails(found, fail_on):
        raise click.exceptions.Exit(PROBLEMS)


def _runs(repository: Repository, base: str, head: str, at: int | None) -> tuple[Run, Run, Run]:
    """The runs of the base, of the change, and of what is published by now."""
    refs = repository.refs()
    if head:
        sides = find_sides(repository, base, ours=find_commit(repository, head, 'HEAD'))
        run = Run(open_revision(repository, sides.ours, refs), sides.base, at=at, progress=progress)
    else:
        sides = find_sides(repository, base)
        run = open_run(repository, base=sides.base, at=at, progress=progress)
    before, published = (Run(open_revision(repository, each, refs), each, at=at) for each in (sides.base, sides.theirs))
    return before, run, published
