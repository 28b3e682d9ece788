"""git, read: which files a revision and the work tree hold, by blob id, and their bytes.

Nothing here touches the index or a branch (see `commit.py`). A command that ends by itself is run plainly; GitPython
streams into the others, and is loaded then only: that takes longer than all questions of a run together.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from generator.errors import CommandFailed, problem
from generator.process import mask, run

if TYPE_CHECKING:
    from git.exc import GitCommandError

NULL = ''


@dataclass(frozen=True, slots=True)
class Repository:
    """A git repository, and the folder in it that is ours: `prefix` is '' or ends in '/'.

    `private` is a folder of ours beside git's own files: never committed, safe to delete.
    """

    folder: Path
    prefix: str
    bare: bool
    object_format: str
    private: Path

    def git(self, *arguments: str) -> str:
        """Run git; CommandFailed tells what it said. Its output as text, without the last line end."""
        return self.raw(*arguments).decode('utf-8', 'surrogateescape').removesuffix('\n')

    def raw(self, *arguments: str, input: bytes | None = None) -> bytes:
        """The same, as bytes and untouched."""
        return _run(self.folder, arguments, input)

    def ask(self, *arguments: str) -> str:
        """A question that may have no answer: '' when git exits with an error."""
        try:
            return self.git(*arguments)
        except CommandFailed:
            return NULL

    @property
    def root(self) -> Path:
        """Our folder in the work tree."""
        return self.folder / self.prefix

    def blob_id(self, data: bytes) -> str:
        return blob_id(data, self.object_format)

    def refs(self) -> dict[str, str]:
        """The commits of all branches by full name, and that of HEAD where there is one."""
        listing = self.git('for-each-ref', '--format=%(HEAD)%(refname) %(objectname)', 'refs/heads', 'refs/remotes')
        found: dict[str, str] = {}
        for line in listing.splitlines():
            name, _, commit = line[1:].partition(' ')
            found[name] = commit
            if line[0] == '*':
                found['HEAD'] = commit
        if 'HEAD' not in found and (detached := self.ask('rev-parse', '--verify', '--quiet', 'HEAD')):
            found['HEAD'] = detached
        return found

    def contains(self, commit: str, ancestor: str) -> bool:
        """Whether a commit has another one in its history; False when that one is not even here."""
        try:
            self.git('merge-base', '--is-ancestor', ancestor, commit)
            return True
        except CommandFailed:
            return False

    def ids(self, revision: str, paths: Sequence[str]) -> dict[str, str]:
        """Blob ids of a revision's files below `paths`; {} for no revision."""
        if not revision:
            return {}
        full = [self.prefix + path for path in paths]
        listing = self.raw('ls-tree', '-r', '-z', '--full-tree', revision, '--', *full)
        cut = len(self.prefix)
        found: dict[str, str] = {}
        for entry in listing.decode('utf-8', 'surrogateescape').split('\0')[:-1]:
            meta, _, path = entry.partition('\t')
            found[path[cut:]] = meta.split(' ')[2]
        return found

    def read(self, blobs: Iterable[str]) -> dict[str, bytes]:
        """Bytes of blobs by id, by one process for all."""
        wanted = list(dict.fromkeys(blobs))
        if not wanted:
            return {}
        answers = self.raw('cat-file', '--batch', input='\n'.join(wanted).encode() + b'\n')
        return dict(_blobs(answers, wanted))


