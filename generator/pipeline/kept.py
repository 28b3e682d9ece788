"""A chart that has no folder in the work tree → one in git's own folder, named by its digest, where helm reads it."""

from __future__ import annotations

import os
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

from generator.charts.versions import digest
from generator.domain.tree import Tree
from generator.tools.git.repository import Repository


def kept(repository: Repository, name: str, files: Tree) -> Path:
    """Return the folder of a chart with this digest; it is written if it is not there, or not complete."""
    place = repository.private / 'charts' / name
    if read_kept(repository, name) is None:
        place.parent.mkdir(parents=True, exist_ok=True)
        made = Path(mkdtemp(dir=place.parent))
        for path, data in files.items():
            (made / path).parent.mkdir(parents=True, exist_ok=True)
            (made / path).write_bytes(data)
        _put(made, place)
    return place


def read_kept(repository: Repository, name: str) -> dict[str, bytes] | None:
    """Return the files of a chart that is kept; None if there are none with this digest."""
    place = repository.private / 'charts' / name
    files = {
        os.path.relpath(os.path.join(folder, file), place): Path(folder, file).read_bytes()
        for folder, _, names in os.walk(place)
        for file in names
    }
    return files if files and digest(files) == name else None


def _put(made: Path, place: Path) -> None:
    """Move a complete folder to its place; another process may have been first, or a damaged one may be there."""
    old = Path(mkdtemp(dir=place.parent))
    try:
        if place.exists():
            os.rename(place, old / 'damaged')
        os.rename(made, place)
    except OSError:  # another process put the same files there
        rmtree(made, ignore_errors=True)
    rmtree(old, ignore_errors=True)
