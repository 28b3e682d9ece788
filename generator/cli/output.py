"""What commands say: text for people (colour and progress only on a terminal), JSON for programs."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

from generator.domain.problems import CommandFailed, Problem, ProblemsFound

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


# A text, or one with a style of its own.
Piece = str | tuple[str, dict[str, Any]]

# What a terminal would obey or hide; a line break and a tab are ours. Surrogates are bytes that are no UTF-8.
_UNSAFE = re.compile('[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]')


def harmless(text: str) -> str:
    """A text whose control characters are shown: nothing that a file or a server says may steer a terminal."""
    return _UNSAFE.sub(lambda found: found[0].encode('unicode_escape').decode(), text)


def in_a_line(text: str) -> str:
    """The same, of what must not go on in another line."""
    return harmless(text).replace('\n', '\\n').replace('\t', '\\t')


def say(*pieces: Piece, err: bool = False, **style: Any) -> None:
    """Print a line; the style is that of the pieces without one of their own."""
    pairs = ((piece, style) if isinstance(piece, str) else piece for piece in pieces)
    text = ''.join(click.style(harmless(text), **own) if own else harmless(text) for text, own in pairs)
    click.echo(text, file=sys.stderr if err else sys.stdout)


def result(data: dict[str, Any]) -> None:
    """The result of a command as JSON, in ASCII: a file name need not be text; keys in the order given."""
    click.echo(json.dumps({**data, 'problems': data.get('problems', [])}, indent=2), file=sys.stdout)


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
        say(str(error), err=True)
        return
    for found in error.problems:
        place = f'{found.file}::{found.path}' if found.path else found.file
        start: list[Piece] = [(in_a_line(place), {'bold': True}), ': '] if place else []
        say(*start, in_a_line(found.message), err=True)
        if found.hint:
            say('  ', ('hint:', {'fg': 'cyan'}), f' {in_a_line(found.hint)}', err=True)


def warn(warnings: Iterable[Problem]) -> None:
    """Tell people what works and should be known; in JSON it is a part of the result."""
    if wants_json():
        return
    for found in warnings:
        say(('warning:', {'fg': 'yellow'}), f' {found}', err=True)


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
    lines = [head, *(tuple(map(in_a_line, row)) for row in rows)]
    widths = [max(len(row[column]) for row in lines) for column in range(len(head))]
    for number, row in enumerate(lines):
        text = '  '.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        say(text, bold=number == 0)
