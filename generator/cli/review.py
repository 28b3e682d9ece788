"""chartloom review: what a change does to releases: risks, pods, requests and the difference of their objects."""

from __future__ import annotations

import os
from pathlib import Path

import click

from generator.cli import PROBLEMS, offers
from generator.cli.operation import at_option
from generator.cli.output import common_options, progress, result
from generator.cli.reports import print_report
from generator.pipeline.merged import find_sides
from generator.pipeline.review import review_since
from generator.pipeline.run import Run, open_run
from generator.pipeline.source import open_revision
from generator.review.data import report_data
from generator.review.markdown import markdown
from generator.review.page import page
from generator.review.records import SEVERITIES, Report
from generator.tools.git.opening import open_repository
from generator.tools.git.repository import Repository
from generator.tools.git.revision import find_commit
from generator.tools.helm.binary import find_helm


@click.command()
@click.argument('base', default='', metavar='[BASE]', shell_complete=offers.branches)
@click.argument('head', default='', metavar='[HEAD]', shell_complete=offers.branches)
@click.option(
    '--form', type=click.Choice(['text', 'markdown', 'html']), default='text', show_default=True,
    help='Markdown is for a comment of a request: below 60,000 characters. HTML is a page that needs nothing else.',
)  # fmt: skip
@click.option(
    '--fail-on', type=click.Choice(SEVERITIES), metavar='SEVERITY',
    help='Exit with 1 if a risk is at least so severe: critical, high or medium.',
)  # fmt: skip
@at_option
@common_options
def command(
    base: str, head: str, form: str, fail_on: str | None, at: int | None, folder: Path, output: str
) -> None:  # fmt: skip
    """Show what a change does to releases: risks first, then pods, accelerators and requests, then their objects.

    Both sides are rendered with helm. BASE is a revision, by default where this branch left the published one; HEAD is
    a revision, by default the work tree. The report is complete unless its first lines say what is missing.
    """
    repository = open_repository(folder)
    found = _reviewed(repository, base, head, at)
    if output == 'json':
        result(report_data(found))
    elif form == 'markdown':
        click.echo(markdown(found), nl=False)
    elif form == 'html':
        click.echo(page(found), nl=False)
    else:
        print_report(found)
    if _fails(found, fail_on):
        raise click.exceptions.Exit(PROBLEMS)


def _reviewed(repository: Repository, base: str, head: str, at: int | None) -> Report:
    helm, jobs = find_helm(os.environ), os.cpu_count() or 2
    if not head:
        commit = find_sides(repository, base).base
        return review_since(open_run(repository, base=commit, at=at, progress=progress), commit, helm, jobs)
    sides = find_sides(repository, base, ours=find_commit(repository, head, 'HEAD'))
    source = open_revision(repository, sides.ours, repository.refs())
    run = Run(source, sides.base, at=at, progress=progress)
    return review_since(run, sides.base, helm, jobs, sides.ours)


def _fails(found: Report, severity: str | None) -> bool:
    """A report that is not complete may lack a risk, so that it fails, too."""
    if severity is None:
        return False
    severe = SEVERITIES[: SEVERITIES.index(severity) + 1]
    return bool(found.problems) or any(risk.rule.severity in severe for risk in found.risks)
