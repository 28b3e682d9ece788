"""Options of all operations → where and how to carry one out; an outcome → text or JSON."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click

from generator.cli import offers
from generator.cli.output import common_options, problem_data, progress, result, say, wants_json, warn
from generator.domain.layout import release_of
from generator.operations.operation import Operation, Options, Outcome, Remote
from generator.operations.remote import Target, perform
from generator.plan.summary import Summary, explained, summarize
from generator.tools.git.repository import open_repository

F = TypeVar('F', bound=Callable[..., Any])

_MANY = 8  # names in a line


@dataclass(frozen=True, slots=True)
class Place:
    """Where and how to carry out an operation, from the options that all operations share."""

    folder: Path
    url: str
    branch: str
    push: bool
    dry_run: bool
    message: str

    @property
    def target(self) -> Target:
        return Remote(self.url, self.branch, _prefix(self.folder)) if self.url else open_repository(self.folder)

    def carry_out(self, operation: Operation, **options: Any) -> Outcome:
        wanted = {'commit': True, 'push': self.push, 'dry_run': self.dry_run, 'message': self.message, **options}
        return perform(operation, self.target, Options(**wanted), progress)


def _prefix(folder: Path) -> str:
    """With --repo, --path is a folder in that repository: '' or ending in '/'."""
    parts = [part for part in folder.parts if part != '/']
    if '..' in parts:
        raise click.UsageError(f"--path '{folder}' is outside the repository")
    return ''.join(f'{part}/' for part in parts)


def removal_option(function: F) -> F:
    """Add the option that permits a command to remove what no registry file asks for any more."""
    return click.option(
        '--allow-removal',
        multiple=True,
        metavar='NAME',
        shell_complete=offers.removed,
        help='Remove the generated files of this release (env/model), of all releases of an environment (env/*), or of '
        'an environment, whose registry file is missing.',
    )(function)


def operation_options(function: F) -> F:
    """Add the options of a command that makes a commit; the command gets them as one `place`."""

    @wraps(function)
    def command(
        *arguments: Any, push: bool, dry_run: bool, message: str, repo: str, branch: str, folder: Path, **more: Any
    ) -> Any:
        if not message.isprintable():
            raise click.UsageError('--message is not a single line of text')
        place = Place(folder, repo, chosen_branch(repo, branch), push, dry_run, message)
        return function(*arguments, place=place, **more)

    for option in (
        click.option('--push', is_flag=True, help='Push the commit.'),
        click.option('--dry-run', is_flag=True, help='Show what would change; nothing is written.'),
        click.option('--message', default='', help='Subject of the commit; default: a summary of the changes.'),
        repo_option,
        branch_option,
        common_options,
    ):
        command = option(command)
    return command  # type: ignore[return-value]


repo_option = click.option(
    '--repo', default='', metavar='URL', help='Work on this remote repository without a checkout, and push.'
)
branch_option = click.option('--branch', default='', help='Branch for --repo; default: main.')


def chosen_branch(repo: str, branch: str) -> str:
    if branch and not repo:
        raise click.UsageError('--branch requires --repo')
    return branch or 'main'


def release_name(context: click.Context, parameter: click.Parameter, value: Any) -> Any:
    """Check names of releases, `ENV/MODEL`; the prefix `release/` is dropped."""
    if isinstance(value, tuple):
        return tuple(release_name(context, parameter, each) for each in value)
    name = str(value).removeprefix('release/')
    if value and (name.count('/') != 1 or not all(name.split('/'))):
        raise click.UsageError(f"expected ENV/MODEL, found '{value}'")
    return name


def outcome_data(outcome: Outcome) -> dict[str, object]:
    return {
        **outcome.result,
        'changed': outcome.changed,
        'dryRun': outcome.dry_run,
        'commit': outcome.commit,
        'branch': outcome.branch,
        'pushed': outcome.pushed,
        'warnings': problem_data(outcome.warnings),
        'registry': list(outcome.registry),
        'releases': explained(outcome.plan, outcome.reasons),
        'changes': [{'kind': change.kind, 'path': change.path} for change in outcome.plan.changes],
    }


def tell(outcome: Outcome) -> None:
    """Print warnings to stderr, and the outcome as text or, with --output json, as JSON."""
    warn(outcome.warnings)
    if wants_json():
        result(outcome_data(outcome))
        return
    if outcome.plan.changes:
        _tell_changes(outcome)
    if outcome.dry_run and outcome.changed:
        say('nothing was written')
    elif not outcome.changed and not outcome.result:
        say('nothing to do: the generated files match the registry')
    tell_commit(outcome)


def tell_commit(outcome: Outcome) -> None:
    if outcome.commit:
        place = f'on {outcome.branch}' if outcome.branch else 'on a detached HEAD'
        say(f'commit {outcome.commit[:12]} {place}{", pushed" if outcome.pushed else ""}', fg='green')
    elif outcome.pushed:
        say(f'pushed {outcome.branch}', fg='green')


def _tell_changes(outcome: Outcome) -> None:
    summary = summarize(outcome.plan, outcome.reasons)
    for title, names in (
        ('new charts', summary.new_charts), ('restored charts', summary.restored_charts),
        ('changed drafts', summary.changed_charts),
        ('releases', summary.releases), ('to remove' if outcome.dry_run else 'removed', summary.removed),
        ('documents', summary.documents), ('registry', outcome.registry),
    ):  # fmt: skip
        if names:
            shown = ', '.join(names[:_MANY]) + (f' and {len(names) - _MANY} more' if len(names) > _MANY else '')
            say(f'{title}: {shown}')
    _tell_readers(outcome, summary)
    if summary.uninstalled:
        say('the agent uninstalls the removed releases', fg='red')
    if summary.kept:
        say(f'the objects of these removed releases stay in the cluster: {", ".join(summary.kept)}')
    count = len(outcome.plan.changes) + len(outcome.registry)
    say(f'{count} {"file" if count == 1 else "files"} {"to change" if outcome.dry_run else "changed"}')


def _tell_readers(outcome: Outcome, summary: Summary) -> None:
    """Say why releases change none of whose own files does."""
    own = {release_of(change.path) for change in outcome.plan.changes}
    for name in [name for name in summary.releases if name not in own][:_MANY]:
        say(f'{name}: {outcome.reasons[name]}')
