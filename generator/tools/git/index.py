"""A commit and paths → git's index with the entries of the commit at these paths; other entries stay as they are.

The new index is written next to the old one and replaces it by one rename, so that a killed run leaves one of the two.
"""

from __future__ import annotations

import os
import shutil
import stat
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from generator.domain.problems import CommandFailed, problem
from generator.domain.tree import LINK
from generator.tools.git.repository import LINKS, Repository

PATIENCE = 10.0  # seconds to wait for another git process
_OURS = b'chartloom\n'
# Up to this number, paths are passed to git; for more it is faster to list all.
_FEW = 100

Env = Mapping[str, str]


def index_stamp(repository: Repository) -> str:
    """A text that differs once another git process has written the index; '' if there is none yet."""
    try:
        about = os.stat(repository.git_dir / 'index')
    except OSError:
        return ''
    return f'{about.st_mtime_ns} {about.st_size} {about.st_ino}'


def follow(repository: Repository, commit: str, staged: Mapping[str, str], stamp: str = '') -> None:
    """Set the entries of paths to those of a commit, if they are still as `staged` (blob ids, '' for none).

    If a file of the work tree has the same content, its time stamps are recorded too. `stamp` is that of the index when
    it was read: it is read again only if another one has come since.
    """
    with _taken(repository) as copy:
        env = {'GIT_INDEX_FILE': str(copy)}
        known = bool(stamp) and stamp == index_stamp(repository)
        wanted, ignored = _wanted(repository, commit, staged, None if known else env)
        if wanted:
            placed = _placed(repository, wanted, ignored) if len(wanted) <= _FEW else []
            _record(repository, placed, env)
            _set(repository, {path: entry for path, entry in wanted.items() if path not in placed}, env)
            os.replace(copy, repository.git_dir / 'index')


def _placed(repository: Repository, wanted: Mapping[str, str], ignored: Collection[str]) -> list[str]:
    """The paths where the work tree is as the entries say; of `ignored` files git would not read it."""
    return [path for path, entry in wanted.items() if path not in ignored and _is_placed(repository, path, entry)]


def _is_placed(repository: Repository, path: str, entry: str) -> bool:
    """Whether the work tree has a file, or none, as an entry says, so that git would store it as this entry."""
    place = repository.folder / path
    try:
        mode, data = os.lstat(place).st_mode, place.read_bytes()
    except FileNotFoundError:
        return not entry
    except OSError:
        return False
    plain = stat.S_ISREG(mode) and not mode & stat.S_IXUSR and b'\r' not in data
    return plain and entry == f'100644 {repository.blob_id(data)}'


def _record(repository: Repository, paths: Sequence[str], env: Env) -> None:
    """Set entries to the files of the work tree, with their time stamps; git reads and writes all of the index once."""
    if paths:
        names = ''.join(f'{path}\0' for path in paths)
        _feed(repository, names, env, 'update-index', '--add', '--remove', '--replace', '-z', '--stdin')


def _set(repository: Repository, wanted: Mapping[str, str], env: Env) -> None:
    """Set entries to contents that the work tree may not have."""
    if wanted:
        gone = f'0 {"0" * repository.id_length}'
        lines = ''.join(f'{entry or gone}\t{path}\0' for path, entry in wanted.items())
        _feed(repository, lines, env, 'update-index', '--replace', '-z', '--index-info')
        _refresh(repository, [path for path, entry in wanted.items() if entry], env)


def _wanted(
    repository: Repository, commit: str, staged: Mapping[str, str], env: Env | None
) -> tuple[dict[str, str], frozenset[str]]:
    """The entries of the commit that differ from the index, '' to remove one; not those a person has staged since.

    Also the paths whose files git ignores: assume-unchanged, skip-worktree. `env` None: the index is as `staged`.
    """
    full = {repository.prefix + path: blob for path, blob in staged.items()}
    paths = list(full) if len(full) <= _FEW else [repository.prefix]
    held = repository.entries(commit, paths)
    if env is None:
        return {
            path: held.get(path, '') for path, blob in full.items() if _content(held.get(path, '')) != blob
        }, frozenset()
    now, ignored = _entries(repository, paths, env)
    wanted = {
        path: held.get(path, '')
        for path, before in full.items()
        if now.get(path) != held.get(path) and _content(now.get(path, '')) in (before, '')
    }
    return wanted, ignored


def _entries(repository: Repository, paths: list[str], env: Env) -> tuple[dict[str, str], frozenset[str]]:
    named = [path for path in paths if path]
    listing = repository.raw('--literal-pathspecs', 'ls-files', '-s', '-v', '-z', '--', *named, env=env)
    found, ignored = dict[str, str](), set[str]()
    for entry in listing.decode('utf-8', 'surrogateescape').split('\0')[:-1]:
        meta, _, path = entry.partition('\t')
        found[path] = meta[2:-2]  # without the tag and the stage
        if meta[0] != 'H':
            ignored.add(path)
    return found, frozenset(ignored)


def _content(entry: str) -> str:
    return LINK if entry[:6] in LINKS else entry[7:]


def _refresh(repository: Repository, paths: list[str], env: Env) -> None:
    """Record time stamps, which saves later reading; git fails if a file differs or is not in a sparse checkout."""
    with suppress(CommandFailed):
        if len(paths) > _FEW:
            repository.git('update-index', '-q', '--refresh', env=env)
        elif paths:
            names = ('--pathspec-from-file=-', '--pathspec-file-nul')
            text = ''.join(f'{path}\0' for path in paths)
            _feed(repository, text, env, '--literal-pathspecs', 'add', '--refresh', *names)


def _feed(repository: Repository, text: str, env: Env, *arguments: str) -> None:
    repository.feed(text.encode('utf-8', 'surrogateescape'), *arguments, **env)


@contextmanager
def _taken(repository: Repository) -> Iterator[Path]:
    """Copy the index, and hold git's own lock on it."""
    index, lock = repository.git_dir / 'index', repository.git_dir / 'index.lock'
    copy = repository.private / f'index.{os.getpid()}'
    _take(lock)
    try:
        for old in repository.private.glob('index.*'):  # of runs that were killed
            with suppress(OSError):
                old.unlink()
        if index.exists():
            _copy(index, copy)
        yield copy
    finally:
        copy.unlink(missing_ok=True)
        lock.unlink(missing_ok=True)


def _copy(index: Path, copy: Path) -> None:
    """A second name will do: git replaces an index, and never writes into one."""
    try:
        os.link(index, copy)
    except OSError:
        shutil.copy2(index, copy)  # with its time: git does not trust entries as new as the index


def wait_for_index(repository: Repository) -> None:
    """Raise ProblemsFound if another git process is changing the index, or it cannot be written."""
    lock = repository.git_dir / 'index.lock'
    _take(lock)
    lock.unlink(missing_ok=True)


def _take(lock: Path) -> None:
    end = time.monotonic() + PATIENCE
    while not _create(lock):
        if _is_ours(lock):  # of a killed run, because `locked` excludes other runs
            lock.unlink(missing_ok=True)
        elif time.monotonic() > end:
            hint = 'wait for it; if none is running, remove this file'
            raise problem(str(lock), '', 'another git process uses the index', hint)
        else:
            time.sleep(0.02)


def _create(lock: Path) -> bool:
    try:
        with lock.open('xb') as file:
            file.write(_OURS)
    except FileExistsError:
        return False
    except OSError as error:
        raise problem(str(lock), '', f'cannot be written: {error.strerror}', 'check its permissions') from None
    return True


def _is_ours(lock: Path) -> bool:
    try:
        return lock.read_bytes() == _OURS
    except OSError:
        return False
