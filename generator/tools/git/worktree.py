"""The work tree → blob ids of its files, without reading unchanged files; changes → files of the work tree."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import PurePosixPath

from generator.domain.layout import is_generated
from generator.domain.problems import CommandFailed, Problem, ProblemsFound
from generator.domain.tree import LINK
from generator.tools.git.files import FOLDER, blob_at
from generator.tools.git.files import read_file as read_file
from generator.tools.git.repository import LINKS, Repository

_NONE = '000000'  # the mode of a file that does not exist


@dataclass(frozen=True, slots=True)
class WorkTree:
    """Blob ids of the work tree below some paths, LINK for links and submodules; `staged` are those of the index,
    `held` those of HEAD. `stamp` tells whether the index is still the same, '' for unknown."""

    ids: Mapping[str, str]
    links: frozenset[str]
    staged: Mapping[str, str]
    held: Mapping[str, str]
    stamp: str = ''


def look_at_work_tree(repository: Repository, paths: Sequence[str], head: str) -> Callable[[], WorkTree]:
    """Start git's queries; the returned function waits for them, and reads and hashes files that git does not know.

    git's index detects unchanged files by time stamps. A path may be a pattern; it is relative to our folder, whose own
    name is never a pattern. `head` is HEAD's commit, '' for none.
    """
    questions = [
        question(repository, LIST, paths),
        question(repository, DIFFERING, paths),
        question(repository, ('ls-files', '-o', '-z', '--full-name'), paths),
    ]
    if head:
        options = ('--cached', '--raw', '--no-renames', '--ita-visible-in-index', '-z')
        questions.append(question(repository, ('diff-index', *options, head), paths))
    answers = repository.raw_all(*questions)
    return once(lambda: _work_tree(repository, answers, begun=bool(head)))


LIST = ('ls-files', '-s', '-v', '-z', '--full-name')
DIFFERING = ('diff-files', '--name-only', '--ignore-submodules=dirty', '-z')


def question(repository: Repository, command: Sequence[str], paths: Sequence[str]) -> list[str]:
    # The folder that paths are relative to: git does not read -C as a pattern.
    return [*(('-C', repository.prefix) if repository.prefix else ()), *command, '--', *paths]


def is_sparse(repository: Repository) -> bool:
    """Whether files of the index may be missing in the work tree."""
    return os.path.exists(repository.git_dir / 'info/sparse-checkout')


def once(look: Callable[[], WorkTree]) -> Callable[[], WorkTree]:
    """Keep the result or the failure: git's answers can be read only once, and a problem may be asked for again."""
    kept: list[WorkTree | ProblemsFound | CommandFailed] = []

    def again() -> WorkTree:
        if not kept:
            try:
                kept.append(look())
            except (ProblemsFound, CommandFailed) as error:
                kept.append(error)
        if isinstance(kept[0], WorkTree):
            return kept[0]
        raise kept[0]

    return again


def _work_tree(repository: Repository, answers: Generator[bytes, None, None], *, begun: bool) -> WorkTree:
    with closing(answers):
        entries = listed(next(answers))
        differing, others, *more = map(listed, answers)
    staged = staged_ids(repository, entries)
    cut = len(repository.prefix)
    held = _held(staged, more[0], cut) if begun else {}
    return seen(repository, staged, held, [path[cut:] for path in (*differing, *others)])


def seen(
    repository: Repository, staged: Mapping[str, str], held: Mapping[str, str], changed: Sequence[str]
) -> WorkTree:  # fmt: skip
    ids = _with_changes(repository, staged, changed) if changed else staged
    return WorkTree(ids, frozenset(path for path, blob in ids.items() if blob == LINK), staged, held)


def _with_changes(repository: Repository, staged: Mapping[str, str], changed: Sequence[str]) -> dict[str, str]:
    now = {path: LINK if path.endswith('/') else blob_at(repository, path) for path in changed}
    links = {path for path, blob in now.items() if blob == LINK}
    # For git, files behind a link are not in the work tree.
    files = {path: blob for path, blob in now.items() if blob not in ('', FOLDER)}
    found = {path: blob for path, blob in files.items() if not (links and _is_behind(path, links))}
    return {path: blob for path, blob in staged.items() if path not in now} | found


def _held(staged: Mapping[str, str], differing: list[str], cut: int) -> Mapping[str, str]:
    """The blob ids of HEAD, from those of the index and pairs of `:mode mode id id kind` (HEAD's first) and path."""
    if not differing:
        return staged
    held = dict(staged)
    for about, path in zip(differing[::2], differing[1::2], strict=True):
        mode, _, blob, *_ = about[1:].split(' ')
        if mode == _NONE:
            held.pop(path[cut:], None)
        else:
            held[path[cut:]] = LINK if mode in LINKS else blob
    return held


def read_revision(repository: Repository, revision: str, paths: Sequence[str]) -> WorkTree:
    """Return a revision in the form of a work tree."""
    ids = repository.ids(revision, paths)
    return WorkTree(ids, frozenset(path for path, blob in ids.items() if blob == LINK), ids, ids)


def _is_behind(path: str, links: Collection[str]) -> bool:
    return any(parent.as_posix() in links for parent in PurePosixPath(path).parents)


def _unmerged(paths: Collection[str]) -> Iterator[Problem]:
    folders = ' '.join(sorted({path.partition('/')[0] for path in paths if is_generated(path)}))
    refresh = "run 'chartloom refresh', which ends a merge or rebase"
    # `git checkout` refuses a conflicting file that HEAD does not have: `git reset` makes it untracked.
    commands = ' && '.join(f'git {each} -- {folders}' for each in ('reset -q HEAD', 'clean -fdq', 'checkout HEAD'))
    take = f"{refresh}; a revert: take one side of all generated files: '{commands}', finish it, and generate again"
    resolve = f"{refresh}; another conflict: resolve it, run 'git add', and finish what 'git status' shows"
    for path in sorted(paths):
        yield Problem(path, '', 'the file is unmerged in git', take if is_generated(path) else resolve)


def staged_ids(repository: Repository, entries: list[str]) -> dict[str, str]:
    """The staged blob ids, from lines of tag, mode, blob, stage and path; raises ProblemsFound for unmerged files."""
    end = 9 + repository.id_length
    cut = end + 3 + len(repository.prefix)
    staged = {entry[cut:]: entry[9:end] for entry in entries}
    special = [entry for entry in entries if entry[:4] != 'H 10']  # not a file, not stage 0, or ignored by git
    if unmerged := {entry[cut:] for entry in special if entry[end + 1] != '0'}:
        raise ProblemsFound(_unmerged(unmerged))
    staged |= {entry[cut:]: LINK for entry in special if entry[2:8] in LINKS}
    overlooked = [entry[cut:] for entry in special if entry[0] != 'H']  # assume-unchanged, skip-worktree
    if changed := [path for path in overlooked if blob_at(repository, path) not in ('', staged[path])]:
        flags = '--no-assume-unchanged --no-skip-worktree'
        raise ProblemsFound(
            Problem(path, '', 'changed, but git ignores changes of this file', f"run 'git update-index {flags} {path}'")
            for path in changed
        )
    return staged


def listed(listing: bytes) -> list[str]:
    return listing.decode('utf-8', 'surrogateescape').split('\0')[:-1]
