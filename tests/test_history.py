"""The example's scripted history: twenty operations with the classes that they should have, equal with both Helms."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from history import STEPS, newer_starter, write_history
from parts import ROOT, git

from generator.charts.ledger import read_ledger
from generator.domain.generated import LedgerEntry


@pytest.fixture(scope='module')
def histories(tmp_path_factory: pytest.TempPathFactory, helms: list[Path]) -> list[Path]:
    """One repository for each Helm."""
    made = []
    for helm in helms:
        folder = tmp_path_factory.mktemp('history')
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv('HELM', str(helm))
            patch.setenv('GIT_CONFIG_GLOBAL', os.devnull)
            write_history(folder)
        made.append(folder)
    return made


def ledger(folder: Path, model: str) -> tuple[LedgerEntry, ...]:
    return read_ledger((folder / f'charts/{model}/versions.yaml').read_bytes(), 'f')


def test_each_step_is_one_commit_and_both_helms_make_the_same(histories: list[Path]) -> None:
    commits = [git(folder, 'rev-list', 'HEAD').split() for folder in histories]
    assert commits[0] == commits[1]
    # The first commit, and the revert that one step begins with.
    assert len(commits[0]) == len(STEPS) + 2
    assert len(STEPS) >= 20


def test_the_ledgers_have_true_classes(histories: list[Path]) -> None:
    folder = histories[0]
    found = {
        model: [(entry.version, entry.bump, entry.pods) for entry in ledger(folder, model)]
        for model in ('assistant-api', 'intent-classifier', 'shop-api')
    }
    assert found['assistant-api'] == [
        ('1.0.0', 'initial', 'none'),
        ('1.0.1', 'patch', 'restart'),  # memory
        ('1.0.2', 'patch', 'restart'),  # 1.8.1
        ('2.0.0', 'major', 'none'),  # the port of the Service
        ('2.1.0', 'minor', 'restart'),  # 1.8.2, as asked
        ('2.1.1', 'patch', 'none'),  # the starter
    ]
    assert found['intent-classifier'] == [
        ('1.0.0', 'initial', 'none'),
        ('1.1.0', 'minor', 'restart'),  # 18
        ('2.0.0', 'major', 'restart'),  # 19, other inputs
        ('2.1.0', 'minor', 'restart'),  # 17.1, of the older line
        ('2.1.1', 'patch', 'none'),
    ]
    assert found['shop-api'] == [
        ('1.0.0', 'initial', 'none'),
        ('1.1.0', 'minor', 'restart'),
        ('1.1.1', 'patch', 'none'),  # words
        ('1.1.2', 'patch', 'none'),
    ]


def test_a_change_of_the_starter_has_one_reason_for_all_models(histories: list[Path]) -> None:
    folder = histories[0]
    models = [path.parent.name for path in (folder / 'charts').glob('*/versions.yaml')]
    assert {ledger(folder, model)[-1].reasons for model in models} == {
        ('PodDisruptionBudget: spec.unhealthyPodEvictionPolicy AlwaysAllow → IfHealthyBudget',)
    }


def test_the_largest_request_fits_what_a_forge_shows(histories: list[Path]) -> None:
    """GitHub shows 300 files, 20,000 lines and 1 MB of a difference."""
    for commit in git(histories[0], 'rev-list', '--skip=1', 'HEAD').split()[:-1]:
        numbers = [
            line.split('\t') for line in git(histories[0], 'show', '--numstat', '--format=', commit).splitlines()
        ]
        assert len(numbers) <= 300
        assert sum(int(added) + int(gone) for added, gone, _ in numbers) <= 20_000
        assert len(git(histories[0], 'show', '--format=', commit)) <= 1_000_000


def test_the_history_is_valid_at_its_end(histories: list[Path], tmp_path: Path, helm4: Path) -> None:
    """By the program that made it: with the starter of its last step."""
    paths = os.pathsep.join(map(str, (newer_starter(tmp_path), ROOT)))
    command = [sys.executable, '-m', 'generator', 'verify', '--base', 'HEAD~1']
    environment = {**os.environ, 'HELM': str(helm4), 'PYTHONPATH': paths}
    done = subprocess.run(command, cwd=histories[0], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert '0 problems' in done.stdout
