"""git, written: a change of files → a commit that no branch knows yet, without index or checkout.

`git fast-import` builds the tree on a private ref, `git commit-tree` makes the commit, signed where git says so.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from generator.blobs import blob_id
from generator.repository import Repository
from generator.transaction import finish as finish

# Bytes to write, or None to remove.
Files = Mapping[str, bytes | None]

# Each work tree has its own ref of this name; what a killed run left there is overwritten by the next one.
_BUILD = 'refs/worktree/chartloom'


def build_commit(
    repository: Repository, parent: str, files: Files, message: str, *, sign: bool, executable: Collection[str] = ()
) -> str:
    """Make a commit of `files` on `parent` ('' for none); its id, or '' when nothing differs. No branch moves."""
    try:
        with repository.stream('fast-import', '--quiet', '--force', '--done') as process:
            for part in _stream(repository, _BUILD, parent, files, executable):
                process.stdin.write(part)
        tree = repository.git('rev-parse', f'{_BUILD}^{{tree}}')
    finally:
        repository.ask('update-ref', '-d', _BUILD)
    if parent and tree == repository.git('rev-parse', f'{parent}^{{tree}}'):
        return ''
    parents = ('-p', parent) if parent else ()
    signed = ('-S',) if sign or repository.ask('config', '--type=bool', 'commit.gpgsign') == 'true' else ()
    text = message.encode('utf-8', 'surrogateescape')
    made = repository.feed(text, '-c', 'i18n.commitEncoding=UTF-8', 'commit-tree', tree, *parents, *signed, '-F', '-')
    return made.decode().strip()


def _stream(
    repository: Repository, reference: str, parent: str, files: Files, executable: Collection[str] = ()
) -> Iterator[bytes]:
    """The fast-import stream: each content once, then the commit that names it by mark."""
    marks: dict[str, int] = {}
    lines = []
    for path, data in sorted(files.items()):
        name = _quoted(repository.prefix + path)
        if data is None:
            lines.append(b'D %b\n' % name)
            continue
        blob = blob_id(data)
        if blob not in marks:
            marks[blob] = len(marks) + 1
            yield b'blob\nmark :%d\ndata %d\n%b\n' % (marks[blob], len(data), data)
        lines.append(b'M %d :%d %b\n' % (100755 if path in executable else 100644, marks[blob], name))
    yield f'commit {reference}\ncommitter chartloom <> 0 +0000\ndata 0\n'.encode()
    if parent:
        yield f'from {parent}\n'.encode()
    yield from lines
    yield b'done\n'


def _quoted(path: str) -> bytes:
    escaped = path.replace('\\', '\\\\').replace('"', '\\"').replace('\n', '\\n')
    return f'"{escaped}"'.encode('utf-8', 'surrogateescape')
