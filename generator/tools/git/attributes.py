"""Files of a commit → whether .gitattributes would let git store other bytes."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager

from generator.domain.problems import CommandFailed, Problem, ProblemsFound, problem
from generator.tools.git.repository import Repository
from generator.tools.git.run import ended_within
from generator.tools.process import TIMED_OUT

_FILE = '.gitattributes'
_FEW = 100  # for more files, reading git's index is the quicker way
_SECONDS, _PATHS_PER_SECOND = 5.0, 2_000  # a hundred times of what sensible patterns take
_RECODING = ('filter', 'working-tree-encoding', 'ident')


def check_stored(repository: Repository, head: str, paths: Collection[str]) -> None:
    """Raise ProblemsFound if git would store other bytes than chartloom read: encrypted, an LFS pointer, recoded.

    The paths are of a commit on top of `head`, '' for none.
    """
    full = [repository.prefix + path for path in paths]
    listing = ''.join(f'{path}\0' for path in full).encode('utf-8', 'surrogateescape')
    where, env = _where(repository, head, full)
    with patterns_within(len(full)):
        answers = repository.feed(listing, 'check-attr', '--stdin', '-z', *where, *_RECODING, **env)
    fields = answers.decode('utf-8', 'surrogateescape').split('\0')  # path, attribute and value of each
    hint = 'remove the attribute in .gitattributes: agents and reviewers read what git stores'
    problems = [
        Problem(path.removeprefix(repository.prefix), '', f'git would store other bytes: {name}={value}', hint)
        for path, name, value in zip(fields[::3], fields[1::3], fields[2::3], strict=False)
        if value not in ('unspecified', 'unset')
    ]
    if problems:
        raise ProblemsFound(problems)


@contextmanager
def patterns_within(paths: int) -> Iterator[None]:
    """Raise ProblemsFound if git takes too long to compare this number of paths with the patterns of the repository."""
    try:
        with ended_within(_SECONDS + paths / _PATHS_PER_SECOND):
            yield
    except CommandFailed as failed:
        if failed.code != TIMED_OUT:
            raise
        message = 'git takes too long to compare files with the patterns of .gitattributes and .gitignore'
        hint = "write patterns with few stars; 'git log -p -- .gitattributes .gitignore' shows who added them"
        raise problem(_FILE, '', message, hint) from None


def _where(repository: Repository, head: str, full: Collection[str]) -> tuple[list[str], Mapping[str, str]]:
    """Where git reads attributes: in the work tree, and in its index if a file of HEAD is missing there."""
    if repository.bare:
        env = {'GIT_INDEX_FILE': str(repository.git_dir / 'attributes')}
        repository.git('read-tree', head or '--empty', env=env)
        return ['--cached'], env
    if len(full) > _FEW:
        return [], {}
    files = repository.entries(head, sorted(set(_attributes_of(full))))
    return [], repository.no_index if all(os.path.lexists(repository.folder / file) for file in files) else {}


def _attributes_of(paths: Collection[str]) -> Iterator[str]:
    """Yield the files that may set attributes of these paths, in the folders above them."""
    folders = {path.rpartition('/')[0] for path in paths}
    while folders:
        yield from (f'{folder}/{_FILE}' if folder else _FILE for folder in folders)
        folders = {folder.rpartition('/')[0] for folder in folders if folder}
