"""Where a work tree stands: its branch, its commit, and what a person has begun and not finished."""

from __future__ import annotations

from generator.domain.problems import problem
from generator.tools.git.repository import Repository

_BEGUN = {
    'MERGE_HEAD': 'merge',
    'CHERRY_PICK_HEAD': 'cherry-pick',
    'REVERT_HEAD': 'revert',
    'rebase-merge': 'rebase',
    'rebase-apply': 'rebase',
}


def current_branch(repository: Repository) -> str:
    """`refs/heads/…`, or 'HEAD' where it is detached."""
    return repository.ask('symbolic-ref', '--quiet', 'HEAD') or 'HEAD'


def head_commit(repository: Repository) -> str:
    """The commit that is checked out; '' before the first one."""
    return repository.ask('rev-parse', '--verify', '--quiet', 'HEAD')


def refuse_unfinished(repository: Repository) -> None:
    """ProblemsFound in the middle of a merge or a rebase: a commit of ours would become a part of it."""
    for file, what in _BEGUN.items():
        if (repository.git_dir / file).exists():
            hint = f"finish it, or give it up with 'git {what} --abort'"
            raise problem(str(repository.folder), '', f'a {what} is in progress', hint)
