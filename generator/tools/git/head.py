"""A work tree → its branch, its commit, and an unfinished merge or rebase."""

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
    """Return `refs/heads/…`, or 'HEAD' if it is detached."""
    return repository.ask('symbolic-ref', '--quiet', 'HEAD') or 'HEAD'


def head_commit(repository: Repository) -> str:
    """Return the commit that is checked out; '' before the first one."""
    return repository.ask('rev-parse', '--verify', '--quiet', 'HEAD')


def refuse_unfinished(repository: Repository) -> None:
    """Raise ProblemsFound during a merge or a rebase: our commit would become a part of it."""
    for file, what in _BEGUN.items():
        if (repository.git_dir / file).exists():
            # `refresh` ends only what combines two branches.
            first = (
                "run 'chartloom refresh' to end it"
                if what in ('merge', 'rebase')
                else "finish it ('git status' shows how)"
            )
            hint = f"{first}, or run 'git {what} --abort'"
            raise problem(str(repository.folder), '', f'a {what} is in progress', hint)
