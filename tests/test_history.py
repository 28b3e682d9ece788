"""The example's scripted history: twenty operations with the classes that they should have, equal with both Helms."""

from __future__ import annotations

import os
import re
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


def told(folder: Path, tools: Path | None, *command: str) -> subprocess.CompletedProcess[str]:
    """What chartloom says, with the starter of `tools` or with its own."""
    environment = {**os.environ, 'PYTHONPATH': os.pathsep.join(map(str, filter(None, (tools, ROOT))))}
    command = (sys.executable, '-m', 'generator', *command)
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_the_history_is_valid_at_its_end(
    histories: list[Path], tmp_path: Path, helm4: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the program that made it: with the starter of its last step."""
    monkeypatch.setenv('HELM', str(helm4))
    done = told(histories[0], newer_starter(tmp_path), 'verify', '--base', 'HEAD~1')
    assert done.returncode == 0, done.stderr
    assert '0 problems' in done.stdout


def test_every_commit_can_be_reverted(
    histories: list[Path], tmp_path: Path, helm4: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Right after it, and some of them at the end of the history, where git finds conflicts.

    Not the first one, which brought the whole registry.
    """
    monkeypatch.setenv('HELM', str(helm4))
    newer, here = newer_starter(tmp_path), tmp_path / 'here'
    git(tmp_path, 'clone', '--quiet', '--shared', str(histories[0]), str(here))
    git(here, 'remote', 'remove', 'origin')
    _, *commits = git(here, 'rev-list', '--reverse', 'HEAD').split()
    reverts = [(each, each) for each in commits] + [(each, commits[-1]) for each in commits[1:-1:3]]
    for commit, at in reverts:
        tools = newer if at == commits[-1] else None
        git(here, 'reset', '--quiet', '--hard', at)
        revert(here, tools, commit)
        for command in (('generate', '--commit'), ('verify', '--all', '--base', at)):
            done = told(here, tools, *command)
            if allowed := re.search('--allow-removal [^ \n]*$', done.stderr):
                done = told(here, tools, *command, *allowed[0].split())
            if done.returncode and trailer(here, commit).startswith(('rollback', 'rollout abort')):
                # What was given up comes back only after somebody has said so.
                assert re.search(r'gave up .*\n  hint: .*chartloom reinstate', done.stderr), done.stderr
                break
            assert done.returncode == 0, f'{git(here, "log", "-1", "--format=%s", commit)}: {done.stdout}{done.stderr}'


def trailer(here: Path, commit: str) -> str:
    return git(here, 'log', '-1', '--format=%(trailers:key=Chartloom-Operation,valueonly)', commit)


def revert(here: Path, tools: Path | None, commit: str) -> None:
    """Revert a commit; of generated files do what chartloom tells in a conflict, of the registry keep what is there."""
    command = ['git', 'revert', '--no-edit', commit]
    if subprocess.run(command, cwd=here, capture_output=True, check=False).returncode == 0:
        return
    for arguments in ('reset -q HEAD', 'clean -fdq', 'checkout HEAD'):
        git(here, *arguments.split(), '--', 'registry')
    if hint := re.search(r"'(git reset [^']*)'", told(here, tools, 'plan').stderr):
        for line in hint[1].split(' && '):
            git(here, *line.split()[1:])
    assert git(here, 'ls-files', '--unmerged') == ''
    left = git(here, 'diff', '--name-only', 'HEAD')
    git(here, '-c', 'core.editor=true', 'revert', '--continue' if left else '--skip')
