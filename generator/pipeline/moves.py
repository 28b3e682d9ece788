"""The delivery files of the base and the desired ones → the releases that move."""

from __future__ import annotations

from collections.abc import Mapping

from generator.domain.layout import DELIVERY, release_of
from generator.domain.records import Ids
from generator.plan.forms import Move, read_moves
from generator.tools.git.repository import Repository


def delivery_moves(repository: Repository, base: Ids, desired: Ids, files: Mapping[str, bytes]) -> list[Move]:
    """Compare the ids of the base with the desired ones; `files` has the content of those that differ."""
    blobs = {path: blob for path, blob in base.items() if path.startswith(f'{DELIVERY}/') and release_of(path)}
    moved = {path: blob for path, blob in blobs.items() if desired.get(path) != blob}
    published = repository.read(moved.values())
    changed = {path: (published[blob], files[path] if path in desired else None) for path, blob in moved.items()}
    return list(read_moves(changed))
