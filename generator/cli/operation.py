"""Options of all operations → where and how to carry one out."""

from __future__ import annotations

import re
import shlex
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from generator.cli import DONE, offers
from generator.cli.outcome import tell_superseded
from generator.cli.output import common_options, progress
from generator.cli.reports import check_report, report_option, tell_report
from generator.domain.problems import ProblemsFound
from generator.operations.operation import Operation, Options, Outcome, Remote
from generator.operations.remote import Target, perform
from generator.tools.clock import read_time, utc_text
from generator.tools.git.opening import open_repository
from generator.tools.git.remote import PushRefused
from generator.tools.patience import DEFAULT, Patience
from generator.tools.process import mask

F = TypeVar('F', bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Place:
    """Where and how to carry out an operation, from the options that all operations share."""

    folder: Path
    url: str
    branch: str
    push: bool
    dry_run: bool
    message: str
    wait: int = round(DEFAULT)
    at: int | None = None
    report_file: str | None = None

    @property
    def now(self) -> int:
        """The moment by which everything is judged, in seconds since the epoch."""
        return int(time.time()) if self.at is None else self.at

    @property
    def target(self) -> Target:
        if self.url:
            return Remote(self.url, self.branch or _MAIN, _prefix(self.folder))
        return open_repository(self.folder)

    def carry_out(self, operation: Operation, **options: Any) -> Outcome:
        wanted = {
            'commit': True, 'push': self.push, 'dry_run': self.dry_run, 'message': self.message, 'at': self.at,
            'branch': '' if self.url else self.branch, 'patience': Patience(self.wait),
            'report': bool(self.report_file), **options,
        }  # fmt: skip
        if self.at is not None and not self.dry_run:
            if self.push or self.url:
                raise click.UsageError(
                    '--at with --push or --repo requires --dry-run: a push is judged by the time it is'
                )
            operation = replace(operation, arguments=(*operation.arguments, '--at', utc_text(self.at)))
        try:
            outcome = perform(operation, self.target, Options(**wanted), progress)
        except PushRefused as error:
            raise self._with_command(error, operation) from None
        if outcome.superseded:
            tell_superseded(outcome)
            raise click.exceptions.Exit(DONE)
        tell_report(outcome.report, self.report_file)
        return outcome

    def _with_command(self, error: PushRefused, operation: Operation) -> ProblemsFound:
        """Name the command that pushes another branch, for a request."""
        branch = self.branch or _branch_of(operation)
        words = [word for word in sys.argv[1:] if word != '--push']
        if self.branch:
            return error
        command = mask(shlex.join(['chartloom', *words, *([] if self.url else ['--push']), '--branch', branch]))
        first = f"push a new branch '{branch}' with the head of {_MAIN}, run" if self.url else 'run'
        hint = f"if the branch is protected, {first} '{command}', and open a request from it"
        return ProblemsFound(replace(each, hint=hint) for each in error.problems)


def _branch_of(operation: Operation) -> str:
    """A name for the branch of a request."""
    words = operation.trailer.partition(' --reason ')[0].lower()
    return f'chartloom/{re.sub("[^a-z0-9.]+", "-", words).strip("-")}'


def _branch(repo: str, branch: str, push: bool) -> str:
    if branch and not (repo or push):
        raise click.UsageError('--branch requires --push or --repo')
    return branch


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
        *arguments: Any, push: bool, dry_run: bool, message: str, repo: str, branch: str, wait: int, folder: Path,
        at: int | None, report_file: str | None, **more: Any,
    ) -> Any:  # fmt: skip
        check_report(report_file)
        if not message.isprintable():
            raise click.UsageError('--message is not a single line of text')
        place = Place(folder, repo, _branch(repo, branch, push), push, dry_run, message, wait, at, report_file)
        return function(*arguments, place=place, **more)

    for option in (
        click.option('--push', is_flag=True, help='Push the commit.'),
        click.option('--dry-run', is_flag=True, help='Show what would change; nothing is written.'),
        click.option(
            '--message', default='', callback=not_empty,
            help='Subject of the commit; default: a summary of the changes.',
        ),
        repo_option,
        _push_option,
        report_option,
        at_option,
        click.option(
            '--wait', type=click.IntRange(1), default=round(DEFAULT), show_default=True, metavar='SECONDS',
            help='How long to wait for the server, and to apply the operation again while others push to the branch.',
        ),
        common_options,
    ):  # fmt: skip
        command = option(command)
    return command  # type: ignore[return-value]


def not_empty(context: click.Context, parameter: click.Parameter, value: str) -> str:
    """Refuse an empty value that is given: a variable of CI that is not set must not choose the default."""
    given = context.get_parameter_source(str(parameter.name)) is ParameterSource.COMMANDLINE
    if given and not value:
        raise click.UsageError(f'{parameter.opts[0]} is empty: name one, or leave it out')
    return value


together_option = click.option(
    '--together', is_flag=True, help='Move versions in several production environments in one commit.'
)
repo_option = click.option(
    '--repo', default='', metavar='URL', callback=not_empty,
    help='Work on this remote repository without a checkout; a commit is pushed.',
)  # fmt: skip
branch_option = click.option('--branch', default='', callback=not_empty, help='Branch for --repo; default: main.')
_push_option = click.option(
    '--branch', default='', metavar='NAME', callback=not_empty,
    help='With --repo, the branch to work on; default: main. With --push, the branch of the remote to push to, for a '
    'request; the work tree and its branch stay as they are.',
)  # fmt: skip
_MAIN = 'main'


class _Time(click.ParamType[int]):
    name = 'time'

    def convert(self, value: Any, parameter: click.Parameter | None, context: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        try:
            return read_time(value)
        except ValueError:
            self.fail(f"expected a time such as 2026-12-24T18:00:00Z, found '{value}'", parameter, context)


TIME = _Time()
at_option = click.option(
    '--at',
    type=TIME,
    metavar='TIME',
    help='Judge locks, frozen times and soak by this moment, for a trial: 2026-12-24T18:00:00Z.',
)  # fmt: skip


def chosen_branch(repo: str, branch: str) -> str:
    if branch and not repo:
        raise click.UsageError('--branch requires --repo')
    return branch or _MAIN


def release_name(context: click.Context, parameter: click.Parameter, value: Any) -> Any:
    """Check names of releases, `ENV/MODEL`; the prefix `release/` is dropped."""
    if isinstance(value, tuple):
        return tuple(release_name(context, parameter, each) for each in value)
    name = str(value).removeprefix('release/')
    if value and (name.count('/') != 1 or not all(name.split('/'))):
        raise click.UsageError(f"expected ENV/MODEL, found '{value}'")
    return name
