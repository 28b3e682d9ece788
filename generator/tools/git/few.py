"""Few files of a work tree, also among very many → what git and the work tree have of them.

All that takes time is that git reads its index, so that nothing is asked of it that HEAD or the work tree can tell.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import replace

from generator.tools.git.index import index_stamp
from generator.tools.git.repository import Repository
from generator.tools.git.unknown import files_git_does_not_know
from generator.tools.git.worktree import DIFFERING, LIST, WorkTree, listed, once, question, seen, staged_ids


def look_at_few(repository: Repository, paths: Sequence[str], head: str) -> Callable[[], WorkTree]:
    """Start git's queries; the returned function waits for them, and reads and hashes files that git does not know.

    A path may be a pattern of the form `folder/*/file`, or `folder/*` for the files in a folder, without those below.
    """
    stamp = index_stamp(repository)
    # As git must read them, so that a star ends at the next slash.
    asked = [f':(glob){path}' if path.endswith('/*') else path for path in paths]
    answers = repository.raw_all(*(question(repository, command, asked) for command in (LIST, DIFFERING)))
    return once(lambda: _look(repository, answers, paths, head, stamp))


def _look(
    repository: Repository, answers: Generator[bytes, None, None], paths: Sequence[str], head: str, stamp: str
) -> WorkTree:  # fmt: skip
    with closing(answers):
        held = repository.ids(head, _in_revision(repository, head, paths))
        entries, differing = map(listed, answers)
    staged = staged_ids(repository, entries)
    if any(entry[0] != 'H' for entry in entries):
        stamp = ''  # git is told to ignore changes of a file, which its index does not follow by itself
    changed = [path[len(repository.prefix) :] for path in differing]
    others = files_git_does_not_know(repository, paths, staged)
    return replace(seen(repository, staged, staged if held == staged else held, [*changed, *others]), stamp=stamp)


def _in_revision(repository: Repository, revision: str, paths: Sequence[str]) -> list[str]:
    """The paths of a revision that patterns stand for: git compares no patterns with a tree."""
    patterns = [path.partition('/*') for path in paths]
    there = repository.children(revision, sorted({folder for folder, star, _ in patterns if star}))
    found = [folder for folder, star, _ in patterns if not star]
    for folder, star, rest in patterns:
        if star:
            found += [f'{folder}/{name}{rest}' for name, kind in there[folder] if (kind == 'tree') == bool(rest)]
    return found
