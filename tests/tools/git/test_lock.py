"""Two runs at once, another git at work, and our folder beside git's own files, which is no condition for anything."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from gitops import VALUES, Checkout, changed_model, published, start

from generator.domain.problems import CommandFailed
from generator.tools.git import index, lock
from generator.tools.git.lock import locked


def test_two_at_once_both_end_well(tmp_path: Path) -> None:
    here = published(tmp_path)
    here.write(changed_model())
    processes = [start(here.folder, 'generate', '--commit', '--output', 'json') for _ in range(4)]
    answers = [process.communicate() for process in processes]
    assert [process.returncode for process in processes] == [0] * 4, answers
    assert sorted(json.loads(stdout)['changed'] for stdout, _ in answers) == [False, False, False, True]
    assert here.git('rev-list', '--count', 'HEAD') == '2'
    assert here.status() == []


def test_a_run_that_waits_too_long_says_for_whom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = published(tmp_path)
    monkeypatch.setattr(lock, 'PATIENCE', 0.1)
    with locked(here.repository()):
        assert here.refused() == [f'{here.top}: another chartloom is still running here after 0 seconds']
    assert not here.generate().changed


def test_another_git_at_work_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = published(tmp_path)
    here.write(changed_model())
    taken = here.top / '.git/index.lock'
    taken.write_text('')
    monkeypatch.setattr(index, 'PATIENCE', 0.1)
    assert here.refused(commit=True) == [f'{taken}: another git process uses the index']
    process = start(here.folder, 'generate', '--commit')
    with pytest.raises(subprocess.TimeoutExpired):
        process.communicate(timeout=2)
    assert here.git('rev-list', '--count', 'HEAD') == '1'
    taken.unlink()
    process.communicate()
    assert process.returncode == 0
    assert here.status() == []


def test_a_lock_that_a_killed_run_left_is_no_hindrance(tmp_path: Path) -> None:
    here = published(tmp_path)
    here.write(changed_model())
    (here.top / '.git/index.lock').write_bytes(index._OURS)
    (here.top / '.git/chartloom').mkdir(exist_ok=True)
    for name in ('index.1', 'index.1.lock'):
        (here.top / '.git/chartloom' / name).write_text('half')
    here.git('update-ref', 'refs/worktree/chartloom', 'HEAD')
    here.commit()
    assert here.status() == []
    assert not list((here.top / '.git/chartloom').glob('index*'))
    assert here.git('for-each-ref', '--format=%(refname)') == 'refs/heads/main'


@pytest.mark.parametrize('linked', [False, True], ids=['main', 'linked'])
def test_locks_on_refs_that_a_killed_run_left(tmp_path: Path, linked: bool) -> None:
    here = published(tmp_path / 'main')
    common = own = here.top / '.git'
    if linked:
        here.git('worktree', 'add', '-q', '-b', 'other', str(tmp_path / 'linked'))
        here, own = Checkout(tmp_path / 'linked'), common / 'worktrees/linked'
    here.write(changed_model())
    mine, theirs = own / 'chartloom', [common / 'refs/heads/other.lock', common / 'refs/heads/main.lock']
    mine.mkdir(exist_ok=True)
    with locked(here.repository()):
        shutil.copy2(mine / 'lock', tmp_path / 'lock')
    shutil.copy2(tmp_path / 'lock', mine / 'lock')  # as it stands where a run does not come to its end
    for taken in (own / 'HEAD.lock', common / 'packed-refs.lock', own / 'refs/worktree/chartloom.lock', *theirs):
        taken.parent.mkdir(parents=True, exist_ok=True)
        taken.touch()
    assert here.commit().commit
    assert not list(common.rglob('*.lock'))


def test_a_lock_on_a_ref_that_is_older_than_the_killed_run_is_somebody_elses(tmp_path: Path) -> None:
    here = published(tmp_path)
    here.write(changed_model())
    taken = here.top / '.git/refs/heads/main.lock'
    taken.touch()
    os.utime(taken, (1, 1))
    (here.top / '.git/chartloom').mkdir(exist_ok=True)
    (here.top / '.git/chartloom/lock').write_text('at work\n')
    with pytest.raises(CommandFailed, match=r'main\.lock'):
        here.commit()
    assert taken.exists()


@pytest.mark.parametrize('content', ['gone', 'file', 'garbage', 'folder'])
def test_our_folder_beside_gits_files_is_no_condition(tmp_path: Path, content: str) -> None:
    here = published(tmp_path)
    private = here.top / '.git/chartloom'
    assert not here.commit().changed
    if content in ('gone', 'file'):
        shutil.rmtree(private)
    if content == 'file':
        private.write_text('not a folder')
    for name in ('clean-commit', 'clean-files', 'pending.json'):
        if content == 'garbage':
            (private / name).write_bytes(b'\xff\0garbage')
        elif content == 'folder':
            (private / name).unlink(missing_ok=True)
            (private / name).mkdir()
    assert not here.commit().changed
    assert not here.generate().changed
    here.append(VALUES, '# mine\n')
    assert here.refused() == [f'{VALUES}: edited by hand']
    if content in ('file', 'folder'):
        assert 'cannot be written' in here.refused(discard=True)[0]
        private.unlink() if content == 'file' else (private / 'pending.json').rmdir()
    here.generate(discard=True)
    assert here.status() == []


def test_a_cache_of_another_state_is_not_believed(tmp_path: Path) -> None:
    here = published(tmp_path)
    here.commit()
    here.generate()
    known = {name: (here.top / '.git/chartloom' / name).read_text() for name in ('clean-commit', 'clean-files')}
    here.write(changed_model())
    for name, text in known.items():
        (here.top / '.git/chartloom' / name).write_text(text)
    assert here.generate().changed
    assert here.commit().commit
