"""A path of the work tree → its content as git stores it, its blob id, and whether it can be written.

Paths are strings here: with many files, creating `Path` objects takes longer than the disk does.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable

from generator.domain.layout import max_bytes
from generator.domain.problems import Problem, ProblemsFound, size_problem
from generator.domain.tree import LINK
from generator.tools.git.repository import Repository

FOLDER = 'folder'  # in place of a blob id


def blob_at(repository: Repository, path: str) -> str:
    """Return the blob id of a file of the work tree; FOLDER for a folder, LINK for a link or device, '' for nothing."""
    try:
        mode = os.lstat(repository.file(path)).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return ''
    if stat.S_ISREG(mode):
        return repository.blob_id(read_file(repository, path))
    return FOLDER if stat.S_ISDIR(mode) else LINK


def folder_in_the_way(path: str) -> Problem:
    return Problem(path, '', 'expected a file, found a folder', 'move it away')


def named(repository: Repository, path: str) -> str:
    """Return what is at the path of a file, in words."""
    try:
        mode = os.lstat(repository.file(path)).st_mode
    except OSError:  # it exists only in a revision
        return 'a link or a submodule'
    return _KINDS.get(stat.S_IFMT(mode), 'a device')


_KINDS = {
    stat.S_IFLNK: 'a link', stat.S_IFDIR: 'another repository', stat.S_IFIFO: 'a named pipe', stat.S_IFSOCK: 'a socket',
}  # fmt: skip


def clear_way(repository: Repository, paths: Iterable[str]) -> None:
    """Raise ProblemsFound if a folder of these files is not a folder, is a link, or cannot be written."""
    known: dict[str, Problem | None] = {}
    folders = {os.path.dirname(path) for path in paths}
    faults = {fault for folder in folders if (fault := _folder_fault(repository, folder, known))}
    if faults:
        raise ProblemsFound(faults)


def _folder_fault(repository: Repository, folder: str, known: dict[str, Problem | None]) -> Problem | None:
    """Why no file can be written into a folder, which may not exist yet."""
    if folder not in known:
        above = _folder_fault(repository, os.path.dirname(folder), known) if folder else None
        place = repository.file(folder)
        if above or not os.path.lexists(place):
            known[folder] = above
        elif not os.path.isdir(place) or (folder and os.path.islink(place)):
            what = 'a link' if os.path.islink(place) else 'a file'
            known[folder] = Problem(folder, '', f'expected a folder, found {what}', 'move it away')
        elif not os.access(place, os.W_OK | os.X_OK):
            known[folder] = Problem(folder or place, '', 'the folder cannot be written', 'check its permissions')
        else:
            known[folder] = None
    return known[folder]


def read_file(repository: Repository, path: str) -> bytes:
    """Return the bytes of a file of the work tree, as git stores them; raises ProblemsFound if it cannot be read."""
    try:
        data = _read_whole(repository.file(path), path)
    except FileNotFoundError:  # a sparse checkout: in the index, unchanged, but not in the work tree
        blob = f':{repository.prefix}{path}'
        check_size(path, int(repository.git('cat-file', '-s', blob)))
        return repository.raw('cat-file', 'blob', blob)
    except OSError as error:
        raise ProblemsFound([Problem(path, '', f'cannot be read: {error.strerror}', 'check its permissions')]) from None
    return _stored(repository, path, data) if b'\r' in data else data


def check_size(path: str, size: int) -> None:
    """Raise ProblemsFound for a file that is too large to be read."""
    if size > (most := max_bytes(path)):
        raise ProblemsFound([size_problem(path, size, most)])


def _read_whole(file: str, path: str) -> bytes:
    """Read without Python's buffers: for many small files they take as long as the disk does."""
    handle = os.open(file, os.O_RDONLY)
    try:
        check_size(path, os.fstat(handle).st_size)
        parts = []
        while part := os.read(handle, 1 << 20):
            parts.append(part)
        return b''.join(parts)
    finally:
        os.close(handle)


def _stored(repository: Repository, path: str, data: bytes) -> bytes:
    """Convert line ends as git does (core.autocrlf, .gitattributes); nothing is written."""
    blob = repository.feed(data, 'hash-object', '--stdin', f'--path={repository.prefix}{path}').decode().strip()
    return data if blob == repository.blob_id(data) else data.replace(b'\r\n', b'\n')
