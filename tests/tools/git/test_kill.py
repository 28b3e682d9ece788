"""chartloom killed at any moment (SIGKILL, alone or with its children): the next run ends as if nothing had been."""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path

import pytest
from gitops import Checkout, changed_model, chartloom, clone, new, published, published_at, start
from parts import git
from registries import following, release

pytestmark = pytest.mark.slow

CHANGE = {**changed_model('web'), **changed_model('api'), **following('dev'), **release('dev', 'web')}
TURNS = 10
# Half of the kills come at any time, half while files, index and branch are being moved.
STEPS = ('.git/chartloom/new', '.git/chartloom/pending.json', '.git/index.lock', '.git/refs/worktree/chartloom')


def kill(here: Checkout, seconds: float, turn: int, *arguments: str, alone: bool = False) -> int:
    """Start a run and kill it somewhere, half of the times with its children; `seconds`: how long it takes."""
    process = start(
        here.folder, *arguments, start_new_session=True, env={'GIT_COMMITTER_DATE': f'2026-01-02T03:{turn % 60:02}:00Z'}
    )
    chance = random.Random(turn)
    if turn % 2:
        wait_for(here.top / STEPS[turn // 2 % len(STEPS)], 3 * seconds)
        time.sleep(chance.uniform(0, 0.05))
    else:
        time.sleep(chance.uniform(0.3, 1) * seconds)
    (os.killpg if turn % 4 < 2 and not alone else os.kill)(process.pid, signal.SIGKILL)
    process.communicate()
    return process.returncode


def wait_for(file: Path, seconds: float) -> None:
    end = time.monotonic() + seconds
    while not file.exists() and time.monotonic() < end:
        time.sleep(0.0005)


def whole_run(here: Checkout, *arguments: str) -> float:
    began = time.monotonic()
    done = chartloom(here.folder, *arguments)
    assert done.returncode == 0, done.stderr
    return time.monotonic() - began


@pytest.mark.parametrize('begun', [False, True], ids=['first', 'later'])
def test_killed_while_it_writes_files(tmp_path: Path, begun: bool) -> None:
    make = published if begun else new
    model = make(tmp_path / 'model')
    model.write(CHANGE)
    seconds = whole_run(model, 'generate')
    killed = 0
    for turn in range(TURNS):
        here = make(tmp_path / f'{turn}')
        here.write(CHANGE)
        killed += kill(here, seconds, turn, 'generate') != 0
        whole_run(here, 'generate')
        assert here.tree() == model.tree()
        assert here.status() == model.status()
        assert not here.generate().changed
    assert killed


@pytest.mark.parametrize('begun', [False, True], ids=['first', 'later'])
def test_killed_while_it_commits(tmp_path: Path, begun: bool) -> None:
    make = published if begun else new
    model = make(tmp_path / 'model')
    model.write(CHANGE)
    seconds = whole_run(model, 'generate', '--commit')
    killed = 0
    for turn in range(TURNS):
        here = make(tmp_path / f'{turn}')
        here.write(CHANGE)
        killed += kill(here, seconds, turn, 'generate', '--commit') != 0
        whole_run(here, 'generate', '--commit')
        assert_clean(here, model)
        here.git('fsck', '--no-progress', '--no-dangling')
    assert killed


def assert_clean(here: Checkout, model: Checkout) -> None:
    assert here.tree() == model.tree()
    assert here.status() == []
    assert here.git('rev-parse', 'HEAD^{tree}') == model.git('rev-parse', 'HEAD^{tree}')
    assert here.git('rev-list', '--count', 'HEAD') == model.git('rev-list', '--count', 'HEAD')
    assert not (here.top / '.git/index.lock').exists()
    assert not here.commit().changed


def test_killed_while_it_pushes(origin: Path, tmp_path: Path) -> None:
    published_at(origin, tmp_path / 'first')
    model = clone(origin, tmp_path / 'model')
    model.write(CHANGE)
    seconds = whole_run(model, 'generate', '--commit')
    killed = 0
    for turn in range(TURNS):
        remote = tmp_path / f'{turn}.git'
        git(tmp_path, 'clone', '--quiet', '--bare', str(origin), str(remote))
        here = clone(remote, tmp_path / f'{turn}')
        here.write(CHANGE)
        # Alone: a remote that stands elsewhere lives on.
        killed += kill(here, seconds, turn, 'generate', '--commit', '--push', alone=True) != 0
        whole_run(here, 'generate', '--commit', '--push')
        assert_clean(here, model)
        assert git(remote, 'rev-parse', 'main') == here.head()
    assert killed
