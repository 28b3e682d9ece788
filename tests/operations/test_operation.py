"""All operations: in a work tree, on a remote without a checkout, as a dry run, and again after the branch moved."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import registries as r
from gitops import Checkout, chartloom, clone, faster_writer, install, new, remote_change, start
from parts import ROOT, git

from generator.documents.read import read_yaml

COMMON = {'changed', 'dryRun', 'commit', 'branch', 'pushed', 'warnings', 'registry', 'changes', 'problems'}
CANARY = {'canary': {'steps': [{'weight': 20, 'hold': '10m'}, {'weight': 50, 'approval': True}]}}


def prepared(origin: Path, top: Path) -> Checkout:
    """A release on the first of two published charts, with a canary, on a remote."""
    files = {
        **r.settings(), **r.model(versions=[r.version('1')], replicas=4, route={}),
        **r.environment('prod', strategy=CANARY, **r.GATEWAY), **r.release('prod', 'web', version='1', chart='1.0.0'),
    }  # fmt: skip
    found = new(top, files)
    assert found.commit().commit
    found.write(r.model(versions=[r.version('1'), r.version('2')], replicas=4, route={}))
    assert found.commit().commit
    found.git('remote', 'add', 'origin', str(origin))
    found.git('push', '--quiet', '--set-upstream', 'origin', 'main')
    return found


@pytest.fixture
def checkout(origin: Path, tmp_path: Path) -> Checkout:
    return prepared(origin, tmp_path / 'here')


def as_json(folder: Path, *arguments: str, code: int = 0, **options: Any) -> dict[str, Any]:
    done = chartloom(folder, *arguments, '--output', 'json', **options)
    assert done.returncode == code, (done.stdout, done.stderr)
    return dict(json.loads(done.stdout))


OPERATIONS = [
    ('generate',),
    ('pin', 'prod/web', '--newest'),
    ('rollout', 'start', 'prod/web'),
]


@pytest.mark.parametrize('command', OPERATIONS, ids=lambda each: each[0])
def test_each_operation_does_the_same_here_and_without_a_checkout(
    command: tuple[str, ...], origin: Path, checkout: Checkout, tmp_path: Path
) -> None:
    """What follows from a change of the registry that somebody has pushed, or from the operation's own."""
    if command == ('generate',):
        remote_change(origin, tmp_path / 'other', r.model(versions=[r.version('1'), r.version('2')], replicas=9))
        checkout.git('pull', '--quiet')
    before = checkout.everything()
    commit = ['--commit'] if command == ('generate',) else []
    dry = as_json(checkout.folder, *command, *commit, '--dry-run')
    assert checkout.everything() == before
    there = as_json(tmp_path, *command, '--repo', str(origin))
    assert git(origin, 'rev-parse', 'main') == there['commit']
    here = as_json(checkout.folder, *command, *commit)
    own = {'commit': '', 'branch': '', 'pushed': False, 'dryRun': False}
    assert {**dry, **own} == {**there, **own} == {**here, **own}
    assert dry['dryRun']
    assert (there['pushed'], here['pushed']) == (True, False)
    assert there.keys() >= COMMON
    trees = [checkout.git('rev-parse', 'HEAD^{tree}'), git(origin, 'rev-parse', 'main^{tree}')]
    assert trees[0] == trees[1]
    messages = [checkout.git('log', '-1', '--format=%B'), git(origin, 'log', '-1', '--format=%B')]
    assert messages[0] == messages[1]
    name, *arguments = (word for word in command if not word.startswith('-'))
    trailer = messages[0].strip().splitlines()[-1]
    assert f'{trailer} '.startswith(f'Chartloom-Operation: {name} ')
    assert {*arguments} <= {*trailer.split()}


def test_a_rollout_walks_to_its_end_without_a_checkout(origin: Path, checkout: Checkout, tmp_path: Path) -> None:
    at = ('--repo', str(origin))
    assert as_json(tmp_path, 'rollout', 'start', 'prod/web', *at)['result'] == 'started'
    waiting = as_json(tmp_path, 'rollout', 'advance', 'prod/web', '--approve', *at, '--dry-run')
    assert (waiting['result'], waiting['changed']) == ('advanced', True)
    stages = []
    for _ in range(20):
        if not git(origin, 'ls-tree', 'main', 'registry/rollouts/prod/web.yaml'):
            break
        told = as_json(tmp_path, 'rollout', 'advance', 'prod/web', '--approve', '--now', *at)
        stages.append(told['stage'])
    assert stages[-1] == 'end'
    assert as_json(tmp_path, 'rollout', 'status', *at)['rollouts'] == []
    checkout.git('pull', '--quiet')
    assert not checkout.commit().changed
    assert read_yaml(checkout.read('registry/releases/prod/web.yaml').encode(), '')['spec'] == {
        'version': '2',
        'chart': '1.1.0',
    }


