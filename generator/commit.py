"""git, written: a change of files → one commit, on the branch and in the work tree, or nothing at all.

The commit is built on a private ref by `git fast-import` without index or checkout, made by `git commit-tree` (signed
where git says so), pushed with the old head as lease; only then does the branch move, and last the index and files.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from generator.errors import CommandFailed, Problem, ProblemsFound, problem
from generator.repository import Repository, _process, blob_id
from generator.worktree import WorkTree

# Bytes to write, or None to remove.
Files = Mapping[str, bytes | None]


def build_commit(repository: Repository, parent: str, files: Files, message: str, *, sign: bool) -> str:
    """Make a commit of `files` on `parent` ('' for none); its id, or '' when nothing differs. No branch moves."""
    reference = f'refs/chartloom/{os.getpid()}'
    try:
        with _process(repository.folder, 'fast-import', '--quiet', '--force', '--done') as process:
            for part in _stream(repository, reference, parent, files):
                process.stdin.write(part)
            process.stdin.close()
        tree = repository.git('rev-parse', f'{reference}^{{tree}}')
    finally:
        repository.ask('update-ref', '-d', reference)
    if parent and tree == repository.git('rev-parse', f'{parent}^{{tree}}'):
        return ''
    parents = ('-p', parent) if parent else ()
    signed = ('-S',) if sign or repository.ask('config', '--type=bool', 'commit.gpgsign') == 'true' else ()
    return repository.git('commit-tree', tree, *parents, *signed, '-m', message)


def _stream(repository: Repository, reference: str, parent: str, files: Files) -> Iterator[bytes]:
    """The fast-import stream: each content once, then the commit that names it by mark."""
    marks: dict[str, int] = {}
    lines = []
    for path, data in sorted(files.items()):
        name = _quoted(repository.prefix + path)
        if data is None:
            lines.append(f'D {name}\n'.encode())
            continue
        blob = blob_id(data)
        if blob not in marks:
            marks[blob] = len(marks) + 1
            yield b'blob\nmark :%d\ndata %d\n%b\n' % (marks[blob], len(data), data)
        lines.append(b'M 100644 :%d %b\n' % (marks[blob], name.encode('utf-8', 'surrogateescape')))
    yield f'commit {reference}\ncommitter chartloom <> 0 +0000\ndata 0\n'.encode()
    if parent:
        yield f'from {parent}\n'.encode()
    yield from lines
    yield b'done\n'


def _quoted(path: str) -> str:
    escaped = path.replace('\\', '\\\\').replace('"', '\\"').replace('\n', '\\n')
    return f'"{escaped}"'


def push(repository: Repository, remote: str, branch: str, old: str, new: str) -> bool:
    """Push a commit where the remote branch still is at `old` ('' for none); False when it has moved."""
    lease = f'--force-with-lease=refs/heads/{branch}:{old}'
    try:
        repository.git('push', '--quiet', lease, remote, f'{new}:refs/heads/{branch}')
        return True
    except CommandFailed:
        if remote_head(repository, remote, branch) == old:
            raise
        return False


def remote_head(repository: Repository, remote: str, branch: str) -> str:
    """Where a branch of a remote is now; '' when there is none."""
    return repository.git('ls-remote', remote, f'refs/heads/{branch}').partition('\t')[0]


def move_branch(repository: Repository, reference: str, old: str, new: str, files: Files) -> None:
    """Move a checked-out branch and bring index and work tree after it; a killed run is finished by `finish`."""
    journal = repository.private / 'pending.json'
    journal.parent.mkdir(parents=True, exist_ok=True)
    temporary = journal.with_suffix('.tmp')
    temporary.write_text(json.dumps({'commit': new, 'prefix': repository.prefix, 'paths': sorted(files)}), encoding='utf-8')
    os.replace(temporary, journal)
    try:
        repository.git('update-ref', '-m', 'chartloom', reference, new, old or '0' * len(new))
    except CommandFailed:
        journal.unlink()
        now = repository.ask('rev-parse', '--verify', '--quiet', reference)
        raise problem(reference, '', f'moved from {old[:8]} to {now[:8]} meanwhile', 'run the command again') from None
    _refresh(repository, new, sorted(files))
    journal.unlink()


def finish(repository: Repository) -> bool:
    """Finish what a killed run had begun: its branch has moved, index and files have not. True when there was any."""
    if repository.bare:
        return False
    journal = repository.private / 'pending.json'
    try:
        text = journal.read_text(encoding='utf-8')
    except FileNotFoundError:
        return False
    try:
        pending = json.loads(text)
        commit, paths, prefix = str(pending['commit']), list(pending['paths']), pending['prefix']
    except (ValueError, KeyError, TypeError):
        journal.unlink()
        return False
    same = prefix == repository.prefix and repository.ask('rev-parse', '--verify', '--quiet', 'HEAD') == commit
    if same:
        _refresh(repository, commit, paths)
    journal.unlink()
    return same


def _refresh(repository: Repository, commit: str, paths: Sequence[str]) -> None:
    """Set our index entries to those of a commit and check them out; other entries stay as they are."""
    full = [repository.prefix + path for path in paths]
    held = _entries(repository, commit, full)
    zero = '0' * len(commit)
    info = ''.join(f'{held[path]}\t{path}\0' if path in held else f'0 {zero}\t{path}\0' for path in full)
    _feed(repository, info, 'update-index', '-z', '--index-info')
    _feed(repository, '\0'.join((*(path for path in full if path in held), '')), 'checkout-index', '-f', '-u', '-z', '--stdin')
    for path in full:
        if path not in held:
            _remove(repository.folder / path, repository.folder)


def _entries(repository: Repository, commit: str, full: Sequence[str]) -> dict[str, str]:
    """`mode id` by path: of a few paths as asked, of many from one listing of all."""
    narrow = full if len(full) <= 200 else [repository.prefix or '.']
    listing = repository.raw('ls-tree', '-r', '-z', '--full-tree', commit, '--', *(path for path in narrow if path != '.'))
    found = {}
    for entry in listing.decode('utf-8', 'surrogateescape').split('\0')[:-1]:
        meta, _, path = entry.partition('\t')
        mode, _, blob = meta.split(' ')
        found[path] = f'{mode} {blob}'
    wanted = set(full)
    return {path: entry for path, entry in found.items() if path in wanted}


def _feed(repository: Repository, text: str, *arguments: str) -> None:
    with _process(repository.folder, *arguments) as process:
        process.stdin.write(text.encode('utf-8', 'surrogateescape'))
        process.stdin.close()


def _remove(file: Path, stop: Path) -> None:
    file.unlink(missing_ok=True)
    folder = file.parent
    while folder != stop:
        try:
            folder.rmdir()
        except OSError:
            return
        folder = folder.parent


def staged_problems(tree: WorkTree, head: Mapping[str, str], final: Mapping[str, str], files: Files) -> None:
    """Refuse where a staged change of a path that we commit would be lost: neither what HEAD holds nor what we write."""
    lost = [path for path in files if tree.staged.get(path) not in (None, head.get(path), final.get(path))]
    if lost:
        hint = "commit it, or take it back with 'git restore --staged'"
        raise ProblemsFound(Problem(path, '', 'a staged change would be lost', hint) for path in lost)
