"""Two commits, and what stopped between them → the files of their merge: registry files by meaning, all others as git
does. Generated files are not merged: they follow from the registry.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from generator.documents.blocks import with_block
from generator.documents.merge import merge_files
from generator.documents.three_way import ABSENT, Conflict
from generator.domain.credentials import veiled
from generator.domain.layout import DOCUMENTS, is_generated, is_registry_yaml
from generator.domain.places import json_path
from generator.domain.problems import Problem, ProblemsFound
from generator.domain.tree import LINK
from generator.domain.words import cut
from generator.tools.git.files import FOLDER, blob_at, read_file
from generator.tools.git.repository import Repository
from generator.tools.git.sides import (
    blob_of,
    changed_entries,
    entries_of,
    is_file,
    merge_text,
    staged_entries,
    unstaged_files,
)
from generator.tools.git.stopped import Stopped

_AGAIN = "'git add' it, then 'chartloom refresh'"
# In place of the generated block of a document, which is not merged.
_BLOCK = 'chartloom\n'


@dataclass(frozen=True, slots=True)
class Sides:
    """What is merged: `ours` with `theirs`, known as `name`, since `base`; `published` is what both come from of the
    published branch, the base of their chart versions. `stopped` is the merge or rebase that is in progress."""

    repository: Repository
    ours: str
    theirs: str
    base: str
    published: str
    name: str
    stopped: Stopped | None = None

    @property
    def staged(self) -> bool:
        """Whether the index has results of this merge, which a person may have changed."""
        return self.stopped is not None and self.stopped.kind == 'merge'


@dataclass(frozen=True, slots=True)
class Three:
    """A registry file of the base and of both sides; None where it is missing. `resolved` is what a person staged."""

    base: bytes | None
    ours: bytes | None
    theirs: bytes | None
    resolved: bytes | None = None


@dataclass(frozen=True, slots=True)
class Content:
    """What differs from `theirs` in the result: registry files still to merge, documents, and entries of other files,
    by their paths from the top of the repository."""

    registry: dict[str, Three] = field(default_factory=dict)
    documents: dict[str, bytes | None] = field(default_factory=dict)
    entries: dict[str, str] = field(default_factory=dict)


def read_content(sides: Sides) -> Content:
    """Raise ProblemsFound for files, other than those of the registry, that git cannot merge."""
    repository, prefix = sides.repository, sides.repository.prefix
    staged = staged_entries(repository, sides.ours) if sides.staged else {}
    paths = {*changed_entries(repository, sides.base, sides.ours), *staged}
    if sides.staged or sides.published != sides.theirs:  # theirs may have drafts, too
        paths |= changed_entries(repository, sides.base, sides.theirs).keys()
    wanted = sorted(path for path in paths if not (path.startswith(prefix) and is_generated(path[len(prefix) :])))
    every = [entries_of(repository, commit, wanted) for commit in (sides.base, sides.ours, sides.theirs)]
    found, problems = Content(), list[Problem]()
    _refuse_edits(sides)
    for path in wanted:
        three = [entries.get(path, '') for entries in every]
        index = staged.get(path, three[1]) if sides.staged else None
        name = path[len(prefix) :] if path.startswith(prefix) else ''
        if is_registry_yaml(name) and all(is_file(each) or not each for each in three):
            found.registry[name] = _three(repository, three, index)
        elif name in DOCUMENTS and all(map(is_file, three)):
            merged = _document(repository, name, three, index)
            problems += [] if merged is not None else [_unmerged(sides, name)]
            found.documents[name] = merged
        elif (entry := _other(repository, three, index, merging=sides.staged)) is None:
            problems.append(_unmerged(sides, path))
        elif entry != three[2]:
            found.entries[path] = entry
    if problems:
        raise ProblemsFound(problems)
    return found


def _refuse_edits(sides: Sides) -> None:
    """Raise ProblemsFound for files that a person edits and that the result would not have."""
    if sides.repository.bare or sides.stopped is None:
        return
    repository, prefix, step = sides.repository, sides.repository.prefix, sides.stopped.step
    unmerged = (path for path, entry in staged_entries(repository, 'HEAD').items() if entry is None)
    known = ['HEAD', step or sides.theirs]
    edited = [*unstaged_files(repository), *(path for path in unmerged if _is_edited(repository, path, known))]
    hint = "run 'git add' or 'git restore' for it, then 'chartloom refresh'"
    mine = [path for path in edited if not is_generated(path.removeprefix(prefix))]
    problems = [Problem(path, '', 'changed and not staged', hint) for path in mine]
    if step:
        hint = "finish the rebase by hand, or put the edit aside and run 'chartloom refresh' again"
        message = 'edited during the rebase, which would be given up for a merge of the whole branch'
        problems += [Problem(path, '', message, hint) for path in _edited_in_step(sides, step)]
    if problems:
        raise ProblemsFound(problems)


def _is_edited(repository: Repository, path: str, commits: list[str]) -> bool:
    """Whether a person has edited a file that git left unmerged: its marks are gone, and it is of neither side."""
    top = replace(repository, prefix='')
    known = {blob_of(entries_of(repository, commit, [path]).get(path, '')) for commit in commits}
    found = blob_at(top, path)
    return (
        found not in known
        and found not in (FOLDER, LINK)
        and b'<<<<<<<' not in (read_file(top, path) if found else b'')
    )


def _edited_in_step(sides: Sides, step: str) -> Iterator[str]:
    """Yield the files that are staged in the step of a rebase in another form than git's."""
    repository, prefix = sides.repository, sides.repository.prefix
    staged = staged_entries(repository, 'HEAD')
    paths = [path for path, entry in staged.items() if entry and not is_generated(path.removeprefix(prefix))]
    every = [entries_of(repository, commit, paths) for commit in (f'{step}^', 'HEAD', step)]
    for path in paths:
        three = [entries.get(path, '') for entries in every]
        if staged[path] not in three and _three(repository, three, staged[path]).resolved is not None:
            yield path


