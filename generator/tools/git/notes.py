"""Notes on commits that all clones share on a remote: a commit → its lines; new lines → on top of everybody's notes.

Notes that are fetched are kept in a ref of their own, which `git log --notes=remotes/<remote>/chartloom` shows. Neither
the work tree nor a branch changes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from generator.domain.problems import CommandFailed
from generator.tools.git.build import committer_unset
from generator.tools.git.remote import push_ref, remote_ref
from generator.tools.git.repository import Repository

SHARED = 'refs/notes/chartloom'
ATTEMPTS = 3

# Commit → lines.
Lines = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Shared:
    """Whether the remote has the lines; `refused`: why it refuses them, '' if others pushed first each time."""

    done: bool
    refused: str = ''


def read_lines(repository: Repository, remote: str, commit: str) -> list[str]:
    """Return the lines of a commit's note, as fetched last."""
    blob = repository.ask('notes', f'--ref={_kept(remote)}', 'list', commit)
    return repository.read([blob])[blob].decode(errors='replace').splitlines() if blob else []


def fetch_notes(repository: Repository, remote: str) -> str:
    """Fetch the notes of a remote; return their revision, '' for none. Raises CommandFailed without a response."""
    kept, there = _kept(remote), remote_ref(repository, remote, SHARED)
    if there != _revision(repository, kept):
        if not there:
            repository.git('update-ref', '-d', kept)
            return ''
        options = ('--quiet', '--no-tags', '--no-write-fetch-head', '--refmap=')
        repository.git('fetch', *options, remote, f'+{SHARED}:{kept}')
    return _revision(repository, kept)


def share_lines(repository: Repository, remote: str, missing: Callable[[], Lines]) -> Shared:
    """Push lines; `missing` returns those that the notes fetched last do not have.

    If others push first it is done again on top of theirs. Raises CommandFailed if the remote does not answer.
    """
    for attempt in range(ATTEMPTS):
        if attempt:
            time.sleep(0.2 * 2**attempt)
        old = fetch_notes(repository, remote)
        if not (lines := missing()):
            return Shared(done=True)
        try:
            _write(repository, remote, lines)
            pushed = push_ref(repository, remote, SHARED, old, _revision(repository, _kept(remote)))
        except CommandFailed as error:
            _put_back(repository, remote, old)
            if remote_ref(repository, remote, SHARED) == old:
                return Shared(done=False, refused=first_line(error.stderr))
            continue
        if pushed and not missing():  # another process may have fetched meanwhile, into the same ref
            return Shared(done=True)
        _put_back(repository, remote, old)
    return Shared(done=False)


def _write(repository: Repository, remote: str, lines: Lines) -> None:
    for commit, added in lines.items():
        whole = [*read_lines(repository, remote, commit), *added]
        text = ''.join(f'{line}\n' for line in whole).encode()
        try:
            repository.feed(text, 'notes', f'--ref={_kept(remote)}', 'add', '--force', '--file=-', commit)
        except CommandFailed as error:
            raise committer_unset(error) or error from None


def _put_back(repository: Repository, remote: str, old: str) -> None:
    """Forget lines that the remote does not have."""
    repository.ask('update-ref', *([_kept(remote), old] if old else ['-d', _kept(remote)]))


def _kept(remote: str) -> str:
    """The ref for fetched notes; git accepts notes only below refs/notes."""
    return f'refs/notes/remotes/{remote}/chartloom'


def _revision(repository: Repository, ref: str) -> str:
    return repository.ask('rev-parse', '--verify', '--quiet', ref)


def first_line(stderr: str) -> str:
    """Return what a git command said first, as the reason of its failure."""
    return next(filter(None, map(str.strip, stderr.splitlines())), 'no reason given')
