"""Bytes → a file that is whole or not there."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from generator.domain.problems import problem


def write_whole(path: Path, data: bytes) -> None:
    """Write a file and its folders; an existing file is replaced at once.

    Raises OSError, and ProblemsFound for a link of a work tree.
    """
    refuse_links(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f'.{path.name}.{os.getpid()}')
    try:
        write_new(temporary, data)
        os.replace(temporary, path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def write_new(path: str | Path, data: bytes) -> None:
    """Write a file in place of whatever has its name: a request may have put a link there. Raises OSError."""
    with suppress(FileNotFoundError):
        os.unlink(path)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
    with os.fdopen(descriptor, 'wb') as file:
        file.write(data)


def refuse_links(path: Path) -> None:
    """Raise ProblemsFound if a link of a git work tree is on the way to a file, or in its place.

    Whoever may write a request could lead the file to any place of the machine that checks it.
    """
    place = ''
    for part in Path(os.path.abspath(path)).parts:
        above, place = place, os.path.join(place, part)
        if os.path.islink(place) and _is_in_work_tree(os.path.realpath(above)):
            message = f"expected no link of the repository in this path, found '{place}'"
            raise problem(str(path), '', message, 'name a file outside the repository')


def _is_in_work_tree(folder: str) -> bool:
    return any((each / '.git').exists() for each in (Path(folder), *Path(folder).parents))
