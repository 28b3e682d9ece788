"""A rollout starts from what is published: its file is no way round what judges the pin; names and dates are none."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import registries as r
from gitops import chartloom
from requested import CANARY, LOCK, WITHDRAWN, made, pins, problems, registry

from generator.pipeline.history import ran_for

FILE = 'registry/rollouts/prod/web.yaml'
FROZEN = {'frozen': [{'from': 'Mon 00:00', 'to': 'Sun 23:59', 'reason': 'a quiet week'}]}


def rollout(folder: Path, aborted: bool) -> r.Files:
    """The file of a rollout from 2 to 3."""
    other = made(folder, registry(strategy=CANARY) | pins('2', '1.1.0'))
    assert chartloom(other.folder, 'rollout', 'start', 'prod/web', '--chart', '1.2.0').returncode == 0
    return {FILE: other.read(FILE).replace('aborted: false', f'aborted: {str(aborted).lower()}').encode()}


@pytest.mark.parametrize('aborted', [True, False])
def test_from_a_version_that_may_not_run(tmp_path: Path, aborted: bool) -> None:
    """The stable track has the version of `from` at once."""
    prod = registry(strategy=CANARY, lock=LOCK, promotion=FROZEN)
    checkout = made(tmp_path / 'repository', prod | pins('1', '1.0.0', withdrawn=WITHDRAWN))
    file = rollout(tmp_path / 'other', aborted)
    checkout.write(pins('2', '1.1.0') | file)
    found = '\n'.join(problems(checkout))
    assert "'prod/web' must not move to 2 (chart 1.1.0): locked by Ada: an audit" in found
    assert "'prod/web' gave up 2 on 2026-11-03: leaks data" in found
    assert 'frozen until Sun 23:59' in found
    assert 'a rollout starts from the published pin, chart 1.0.0, found 2 (chart 1.1.0)' in found


def test_a_new_name_of_a_locked_environment_moves_nothing(tmp_path: Path) -> None:
    checkout = made(tmp_path / 'repository', registry(lock=LOCK, promotion=FROZEN))
    done = chartloom(checkout.folder, 'environment', 'rename', 'prod', 'live')
    assert done.returncode == 0, done.stderr
    assert problems(checkout) == []
    checkout.write(pins('2', '1.1.0', 'live'))
    assert any('must not move to 2' in each for each in problems(checkout))


@pytest.mark.parametrize('date', ['-5 +0000', '99999999999999999999 +0000', 'x +0000'])
def test_dates_that_no_clock_gives(tmp_path: Path, date: str) -> None:
    checkout = made(tmp_path / 'repository', registry())
    commit = checkout.git('cat-file', 'commit', 'HEAD')
    lines = [f'committer A <a@b> {date}' if each.startswith('committer') else each for each in commit.splitlines()]
    text = '\n'.join(lines) + '\n'
    hash_ = ('git', 'hash-object', '-t', 'commit', '-w', '--stdin', '--literally')
    new = subprocess.run(hash_, input=text, cwd=checkout.top, capture_output=True, text=True, check=True).stdout.strip()
    assert ran_for(checkout.repository(), new, 'main', 'prod/web', '1.0.0', 1_800_000_000) >= 0
