"""A work tree → the merge or rebase that has stopped in it; its end, with a commit as result."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

from generator.domain.problems import CommandFailed, Problem, ProblemsFound, problem
from generator.tools.git.files import blob_at
from generator.tools.git.head import current_branch, head_commit
from generator.tools.git.repository import Repository
from generator.tools.git.sides import blob_of, changed_entries, entries_of, unstaged_files

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
    found = sorted(new.intersection(_unknown(repository)))
    if found:
        hint = 'move it away, or remove it'
        raise ProblemsFound(Problem(path, '', 'not in git, and would be overwritten', hint) for path in found)


@dataclass(frozen=True, slots=True)
class _Move:
    """The move of a branch from `old` to `commit`, which has merged `theirs`."""

    branch: str
    old: str
    commit: str
    theirs: str


def move_to(repository: Repository, branch: str, old: str, commit: str, theirs: str, stopped: Stopped | None) -> None:
    """Move a branch, the index and the work tree to a commit that has merged `theirs`, and end what has stopped.

    For this time git shows a merge in progress: `git merge --abort` undoes a killed run, `finish_move` finishes it. If
    git refuses, nothing has moved.
    """
    refuse_overwriting(repository, old, commit)
    move = _Move(branch, old, commit, theirs)
    repository.private.mkdir(exist_ok=True)
    _file(repository).write_text(json.dumps(asdict(move)), encoding='utf-8')
    (repository.git_dir / 'MERGE_HEAD').write_text(f'{theirs}\n', encoding='ascii')
    try:
        # What was unmerged is overwritten; else git refuses to overwrite a change.
        _carry_out(repository, move, ['--reset', '-u', commit] if stopped else ['-m', '-u', old, commit])
    except CommandFailed:
        if not stopped:
            repository.ask('read-tree', '--reset', '-u', old)
            (repository.git_dir / 'MERGE_HEAD').unlink(missing_ok=True)
            _file(repository).unlink()
        raise


def _carry_out(repository: Repository, move: _Move, how: list[str]) -> None:
    """Each step may be repeated."""
    if any((repository.git_dir / folder).exists() for folder in _REBASES):
        repository.git('rebase', '--quit')
    if move.branch != 'HEAD':
        repository.git('symbolic-ref', '-m', 'chartloom refresh', 'HEAD', move.branch)
    repository.git('read-tree', *how)
    if repository.ask('rev-parse', '--verify', '--quiet', move.branch) != move.commit:
        repository.git('update-ref', '-m', 'chartloom refresh', move.branch, move.commit, move.old)
    end_merge(repository)
    _file(repository).unlink()


def finish_move(repository: Repository) -> None:
    """Finish the move of a killed run, unless a person has gone on since; raises ProblemsFound for files in the way."""
    try:
        move = _Move(**json.loads(_file(repository).read_text(encoding='utf-8')))
    except (OSError, ValueError, TypeError):
        return
    head = repository.ask('rev-parse', '--verify', '--quiet', move.branch)
    if head not in (move.old, move.commit) or _word(repository.git_dir / 'MERGE_HEAD') != move.theirs:
        _file(repository).unlink()
        return
    new = changed_entries(repository, move.old, move.commit)
    mine = [path for path in (*unstaged_files(repository), *_unknown(repository)) if path in new]
    known = [entries_of(repository, commit, mine) for commit in (move.old, move.commit)]
    top = replace(repository, prefix='')
    edited = [path for path in mine if blob_at(top, path) not in {blob_of(each.get(path, '')) for each in known}]
    if edited:
        hint = 'a command was interrupted, and continues from here: move the file away first'
        raise ProblemsFound(Problem(path, '', 'changed, and would be overwritten', hint) for path in edited)
    _carry_out(repository, move, ['--reset', '-u', move.commit])


def _file(repository: Repository) -> Path:
    return repository.private / 'refresh.json'


def _unknown(repository: Repository) -> list[str]:
    """Files of the work tree that git does not know."""
    listing = repository.raw('ls-files', '-o', '-z', '--full-name', '--', ':/')
    return listing.decode('utf-8', 'surrogateescape').split('\0')[:-1]


def end_merge(repository: Repository) -> None:
    """Forget a merge whose result is committed."""
    with suppress(CommandFailed):
        repository.git('merge', '--quit')
