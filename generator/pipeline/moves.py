"""The generated files of the base and the desired ones → the releases that move, and the rights that change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress

from generator.documents.write import is_sealed
from generator.domain.layout import BOOTSTRAP, DELIVERY, environment_file, environment_of, release_of
from generator.domain.problems import Problem, ProblemsFound
from generator.domain.tree import Ids
from generator.plan.forms import Move, read_moves
from generator.plan.rights import rights_warnings
from generator.tools.git.repository import Repository


def delivery_moves(repository: Repository, base: Ids, desired: Ids, files: Mapping[str, bytes]) -> list[Move]:
    """Compare the ids of the base with the desired ones; `files` has the content of those that differ."""
    blobs = {path: blob for path, blob in base.items() if path.startswith(f'{DELIVERY}/') and release_of(path)}
    moved = {path: blob for path, blob in blobs.items() if desired.get(path) != blob}
    published = repository.read(moved.values())
    changed = {path: (published[blob], files[path] if path in desired else None) for path, blob in moved.items()}
    return list(read_moves(changed))


def bootstrap_warnings(
    repository: Repository, base: Ids, desired: Ids, files: Mapping[str, bytes]
) -> Iterator[Problem]:
    """Yield what changes in the rights of environments that are published already."""
    held = {path: blob for path, blob in base.items() if path.startswith(f'{BOOTSTRAP}/')}
    changed = {path: blob for path, blob in held.items() if path in files and desired[path] != blob}
    published = repository.read(changed.values())
    for path, blob in sorted(changed.items()):
        if not is_sealed(published[blob]):  # edited by hand
            continue
        with suppress(ProblemsFound):  # its first line is not sealed
            yield from rights_warnings(path, environment_file(environment_of(path)), published[blob], files[path])
