"""A change of files → a commit that is not on any branch yet, without index or checkout.

`git fast-import` builds the tree on a private ref, `git commit-tree` creates the commit, signed if configured in git.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from types import MappingProxyType

from generator.domain.layout import CHARTS
from generator.domain.problems import CommandFailed, ProblemsFound, problem
from generator.domain.tree import Files
from generator.tools.git.repository import Repository

# Each work tree has its own ref of this name; the next run overwrites the ref of a killed run.
_BUILD = 'refs/worktree/chartloom'
# Files whose contents are kept in memory together.
_FEW = 200
# A folder of 10,000 entries is compressed once, and quickly: git would do it again to unpack what it has imported.
# `git gc` packs all of it anew.
_QUICKLY = ('-c', 'core.compression=1', '-c', 'fastimport.unpackLimit=1')


def build_commit(
    repository: Repository, parent: str, files: Files, message: str, *, sign: bool, form: str = '',
    executable: Collection[str] = (), parents: Sequence[str] = (), entries: Mapping[str, str] = MappingProxyType({}),
) -> str:  # fmt: skip
    """Commit `files` on top of `parent` ('' for none); return its id, or '' if nothing differs. No branch moves.

    `form` is git's setting gpg.format, '' for that of the user. `parents` are those of a merge, which are written
    instead. `entries` are files that git has already, by their paths from the top: `mode id`, '' to remove one.
    """
    parents = parents or ([parent] if parent else [])
    try:
        stream = _stream(repository, _BUILD, parent, files, executable, entries)
        _import(repository, stream, len(files) + len(entries))
        questions = (f'{commit}^{{tree}}' for commit in (_BUILD, *parents))
        tree, *before = repository.git('rev-parse', *questions).split()
    finally:
        repository.ask('update-ref', '-d', _BUILD)
    if before == [tree]:
        return ''
    signed = ('-S',) if sign or repository.ask('config', '--type=bool', 'commit.gpgsign') == 'true' else ()
    text = message.encode('utf-8', 'surrogateescape')
    named = (word for each in parents for word in ('-p', each))
    options = ('-c', f'gpg.format={form}') if form else ()
    command = (*options, '-c', 'i18n.commitEncoding=UTF-8', 'commit-tree', tree, *named, *signed, '-F', '-')
    try:
        return repository.feed(text, *command).decode().strip()
    except CommandFailed as error:
        raise committer_unset(error) or error from None


def _import(repository: Repository, stream: Iterator[bytes], files: int) -> None:
    command = ('fast-import', '--quiet', '--force', '--done')
    if files <= _FEW:  # to import GitPython takes longer than this
        repository.feed(b''.join(stream), *_QUICKLY, *command)
        return
    with repository.stream(*command) as process:
        for part in stream:
            process.stdin.write(part)


def committer_unset(error: CommandFailed) -> ProblemsFound | None:
    """Return the problem if git could not make a commit because it does not know the committer."""
    if 'tell me who you are' not in error.stderr and 'empty ident' not in error.stderr:
        return None
    hint = "run 'git config user.name …' and 'git config user.email …'"
    return problem('git', '', 'the committer is not set', hint)


def _stream(
    repository: Repository, reference: str, parent: str, files: Files, executable: Collection[str],
    entries: Mapping[str, str],
) -> Iterator[bytes]:  # fmt: skip
    """The fast-import stream: each content once, then the commit that refers to the contents by mark."""
    marks: dict[bytes, int] = {}
    for path in sorted(files, key=_alike):
        data = files[path]
        if data is not None and data not in marks:
            marks[data] = len(marks) + 1
            yield b'blob\nmark :%d\ndata %d\n%b\n' % (marks[data], len(data), data)
    yield f'commit {reference}\ncommitter chartloom <> 0 +0000\ndata 0\n'.encode()
    if parent:
        yield f'from {parent}\n'.encode()
    for path, entry in sorted(entries.items()):
        yield b'M %b %b\n' % (entry.encode(), _quoted(path)) if entry else b'D %b\n' % _quoted(path)
    for path, data in sorted(files.items()):
        name = _quoted(repository.prefix + path)
        if data is None:
            yield b'D %b\n' % name
        else:
            yield b'M %d :%d %b\n' % (100755 if path in executable else 100644, marks[data], name)
    yield b'done\n'


def _alike(path: str) -> tuple[str, str]:
    """Sort similar files next to each other, because git stores a content as the difference from the one before.

    Sorting by path alone takes a third more time and twice the space.
    """
    return (path.rpartition('/')[2] if path.startswith(f'{CHARTS}/') else ''), path


def _quoted(path: str) -> bytes:
    escaped = path.replace('\\', '\\\\').replace('"', '\\"').replace('\n', '\\n')
    return f'"{escaped}"'.encode('utf-8', 'surrogateescape')
