"""The example's scripted history: its operations have true classes and messages, and are equal with both Helms."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from history import STEPS, newer_starter, write_history
from parts import ROOT, git
from review_history import HISTORY

from generator.charts.ledger import read_ledger
from generator.domain.generated import LedgerEntry
from generator.pipeline.review import review
from generator.pipeline.run import Run
from generator.pipeline.source import open_revision
from generator.tools.git.opening import open_repository
from generator.tools.helm.binary import find_helm

PARTS = 4
SOME = 4  # every fourth commit is reverted at the end, too


@pytest.fixture(scope='module')
def histories(tmp_path_factory: pytest.TempPathFactory, helms: list[Path]) -> list[Path]:
    """One repository for each Helm. Workers of pytest share them: the first two make one each, at the same time."""
    worker, top = os.environ.get('PYTEST_XDIST_WORKER', ''), tmp_path_factory.getbasetemp()
    folders = {helm: (top.parent if worker else top) / f'history-{helm.parent.name}' for helm in helms}
    for helm in reversed(helms) if worker == 'gw1' else helms:
        make_once(folders[helm], helm)
    return [folders[helm] for helm in helms]


def make_once(folder: Path, helm: Path) -> None:
    made = folder.with_name(f'{folder.name}.made')
    with open(f'{folder}.lock', 'w', encoding='utf-8') as lock, pytest.MonkeyPatch.context() as patch:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if made.exists():
            return
        shutil.rmtree(folder, ignore_errors=True)  # of a worker that has failed
        patch.setenv('HELM', str(helm))
        patch.setenv('GIT_CONFIG_GLOBAL', os.devnull)
        write_history(folder)
        made.touch()


def ledger(folder: Path, model: str) -> tuple[LedgerEntry, ...]:
    return read_ledger((folder / f'charts/{model}/versions.yaml').read_bytes(), 'f')


def test_each_step_is_one_commit_and_both_helms_make_the_same(histories: list[Path]) -> None:
    commits = [git(folder, 'rev-list', 'HEAD').split() for folder in histories]
    assert commits[0] == commits[1]
    # The first commit, and the revert that one step begins with.
    assert len(commits[0]) == len(STEPS) + 2


def test_each_message_says_which_operation_it_is(histories: list[Path]) -> None:
    """Whoever reads the log sees it in the subject, programs in the trailer."""
    operation = '%(trailers:key=Chartloom-Operation,valueonly,separator=)'
    log = git(histories[0], 'log', '--reverse', f'--format=%s%x00{operation}').splitlines()
    found = [line.split('\0') for line in log if not line.startswith('Revert "')]
    assert [operation.split()[0] for _, operation in found] == ['generate', *(step.command[0] for step in STEPS)]
    assert not [subject for subject, _ in found if len(subject) > 72 or subject.endswith('…')]
    bodies = git(histories[0], 'log', '--format=%b')
    assert '\nprod/shop-api: promotion is skipped: a hotfix; staging runs 3.5.0\n' in bodies
    assert '\n* prod/speech-recognizer: autoscaling.maxReplicas 12 → 16\n' in bodies


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
        ('1.1.2', 'patch', 'restart'),  # 3.4.1, of the older line
        ('1.1.3', 'patch', 'none'),
    ]


def test_a_change_of_the_starter_has_one_reason_for_all_models(histories: list[Path]) -> None:
    folder = histories[0]
    models = [path.stem for path in (folder / 'registry/models').iterdir()]
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
    done = told(histories[0], newer_starter(tmp_path), 'verify', '--all', '--base', 'HEAD~1')
    assert done.returncode == 0, done.stderr
    assert '0 problems' in done.stdout


@pytest.mark.parametrize('part', range(PARTS))
def test_every_commit_can_be_reverted(
    histories: list[Path], tmp_path: Path, helm4: Path, monkeypatch: pytest.MonkeyPatch, part: int
) -> None:
    """Right after it, and some of them at the end of the history, where git finds conflicts.

    Not the first one, which brought the whole registry. In parts, which workers of pytest take at the same time.
    """
    monkeypatch.setenv('HELM', str(helm4))
    newer, here = newer_starter(tmp_path), tmp_path / 'here'
    git(tmp_path, 'clone', '--quiet', '--shared', str(histories[0]), str(here))
    git(here, 'remote', 'remove', 'origin')
    _, *commits = git(here, 'rev-list', '--reverse', 'HEAD').split()
    reverts = [(each, each) for each in commits] + [(each, commits[-1]) for each in commits[1:-1:SOME]]
    for commit, at in reverts[part::PARTS]:
        tools = newer if at == commits[-1] else None
        git(here, 'reset', '--quiet', '--hard', at)
        revert(here, tools, commit)
        problem = published(here, tools, at)
        if problem and trailer(here, commit).startswith(('rollback', 'rollout abort', 'reinstate')):
            # What was given up comes back only after somebody has said so, and as long as that holds.
            assert re.search(r'gave up .*\n  hint: .*chartloom reinstate', problem), problem
            continue
        assert not problem, f'{git(here, "log", "-1", "--format=%s", commit)}: {problem}'


def published(here: Path, tools: Path | None, base: str) -> str:
    """Generate what a revert left and check it as a request; return what stops it."""
    for command in (('generate', '--commit'), ('verify', '--base', base)):
        done = told(here, tools, *command)
        if allowed := re.search('--allow-removal [^ \n]*$', done.stderr):
            done = told(here, tools, *command, *allowed[0].split())
        if done.returncode:
            return done.stdout + done.stderr
    return ''


@pytest.mark.parametrize('part', range(PARTS))
def test_every_commit_is_reviewed_with_the_right_risks(
    histories: list[Path], tmp_path: Path, helm4: Path, monkeypatch: pytest.MonkeyPatch, part: int
) -> None:
    """As requests that are not published yet; the last step is made by a newer starter than this one."""
    monkeypatch.setenv('HELM', str(helm4))
    here = tmp_path / 'here'
    git(tmp_path, 'clone', '--quiet', '--shared', '--no-checkout', str(histories[0]), str(here))
    git(here, 'remote', 'remove', 'origin')
    log = [line.split(' ', 1) for line in git(here, 'log', '--reverse', '--format=%H %s').splitlines()]
    commits = [commit for commit, subject in log if not subject.startswith('Revert "')]
    steps = [step for step in zip(STEPS, pairwise(commits), strict=True) if not step[0].newer]
    for step, (base, head) in steps[part::PARTS]:
        git(here, 'update-ref', 'refs/heads/main', base)
        repository = open_repository(here)
        runs = [Run(open_revision(repository, each, repository.refs()), base) for each in (base, head)]
        found = review(runs[0], runs[1], find_helm(os.environ), 1)
        assert not found.problems, step.title
        told = {risk.rule.id: str(risk.evidence) for risk in found.risks}
        assert told.keys() == HISTORY.get(step.title, set()), (step.title, told)


def trailer(here: Path, commit: str) -> str:
    return git(here, 'log', '-1', '--format=%(trailers:key=Chartloom-Operation,valueonly)', commit)


def revert(here: Path, tools: Path | None, commit: str) -> None:
    """Revert a commit; of generated files do what chartloom tells in a conflict, of the others keep what is there."""
    command = ['git', 'revert', '--no-edit', commit]
    if subprocess.run(command, cwd=here, capture_output=True, check=False).returncode == 0:
        return
    if not (here / '.git/REVERT_HEAD').exists():  # a later commit has taken it back already
        return
    for arguments in ('reset -q HEAD', 'clean -fdq', 'checkout HEAD'):
        git(here, *arguments.split(), '--', 'registry', 'CODEOWNERS', 'README.md')
    if hint := re.search(r"'(git reset [^']*)'", told(here, tools, 'plan').stderr):
        for line in hint[1].split(' && '):
            git(here, *line.split()[1:])
    assert git(here, 'ls-files', '--unmerged') == ''
    left = git(here, 'diff', '--name-only', 'HEAD')
    git(here, '-c', 'core.editor=true', 'revert', '--continue' if left else '--skip')
