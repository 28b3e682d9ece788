"""Desired files → their blob ids, and what a plan compares them with."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from generator.domain.tree import Ids, Read, Tree
from generator.plan.hand_edits import Trees, is_published
from generator.tools.git.repository import Repository


def blob_ids(
    files: Tree, base: Ids, immutable: Mapping[str, Collection[str]], blob_id: Callable[[bytes], str]
) -> dict[str, str]:
    """Return the blob id of each file; equal bytes, such as templates, are hashed once."""
    found: dict[str, str] = {}
    blobs: dict[int, str] = {}
    for path, data in files.items():
        held = base.get(path)
        if held and is_published(path, immutable):
            # A published chart stays as it is in the base.
            found[path] = held
            continue
        if (blob := blobs.get(id(data))) is None:
            blob = blobs[id(data)] = blob_id(data)
        found[path] = blob
    return found


def trees(repository: Repository, desired: Tree, desired_ids: Ids, base: Ids, current: Ids, read: Read) -> Trees:
    """Return what a plan compares; `read` gives the bytes of a current file."""

    def read_base(paths: Collection[str]) -> dict[str, bytes]:
        blobs = repository.read(base[path] for path in paths)
        return {path: blobs[base[path]] for path in paths}

    return Trees(
        desired=desired, desired_ids=desired_ids, current_ids=current, base_ids=base, read_current=read,
        read_base=read_base,
    )  # fmt: skip