def _three(repository: Repository, three: list[str], index: str | None) -> Three:
    contents = [_content(repository, entry) for entry in three]
    resolved = None
    if index and is_file(index) and index not in three[1:]:
        data = _content(repository, index)
        texts = [each or b'' for each in contents]
        resolved = None if data == merge_text(repository, *texts) else data
    elif index is not None and index in three[1:] and three[1] != three[2] and three[0] not in three[1:]:
        resolved = _content(repository, index)  # both changed it, and a person took one of the two
    base, ours, theirs = contents
    return Three(base, ours, theirs, resolved)


def _content(repository: Repository, entry: str) -> bytes | None:
    return repository.read([blob_of(entry)])[blob_of(entry)] if entry else None


def _document(repository: Repository, name: str, three: list[str], index: str | None) -> bytes | None:
    """Merge what the team wrote around the generated block; None if both sides changed the same lines."""
    if index:
        return _content(repository, index)
    base, ours, theirs = (with_block(name, _content(repository, entry) or b'', _BLOCK) for entry in three)
    if ours in (base, theirs):
        return theirs
    return ours if theirs == base else merge_text(repository, base, ours, theirs)


def _other(repository: Repository, three: list[str], index: str | None, *, merging: bool) -> str | None:
    """The entry of any other file; None if both sides changed it and git cannot merge them."""
    base, ours, theirs = three
    if merging:
        return index
    if ours in (base, theirs):
        return theirs
    if theirs == base:
        return ours
    if not all(map(is_file, three)) or len({entry[:6] for entry in three}) > 1:
        return None
    contents = [_content(repository, entry) or b'' for entry in three]
    merged = merge_text(repository, *contents)
    if merged is None:
        return None
    return f'{ours[:7]}{repository.feed(merged, "hash-object", "-w", "--stdin").decode().strip()}'


def _unmerged(sides: Sides, path: str) -> Problem:
    if sides.staged:
        return Problem(path, '', 'the file is unmerged in git', f'resolve the conflict, {_AGAIN}')
    message = f'this branch and {sides.name} changed the same lines'
    return Problem(path, '', message, f'{_by_hand(sides)}, resolve it, {_AGAIN}')


def _by_hand(sides: Sides) -> str:
    first = "run 'git rebase --abort' and " if sides.stopped and sides.stopped.kind == 'rebase' else 'run '
    return f"{first}'git merge {sides.name}'"


def merged_registry(sides: Sides, registry: Mapping[str, Three]) -> dict[str, bytes | None]:
    """Merge registry files; raises ProblemsFound with all keys that both sides set to different values."""
    files: dict[str, bytes | None] = {}
    problems: list[Problem] = []
    for name, three in registry.items():
        try:
            found, faults = _merged(sides, name, three)
        except ProblemsFound as error:
            problems += error.problems
            continue
        problems += faults
        files[name] = found
    if problems:
        raise ProblemsFound(problems)
    return files


def is_own_result(sides: Sides, name: str, three: Three) -> bool:
    """Whether what is staged is what this module merges: an earlier run was killed, and no person resolved it."""
    found, problems = _merged(sides, name, replace(three, resolved=None))
    return not problems and found == three.resolved


def _merged(sides: Sides, name: str, three: Three) -> tuple[bytes | None, list[Problem]]:
    if three.resolved is not None:
        return three.resolved, []
    base, ours, theirs = three.base, three.ours, three.theirs
    if ours in (base, theirs):
        return theirs, []
    if theirs == base:
        return ours, []
    if ours is None or theirs is None:
        here, there = ('removed', 'changed') if ours is None else ('changed', 'removed')
        hint = f"to keep it: {_by_hand(sides)}, {_AGAIN}; to remove it: 'git rm' it instead"
        return theirs, [Problem(name, '', f'{here} on this branch, {there} in {sides.name}', hint)]
    merged = merge_files(base, ours, theirs, name)
    if merged.conflicts:
        return theirs, [_conflict(sides, name, each) for each in merged.conflicts]
    if merged.data is None:
        message = f'the lines of this branch and of {sides.name} cannot be merged without losing a comment'
        return theirs, [Problem(name, '', message, f'{_how(sides)}, merge the file by hand, {_AGAIN}')]
    return merged.data, []


def _how(sides: Sides) -> str:
    return 'edit the file' if sides.staged else _by_hand(sides)


def _conflict(sides: Sides, name: str, found: Conflict) -> Problem:
    shown = [_shown(found, value) for value in (found.ours, found.theirs)]
    message = f'this branch sets {shown[0]}, {sides.name} {shown[1]}'
    write = 'write the value' if sides.staged else f'{_by_hand(sides)}, write the value'
    return Problem(name, json_path(found.path), message, f'{write} that is to hold, {_AGAIN}')


def _shown(found: Conflict, value: object) -> str:
    if value is ABSENT:
        return 'nothing'
    if isinstance(value, dict | list):
        return cut(str(value), 80)
    shown = veiled(found.path, value)
    return cut(str(shown).lower() if isinstance(shown, bool) else str(shown), 80)
