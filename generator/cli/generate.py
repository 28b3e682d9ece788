"""chartloom generate: the registry → charts, values and delivery objects, in the work tree or as a commit."""

from __future__ import annotations

from pathlib import Path

import click

from generator.cli.output import common_options, problem_data, progress, result, say, warn
from generator.operations.apply import Options, Outcome, generate, generate_remote
from generator.plan.summary import summarize
from generator.tools.git.repository import open_repository


@click.command()
@click.argument('models', nargs=-1)
@click.option('--commit', is_flag=True, help='Make one commit of the changes and of the registry files they come from.')
@click.option('--push', is_flag=True, help='Push the commit; needs --commit.')
@click.option('--message', default='', help='Subject of the commit instead of the one made from the changes.')
@click.option('--repo', 'url', default='', help='Work on this remote repository without a checkout, and push.')
@click.option('--branch', default='main', show_default=True, help='Branch for --repo.')
@click.option('--discard-edits', is_flag=True, help='Give up changes that were made by hand in generated files.')
@click.option(
    '--allow-removal',
    multiple=True,
    metavar='NAME',
    help='Remove the files of this release (env/model) or environment, whose registry file is gone.',
)
@common_options
def command(
    models: tuple[str, ...], commit: bool, push: bool, message: str, url: str, branch: str,
    discard_edits: bool, allow_removal: tuple[str, ...], folder: Path, output: str,
) -> None:  # fmt: skip
    """Make charts, values and delivery objects from the registry.

    With MODELS only theirs are made, reading no more than they need. A rerun on unchanged input changes nothing.
    """
    if push and not (commit or url):
        raise click.UsageError('--push needs --commit')
    options = Options(models, commit or bool(url), push, message, discard_edits, allow_removal)
    if url:
        outcome = generate_remote(url, branch, _prefix(folder), options, progress)
    else:
        outcome = generate(open_repository(folder), options, progress)
    warn(outcome.warnings)
    if output == 'json':
        result(outcome_data(outcome))
    else:
        tell(outcome)


def _prefix(folder: Path) -> str:
    """--path with --repo names a folder of that repository: '' or ending in '/'."""
    parts = [part for part in folder.parts if part != '/']
    if '..' in parts:
        raise click.UsageError(f"--path '{folder}' leads out of the repository")
    return ''.join(f'{part}/' for part in parts)


def outcome_data(outcome: Outcome) -> dict[str, object]:
    return {
        'changed': outcome.changed,
        'commit': outcome.commit,
        'branch': outcome.branch,
        'pushed': outcome.pushed,
        'warnings': problem_data(outcome.warnings),
        'changes': [{'kind': change.kind, 'path': change.path} for change in outcome.plan.changes],
    }


def tell(outcome: Outcome) -> None:
    if not outcome.changed:
        say('nothing to do: the repository is what the registry says')
    elif outcome.plan.changes:
        _tell_changes(outcome)
    if outcome.commit:
        place = f'on {outcome.branch}' if outcome.branch else 'on a detached HEAD'
        say(f'commit {outcome.commit[:12]} {place}{", pushed" if outcome.pushed else ""}', fg='green')
    elif outcome.pushed:
        say(f'pushed {outcome.branch}', fg='green')


def _tell_changes(outcome: Outcome) -> None:
    summary = summarize(outcome.plan)
    for title, names in (
        ('new charts', summary.new_charts), ('restored charts', summary.restored_charts),
        ('changed drafts', summary.changed_charts),
        ('releases', summary.releases), ('removed', summary.removed), ('documents', summary.documents),
    ):  # fmt: skip
        if names:
            shown = ', '.join(names[:8]) + (f' and {len(names) - 8} more' if len(names) > 8 else '')
            say(f'{title}: {shown}')
    if summary.uninstalled:
        say('the agent uninstalls what the removed releases ran', fg='red')
    count = len(outcome.plan.changes)
    say(f'{count} {"file" if count == 1 else "files"} changed')
