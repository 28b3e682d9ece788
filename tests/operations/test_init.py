"""`chartloom init`: a complete repository, or no change at all."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from gitops import chartloom
from parts import ROOT, git, permissions_count

ADDRESS = 'https://git.example.com/t/r.git'
SECRET = 'https://bot:hunter2secret@git.example.com/t/r.git'


def refused(folder: Path, path: str, *arguments: str, **options: object) -> str:
    """What `init` says where it refuses to begin; nothing has been made or changed."""
    before = state(folder)
    done = chartloom(folder, 'init', '--example', '--path', path, *arguments, **options)
    assert (done.returncode, done.stdout) == (1, ''), done.stderr
    assert 'Traceback' not in done.stderr
    assert state(folder) == before
    return done.stderr


def state(folder: Path) -> dict[str, bytes]:
    """All files and folders, git's own too; but not what git or chartloom notes of a run."""
    found = {}
    for file in folder.rglob('*'):
        if 'chartloom' not in file.parts:
            found[str(file)] = file.read_bytes() if file.is_file() else b''
    return found


def test_a_begun_repository_is_what_its_registry_says(tmp_path: Path) -> None:
    done = chartloom(tmp_path, 'init', '--example', '--path', 'a/b', '--url', ADDRESS)
    assert done.returncode == 0, done.stderr
    assert 'nothing to do' in chartloom(tmp_path / 'a/b', 'generate').stdout
    assert 'is already a chartloom repository' in refused(tmp_path, 'a/b')


def test_the_owners_that_are_suggested_guard_all_that_reaches_production(tmp_path: Path) -> None:
    assert chartloom(tmp_path, 'init', '--example', '--url', ADDRESS).returncode == 0
    settings = tmp_path / 'registry/settings.yaml'
    before, head, owners = settings.read_text().partition('  # owners:\n')
    settings.write_text(before + f'{head}{owners}'.replace('  # ', '  '))
    done = chartloom(tmp_path, 'generate')
    assert done.returncode == 0, done.stderr
    guarded = [line.split()[0] for line in (tmp_path / 'CODEOWNERS').read_text().splitlines() if '@example' in line]
    registry = ['settings.yaml', 'environments/', 'applications/', 'releases/prod/', 'rollouts/prod/']
    others = ['/values/prod/', '/delivery/prod/', '/bootstrap/']
    assert guarded == ['/CODEOWNERS', *(f'/registry/{each}' for each in registry), *others]


def test_a_password_is_neither_kept_nor_shown(tmp_path: Path) -> None:
    told = refused(tmp_path, 'r/deep', '--url', SECRET)
    assert told.startswith('--url: this looks like a password in an address\n')
    git(tmp_path, 'init', '--quiet', 'r')
    git(tmp_path / 'r', 'remote', 'add', 'origin', SECRET)
    told += refused(tmp_path, 'r')
    assert "the URL of git's remote 'origin': this looks like" in told
    assert 'hunter2' not in told
    assert chartloom(tmp_path, 'init', '--path', 'r', '--url', ADDRESS).returncode == 0


def test_a_branch_that_agents_cannot_follow(tmp_path: Path) -> None:
    git(tmp_path, 'init', '--quiet', '--initial-branch=a#b')
    assert refused(tmp_path, '.').startswith("git's current branch: invalid format: 'a#b'\n")


def test_a_text_that_is_none(tmp_path: Path) -> None:
    assert 'is not UTF-8' in refused(tmp_path, 'r', '--url', os.fsdecode(b'https://h/\xe9'))


@pytest.mark.parametrize('path', ['charts', 'registry', 'bootstrap/local.yaml/x', 'registry/models/hello.yaml'])
@pytest.mark.parametrize('known', [True, False])
def test_what_stands_in_the_way(tmp_path: Path, path: str, known: bool) -> None:
    file = tmp_path / 'r' / path
    file.parent.mkdir(parents=True)
    file.write_text('mine\n')
    if known:
        git(tmp_path, 'init', '--quiet', 'r')
    assert 'hint: ' in refused(tmp_path, 'r')