def test_a_hold_is_known_without_a_checkout(
    origin: Path, checkout: Checkout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It counts from the commit that set the stage, not from the newest one that a shallow clone would see."""
    at = ('--repo', str(origin))
    as_json(tmp_path, 'rollout', 'start', 'prod/web', *at)
    as_json(tmp_path, 'rollout', 'advance', 'prod/web', '--now', *at)
    since = as_json(tmp_path, 'rollout', 'status', 'prod/web', *at)['rollouts'][0]['since']
    other = clone(origin, tmp_path / 'other')
    monkeypatch.setenv('GIT_COMMITTER_DATE', '2026-01-02T08:00:00+00:00')
    other.git('commit', '--quiet', '--allow-empty', '--message', 'something else')
    other.git('push', '--quiet')
    assert as_json(tmp_path, 'rollout', 'status', 'prod/web', *at)['rollouts'][0]['since'] == since


def test_where_the_branch_moves_meanwhile_it_is_applied_again(origin: Path, checkout: Checkout, tmp_path: Path) -> None:
    other = clone(origin, tmp_path / 'other')
    install(tmp_path / 'hooks', 'pre-push', faster_writer(origin, other))
    hooks = {
        'GIT_CONFIG_COUNT': '1',
        'GIT_CONFIG_KEY_0': 'core.hooksPath',
        'GIT_CONFIG_VALUE_0': str(tmp_path / 'hooks'),
    }
    told = as_json(tmp_path, 'pin', 'prod/web', '--newest', '--repo', str(origin), env=hooks)
    assert told['pushed']
    assert git(origin, 'log', '--format=%s', '-2', 'main').splitlines()[1] == 'faster'


@pytest.mark.parametrize('verb', ['advance', 'finish', 'abort'])
def test_a_rollout_that_has_moved_meanwhile_is_moved_once(
    verb: str, origin: Path, checkout: Checkout, tmp_path: Path
) -> None:
    """A second advance is left out; an abort is required at any stage."""
    as_json(checkout.folder, 'rollout', 'start', 'prod/web', '--push')
    hooks = meanwhile(origin, tmp_path, 'rollout', 'advance', 'prod/web', '--now')
    flags = ['--now', '--approve'] if verb == 'advance' else []
    done = chartloom(tmp_path, 'rollout', verb, 'prod/web', *flags, '--repo', str(origin), '-o', 'json', env=hooks)
    if verb == 'finish':
        assert 'must come first' in done.stdout
        return
    assert done.returncode == 0, done
    told = json.loads(done.stdout)
    if verb == 'abort':
        assert (told['result'], told['stage'], told['pushed']) == ('aborted', 'step-1', True)
        return
    assert (told['changed'], told['commit'], told['pushed']) == (False, '', False)
    (why,) = told['superseded']
    assert why['message'] == "the rollout moved from 'on' to 'step-1' while this command ran"


@pytest.mark.parametrize(('other', 'code'), [('rollback', 0), ('pin', 1)])
def test_a_rollback_that_others_have_made_or_overtaken(
    other: str, code: int, origin: Path, checkout: Checkout, tmp_path: Path
) -> None:
    """Applied blindly to the new head, it would go back twice, or from a version that nobody meant."""
    as_json(checkout.folder, 'pin', 'prod/web', '--newest', '--push')
    versions = [r.version(each) for each in ('1', '2', '3')]
    checkout.write(r.model(versions=versions, replicas=4, route={}))
    as_json(checkout.folder, 'generate', '--commit', '--push')
    there = ['rollback', 'web', '--env', 'prod'] if other == 'rollback' else ['pin', 'prod/web', '--newest']
    hooks = meanwhile(origin, tmp_path, *there)
    done = chartloom(tmp_path, 'rollback', 'web', '--env', 'prod', '--repo', str(origin), '-o', 'json', env=hooks)
    assert done.returncode == code, done
    told = json.loads(done.stdout)
    if code:
        (why,) = told['problems']
        assert why['message'] == 'the pin moved from 2 (chart 1.1.0) to 3 (chart 1.2.0) while this command ran'
        assert why['hint'] == "if it shall still go back, run the command again with '--to 1'"
    else:
        assert (told['changed'], told['commit'], told['to']['version']) == (False, '', '1')


def meanwhile(origin: Path, tmp_path: Path, *arguments: str) -> dict[str, str]:
    """Let somebody else carry out an operation before the first push; return the settings of git that do it."""
    other = clone(origin, tmp_path / 'other')
    env = f'GIT_COMMITTER_DATE=2026-01-03T00:00:00Z PYTHONPATH={ROOT}'
    step = f'cd {other.top} && {env} {sys.executable} -m generator {" ".join(arguments)} --push'
    install(
        tmp_path / 'hooks', 'pre-push',
        f'#!/bin/sh\nunset GIT_DIR GIT_CONFIG_COUNT\n[ -e {tmp_path}/done ] && exit 0\ntouch {tmp_path}/done\n{step}\n',
    )  # fmt: skip
    return {
        'GIT_CONFIG_COUNT': '1',
        'GIT_CONFIG_KEY_0': 'core.hooksPath',
        'GIT_CONFIG_VALUE_0': str(tmp_path / 'hooks'),
    }


def test_nothing_to_do_is_no_commit(origin: Path, checkout: Checkout, tmp_path: Path) -> None:
    for where in ([], ['--repo', str(origin)]):
        told = as_json(checkout.folder, 'pin', *where)
        assert (told['changed'], told['commit'], told['pins']) == (False, '', [])


def test_the_first_commit_of_an_empty_remote(origin: Path, tmp_path: Path) -> None:
    at = ('--repo', str(origin), '--url', 'https://git.example/ml.git', '--example')
    dry = as_json(tmp_path, 'init', *at, '--dry-run')
    assert git(origin, 'for-each-ref') == ''
    told = as_json(tmp_path, 'init', *at)
    assert git(origin, 'rev-parse', 'main') == told['commit']
    assert (dry['written'], dry['changes']) == (told['written'], told['changes'])
    here = clone(origin, tmp_path / 'here')
    assert not here.commit().changed
    done = chartloom(tmp_path, 'init', *at)
    assert 'is already a chartloom repository' in done.stderr


def test_init_is_a_commit_and_a_dry_run_makes_no_folder(tmp_path: Path) -> None:
    dry = as_json(tmp_path, 'init', '--path', 'a/b', '--dry-run')
    assert list(tmp_path.iterdir()) == []
    told = as_json(tmp_path, 'init', '--path', 'a/b')
    assert dry['written'] == told['written']
    here = Checkout(tmp_path / 'a/b')
    assert (here.status(), here.head()) == ([], told['commit'])


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (['pin', '--branch', 'other'], '--branch requires --push or --repo'),
        (['rollout', 'status', '--branch', 'other'], '--branch requires --repo'),
        (['generate', '--message', 'why'], '--message requires --commit'),
        (['pin', '--message', 'two\nlines'], '--message is not a single line of text'),
        (['pin', 'prod'], "expected ENV/MODEL, found 'prod'"),
        (['rollout', 'start', 'a/b/c'], "expected ENV/MODEL, found 'a/b/c'"),
    ],
)
def test_an_option_without_effect_is_an_error(checkout: Checkout, arguments: list[str], message: str) -> None:
    before = checkout.everything()
    done = chartloom(checkout.folder, *arguments)
    assert (done.returncode, done.stdout) == (2, '')
    assert message in done.stderr
    assert checkout.everything() == before


def test_a_commit_says_what_happens_to_the_traffic_and_who_approved(checkout: Checkout) -> None:
    as_json(checkout.folder, 'rollout', 'start', 'prod/web', '--push')
    said = checkout.git('log', '-1', '--format=%B')
    assert 'gets no requests yet' in said
    assert '* prod/web: rollout of 2 (chart 1.1.0), the pin stays 1 (chart 1.0.0)\n' in said
    as_json(checkout.folder, 'rollout', 'advance', 'prod/web', '--now', '--approve', '--push')
    as_json(checkout.folder, 'rollout', 'advance', 'prod/web', '--now', '--approve', '--push')
    said = checkout.git('log', '-1', '--format=%B')
    assert 'prod/web: version 2 gets 20 % of the requests before this commit, 50 % after it.' in said
    assert 'Chartloom-Operation: rollout advance --approve --now prod/web' in said
    as_json(checkout.folder, 'rollout', 'abort', 'prod/web', '--push')
    said = checkout.git('log', '-1', '--format=%B')
    assert '50 % of the requests before this commit, 0 % after it' in said
    assert '* prod/web: aborted rollout of 2 (chart 1.1.0), the pin stays 1 (chart 1.0.0)\n' in said
    as_json(checkout.folder, 'rollout', 'finish', 'prod/web', '--push')
    said = checkout.git('log', '-1', '--format=%B')
    assert '* prod/web: the rollout of 2 (chart 1.1.0) ends, the pin stays 1 (chart 1.0.0)\n' in said


KILLED = """
import os, signal, sys
from generator import cli
from generator.tools.git import transaction
transaction.journal.place = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
cli.main()
"""


def test_an_approval_counts_for_one_stage_also_after_an_interruption(checkout: Checkout) -> None:
    """The interrupted step is completed; the repeated command must not take the next one."""
    as_json(checkout.folder, 'rollout', 'start', 'prod/web', '--push')
    command = [sys.executable, '-c', KILLED, 'rollout', 'advance', 'prod/web', '--now', '--approve', '--push']
    env = {**os.environ, 'PYTHONPATH': str(ROOT)}
    assert subprocess.run(command, cwd=checkout.folder, env=env, capture_output=True, check=False).returncode == -9
    head = checkout.head()
    done = chartloom(checkout.folder, *command[3:])
    assert done.returncode == 1
    assert 'an interrupted command was completed' in done.stderr
    assert (checkout.head(), checkout.status()) == (head, [])
    assert as_json(checkout.folder, 'rollout', 'status', 'prod/web')['rollouts'][0]['stage'] == 'step-1'


def test_two_runs_at_once_take_one_stage(checkout: Checkout) -> None:
    as_json(checkout.folder, 'rollout', 'start', 'prod/web', '--push')
    command = ('rollout', 'advance', 'prod/web', '--now', '--approve', '--push')
    both = [start(checkout.folder, *command) for _ in range(2)]
    told = [process.communicate() for process in both]
    codes = sorted(process.returncode for process in both)
    stage = as_json(checkout.folder, 'rollout', 'status', 'prod/web')['rollouts'][0]['stage']
    # The second one sees the first one's stage before, or is so late that it begins after it.
    assert (codes, stage) in [([0, 1], 'step-1'), ([0, 0], 'step-2')], told


def test_a_pin_that_is_written_by_hand_is_committed(checkout: Checkout) -> None:
    checkout.write(r.release('prod', 'web', version='2', chart='1.1.0'))
    told = as_json(checkout.folder, 'pin', 'prod/web')
    assert [row['before'] for row in told['pins']] == ['1 (chart 1.0.0)']
    assert checkout.git('log', '-1', '--format=%s') == 'Pin prod/web: 1 (chart 1.0.0) → 2 (chart 1.1.0)'
    assert checkout.status() == []


def test_without_an_identity_git_makes_no_commit(tmp_path: Path) -> None:
    env = dict.fromkeys(('GIT_AUTHOR_NAME', 'GIT_AUTHOR_EMAIL', 'GIT_COMMITTER_NAME', 'GIT_COMMITTER_EMAIL'), '')
    done = chartloom(tmp_path, 'init', '--path', 'r', env=env)
    assert (done.returncode, list(tmp_path.iterdir())) == (1, [])
    assert done.stderr.startswith('git: the committer is not set\n  hint: run ')


def test_a_folder_without_a_registry_has_no_rollouts(tmp_path: Path) -> None:
    git(tmp_path, 'init', '--quiet')
    for arguments in (['rollout', 'status'], ['pin', 'prod/web'], ['plan', 'web']):
        done = chartloom(tmp_path, *arguments)
        assert (done.returncode, done.stdout) == (1, '')
        assert done.stderr.startswith('registry/settings.yaml: file not found\n')
