"""Bad input: each case of tests/invalid is planned as a user would do it; stderr is compared to the letter.

A case lies over `_base`. Its `about.txt` says what is expected (`# expect:`) and what git or the file system must be
asked for (`# make:`); `remove.txt` lists files of the base that are missing; `before/` is laid over the base and
published first. `--update-golden` writes expected.txt.
"""

from __future__ import annotations

import ast
import io
import os
import re
import shutil
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest
from parts import ROOT, git

from generator import yamlio
from generator.cli import PROBLEMS, main
from generator.errors import ProblemsFound

INVALID = ROOT / 'tests' / 'invalid'
CASES = sorted(folder.name for folder in INVALID.iterdir() if folder.name != '_base')


def run(*arguments: str) -> tuple[int, str, str]:
    """What the console script says and how it exits, in this process: 160 Pythons would take a minute."""
    stdout, stderr = io.StringIO(), io.StringIO()
    before, sys.argv = sys.argv, ['chartloom', *arguments]
    try:
        with redirect_stdout(stdout), redirect_stderr(stderr), pytest.raises(SystemExit) as stop:
            main()
    finally:
        sys.argv = before
    assert isinstance(stop.value.code, int)
    return stop.value.code, stdout.getvalue(), stderr.getvalue()


@pytest.fixture(scope='session')
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The registry that all cases spoil, committed."""
    folder = tmp_path_factory.mktemp('base')
    shutil.copytree(INVALID / '_base', folder, dirs_exist_ok=True)
    git(folder, 'init', '--quiet')
    commit(folder)
    return folder


def commit(folder: Path) -> None:
    git(folder, 'add', '--all')
    git(folder, 'commit', '--quiet', '--allow-empty', '--message', 'Registry')


def spoil(case: Path, folder: Path) -> None:
    """Lay a case over the base and commit it, like somebody who does not look twice."""
    if (case / 'before').exists():
        shutil.copytree(case / 'before', folder, dirs_exist_ok=True)
        assert run('generate', '--path', str(folder), '--commit')[::2] == (0, '')
    if (case / 'registry').exists():
        shutil.copytree(case / 'registry', folder / 'registry', dirs_exist_ok=True)
    if (case / 'remove.txt').exists():
        for line in (case / 'remove.txt').read_text(encoding='utf-8').split():
            (folder / line).unlink()
    about = (case / 'about.txt').read_text(encoding='utf-8')
    made = re.findall(r'^# make: (.*)$', about, re.MULTILINE)
    for line in made:
        make(line, folder)
    commit(folder)
    for line in made:
        if line.startswith('mode '):
            _, mode, path = line.split(' ')
            (folder / path).chmod(int(mode, 8))


def make(line: str, folder: Path) -> None:
    """What a folder of files cannot hold: links, and files that are too big to keep here."""
    if found := re.fullmatch(r'link (\S+) -> (\S+)', line):
        (folder / found[1]).symlink_to(found[2])
    elif found := re.fullmatch(r'move (\S+) -> (\S+)', line):
        (folder / found[1]).rename(folder / found[2])
    elif found := re.fullmatch(r'pad (\S+) to (\d+) bytes with lines of "(.*)"', line):
        file, size, text = folder / found[1], int(found[2]), f'{found[3]}\n'
        padding = size - file.stat().st_size
        with file.open('a', encoding='utf-8') as out:
            out.write((text * (padding // len(text) + 1))[:padding])
    else:
        assert re.fullmatch(r'mode \d+ \S+', line), f'# make: {line}: nobody knows how'


def state(folder: Path) -> dict[str, bytes | str]:
    """All files of the work tree, links as links."""
    found: dict[str, bytes | str] = {}
    for path in sorted(folder.rglob('*')):
        name = path.relative_to(folder).as_posix()
        if name.split('/')[0] == '.git' or (path.is_dir() and not path.is_symlink()):
            continue
        if path.is_symlink():
            found[name] = f'-> {os.readlink(path)}'
        else:
            found[name] = path.read_bytes() if os.access(path, os.R_OK) else 'unreadable'
    return found


def test_the_base_is_clean(base: Path) -> None:
    code, _, stderr = run('plan', '--path', str(base))
    assert (code, stderr) == (0, '')


@pytest.mark.parametrize('name', CASES)
def test_a_problem_is_told_to_the_letter(name: str, base: Path, tmp_path: Path, update_golden: bool) -> None:
    case, folder = INVALID / name, tmp_path / 'repository'
    if 'mode 000' in (case / 'about.txt').read_text(encoding='utf-8') and os.geteuid() == 0:
        pytest.skip('root reads every file')
    shutil.copytree(base, folder)
    spoil(case, folder)
    before, head = state(folder), git(folder, 'rev-parse', 'HEAD')
    code, stdout, stderr = run('plan', '--path', str(folder))
    expected = case / 'expected.txt'
    if update_golden:
        expected.write_text(stderr, encoding='utf-8')
    assert stderr == (expected.read_text(encoding='utf-8') if expected.exists() else '')
    assert stderr, 'a case must say something'
    assert (code, stdout) == (PROBLEMS, '')
    assert (state(folder), git(folder, 'rev-parse', 'HEAD')) == (before, head), 'something was written'