def test_a_folder_in_the_place_of_the_settings(tmp_path: Path) -> None:
    (tmp_path / 'registry/settings.yaml').mkdir(parents=True)
    told = refused(tmp_path, '.')
    assert told.startswith('registry/settings.yaml: expected a file, found a folder\n')


@pytest.mark.parametrize('path', ['.git', '.git/new', 'bare', 'bare/new/deep'])
def test_a_folder_of_gits_own(tmp_path: Path, path: str) -> None:
    git(tmp_path, 'init', '--quiet')
    git(tmp_path, 'init', '--quiet', '--bare', 'bare')
    told = refused(tmp_path, path)
    inside = f'{"bare" if path == "bare" else tmp_path / "bare"}: expected a folder of a work tree, found a bare'
    assert told.startswith(inside if 'bare' in path else f'{path}: the repository has no work tree\n')


@pytest.mark.parametrize('path', ['file/x', '/proc/x', 'x' * 300])
def test_a_folder_that_cannot_be(tmp_path: Path, path: str) -> None:
    (tmp_path / 'file').touch()
    assert refused(tmp_path, path).startswith(f'{path}: cannot create this folder: ')


def test_a_folder_that_may_not_be_written(tmp_path: Path) -> None:
    (tmp_path / 'mine').mkdir(mode=0o555)
    told = refused(tmp_path, 'mine/x', through=permissions_count())
    assert told.startswith('mine/x: cannot create this folder: Permission denied\n')


@pytest.mark.parametrize('how', ['--sparse', '--no-checkout'])
def test_a_repository_that_is_not_checked_out_has_begun(tmp_path: Path, how: str) -> None:
    assert chartloom(tmp_path, 'init', '--path', 'first/deep', '--url', ADDRESS).returncode == 0
    git(tmp_path, 'clone', '--quiet', how, str(tmp_path / 'first/deep'), 'here')
    if how == '--sparse':
        git(tmp_path / 'here', 'sparse-checkout', 'set', 'nothing')
    told = refused(tmp_path, 'here/deep' if (tmp_path / 'here/deep').exists() else 'here')
    assert told.startswith('registry/settings.yaml: the file is in git, but not in the work tree\n')


INTERRUPTED = """
import os, signal, sys
from generator import cli
from generator.tools.git import journal
stop, move, moved = int(sys.argv.pop(1)), journal._move_folder, []
def interrupted(new, target):
    moved.append(target)
    if len(moved) == stop:
        os.kill(os.getpid(), signal.SIGINT)
    return move(new, target)
journal._move_folder = interrupted
cli.main()
"""


@pytest.mark.parametrize('moves', [2, 4])
def test_interrupted_it_goes_on_from_where_it_was(tmp_path: Path, moves: int) -> None:
    """A person presses Ctrl-C while files are moved to their places."""
    command = [sys.executable, '-c', INTERRUPTED, str(moves), 'init', '--example', '--path', 'r', '--url', ADDRESS]
    env = {**os.environ, 'PYTHONPATH': str(ROOT)}
    assert subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, check=False).returncode == 130
    if (tmp_path / 'r/registry/settings.yaml').exists():
        assert 'nothing to do' in chartloom(tmp_path / 'r', 'generate').stdout
    else:
        assert chartloom(tmp_path, 'init', '--example', '--path', 'r', '--url', ADDRESS).returncode == 0
    assert chartloom(tmp_path / 'r', 'verify').returncode == 0


def test_in_the_background_of_a_shell_it_is_not_interrupted(tmp_path: Path) -> None:
    """Ctrl-C is meant for what runs in the foreground: a shell lets its background jobs ignore it."""
    command = [sys.executable, '-c', INTERRUPTED, '2', 'init', '--example', '--path', 'r', '--url', ADDRESS]
    env = {**os.environ, 'PYTHONPATH': str(ROOT)}
    through = ['sh', '-c', 'trap "" INT; exec "$@"', 'sh']
    assert subprocess.run([*through, *command], cwd=tmp_path, env=env, check=False).returncode == 0
