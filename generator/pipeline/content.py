"""Two sides → the files of their merge: those of the registry still to merge by meaning, all others as git merges them.

Generated files are not merged: they follow from the registry.
"""

from __future__ import annotations

from generator.documents.blocks import with_block
from generator.domain.layout import DOCUMENTS, is_generated, is_registry_yaml
from generator.domain.problems import Problem, ProblemsFound
from generator.pipeline.sides import AGAIN, Content, Sides
from generator.pipeline.staged import content_of, refuse_edits, with_resolution
from generator.tools.git.repository import Repository
from generator.tools.git.sides import changed_entries, entries_of, is_file, merge_text, staged_entries

# In place of the generated block of a document, which is not merged.
_BLOCK = 'chartloom\n'


def read_content(sides: Sides) -> Content:
    """Read what both sides changed; raises ProblemsFound for files outside of the registry that git cannot merge."""
    repository, prefix = sides.repository, sides.repository.prefix
    staged = staged_entries(repository, sides.ours) if sides.staged else {}
    paths = {*changed_entries(repository, sides.base, sides.ours), *staged}
    if sides.staged or sides.published != sides.theirs:  # theirs may have drafts, too
        paths |= changed_entries(repository, sides.base, sides.theirs).keys()
    wanted = sorted(path for path in paths if not (path.startswith(prefix) and is_generated(path[len(prefix) :])))
    every = [entries_of(repository, commit, wanted) for commit in (sides.base, sides.ours, sides.theirs)]
    found, problems = Content(), list[Problem]()
    refuse_edits(sides)
    for path in wanted:
        three = [entries.get(path, '') for entries in every]
        index = staged.get(path, three[1]) if sides.staged else None
        name = path[len(prefix) :] if path.startswith(prefix) else ''
        if is_registry_yaml(name) and all(is_file(each) or not each for each in three):
            found.registry[name] = with_resolution(repository, three, index)
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


def _document(repository: Repository, name: str, three: list[str], index: str | None) -> bytes | None:
    """Merge what the team wrote around the generated block; None if both sides changed the same lines."""
    if index:
        return content_of(repository, index)
    base, ours, theirs = (with_block(name, content_of(repository, entry) or b'', _BLOCK) for entry in three)
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
    contents = [content_of(repository, entry) or b'' for entry in three]
    merged = merge_text(repository, *contents)
    if merged is None:
        return None
    return f'{ours[:7]}{repository.feed(merged, "hash-object", "-w", "--stdin").decode().strip()}'


def _unmerged(sides: Sides, path: str) -> Problem:
    if sides.staged:
        return Problem(path, '', 'the file is unmerged in git', f'resolve the conflict, {AGAIN}')
    message = f'this branch and {sides.name} changed the same lines'
    return Problem(path, '', message, f'{sides.by_hand}, resolve it, {AGAIN}')
