"""What commands say: text for people (colour and progress only on a terminal), JSON for programs."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

from generator.errors import CommandFailed, Problem, ProblemsFound

F = TypeVar('F', bound=Callable[..., Any])


def common_options(function: F) -> F:
    """--path and --output, on every command."""
    path = click.option(
        '--path', 'folder', type=click.Path(file_okay=False, path_type=Path), default='.', show_default=True,
        help='Folder of the GitOps repository; it may be a sub-folder of a git repository.',
    )  # fmt: skip
    output = click.option(
        '--output', type=click.Choice(['text', 'json']), default='text', show_default=True, help='Form of the result.'
    )
    return path(output(function))


def wants_json() -> bool:
    context = click.get_current_context(silent=True)
    if context is not None:
        return context.params.get('output') == 'json'
    return '--output=json' in sys.argv or any(
        pair == ('--output', 'json') for pair in zip(sys.argv, sys.argv[1:], strict=False)
    )


def say(text: str = '', **style: Any) -> None:
    click.secho(text, **style)


def result(data: dict[str, Any]) -> None:
    """The result of a command as JSON; keys in the order given."""
    click.echo(json.dumps({**data, 'problems': data.get('problems', [])}, indent=2, ensure_ascii=False))


def count(number: int, what: str) -> str:
    """A number with its noun, in the plural where it is not one."""
    return f'{number} {what}{"" if number == 1 else "s"}'


def problem_data(problems: Iterable[Problem]) -> list[dict[str, str]]:
    return [{'file': p.file, 'path': p.path, 'message': p.message, 'hint': p.hint} for p in problems]


def report(error: ProblemsFound | CommandFailed) -> None:
    """Tell why a command stopped."""
    if wants_json():
        if isinstance(error, ProblemsFound):
            result({'problems': problem_data(error.problems)})
        else:
            failure = {
                'command': list(error.command),
                'code': error.code,
                'stdout': error.stdout,
                'stderr': error.stderr,
            }
            result({'failed': failure})
        return
    if isinstance(error, CommandFailed):
        click.secho(str(error), err=True)
        return
    for found in error.problems:
        file = found.file if found.file.isprintable() else repr(found.file)[1:-1]
        place = f'{file}::{found.path}' if found.path else file
        click.echo(f'{click.style(place, bold=True)}: {found.message}' if place else found.message, err=True)
        if found.hint:
            click.echo(f'  {click.style("hint:", fg="cyan")} {found.hint}', err=True)


def warn(warnings: Iterable[Problem]) -> None:
    """Tell people what works and should be known; in JSON it is a part of the result."""
    if wants_json():
        return
    for found in warnings:
        click.echo(f'{click.style("warning:", fg="yellow")} {found}', err=True)


@contextmanager
def progress(label: str, length: int) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal, nothing in a pipe."""
    if not sys.stderr.isatty() or wants_json() or os.environ.get('TERM') == 'dumb':
        yield lambda step: None
        return
    with click.progressbar(length=length, label=label, file=sys.stderr) as bar:
        yield bar.update


def table(rows: Iterable[tuple[str, ...]], head: tuple[str, ...]) -> None:
    """Columns as wide as their widest cell; the head is bold."""
    lines = [head, *rows]
    widths = [max(len(row[column]) for row in lines) for column in range(len(head))]
    for number, row in enumerate(lines):
        text = '  '.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        say(text, bold=number == 0)
