"""chartloom generate: the registry → charts, values and delivery objects, in the work tree or as a commit."""

from __future__ import annotations

from pathlib import Path

import click

from generator.apply import Options, Outcome, generate, generate_remote
from generator.cli.output import common_options, result, say
from generator.repository import open_repository
from generator.summary import summarize


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
    options = Options(
        models=models,
        commit=commit or bool(url),
        push=push,
        message=message,
        discard=discard_edits,
        removable=allow_removal,
    )
    if url:
        prefix = '' if str(folder) == '.' else f'{folder.as_posix().strip("/")}/'
        outcome = generate_remote(url, branch, prefix, options)
    else:
        outcome = generate(open_repository(folder), options)
    if output == 'json':
        result(outcome_data(outcome))
    else:
        tell(outcome)


def outcome_data(outcome: Outcome) -> dict[str, object]:
    return {
        'changed': outcome.changed,
        'commit': outcome.commit,
        'branch': outcome.branch,
        'pushed': outcome.pushed,
        'changes': [{'kind': change.kind, 'path': change.path} for change in outcome.plan.changes],
    }


def tell(outcome: Outcome) -> None:
    if not outcome.changed and not outcome.pushed:
        say('nothing to do: the repository is what the registry says')
        return
    summary = summarize(outcome.plan)
    for title, names in (
        ('new charts', summary.new_charts), ('changed drafts', summary.changed_charts),
        ('releases', summary.releases), ('removed', summary.removed), ('documents', summary.documents),
    ):  # fmt: skip
        if names:
            shown = ', '.join(names[:8]) + (f' and {len(names) - 8} more' if len(names) > 8 else '')
            say(f'{title}: {shown}')
    say(f'{len(outcome.plan.changes)} files changed')
    if outcome.commit:
        say(f'commit {outcome.commit[:12]} on {outcome.branch}{", pushed" if outcome.pushed else ""}', fg='green')
