"""The work tree as git sees it: blob ids without reading what git knows to be unchanged, and safe writing."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from generator.errors import Problem, ProblemsFound
from generator.repository import Repository


@dataclass(frozen=True, slots=True)
class WorkTree:
    """What stands in the work tree below some paths; `staged` is what the index holds."""

    ids: Mapping[str, str]
    links: frozenset[str]
    staged: Mapping[str, str]


def read_work_tree(repository: Repository, paths: Sequence[str]) -> WorkTree:
    """Ask git's index, which knows by time stamps what is unchanged, and hash only the rest."""
    full = [repository.prefix + path for path in paths]
    staged, links, unmerged = _index(repository, full)
    if unmerged:
        hint = "finish it with 'git commit', or give it up with 'git merge --abort'"
        raise ProblemsFound(Problem(path, '', 'a merge is in progress', hint) for path in sorted(unmerged))
    changed = set(_paths(repository, 'diff-files', '--name-only', '-z', '--', *full))
    changed |= set(_paths(repository, 'ls-files', '-o', '-z', '--full-name', '--', *full))
    ids = {path: blob for path, blob in staged.items() if path not in changed}
    for path in changed:
        file = repository.root / path
        if file.is_symlink():
            links.add(path)
        elif file.is_file():
            ids[path] = repository.blob_id(_read(file, path))
        elif file.is_dir():  # a repository inside the repository: git lists its folder
            links.add(path)
    return WorkTree(ids, frozenset(links), staged)


def _index(repository: Repository, full: Sequence[str]) -> tuple[dict[str, str], set[str], set[str]]:
    staged: dict[str, str] = {}
    links: set[str] = set()
    unmerged: set[str] = set()
    cut = len(repository.prefix)
    listing = repository.raw('ls-files', '-s', '-z', '--full-name', '--', *full)
    for entry in listing.decode('utf-8', 'surrogateescape').split('\0')[:-1]:
        meta, _, path = entry.partition('\t')
        mode, blob, stage = meta.split(' ')
        if stage != '0':
            unmerged.add(path[cut:])
        elif mode in ('120000', '160000'):
            links.add(path[cut:])
        else:
            staged[path[cut:]] = blob
    return staged, links, unmerged


def _paths(repository: Repository, *arguments: str) -> list[str]:
    cut = len(repository.prefix)
    listing = repository.raw(*arguments).decode('utf-8', 'surrogateescape')
    return [path[cut:] for path in listing.split('\0')[:-1]]


def _read(file: Path, path: str) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise ProblemsFound([Problem(path, '', f'cannot be read: {error.strerror}', 'check its permissions')]) from None


def read_file(repository: Repository, path: str) -> bytes:
    """Bytes of a file of the work tree; ProblemsFound when it cannot be read."""
    return _read(repository.root / path, path)


def write_files(repository: Repository, files: Mapping[str, bytes], removed: Iterable[str]) -> None:
    """Write and remove files, each whole or not at all; folders that become empty go too."""
    made: set[Path] = set()
    for path, data in files.items():
        file = repository.root / path
        if file.parent not in made:
            file.parent.mkdir(parents=True, exist_ok=True)
            made.add(file.parent)
        _replace(file, data)
    for path in removed:
        file = repository.root / path
        file.unlink(missing_ok=True)
        _remove_empty(file.parent, repository.root)


def _replace(file: Path, data: bytes) -> None:
    """A new file is written in place: half of it left by a kill is found by its seal. An old one is swapped."""
    if not file.exists():
        file.write_bytes(data)
        return
    temporary = file.with_name(f'.{file.name}.chartloom')
    temporary.write_bytes(data)
    os.replace(temporary, file)


def _remove_empty(folder: Path, stop: Path) -> None:
    while folder != stop:
        try:
            folder.rmdir()
        except OSError:
            return
        folder = folder.parent
