"""A small registry → git repositories, for tests that read and change them with real git."""

from __future__ import annotations

import atexit
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol

import pytest
from parts import ROOT, git, part
from registries import following, model, release, settings, tree

from generator.domain.problems import ProblemsFound
from generator.operations.apply import apply
from generator.operations.operation import Options, Outcome, generate
from generator.tools.git.files import blob_at
from generator.tools.git.lock import locked
from generator.tools.git.opening import open_repository
from generator.tools.git.repository import Repository
from generator.tools.git.transaction import Write, carry_out

# Two models and two environments: tests can check that a change of one does not affect the other.
SMALL = {
    **settings(),
    **model('web'),
    **model('api'),
    **following('prod'),
    **following('staging'),
    **release('prod', 'web'),
    **release('prod', 'api'),
    **release('staging', 'web'),
}
VALUES = 'values/prod/web.yaml'
DELIVERY = 'delivery/prod/web.yaml'


def changed_model(name: str = 'web', replicas: int = 3) -> dict[str, bytes]:
    """A change that makes a new chart version and moves the model's releases."""
    return model(name, replicas=replicas)


class Checkout:
    """A git work tree, and the folder in it that contains the registry."""

    def __init__(self, top: Path, prefix: str = '') -> None:
        self.top, self.folder = top, top / prefix

    def git(self, *arguments: str) -> str:
        return git(self.top, *arguments)

    def repository(self) -> Repository:
        return open_repository(self.folder)

    def write(self, files: Mapping[str, bytes | str]) -> None:
        for path, data in files.items():
            file = self.folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data if isinstance(data, bytes) else data.encode())

    def append(self, path: str, text: str) -> None:
        with (self.folder / path).open('a', encoding='utf-8') as file:
            file.write(text)

    def remove(self, *paths: str) -> None:
        for path in paths:
            (self.folder / path).unlink()

    def read(self, path: str) -> str:
        return (self.folder / path).read_text(encoding='utf-8')

    def generate(self, models: tuple[str, ...] = (), **options: Any) -> Outcome:
        return apply(generate(models), self.repository(), Options(**options))

    def commit(self, **options: Any) -> Outcome:
        return self.generate(commit=True, **options)

    def refused(self, **options: Any) -> list[str]:
        """Generate, expect problems and return them; nothing may change."""
        before = self.everything()
        with pytest.raises(ProblemsFound) as raised:
            self.generate(**options)
        assert self.everything() == before
        return [f'{found.file}: {found.message}' for found in raised.value.problems]

    def everything(self) -> tuple[object, ...]:
        """Everything that a run could change: files with their modes, branches, index."""
        files = [path for path in self.top.rglob('*') if '.git' not in path.relative_to(self.top).parts]
        seen = {str(path): (path.lstat().st_mode, path.is_file() and path.read_bytes()) for path in files}
        return seen, self.git('for-each-ref'), self.git('ls-files', '--stage'), self.status()

    def status(self) -> list[str]:
        return self.git('-c', 'core.quotePath=false', 'status', '--porcelain', '--untracked-files=all').splitlines()

    def head(self) -> str:
        return self.git('rev-parse', 'HEAD')

    def files(self, revision: str = 'HEAD') -> list[str]:
        """Paths that differ between a commit and its first parent."""
        listing = self.git(
            'diff-tree', '--root', '--no-commit-id', '--name-only', '-r', '-z', '-m', '--first-parent', revision
        )
        return listing.split('\0')[:-1]

    def tree(self) -> dict[str, bytes]:
        return tree(self.folder)


def new(top: Path, files: Mapping[str, bytes] = SMALL, prefix: str = '', *options: str) -> Checkout:
    """A new repository with a registry; nothing is generated or committed."""
    top.mkdir(parents=True, exist_ok=True)
    git(top, 'init', '--quiet', '--initial-branch=main', *options)
    checkout = Checkout(top, prefix)
    checkout.write(files)
    return checkout


def published(top: Path, files: Mapping[str, bytes] = SMALL, prefix: str = '', *options: str) -> Checkout:
    """A repository whose registry and generated files are committed."""
    key = repr((sorted(files.items()), prefix, options))
    if key not in _PUBLISHED:
        _PUBLISHED[key] = Path(tempfile.mkdtemp(dir=_SHELF.name)) / 'repository'
        assert new(_PUBLISHED[key], files, prefix, *options).commit().commit
    shutil.copytree(_PUBLISHED[key], top, symlinks=True, dirs_exist_ok=True)
    checkout = Checkout(top, prefix)
    assert checkout.status() == []  # this also updates the time stamps in git's index
    return checkout


