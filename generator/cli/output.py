"""Results, problems and warnings → text for people (colour and progress on a terminal only), or JSON for programs."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from io import StringIO
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

import click

from generator.domain.problems import CommandFailed, Problem, ProblemsFound, bounded, fewer
from generator.domain.unseen import COLOUR, UNSEEN, in_one_line
from generator.domain.words import quoted

F = TypeVar('F', bound=Callable[..., Any])


def common_options(function: F) -> F:
    """Add --path and --output, for every command that reads a repository."""
    path = click.option(
        '--path', 'folder', type=click.Path(file_okay=False, path_type=Path), default='.', show_default=True,
        help='Folder of the GitOps repository; it may be a sub-folder of a git repository.',
    )  # fmt: skip
    return path(output_option(function))


def output_option(function: F) -> F:
    """Add -o, --output, for every command."""
    form = click.Choice(['text', 'json'])
    return click.option(
        '-o', '--output', type=form, default='text', show_default=True, help='Format of the result.'
    )(function)  # fmt: skip


def wants_json() -> bool:
    """Whether the result is JSON: by --output, or by the raw arguments if a usage error prevented their parsing."""
    context = click.get_current_context(silent=True)
    if context is not None:
        return context.params.get('output') == 'json'
    return _output_of(sys.argv[1:]) == 'json'


def _output_of(words: Sequence[str]) -> str:
    """The value of the last --output or -o in a command line."""
    told = ''
    for word, following in pairwise([*words, '']):
        if word == '--':
            break
        if word in ('--output', '-o'):
            told = following
        elif word.startswith('--output='):
            told = word.removeprefix('--output=')
        elif word.startswith('-o'):
            told = word.removeprefix('-o')
    return told


def coloured() -> bool | None:
    """Whether to print colours, by NO_COLOR (wins) and FORCE_COLOR; None: on a terminal only."""
    if os.environ.get('NO_COLOR'):
        return False
    return True if os.environ.get('FORCE_COLOR', '0') not in ('', '0') else None


# A text, or a text with its own style.
Piece = str | tuple[str, dict[str, Any]]

# Characters that a terminal would interpret or hide, except line break and tab. Surrogates are bytes of invalid UTF-8.
_UNSAFE = re.compile(f'[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff{UNSEEN}]|{COLOUR}')


def harmless(text: str) -> str:
    """Escape control characters: text from a file or a server must not control the terminal."""
    return _UNSAFE.sub(lambda found: found[0].encode('unicode_escape').decode(), text)


def in_a_line(text: str) -> str:
    """Escape line breaks and tabs, too, for a text that must stay in one line."""
    return in_one_line(text)


def say(*pieces: Piece, err: bool = False, **style: Any) -> None:
    """Print a line; `style` is for the pieces without their own style."""
    pairs = ((piece, style) if isinstance(piece, str) else piece for piece in pieces)
    text = ''.join(click.style(harmless(text), **own) if own else harmless(text) for text, own in pairs)
    click.echo(text, file=sys.stderr if err else sys.stdout, color=coloured())


def result(data: dict[str, Any]) -> None:
    """Print a result as JSON, in the given order of keys; in ASCII, because a file name may be invalid UTF-8."""
    click.echo(json.dumps({**data, 'problems': data.get('problems', [])}, indent=2), file=sys.stdout)


def count(number: int, what: str) -> str:
    """A number with its noun, in the plural unless the number is 1."""
    return f'{number} {what}{"" if number == 1 else "s"}'


def problem_data(problems: Iterable[Problem]) -> list[dict[str, str]]:
    return [
        {'file': p.file, 'path': p.path, 'message': p.message, 'hint': p.hint} | ({'rule': p.rule} if p.rule else {})
        for p in problems
    ]


def report(error: ProblemsFound | CommandFailed) -> None:
    """Print why a command stopped."""
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
    for found in bounded(error.problems):
        place = f'{found.file}::{found.path}' if found.path else found.file
        start: list[Piece] = [(in_a_line(place), {'bold': True}), ': '] if place else []
        say(*start, in_a_line(found.message), err=True)
        if found.hint:
            say('  ', ('hint:', {'fg': 'cyan'}), f' {in_a_line(found.hint)}', err=True)


def report_usage(error: click.ClickException) -> None:
    """Print a usage error: as text with the usage and the name of --help, or as JSON like any problem."""
    if not wants_json():
        error.show(text := StringIO())
        say(text.getvalue().removesuffix('\n'), err=True)
        return
    message, *close = re.split(r' \(?Did you mean (?:one of: )?', error.format_message())
    context = getattr(error, 'ctx', None)
    hint = f"run '{context.command_path if context else 'chartloom'} --help'"
    if nearest := getattr(error, 'possibilities', None):  # the best one first; click's text has them sorted
        hint = f'did you mean {quoted(nearest[0])}?'
    elif close:
        hint = f'did you mean {close[0].removesuffix(")")}'
    told = Problem('', '', message[:1].lower() + message[1:].removesuffix('.'), hint)
    result({'problems': problem_data([told])})


def warn(warnings: Iterable[Problem]) -> None:
    """Print warnings to stderr; with --output json they are part of the result instead."""
    if wants_json():
        return
    for found in fewer(warnings):
        say(('warning:', {'fg': 'yellow'}), f' {in_a_line(str(replace(found, hint="")))}', err=True)
        if found.hint:
            say(f'  hint: {in_a_line(found.hint)}', err=True)


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
