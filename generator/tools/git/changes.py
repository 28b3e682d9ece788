"""A branch and paths → its commits that changed them, with the blobs before and after; by one git process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from generator.tools.git.repository import Repository

_DIGITS = 11  # of a date until the year 5138
# Fields of a commit, each ended by NUL, which no message contains.
_FORMAT = '--format=%H%x00%ct%x00%an%x00%ae%x00%s%x00%b%x00'


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit, and the blobs of the files that it changed, by path: before and after, '' for no file."""

    id: str
    time: int
    author: str
    email: str
    subject: str
    body: str
    changed: Mapping[str, tuple[str, str]]


def read_date(text: str) -> int:
    """A date as git prints it, in seconds since the epoch; 0 for one that no clock gives: git stores any."""
    return int(text) if text.isdecimal() and len(text) <= _DIGITS else 0


def changes_of(repository: Repository, branch: str, patterns: Sequence[str], most: int) -> list[Commit]:
    """Return the last commits of a branch that changed files, the newest first.

    Only first parents count: a merge shows what it brought. `patterns` are paths of our folder, in which `*` stands for
    a part of a path.
    """
    options = ('--first-parent', '-m', '--no-renames', '--raw', '--no-abbrev', '-z', f'-{most}', _FORMAT)
    start = _literal(repository.prefix)
    output = repository.raw('log', *options, branch, '--', *(f':(top,glob){start}{each}' for each in patterns))
    return _commits(output.decode('utf-8', 'surrogateescape').split('\0'), repository.prefix)


def _literal(prefix: str) -> str:
    return ''.join(f'\\{letter}' if letter in '*?[\\' else letter for letter in prefix)


def _commits(fields: Sequence[str], prefix: str) -> list[Commit]:
    found: list[Commit] = []
    changed: dict[str, tuple[str, str]] = {}
    rest = iter(fields)
    for field in rest:
        entry = field.lstrip('\n')
        if entry.startswith(':'):
            modes, blobs = entry.split(' ')[:2], entry.split(' ')[2:4]
            changed[next(rest).removeprefix(prefix)] = (_blob(modes[0], blobs[0]), _blob(modes[1], blobs[1]))
        elif entry:
            changed = {}
            time, author, email, subject, body = islice(rest, 5)
            found.append(Commit(entry, read_date(time), author, email, subject, body, changed))
    return found


def _blob(mode: str, name: str) -> str:
    """The id of a file's blob; links and submodules are no files."""
    return name if mode.removeprefix(':').startswith('100') else ''