# Created once, copied for each test.
_PUBLISHED: dict[str, Path] = {}
_SHELF = tempfile.TemporaryDirectory(prefix='chartloom-tests-')
atexit.register(_SHELF.cleanup)


def clone(source: Path | str, top: Path, *options: str, prefix: str = '') -> Checkout:
    subprocess.run(['git', 'clone', '--quiet', *options, '--', str(source), str(top)], check=True)
    return Checkout(top, prefix)


def published_at(origin: Path, top: Path, **more: Any) -> Checkout:
    """The same repository, pushed to an origin that it tracks."""
    checkout = published(top, **more)
    checkout.git('remote', 'add', 'origin', str(origin))
    checkout.git('push', '--quiet', '--set-upstream', 'origin', 'main')
    return checkout


def remote_change(origin: Path, folder: Path, files: dict[str, bytes], branch: str = 'main') -> str:
    """Push a change of the registry without generated files; return the new head."""
    other = clone(origin, folder)
    other.git('switch', '--quiet', branch)
    other.write(files)
    other.git('add', '--all')
    other.git('commit', '--quiet', '--message', 'registry')
    other.git('push', '--quiet', 'origin', branch)
    return other.head()


def signing(here: Checkout, folder: Path) -> None:
    """Configure ssh signing with a new key."""
    key, maker = folder / 'key', part('ssh-keygen', shutil.which('ssh-keygen'), 'install openssh-client')
    subprocess.run([maker, '-q', '-t', 'ed25519', '-N', '', '-C', 'bot', '-f', key], check=True)
    allowed = folder / 'allowed'
    allowed.write_text(f'committer@example.com namespaces="git" {(folder / "key.pub").read_text()}')
    for name, value in (
        ('gpg.format', 'ssh'),
        ('user.signingKey', str(key)),
        ('gpg.ssh.allowedSignersFile', str(allowed)),
    ):
        here.git('config', name, value)


def start(folder: Path, *arguments: str, **options: Any) -> subprocess.Popen[str]:
    """Start chartloom as a process in a folder; `through` is a command prefix."""
    through = options.pop('through', [])
    env = {**os.environ, 'PYTHONPATH': str(ROOT), **options.pop('env', {})}
    pipes = {'stdout': subprocess.PIPE, 'stderr': subprocess.PIPE, 'encoding': 'utf-8'} | options
    return subprocess.Popen([*through, sys.executable, '-m', 'generator', *arguments], cwd=folder, env=env, **pipes)


def chartloom(folder: Path, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run chartloom to its end, as a process in a folder."""
    process = start(folder, *arguments, **options)
    stdout, stderr = process.communicate()
    return subprocess.CompletedProcess(arguments, process.returncode, stdout, stderr)


class Placed(Protocol):
    """A work tree of any kind, with the folder that has the registry."""

    folder: Path


def answered(here: Placed, *arguments: str, code: int = 0) -> dict[str, Any]:
    """Run chartloom to its end, which has this exit code, and return what it answers as JSON."""
    done = chartloom(here.folder, *arguments, '--output', 'json')
    assert done.returncode == code, done.stdout + done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def faster_writer(origin: Path, other: Checkout, times: int = 1) -> str:
    """A pre-push hook that pushes another commit first: git runs the hook before it contacts the server."""
    return (
        f'#!/bin/sh\nunset GIT_DIR\ncount={other.top}/count\necho >> $count\n'
        f'[ $(wc -l < $count) -gt {times} ] && exit 0\n'
        f'cd {other.top} && git commit --quiet --allow-empty --message faster\n'
        'git push --quiet --no-verify origin main\n'
    )


def install(folder: Path, name: str, text: str) -> None:
    """Write an executable script, for example a hook."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)
    (folder / name).chmod(0o755)


def write_files(repository: Repository, files: Mapping[str, bytes], removed: Iterable[str]) -> None:
    """Write and remove files of a work tree as an operation does: all of them or none."""
    contents: dict[str, bytes | None] = {**files, **dict.fromkeys(removed)}
    with locked(repository):
        carry_out(repository, [Write(path, blob_at(repository, path), data) for path, data in contents.items()])
