"""Changes of the work tree → made completely, by this run, or by the next run if this one is killed.

New contents are first written next to git's own files; then a journal records the path of each; only then are they
moved to their paths, each by one rename. Files that a person has changed in the meantime stay as they are.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from pathlib import Path

from generator.domain.problems import problem
from generator.tools.git.files import blob_at
from generator.tools.git.repository import Repository
from generator.tools.write import write_new


@dataclass(frozen=True, slots=True)
class Journal:
    """The changes of a run: `steps` in the work tree, and a move of the branch (see `transaction.Move`).

    A step is path, blob id before, and whether the file is removed. Paths are relative to `prefix`.
    """

    prefix: str
    steps: tuple[tuple[str, str, bool], ...]
    reference: str
    old: str
    commit: str
    index: Mapping[str, str]
    remote: str
    branch: str


def prepare(repository: Repository, contents: Mapping[str, bytes | None]) -> None:
    """Write the new contents to a private folder, in their final structure; if this fails, nothing has changed."""
    ready, made = _ready(repository), set[str]()
    try:
        shutil.rmtree(ready, ignore_errors=True)
        ready.mkdir(parents=True)
        for path, data in contents.items():
            if data is not None:
                file = f'{ready}/{path}'
                folder = os.path.dirname(file)
                if folder not in made:
                    os.makedirs(folder, exist_ok=True)
                    made.add(folder)
                _write_new(file, data)
    except OSError as error:
        discard(repository)
        raise _unwritable(ready, error, 'nothing has changed; fix it and run the command again') from None


def _write_new(file: str, data: bytes) -> None:
    """Write without Python's buffers: for many small files they take as long as the disk does."""
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        while data:
            data = data[os.write(handle, data) :]
    finally:
        os.close(handle)


def record(repository: Repository, journal: Journal) -> None:
    """Write the journal; from now on the next run finishes this one if it is killed."""
    file = _file(repository)
    try:
        temporary = file.with_suffix('.tmp')
        temporary.write_text(json.dumps({each.name: getattr(journal, each.name) for each in fields(journal)}))
        os.replace(temporary, file)
    except OSError as error:
        discard(repository)
        raise _unwritable(file, error, 'nothing has changed; fix it and run the command again') from None


def is_pending(repository: Repository) -> bool:
    return not repository.bare and os.path.exists(_file(repository))  # False if it may not be read


def read_journal(repository: Repository) -> tuple[Journal, Repository] | None:
    """Return the journal of a killed run, and the repository as that run used it; None if the journal is invalid."""
    try:
        found = json.loads(_file(repository).read_text(encoding='utf-8'))
        steps = tuple((str(path), str(before), bool(gone)) for path, before, gone in found.pop('steps'))
        journal = Journal(**found, steps=steps)
        return journal, replace(repository, prefix=str(journal.prefix))
    except (OSError, ValueError, TypeError, AttributeError, KeyError):
        return None


def discard(repository: Repository) -> None:
    """Remove the journal, then the contents: contents without a journal are ignored."""
    with suppress(OSError):
        _file(repository).unlink()
    shutil.rmtree(_ready(repository), ignore_errors=True)


def place(repository: Repository, journal: Journal) -> None:
    """Move the new contents to their paths and remove files; may be repeated."""
    try:
        if _ready(repository).exists():
            _place(repository, '', {path: blob for path, blob, gone in journal.steps if not gone})
        for path, before, gone in journal.steps:
            if gone and blob_at(repository, path) == before:
                _remove(repository.file(path), repository.root)
    except OSError as error:
        hint = 'fix it and run the command again: it continues from here'
        raise _unwritable(Path(str(error.filename2 or error.filename)), error, hint) from None


def _place(repository: Repository, folder: str, before: Mapping[str, str]) -> None:
    """Move a new folder at once, and a file only if the old one is unchanged."""
    with os.scandir(f'{_ready(repository)}/{folder}') as entries:
        for entry in entries:
            path = f'{folder}{entry.name}'
            if entry.is_dir():
                if not _move_folder(entry.path, repository.file(path)):
                    _place(repository, f'{path}/', before)
            elif blob_at(repository, path) == before.get(path):
                _move(entry.path, repository.file(path))


def _move_folder(new: str, target: str) -> bool:
    if os.path.lexists(target):
        return False
    try:
        os.rename(new, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        os.mkdir(target)
        return False
    return True


def _move(new: str, target: str) -> None:
    try:
        os.replace(new, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        folder, name = os.path.split(target)
        near = f'{folder}/.{name}.chartloom'  # git's files are on another disk
        write_new(near, Path(new).read_bytes())
        os.replace(near, target)
        os.unlink(new)


def _remove(target: str, stop: Path) -> None:
    with suppress(FileNotFoundError):
        os.unlink(target)
    folder = Path(target).parent
    while folder != stop:
        try:
            folder.rmdir()
        except OSError:
            return
        folder = folder.parent


def _unwritable(file: Path, error: OSError, hint: str) -> Exception:
    return problem(str(file), '', f'cannot be written: {error.strerror}', hint)


def _file(repository: Repository) -> Path:
    return repository.private / 'pending.json'


def _ready(repository: Repository) -> Path:
    return repository.private / 'new'
