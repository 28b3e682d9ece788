"""A revision of a git repository → blob ids of its files, and their bytes.

Nothing here changes the index or a branch; blobs that a partial clone does not have are fetched in one request.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generator.domain.problems import CommandFailed, ProblemsFound, problem
from generator.domain.tree import LINK, blob_id
from generator.tools.git.run import call, call_all, feed, stream, text

# Modes of a link and of another repository.
LINKS = ('120000', '160000')


@dataclass(frozen=True, slots=True)
class Repository:
    """A git repository, and our folder in it: `prefix` is '' or ends in '/'.

    `git_dir` is the folder with this work tree's own HEAD and index.
    """

    folder: Path
    prefix: str
    bare: bool
    object_format: str
    git_dir: Path

    def git(self, *arguments: str, env: Mapping[str, str] | None = None) -> str:
        """Run git and return its output as text, without the last line end; raises CommandFailed."""
        return text(self.raw(*arguments, env=env))

    def raw(self, *arguments: str, env: Mapping[str, str] | None = None) -> bytes:
        """Do the same, but return the unchanged bytes."""
        return call(self.folder, arguments, self._env(env or {}))

    def raw_all(self, *questions: Sequence[str]) -> Generator[bytes, None, None]:
        """Do the same for several commands at once; results are in their order."""
        return call_all(self.folder, questions, self._env({}))

    def ask(self, *arguments: str, env: Mapping[str, str] | None = None) -> str:
        """Run git and return its output, or '' if it exits with an error."""
        try:
            return self.git(*arguments, env=env)
        except CommandFailed:
            return ''

    def feed(self, data: bytes, *arguments: str, **env: str) -> bytes:
        """Run git with an input and return its output."""
        return feed(self.folder, data, *arguments, env=self._env(env))

    def stream(self, *arguments: str, **env: str) -> Any:
        """Start a git process to write to and to read from, as a context."""
        return stream(self.folder, *arguments, env=self._env(env))

    def _env(self, env: Mapping[str, str]) -> Mapping[str, str]:
        """Name a bare repository explicitly: some settings forbid git to discover one."""
        return {'GIT_DIR': str(self.folder), **env} if self.bare else env

    @property
    def id_length(self) -> int:
        """Hexadecimal digits of an object's id."""
        return 40 if self.object_format == 'sha1' else 64

    @property
    def root(self) -> Path:
        """Our folder in the work tree."""
        return self.folder / self.prefix

    def file(self, path: str) -> str:
        """The place of a file of our folder in the work tree."""
        return f'{self.folder}/{self.prefix}{path}'

    @property
    def private(self) -> Path:
        """Our private folder next to git's own files: never committed, safe to delete."""
        return self.git_dir / 'chartloom'

    @property
    def no_index(self) -> Mapping[str, str]:
        """For a command that reads git's whole index, and asks nothing of it."""
        return {'GIT_INDEX_FILE': str(self.git_dir / 'chartloom-no-index')}

    def blob_id(self, data: bytes) -> str:
        return blob_id(data, self.object_format)

    def contains(self, commit: str, ancestor: str) -> bool:
        """Whether a commit has another one in its history; False if that one does not exist here."""
        try:
            self.git('merge-base', '--is-ancestor', ancestor, commit)
            return True
        except CommandFailed:
            return False

    def refs(self) -> dict[str, str]:
        """Return the commits of all branches by full name, and those of HEAD and MERGE_HEAD if they exist."""
        listing = self.git('for-each-ref', '--format=%(HEAD)%(refname) %(objectname)', 'refs/heads', 'refs/remotes')
        found: dict[str, str] = {}
        for line in listing.splitlines():
            name, _, commit = line[1:].partition(' ')
            found[name] = commit
            if line[0] == '*':
                found['HEAD'] = commit
        if 'HEAD' not in found and (detached := self.ask('rev-parse', '--verify', '--quiet', 'HEAD')):
            found['HEAD'] = detached
        with suppress(FileNotFoundError):
            merged = (self.git_dir / 'MERGE_HEAD').read_text(encoding='ascii', errors='replace')
            found['MERGE_HEAD'] = ' '.join(word for word in merged.split() if re.fullmatch('[0-9a-f]+', word))
        return found

    def ids(self, revision: str, paths: Sequence[str]) -> dict[str, str]:
        """Return blob ids of a revision's files below `paths`, LINK for links and submodules; {} for revision ''."""
        end = 12 + self.id_length
        cut = end + 1 + len(self.prefix)
        return {
            line[cut:]: LINK if line[:6] in LINKS else line[12:end]
            for line in self._tree(revision, [self.prefix + path for path in paths])
        }

    def entries(self, revision: str, full: Sequence[str]) -> dict[str, str]:
        """Return `mode id` of a revision's files below paths, which are relative to the root of the repository."""
        end = 12 + self.id_length
        return {line[end + 1 :]: f'{line[:6]} {line[12:end]}' for line in self._tree(revision, full)}

    def children(self, revision: str, folders: Sequence[str]) -> dict[str, list[tuple[str, str]]]:
        """Return name and kind (`blob`, `tree`, `commit`) of what a revision has in each of these folders."""
        found: dict[str, list[tuple[str, str]]] = {folder: [] for folder in folders}
        if revision and folders:
            options = ('--literal-pathspecs', 'ls-tree', '-z', '--full-tree', revision)
            listing = self.raw(*options, '--', *(f'{self.prefix}{folder}/' for folder in folders))
            for line in listing.decode('utf-8', 'surrogateescape').split('\0')[:-1]:
                about, _, path = line.partition('\t')
                folder, _, name = path[len(self.prefix) :].rpartition('/')
                found[folder].append((name, about.split(' ')[1]))
        return found

    def _tree(self, revision: str, full: Sequence[str]) -> list[str]:
        """`mode blob id path` of each file, also of submodules, which git lists as commits."""
        if not revision:
            return []
        options = ('--literal-pathspecs', 'ls-tree', '-r', '-z', '--full-tree')
        listing = self.raw(*options, revision, '--', *(path for path in full if path))
        lines = listing.decode('utf-8', 'surrogateescape').split('\0')[:-1]
        return [line.replace(' commit ', ' blob ', 1) if line.startswith('160000') else line for line in lines]

    def read(self, blobs: Iterable[str]) -> dict[str, bytes]:
        """Return the bytes of blobs by id; one process reads all."""
        wanted = list(dict.fromkeys(blobs))
        try:
            # By itself git would fetch each missing blob in a separate request.
            return _read(self, wanted, GIT_NO_LAZY_FETCH='1')
        except (CommandFailed, ProblemsFound):
            if not self.fetch_missing(wanted):
                raise
        return _read(self, wanted)

    def sizes(self, blobs: Iterable[str]) -> dict[str, int]:
        """Return the number of bytes of blobs by id; a partial clone fetches those that it does not have."""
        wanted = list(dict.fromkeys(blobs))
        asked, question = '\n'.join(wanted).encode() + b'\n', '--batch-check=%(objectname) %(objectsize)'
        try:
            told = self.feed(asked, 'cat-file', question, GIT_NO_LAZY_FETCH='1')
        except CommandFailed:
            if not self.fetch_missing(wanted):
                raise
            told = self.feed(asked, 'cat-file', question)
        lines = (line.split() for line in told.decode().splitlines())
        return {blob: int(size) for blob, size in lines if size.isdecimal()}

    def fetch_missing(self, blobs: Iterable[str]) -> bool:
        """Fetch those of the blobs that a partial clone does not have, in one request; False if there are none."""
        found = self.ask('config', '--get-regexp', r'^remote\..*\.promisor$').partition('.promisor')
        if not found[1]:
            return False
        # List all existing objects, because a query for a missing object would fetch it.
        here = self.git('cat-file', '--batch-all-objects', '--unordered', '--batch-check=%(objectname)').split('\n')
        missing = set(blobs).difference(here)
        if missing:
            options = ('--quiet', '--no-tags', '--no-write-fetch-head', '--filter=blob:none', '--stdin')
            fetch = ('-c', 'fetch.negotiationAlgorithm=noop', 'fetch', *options, found[0].removeprefix('remote.'))
            self.feed('\n'.join(sorted(missing)).encode(), *fetch)
        return bool(missing)


def _read(repository: Repository, wanted: Sequence[str], **env: str) -> dict[str, bytes]:
    if not wanted:
        return {}
    answers = repository.feed('\n'.join(wanted).encode() + b'\n', 'cat-file', '--batch', **env)
    return dict(_blobs(answers, wanted))


def _blobs(answers: bytes, wanted: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    start = 0
    for blob in wanted:
        line = answers.index(b'\n', start)
        head = answers[start:line].split()
        if len(head) != 3:
            raise problem('git', '', f"object '{blob}' not found", "run 'git fsck', or fetch it again")
        start = line + 2 + int(head[2])
        yield blob, answers[line + 1 : start - 1]
