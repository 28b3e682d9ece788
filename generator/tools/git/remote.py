"""Remotes of git: the head of a remote branch, pushing with a lease, and temporary clones."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from generator.domain.problems import CommandFailed, ProblemsFound, problem
from generator.tools.git.address import check_address
from generator.tools.git.opening import open_bare
from generator.tools.git.repository import Repository
from generator.tools.git.run import call
from generator.tools.process import mask
from generator.tools.temporary import temporary_folder

# The head and its parent, because the head may be a revert.
_HEAD = '--depth=2'
# git's own value for the complete history.
_EVERYTHING = '--depth=2147483647'
# The history of a shallow clone is fetched in these steps: most questions are about recent commits.
DEPTHS = ('--deepen=100', _EVERYTHING)


def remote_head(repository: Repository, remote: str, branch: str) -> str:
    """Return the head of a remote branch; '' if there is none."""
    return remote_ref(repository, remote, f'refs/heads/{branch}')


def remote_ref(repository: Repository, remote: str, ref: str) -> str:
    """Return the object of a remote ref, by full name; '' if there is none."""
    return repository.git('ls-remote', remote, ref).partition('\t')[0]


def push_remote(repository: Repository, branch: str) -> str:
    """Return the remote that git pushes a branch to."""
    keys = (f'branch.{branch}.pushRemote', 'remote.pushDefault', f'branch.{branch}.remote')
    remote = next(filter(None, (repository.ask('config', key) for key in keys)), 'origin')
    if remote not in repository.git('remote').split('\n') and '/' not in remote and ':' not in remote:
        raise problem('git', '', f"remote '{remote}' not found, cannot push", "add it with 'git remote add'")
    return remote


def push_onto(repository: Repository, remote: str, branch: str, base: str, commit: str) -> str:
    """Push a commit on top of `base`; return the new head of the remote: the commit, or an equal one of another run.

    Raises ProblemsFound if the remote branch has moved, or has commits that `base` does not have.
    """
    there = remote_head(repository, remote, branch)
    hint = f"nothing has changed here; run 'git pull {mask(remote)} {branch}', then the command again"
    if there in ('', base, commit) or (base and repository.contains(base, there)):
        try:
            if push(repository, remote, branch, there, commit):
                return commit
        except CommandFailed as failure:
            raise refused(remote, branch, failure) from None
        now = remote_head(repository, remote, branch)
        message = f'moved from {there[:8]} to {now[:8]} during this run'
    else:
        now, message = there, f'is at {there[:8]}, which is not in this branch'
    if commit != base and _is_twin(repository, remote, branch, now, commit):
        return now
    raise BranchMoved(problem(shown_branch(remote, branch), '', message, hint).problems)


class BranchMoved(ProblemsFound):
    """A remote branch has commits that are not here, so that nothing was pushed."""


def _is_twin(repository: Repository, remote: str, branch: str, other: str, commit: str) -> bool:
    """Whether another run has pushed the same tree on the same parent, so that only the date differs."""
    fetch_objects(repository, remote, branch)
    mine, theirs = (repository.ask('rev-parse', f'{one}^{{tree}}', f'{one}^@') for one in (commit, other))
    return mine == theirs != ''


def fetch_objects(repository: Repository, remote: str, branch: str) -> None:
    """Fetch the objects of a remote branch; no ref is moved, not even the remote-tracking one."""
    options = ('--quiet', '--no-tags', '--no-write-fetch-head', '--refmap=')
    repository.git('fetch', *options, remote, f'refs/heads/{branch}')


def is_shallow(repository: Repository) -> bool:
    """Whether a clone does not have its complete history."""
    return repository.ask('rev-parse', '--is-shallow-repository') == 'true'


def deepen(repository: Repository, branch: str, depth: str = _EVERYTHING) -> bool:
    """Fetch the complete history of a branch into a shallow clone; no ref is moved. False if there is nothing to do.

    `depth` is git's option for less than that.
    """
    remotes = repository.git('remote').split('\n')
    if not is_shallow(repository) or not remotes[0]:
        return False
    remote = 'origin' if 'origin' in remotes else remotes[0]
    options = ('--quiet', '--no-tags', '--no-write-fetch-head', '--refmap=', depth)
    repository.git('fetch', *options, remote, f'refs/heads/{branch}')
    return True


def is_cut(repository: Repository, commit: str) -> bool:
    """Whether a shallow clone ends at a commit: it then seems to have added all its files."""
    return not repository.ask('rev-parse', f'{commit}^@') and is_shallow(repository)


def push(repository: Repository, remote: str, branch: str, old: str, new: str) -> bool:
    """Push a commit if the remote branch is still at `old` ('' for none); False if it has moved."""
    return push_ref(repository, remote, f'refs/heads/{branch}', old, new)


def push_ref(repository: Repository, remote: str, ref: str, old: str, new: str) -> bool:
    """Do the same for any ref, by full name."""
    error = try_push(repository, remote, ref, old, new)
    if error is None:
        return True
    try:
        now = remote_ref(repository, remote, ref)
    except CommandFailed:
        raise error from None
    if now == old:
        raise error
    return now == new  # the push succeeded, only the response was lost


def try_push(repository: Repository, remote: str, ref: str, old: str, new: str) -> CommandFailed | None:
    """Push if the remote ref is still at `old`; return the failure, which may be that of the answer alone."""
    try:
        repository.git('push', '--quiet', f'--force-with-lease={ref}:{old}', remote, f'{new}:{ref}')
    except CommandFailed as error:
        return error
    return None


def is_answered(failure: CommandFailed) -> bool:
    """Whether git told what became of a push that failed: it did not move the ref."""
    return re.search(r'\[(remote )?rejected\]', failure.stderr) is not None


class PushRefused(ProblemsFound):
    """The server does not accept a push to this branch."""


def refused(remote: str, branch: str, failure: CommandFailed) -> Exception:
    """Return the problem of a push that a hook or the protection of the branch has refused, else the failure."""
    # git's own words; what follows in the parentheses is the server's. 'unpacker error' and others are faults.
    if not re.search(r'\[remote rejected\][^\n]*\([^\n]*(declined|protected)', failure.stderr):
        return failure
    lines = (line for line in failure.stderr.splitlines() if line.startswith('remote:'))
    said = '; '.join(filter(None, (line.removeprefix('remote:').strip() for line in lines)))
    hint = 'if the branch is protected, push another one and open a request from it: --push --branch NAME'
    message = f'the server refused the push{": " if said else ""}{said}'
    return PushRefused(problem(shown_branch(remote, branch), '', message, hint).problems)


def shown_branch(remote: str, branch: str) -> str:
    """Return `origin/main`; a URL is shown without its credentials."""
    return f'{mask(remote)}{" " if ":" in remote else "/"}{branch}'


@contextmanager
def temporary_clone(url: str, branch: str, prefix: str, *, may_be_empty: bool = False) -> Iterator[Repository]:
    """Clone the head of one branch into a temporary folder; an empty remote gives a branch without a commit."""
    check_address(url, '--repo')
    with temporary_folder() as folder:
        target = folder / 'repository'
        if may_be_empty and not call(Path(), ('ls-remote', '--', url)):
            yield _begin(url, branch, target, prefix)
        else:
            yield _clone(url, branch, target, prefix)


def _begin(url: str, branch: str, target: Path, prefix: str) -> Repository:
    call(Path(), ('init', '--quiet', '--bare', f'--initial-branch={branch}', str(target)))
    address = str(Path(url).resolve()) if Path(url).is_dir() else url
    call(target, ('remote', 'add', 'origin', address), {'GIT_DIR': str(target)})
    return open_bare(target, prefix)


def _clone(url: str, branch: str, target: Path, prefix: str) -> Repository:
    """Clone without older history and, if the server supports it, without contents, which are fetched in one batch."""
    options = (
        '--quiet',
        '--bare',
        _HEAD,
        '--filter=blob:none',
        '--no-tags',
        '--single-branch',
        f'--branch={branch}',
    )
    try:
        call(Path(), ('clone', *options, '--', url, str(target)))
    except CommandFailed as error:
        _tell_missing(url, branch, error)
    repository = open_bare(target, prefix)
    if not repository.ask('rev-parse', '--verify', '--quiet', f'refs/heads/{branch}'):
        raise _no_branch(url, branch)  # the name is that of a tag
    return repository


def _tell_missing(url: str, branch: str, error: CommandFailed) -> None:
    try:
        found = call(Path(), ('ls-remote', '--', url, f'refs/heads/{branch}'))
    except CommandFailed:
        raise error from None
    raise error if found else _no_branch(url, branch)


def _no_branch(url: str, branch: str) -> Exception:
    return problem(mask(url), '', f"branch '{branch}' not found", 'name another branch with --branch, or push it first')


def fetch_head(repository: Repository, branch: str) -> str:
    """Move the branch of a temporary clone to the head of the remote branch, and return it; '' if there is none."""
    depth = (_HEAD,) if (repository.git_dir / 'shallow').exists() else ()
    ref = f'refs/heads/{branch}'
    try:
        repository.git('fetch', '--quiet', '--no-tags', *depth, 'origin', f'+{ref}:{ref}')
    except CommandFailed:
        if remote_head(repository, 'origin', branch):
            raise
        return ''
    return repository.git('rev-parse', ref)


def fetch_published(repository: Repository, remote: str, branch: str, published: str) -> None:
    """Fetch the published branch and the complete history, so that the merge base with another branch is known."""
    if remote_head(repository, remote, published):
        names = (f'+refs/heads/{name}:refs/heads/{name}' for name in dict.fromkeys((branch, published)))
        depth = (_EVERYTHING,) if is_shallow(repository) else ()
        repository.git('fetch', '--quiet', '--no-tags', *depth, remote, *names)


def changed_paths(repository: Repository, old: str, new: str, *, history: bool = False) -> dict[str, str] | None:
    """Return the files that differ between two commits, with git's letter for how; None if that cannot be told.

    `history`: also files that a commit in between changed, of the first parents. Paths are relative to the root of the
    repository.
    """
    # A person may have moved the branch back.
    if history and not repository.contains(new, old):
        return None
    options = ('-r', '-z', '--name-status', '--no-renames')
    command = ('log', '-m', '--first-parent', '--format=', *options, f'{old}..{new}')
    words = repository.raw(*(command if history else ('diff-tree', *options, old, new)))
    found = words.decode('utf-8', 'surrogateescape').split('\0')[:-1]
    return dict(zip(found[1::2], found[::2], strict=True))