def _blobs(answers: bytes, wanted: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    start = 0
    for blob in wanted:
        line = answers.index(b'\n', start)
        head = answers[start:line].split()
        if len(head) != 3:
            raise problem('', '', f"git has no object '{blob}'", "run 'git fsck', or fetch it again")
        start = line + 2 + int(head[2])
        yield blob, answers[line + 1 : start - 1]


def blob_id(data: bytes, object_format: str = 'sha1') -> str:
    """The id that git gives to a file of these bytes."""
    found = hashlib.new(object_format, b'blob %d\0' % len(data), usedforsecurity=False)
    found.update(data)
    return found.hexdigest()


def open_repository(folder: Path) -> Repository:
    """The repository around a folder; ProblemsFound when there is none."""
    if not folder.is_dir():
        raise problem(str(folder), '', 'there is no such folder', 'name the folder of a git repository with --path')
    try:
        answer = _run(folder, ('rev-parse', '--show-toplevel', '--show-prefix', *_PLACES))
    except CommandFailed as error:
        text = error.stderr.lower()
        if 'dubious ownership' in text:
            hint = f"run 'git config --global --add safe.directory {folder}' if you trust it"
            raise problem(str(folder), '', 'git does not trust the owner of this folder', hint) from None
        if 'not a git repository' not in text and 'must be run in a work tree' not in text:
            raise
        hint = "run 'git init' first, or name the folder with --path"
        raise problem(str(folder), '', 'this is not a git repository', hint) from None
    # An empty prefix is an empty line.
    lines = answer.decode('utf-8', 'surrogateescape').split('\n')
    return Repository(Path(lines[0]), lines[1], bare=False, object_format=lines[2], private=_private(lines[3]))


def open_bare(folder: Path, prefix: str) -> Repository:
    lines = _run(folder, ('rev-parse', *_PLACES)).decode('utf-8', 'surrogateescape').split('\n')
    return Repository(folder, prefix, bare=True, object_format=lines[0], private=_private(lines[1]))


def _private(git_folder: str) -> Path:
    return Path(git_folder) / 'chartloom'


_PLACES = ('--show-object-format', '--path-format=absolute', '--git-common-dir')


_QUIET = {'LC_ALL': 'C', 'GIT_TERMINAL_PROMPT': '0'}


def _run(folder: Path, arguments: Sequence[str], input: bytes | None = None) -> bytes:
    env = {**os.environ, **_QUIET, 'GIT_OPTIONAL_LOCKS': '0'}
    try:
        return run(('git', *arguments), cwd=folder, env=env, input=input).stdout
    except CommandFailed:
        if shutil.which('git') is None:
            raise problem('git', '', 'there is no git on PATH', 'install git 2.30 or later') from None
        raise


def failed(arguments: Sequence[str], error: GitCommandError) -> CommandFailed:
    def clean(text: object) -> str:
        lines = str(text or '').strip()
        return mask(lines.removeprefix("stderr: '").removeprefix("stdout: '").removesuffix("'"))

    command = tuple(mask(word) for word in ('git', *arguments))
    code = error.status if isinstance(error.status, int) else 1
    return CommandFailed(command, code, clean(error.stdout), clean(error.stderr))


@contextmanager
def _process(folder: Path, *arguments: str) -> Iterator[Any]:
    os.environ.setdefault('GIT_PYTHON_REFRESH', 'quiet')  # no 'git version' when git is imported
    from git.cmd import Git
    from git.exc import GitCommandError

    git = Git(str(folder))
    git.update_environment(**_QUIET)
    process: Any = git.execute(['git', *arguments], istream=-1, as_process=True)
    try:
        yield process
        process.wait()
    except GitCommandError as error:
        raise failed(arguments, error) from None
    finally:
        del process


def clone_bare(url: str, branch: str, target: Path, prefix: str) -> Repository:
    """Clone one branch without its file contents where the server can: what is needed is read in one batch."""
    arguments = ('clone', '--quiet', '--bare', '--filter=blob:none', '--no-tags', '--single-branch', '--branch', branch)
    _run(target.parent, (*arguments, '--', url, str(target)))
    repository = open_bare(target, prefix)
    wanted = [*repository.ids('HEAD', ['registry']).values()]
    wanted += [blob for path, blob in repository.ids('HEAD', ['charts']).items() if path.endswith('/versions.yaml')]
    if wanted and repository.ask('config', 'remote.origin.promisor') == 'true':
        # One request for all: git itself would ask for each missing blob alone.
        options = ('--no-tags', '--no-write-fetch-head', '--filter=blob:none', '--stdin', 'origin')
        with _process(target, '-c', 'fetch.negotiationAlgorithm=noop', 'fetch', '--quiet', *options) as process:
            process.stdin.write('\n'.join(dict.fromkeys(wanted)).encode() + b'\n')
            process.stdin.close()
    return repository
