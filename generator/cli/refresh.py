"""chartloom refresh: a branch whose base moved → the same changes on top of the base, in one commit."""

from __future__ import annotations

import click

from generator.cli import offers
from generator.cli.operation import Place, operation_options
from generator.cli.outcome import tell
from generator.cli.output import progress, say, wants_json
from generator.cli.reports import tell_report
from generator.operations.operation import Options
from generator.operations.refresh import refresh


@click.command()
@click.argument('base', default='', shell_complete=offers.branches)
@operation_options
def command(base: str, place: Place, output: str) -> None:
    """Merge BASE, by default the published branch, into the current branch; or end a merge or rebase that has stopped.

    Registry files are merged by meaning, and their comments are kept. Generated files of both sides are discarded:
    draft chart versions are numbered anew, their pins follow, and everything is generated from the merged registry. The
    result is one commit with both branches as parents.
    """
    options = Options(
        commit=True, push=place.push, dry_run=place.dry_run, message=place.message, report=bool(place.report_file)
    )
    outcome = refresh(base, place.target, options, progress)
    tell_report(outcome.report, place.report_file)
    if not wants_json():
        told = outcome.result
        for each in told['renumbered']:
            say(f'{each["model"]}: draft {each["from"]} of version {each["version"]} is chart {each["to"]}')
        for each in told['pins']:
            say(f'{each["file"]}: chart {each["from"]} → {each["to"]}')
        if told['ended'] and not outcome.dry_run:
            say(f'the {told["ended"]} that had stopped is ended')
        if told['result'] == 'fast-forwarded':
            word = 'would move' if outcome.dry_run else 'moved'
            say(f'the branch has no commit of its own: it {word} to {told["base"]} {told["baseCommit"][:8]}')
        elif told['result'] == 'up to date':
            say(f'nothing to do: the branch has all of {told["base"]}, and its files match the registry')
    tell(outcome)
