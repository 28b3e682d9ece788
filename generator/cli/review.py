"""chartloom review: what a change does to releases: risks, pods, requests and the difference of their objects."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import click

from generator.cli import PROBLEMS, offers
from generator.cli.fail_on import fail_on_option
from generator.cli.operation import at_option
from generator.cli.output import common_options, progress, result
from generator.cli.reports import FORMS, print_report
from generator.pipeline.merged import find_sides
from generator.pipeline.review import Reviewed, review_since
from generator.pipeline.revisions import refuse_guess
from generator.pipeline.run import Run, open_run
from generator.pipeline.source import open_revision
from generator.review.data import report_data
from generator.review.failing import fails
from generator.tools.git.opening import open_repository
from generator.tools.git.repository import Repository
from generator.tools.git.revision import find_commit
from generator.tools.helm.binary import find_helm

_ENDINGS = {'markdown': '.md', 'html': '.html', 'sarif': '.sarif'}


@click.command()
@click.argument('base', default=None, metavar='[BASE]', shell_complete=offers.branches)
@click.argument('head', default='', metavar='[HEAD]', shell_complete=offers.branches)
@click.option(
    '--form', type=click.Choice(['text', *_ENDINGS]), default='text', show_default=True,
    help='Markdown is for a comment of a request: below 60,000 characters. HTML is a page that needs nothing else. '
    'SARIF is for code scanning.',
)  # fmt: skip
@fail_on_option
@at_option
@common_options
def command(
    base: str | None, head: str, form: str, fail_on: tuple[str, ...], at: int | None, folder: Path, output: str
) -> None:  # fmt: skip
    """Show what a change does to releases: risks first, then pods, accelerators and requests, then their objects.

    Both sides are rendered with helm. HEAD is a revision, by default the work tree; it is compared with the commit
    where it left BASE, by default the published branch; or with BASE itself, if HEAD is older. The report is complete
    unless its first lines say what is missing.
    """
    if base == '':
        raise click.UsageError('BASE is empty: name a revision, for example origin/main')
    if output == 'json' and form != 'text':
        raise click.UsageError('--form excludes --output json')
    found = _reviewed(open_repository(folder), base, head, at)
    if output == 'json':
        result(report_data(found.report))
    elif form in _ENDINGS:
        click.echo(FORMS[_ENDINGS[form]](found), nl=False)
    else:
        print_report(found.report)
    if fails(found.report, fail_on):
        raise click.exceptions.Exit(PROBLEMS)


def _reviewed(repository: Repository, base: str | None, head: str, at: int | None) -> Reviewed:
    sides = find_sides(repository, base or '', ours=find_commit(repository, head, 'HEAD') if head else '')
    if head and sides.base == sides.ours:  # what going back does
        sides = replace(sides, base=sides.theirs)
    if head:
        source = open_revision(repository, sides.ours, repository.refs())
        run = Run(source, sides.base, at=at, progress=progress)
    else:
        run = open_run(repository, base=sides.base, at=at, progress=progress)
        if base is None:
            refuse_guess(run.source, run.settings_alone.branch, os.environ)
    commit = sides.ours if head else ''
    helm, jobs = find_helm(os.environ), os.cpu_count() or 2
    return review_since(run, sides.base, helm, jobs, head=commit, published=sides.theirs)
