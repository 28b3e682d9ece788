"""The work tree as git sees it: blob ids without reading what git knows to be unchanged, and files that are written."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from generator.blobs import LINK
from generator.errors import Problem, ProblemsFound
from generator.files import FOLDER, standing
from generator.files import read_file as read_file
from generator.lock import locked
from generator.repository import LINKS, Repository
from generator.transaction import Write, carry_out, finish_locked


@dataclass(frozen=True, slots=True)
class WorkTree:
    """What stands in the work tree below some paths, LINK for what is no file; `staged` is what the index holds."""

    ids: Mapping[str, str]
    links: frozenset[str]
    staged: Mapping[str, str]


def read_work_tree(repository: Repository, paths: Sequence[str]) -> WorkTree:
    """Ask git's index, which knows by time stamps what is unchanged, and hash only the rest.

    A path may be a pattern. It counts from our folder: its own name is no pattern, whatever stands in it.
    """
    # Where the paths count from: git takes the way there literally.
    here = ('-C', repository.prefix) if repository.prefix else ()
    entries, differing, others = repository.raw_all(
        (*here, 'ls-files', '-s', '-z', '--full-name', '--', *paths),
        (*here, 'diff-files', '--name-only', '-z', '--', *paths),
        (*here, 'ls-files', '-o', '-z', '--full-name', '--', *paths),
    )
    staged, unmerged = _index(repository, entries)
    if unmerged:
        hint = "finish it with 'git commit', or give it up with 'git merge --abort'"
        raise ProblemsFound(Problem(path, '', 'a merge is in progress', hint) for path in sorted(unmerged))
    cut = len(repository.prefix)
    changed = {path[cut:] for path in (*_listed(differing), *_listed(others))}
    now = {path: LINK if path.endswith('/') else standing(repository, path) for path in changed}
    links = {path for path, blob in now.items() if blob == LINK}
    # What lies behind a link is not in the work tree, as git sees it.
    files = {path: blob for path, blob in now.items() if blob not in ('', FOLDER)}
    found = {path: blob for path, blob in files.items() if not (links and _is_behind(path, links))}
    ids = {path: blob for path, blob in staged.items() if path not in changed} | found
    return WorkTree(ids, frozenset(path for path, blob in ids.items() if blob == LINK), staged)


def read_revision(repository: Repository, revision: str, paths: Sequence[str]) -> WorkTree:
    """A revision in place of a work tree."""
    ids = repository.ids(revision, paths)
    return WorkTree(ids, frozenset(path for path, blob in ids.items() if blob == LINK), ids)


def _is_behind(path: str, links: Collection[str]) -> bool:
    return any(parent.as_posix() in links for parent in PurePosixPath(path).parents)


def _index(repository: Repository, listing: bytes) -> tuple[dict[str, str], set[str]]:
    staged: dict[str, str] = {}
    unmerged: set[str] = set()
    end = 7 + (40 if repository.object_format == 'sha1' else 64)
    cut = end + 3 + len(repository.prefix)
    for entry in _listed(listing):  # mode, blob, stage and path
        if entry[end + 1] != '0':
            unmerged.add(entry[cut:])
        else:
            staged[entry[cut:]] = LINK if entry[:6] in LINKS else entry[7:end]
    return staged, unmerged


def _listed(listing: bytes) -> list[str]:
    return listing.decode('utf-8', 'surrogateescape').split('\0')[:-1]


def write_files(repository: Repository, files: Mapping[str, bytes], removed: Iterable[str]) -> None:
    """Write and remove files, all of them or none; folders that become empty go too."""
    contents: dict[str, bytes | None] = {**files, **dict.fromkeys(removed)}
    with locked(repository):
        finish_locked(repository)
        carry_out(repository, [Write(path, standing(repository, path), data) for path, data in contents.items()])
