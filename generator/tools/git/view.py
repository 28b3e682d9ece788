"""A repository with a work tree → the same at the head of a remote branch, where nothing is checked out."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from generator.domain.problems import CommandFailed
from generator.tools.git.remote import deepen, remote_head
from generator.tools.git.repository import Repository


@dataclass(frozen=True, slots=True)
class View:
    """`repository` shares objects, branches and settings with `home`; only HEAD is its own: a commit of a branch of
    `remote`."""

    home: Repository
    repository: Repository
    remote: str
    branch: str

    def follow(self) -> str:
        """Move HEAD to the head of the branch, and return it; '' if the remote has no such branch."""
        head = remote_head(self.home, self.remote, self.branch)
        if head:
            self._fetch(self.branch)
            (self.repository.folder / 'HEAD').write_text(f'{head}\n')
        return head

    def fetch_history(self, published: str) -> None:
        """Fetch the published branch, and what a shallow clone lacks."""
        if published != self.branch and remote_head(self.home, self.remote, published):
            self._fetch(published)
        deepen(self.home, self.branch)

    def _fetch(self, branch: str) -> None:
        # As in every `git fetch`, the remote-tracking branch follows; no other one moves.
        options = ('--quiet', '--no-tags', '--no-write-fetch-head')
        self.home.git('fetch', *options, self.remote, f'refs/heads/{branch}')


@contextmanager
def view_of(home: Repository, remote: str, branch: str) -> Iterator[View]:
    """Open a view; the caller holds the lock, and moves it with `follow` before it reads."""
    folder = home.private / 'view'
    shutil.rmtree(folder, ignore_errors=True)  # of a killed run
    folder.mkdir(parents=True)
    common = (home.folder / home.git('rev-parse', '--git-common-dir')).resolve()
    (folder / 'commondir').write_text(f'{common}\n')
    try:
        yield View(home, replace(home, folder=folder, bare=True, git_dir=folder), remote, branch)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def forward(repository: Repository, commit: str) -> str:
    """Move the branch and the work tree forward to a commit; return why git refuses, '' if it does not."""
    try:
        repository.git('merge', '--quiet', '--ff-only', '--no-verify-signatures', commit)
    except CommandFailed as error:
        return ' '.join(error.stderr.split())
    return ''
