"""A lock for one chartloom per work tree; after a killed run, it also removes the locks of that run's git."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from generator.domain.problems import ProblemsFound, problem
from generator.tools.git.files import folder_in_the_way
from generator.tools.git.repository import Repository

PATIENCE = 60.0  # seconds that a run waits for another one
# A running git holds the lock of a ref for milliseconds; child processes of a killed run may still be running.
ORPHAN_PATIENCE = 2.0


@contextmanager
def locked(repository: Repository) -> Iterator[None]:
    """Hold the lock; without it if the repository cannot be written, because then there is nothing to protect.

    The lock file has content during a run, so that the next run detects a killed one.
    """
    try:
        repository.private.mkdir(exist_ok=True)
        lock = os.open(repository.private / 'lock', os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except IsADirectoryError as error:
        raise ProblemsFound([folder_in_the_way(str(error.filename))]) from None
    except OSError:
        yield
        return
    try:
        _wait(lock, repository)
        before = os.fstat(lock)
        if before.st_size:
            _remove_orphans(repository, before.st_mtime_ns)
        with suppress(OSError):  # a full disk
            os.pwrite(lock, b'at work\n', 0)
        try:
            yield
        finally:
            os.ftruncate(lock, 0)
    finally:
        os.close(lock)


def _wait(lock: int, repository: Repository) -> None:
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > end:
                message = f'another chartloom is still running here after {PATIENCE:.0f} seconds'
                raise problem(str(repository.root), '', message, 'wait for it, or stop it') from None
            time.sleep(0.02)
        except OSError:
            return None  # a file system without locks


def _remove_orphans(repository: Repository, since: int) -> None:
    """Remove locks on refs that were created after `since` (ns) and are not released."""
    end = time.monotonic() + ORPHAN_PATIENCE
    while (found := _locks(repository, since)) and time.monotonic() < end:
        time.sleep(0.02)
    for lock in found:
        lock.unlink(missing_ok=True)


def _locks(repository: Repository, since: int) -> list[Path]:
    common = repository.folder / repository.git('rev-parse', '--git-common-dir')
    folders = {repository.git_dir.resolve(), common.resolve()}  # two in a linked work tree
    found = [folder / name for folder in folders for name in ('HEAD.lock', 'packed-refs.lock')]
    found += [lock for folder in folders for lock in folder.glob('refs/**/*.lock')]
    return [lock for lock in found if lock.exists() and lock.stat().st_mtime_ns >= since]
