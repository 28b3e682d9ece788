"""A work tree → the merge or rebase that has stopped in it; its end, with a commit as result."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from generator.domain.problems import CommandFailed, Problem, ProblemsFound, problem
from generator.tools.git.head import current_branch, head_commit
from generator.tools.git.repository import Repository
from generator.tools.git.sides import changed_entries

_REBASES = ('rebase-merge', 'rebase-apply')


@dataclass(frozen=True, slots=True)
class Stopped:
    """`branch` (a full name, 'HEAD' if detached) at `ours` was to be merged with, or rebased onto, `theirs`.

    `step` is the commit that a rebase was about to apply.
    """

    kind: Literal['merge', 'rebase']
    branch: str
    ours: str
    theirs: str
    step: str = ''


def find_stopped(repository: Repository) -> Stopped | None:
    """Return what has stopped; raises ProblemsFound for a merge of more than two branches."""
    for folder in _REBASES:
        state = repository.git_dir / folder
        if onto := _word(state / 'onto'):
            branch = _word(state / 'head-name')
            branch = branch if branch.startswith('refs/heads/') else 'HEAD'
            step = repository.ask('rev-parse', '--verify', '--quiet', 'REBASE_HEAD')
            return Stopped('rebase', branch, _word(state / 'orig-head'), onto, step)
    merged = _word(repository.git_dir / 'MERGE_HEAD')
    if not merged:
        return None
    if len(merged.split()) > 1:
        hint = "finish it by hand, or run 'git merge --abort'"
        raise problem(str(repository.folder), '', 'a merge of more than two branches is in progress', hint)
    return Stopped('merge', current_branch(repository), head_commit(repository), merged)


def _word(file: Path) -> str:
    try:
        return file.read_text(encoding='utf-8', errors='surrogateescape').strip()
    except OSError:
        return ''


def refuse_overwriting(repository: Repository, old: str, commit: str) -> None:
    """Raise ProblemsFound if a file that git does not know is where the commit has one."""
    new = {path for path, entry in changed_entries(repository, old, commit).items() if entry}
    listing = repository.raw('ls-files', '-o', '-z', '--', ':/').decode('utf-8', 'surrogateescape')
    found = sorted(new.intersection(listing.split('\0')))
    if found:
        hint = 'move it away, or remove it'
        raise ProblemsFound(Problem(path, '', 'not in git, and would be overwritten', hint) for path in found)


def move_to(repository: Repository, branch: str, old: str, commit: str, theirs: str, stopped: Stopped | None) -> None:
    """Move a branch, the index and the work tree to a commit that has merged `theirs`, and end what has stopped.

    For this time git shows a merge in progress, so that a killed run can be repeated, or undone with `git merge
    --abort`. If git refuses, nothing has moved.
    """
    refuse_overwriting(repository, old, commit)
    merging = repository.git_dir / 'MERGE_HEAD'
    merging.write_text(f'{theirs}\n', encoding='ascii')
    if stopped and stopped.kind == 'rebase':
        repository.git('rebase', '--quit')
        if branch != 'HEAD':
            repository.git('symbolic-ref', '-m', 'chartloom refresh', 'HEAD', branch)
    # What was unmerged is overwritten; else git refuses to overwrite a change.
    how = ('--reset', '-u', commit) if stopped else ('-m', '-u', old, commit)
    try:
        repository.git('read-tree', *how)
        repository.git('update-ref', '-m', 'chartloom refresh', branch, commit, old)
    except CommandFailed:
        if not stopped:
            repository.ask('read-tree', '--reset', '-u', old)
            merging.unlink(missing_ok=True)
        raise
    end_merge(repository)


def end_merge(repository: Repository) -> None:
    """Forget a merge whose result is committed."""
    with suppress(CommandFailed):
        repository.git('merge', '--quit')
