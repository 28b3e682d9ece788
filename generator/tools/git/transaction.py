"""Changes of the work tree and a move of the branch → all of them, on the remote first if requested, or none.

New contents are prepared before anything moves; a commit is pushed with the old head as lease; then the branch, the
work tree and the index are updated, in this order. With the journal the next run finishes a killed one.
"""

from __future__ import annotations

import signal
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from generator.domain.problems import CommandFailed, Problem, ProblemsFound, problem
from generator.tools.git import journal
from generator.tools.git.files import FOLDER, blob_at, clear_way, folder_in_the_way
from generator.tools.git.head import current_branch, head_commit
from generator.tools.git.index import follow, wait_for_index
from generator.tools.git.journal import Journal
from generator.tools.git.lock import locked
from generator.tools.git.remote import fetch_objects, push_onto, remote_head, shown_branch
from generator.tools.git.repository import Repository


@dataclass(frozen=True, slots=True)
class Write:
    """A file of the work tree to write (None: to remove), and its blob id when it was read ('' for nothing)."""

    path: str
    before: str
    content: bytes | None


@dataclass(frozen=True, slots=True)
class Move:
    """The move of a branch from `old` ('' for none) to `commit`; `index` are the entries to update, as staged now.

    With a `remote` the commit is pushed first, as `branch`. If both commits are equal only the index is updated.
    """

    reference: str
    old: str
    commit: str
    index: Mapping[str, str]
    remote: str = ''
    branch: str = ''


def carry_out(repository: Repository, writes: Sequence[Write], move: Move | None = None, stamp: str = '') -> str:
    """Change the work tree and move the branch, or change nothing; return the new head of the branch.

    The caller holds the lock (`lock.locked`). `stamp` is that of the index which `move` was made by, '' for unknown.
    """
    check_writes(repository, writes)
    found = _journal(repository, writes, move)
    if found.index:
        wait_for_index(repository)
    if not found.steps and not found.index and found.commit == found.old:
        return found.commit
    journal.prepare(repository, {write.path: write.content for write in writes})
    journal.record(repository, found)
    try:
        found = _push(repository, found)
        _move_branch(repository, found)
    except (CommandFailed, ProblemsFound):
        journal.discard(repository)
        raise
    _settle(repository, found, stamp)
    if found.commit != found.old:
        # As git does after its own commits: each of ours adds a pack. It goes on in the background, if there are many.
        repository.ask('gc', '--auto', '--quiet')
    return found.commit


def check_writes(repository: Repository, writes: Sequence[Write]) -> None:
    """Raise ProblemsFound if something blocks a path, or a file has changed since it was read."""
    clear_way(repository, (write.path for write in writes if write.content is not None))
    problems = []
    for write in writes:
        found = blob_at(repository, write.path)
        if found == FOLDER:
            problems.append(folder_in_the_way(write.path))
        elif found != write.before:
            hint = 'nothing was written; run the command again'
            problems.append(Problem(write.path, '', 'the file changed during this run', hint))
    if problems:
        raise ProblemsFound(problems)


def _journal(repository: Repository, writes: Sequence[Write], move: Move | None) -> Journal:
    steps = tuple((write.path, write.before, write.content is None) for write in writes)
    if move is None:
        head = head_commit(repository)
        move = Move(current_branch(repository), head, head, {})
    return Journal(repository.prefix, steps, **asdict(move))


def _push(repository: Repository, found: Journal) -> Journal:
    if not found.remote:
        return found
    there = push_onto(repository, found.remote, found.branch, found.old, found.commit)
    if there != found.commit:
        found = replace(found, commit=there)
        journal.record(repository, found)
    return found


def _move_branch(repository: Repository, found: Journal) -> None:
    if found.commit == found.old:
        return
    try:
        _update(repository, found)
    except CommandFailed:
        now = repository.ask('rev-parse', '--verify', '--quiet', found.reference)
        if now == found.old:
            raise
        hint = 'run the command again'
        if found.remote:
            there = shown_branch(found.remote, found.branch)
            hint = f"{found.commit[:8]} is on {there}: run 'git pull', then the command again"
        raise problem(found.reference, '', f'moved from {found.old[:8]} to {now[:8]} during this run', hint) from None


def _update(repository: Repository, found: Journal) -> None:
    old = found.old or '0' * len(found.commit)
    repository.git('update-ref', '-m', 'chartloom', found.reference, found.commit, old)


def _settle(repository: Repository, found: Journal, stamp: str = '') -> None:
    """Update the work tree and the index after the branch has moved; the journal stays if this fails."""
    journal.place(repository, found)
    if found.index:
        _follow(repository, found, stamp)
    journal.discard(repository)


def _follow(repository: Repository, found: Journal, stamp: str) -> None:
    try:
        follow(repository, found.commit, found.index, stamp)
    except (CommandFailed, OSError) as error:
        said = error.strerror if isinstance(error, OSError) else error.stderr.strip() or _ended(error.code)
        message = f"git's index cannot be updated to {found.commit[:8]}: {said}"
        hint = 'fix it and run the command again before any other commit: it continues from here'
        raise problem(str(repository.git_dir / 'index'), '', message, hint) from None


def _ended(code: int) -> str:
    """How a command ended that has said nothing: a signal of a limit or of a person."""
    return f'git was stopped by {signal.Signals(-code).name}' if code < 0 else f'git ended with exit code {code}'


def finish_killed(repository: Repository) -> bool:
    """Finish a killed run; True if there was one to finish."""
    if not journal.is_pending(repository):
        return False
    with locked(repository):
        return finish_locked(repository)


def finish_locked(repository: Repository) -> bool:
    """Do the same for a caller that holds the lock."""
    if not journal.is_pending(repository):
        return False
    found = journal.read_journal(repository)
    try:
        if found and _has_happened(*found):
            clear_way(found[1], (path for path, _, gone in found[0].steps if not gone))
            _settle(found[1], found[0])
            return True
    except CommandFailed:
        return False  # no response from the remote: a later run tries again
    journal.discard(repository)
    return False


def _has_happened(found: Journal, repository: Repository) -> bool:
    """Whether the run must be finished, because the branch or the remote already has its commit."""
    head = head_commit(repository)
    if current_branch(repository) != found.reference or head not in (found.old, found.commit):
        return False  # a person has moved the branch since
    if head != found.commit and found.remote and _is_pushed(repository, found):
        _update(repository, found)
        return True
    return head == found.commit


def _is_pushed(repository: Repository, found: Journal) -> bool:
    there = remote_head(repository, found.remote, found.branch)
    if there not in ('', found.old, found.commit):
        fetch_objects(repository, found.remote, found.branch)
    return there == found.commit or (bool(there) and repository.contains(there, found.commit))
