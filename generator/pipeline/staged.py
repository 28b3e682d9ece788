"""The index and the work tree of a merge that has stopped → what a person resolved, and edits that would be lost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from generator.domain.layout import is_generated
from generator.domain.problems import Problem, ProblemsFound
from generator.domain.tree import LINK
from generator.pipeline.sides import Sides, Three
from generator.tools.git.files import FOLDER, blob_at, read_file
from generator.tools.git.repository import Repository
from generator.tools.git.sides import blob_of, entries_of, is_file, merge_text, staged_entries, unstaged_files


def with_resolution(repository: Repository, three: list[str], index: str | None) -> Three:
    """Read a registry file from its entries in the base and on both sides; `index` is the one that is staged, '' for
    none, None if nothing is. What git itself staged is no resolution.
    """
    contents = [content_of(repository, entry) for entry in three]
    base, ours, theirs = contents
    undecided = three[1] != three[2] and three[0] not in three[1:]  # both changed it, and a person took one of the two
    if index == '':
        return Three(base, ours, theirs, removed=undecided or '' not in three[1:])
    resolved = None
    if index and is_file(index) and (undecided or index not in three[1:]):
        data = content_of(repository, index)
        texts = [each or b'' for each in contents]
        resolved = data if index in three[1:] or data != merge_text(repository, *texts) else None
    return Three(base, ours, theirs, resolved)


def content_of(repository: Repository, entry: str) -> bytes | None:
    return repository.read([blob_of(entry)])[blob_of(entry)] if entry else None


def refuse_edits(sides: Sides) -> None:
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
        if staged[path] not in three and with_resolution(repository, three, staged[path]).resolved is not None:
            yield path
