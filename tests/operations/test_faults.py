"""Faults of servers, disks and clocks, kills, and many writers: no update is lost, repeated or half done.

CHARTLOOM_WRITERS and CHARTLOOM_KILLS are the numbers of writers and kills; `benchmarks/writers.py` measures.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from faulty import FaultyServer, serving
from gitops import chartloom, clone, install, start
from parts import git
from writers import check, operations, pins, repository, run_together

WRITERS = int(os.environ.get('CHARTLOOM_WRITERS', '8'))
KILLS = int(os.environ.get('CHARTLOOM_KILLS', '20'))
PIN = ('pin', 'prod/m000', '--newest')
FAULTS = {'refuses': 3, 'dies before': 3, 'dies after': 0, 'hangs': 3, 'disk full': 3, 'disk full in a hook': 1}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[FaultyServer]:
    """A server of the repository `served/origin.git`, with one release that may be pinned to version 3."""
    here = repository(tmp_path / 'first', 1)
    origin = tmp_path / 'served' / 'origin.git'
    git(tmp_path, 'clone', '--quiet', '--bare', str(here.top), str(origin))
    with serving(origin) as found:
        yield found


def origin_of(server: FaultyServer) -> Path:
    return server.folder / 'origin.git'


def set_fault(server: FaultyServer, fault: str) -> None:
    origin = origin_of(server)
    server.fault = '' if fault.startswith('disk') else fault
    if fault == 'disk full':
        git(origin, 'config', 'receive.maxInputSize', '1')  # the unpacker fails
    elif fault:
        text = '#!/bin/sh\necho "error: unable to write file: No space left on device" >&2\nexit 1\n'
        install(origin / 'hooks', 'pre-receive', text if fault == 'disk full in a hook' else '#!/bin/sh\n')
    else:
        subprocess.run(['git', 'config', '--unset', 'receive.maxInputSize'], cwd=origin, check=False)
        (origin / 'hooks' / 'pre-receive').unlink(missing_ok=True)


def assert_sound(repository: Path) -> None:
    git(repository, 'fsck', '--strict', '--no-dangling', '--no-progress')


@pytest.mark.parametrize('where', ['here', 'remote'])
@pytest.mark.parametrize('fault', FAULTS)
def test_a_push_that_fails_leaves_the_old_state_and_the_next_run_works(
    fault: str, where: str, server: FaultyServer, tmp_path: Path
) -> None:
    origin, url = origin_of(server), server.url('origin.git')
    here = clone(url, tmp_path / 'here')
    command = [*PIN, '--wait', '1', *(['--push'] if where == 'here' else ['--repo', url])]
    before, old = here.everything()[0], here.head()
    set_fault(server, fault)
    began = time.monotonic()
    done = chartloom(here.folder, *command)
    assert done.returncode == FAULTS[fault], done
    assert time.monotonic() - began < 40
    assert 'word@' not in done.stderr
    if fault == 'dies after':
        assert git(origin, 'rev-parse', 'main~1') == old
    else:
        assert git(origin, 'rev-parse', 'main') == old == here.head()
        assert here.everything()[0] == before
        assert {'hangs': 'no answer within', 'disk full in a hook': 'No space left'}.get(fault, '') in done.stderr
    server.over.set()
    set_fault(server, '')
    assert chartloom(here.folder, *command).returncode == 0
    assert git(origin, 'rev-list', '--count', f'{old}..main') == '1'
    assert_sound(origin)
    assert_sound(here.top)


@pytest.mark.slow
def test_many_writers_lose_and_repeat_nothing(tmp_path: Path) -> None:
    """Two operations of each release; its last commit is what it runs."""
    models = WRITERS // 2
    here = repository(tmp_path / 'first', models)
    origin = tmp_path / 'served' / 'origin.git'
    git(tmp_path, 'clone', '--quiet', '--bare', str(here.top), str(origin))
    with serving(origin) as server:
        done = run_together(tmp_path, server.url('origin.git'), operations(models), '--wait', '600')
    assert [each.said for each in done if each.code] == []
    check(origin, tmp_path / 'check', here.head(), operations(models))


@pytest.mark.slow
@pytest.mark.parametrize('where', ['here', 'remote'])
def test_killed_at_any_moment(where: str, server: FaultyServer, tmp_path: Path) -> None:
    """The repository is as before or as after, and the next run ends as if nothing had been."""
    origin, url = origin_of(server), server.url('origin.git')
    here = clone(url, tmp_path / 'here')
    old, chance, killed = here.head(), random.Random(15), 0
    place = ['--push'] if where == 'here' else ['--repo', url]
    seconds = 1.0
    for turn in range(KILLS // 2):
        process = start(here.folder, *PIN, *place, start_new_session=True, env={'TMPDIR': str(tmp_path)})
        time.sleep(chance.uniform(0.2, 1) * seconds)
        (os.killpg if turn % 2 else os.kill)(process.pid, signal.SIGKILL)
        process.communicate()
        killed += process.returncode != 0
        assert_sound(here.top)
        assert git(origin, 'rev-list', '--count', f'{old}..main') in ('0', '1')
        began = time.monotonic()
        done = chartloom(here.folder, *PIN, *place)
        seconds = time.monotonic() - began  # the next kill comes within as much
        if 'an interrupted command was completed' in done.stderr:
            done = chartloom(here.folder, *PIN, *place)
        assert done.returncode == 0, done
        assert git(origin, 'rev-list', '--count', f'{old}..main') == '1'
        assert where == 'remote' or here.status() == []
        assert_sound(origin)
        git(origin, 'update-ref', 'refs/heads/main', old)
        here.git('fetch', '--quiet', '--force', 'origin', 'main')
        here.git('reset', '--quiet', '--hard', old)
        here.git('update-ref', 'refs/remotes/origin/main', old)
    assert killed


def test_clocks_that_differ_do_not_change_the_order(server: FaultyServer, tmp_path: Path) -> None:
    """The order of operations is that of the commits, whatever their dates say."""
    url = server.url('origin.git')
    for year, arguments in (
        ('2040', PIN),
        ('2001', ('rollback', 'm000', '--env', 'prod')),
        ('2035', ('reinstate', 'prod/m000', '3')),
        ('2034', PIN),
        ('1999', ('rollback', 'm000', '--env', 'prod')),
    ):
        env = {f'GIT_{role}_DATE': f'{year}-01-01T00:00:00Z' for role in ('AUTHOR', 'COMMITTER')}
        done = chartloom(tmp_path, *arguments, '--repo', url, env=env)
        assert done.returncode == 0, done
    assert pins(clone(url, tmp_path / 'here'), 'm000')['version'] == '2'


@pytest.mark.parametrize('when', ['before', 'meanwhile'])
def test_an_older_chartloom_refuses_a_newer_format(server: FaultyServer, tmp_path: Path, when: str) -> None:
    """Also if the format of the repository changes between two tries."""
    origin, url = origin_of(server), server.url('origin.git')
    other = clone(url, tmp_path / 'other')
    text = other.read('registry/settings.yaml').replace('chartloom/v1', 'chartloom/v2')
    other.write({'registry/settings.yaml': text})
    other.git('commit', '--quiet', '--all', '--message', 'newer')
    push = f'cd {other.top} && git push --quiet --no-verify origin main'
    install(tmp_path / 'hooks', 'pre-push', f'#!/bin/sh\nunset GIT_DIR GIT_CONFIG_COUNT\n{push}\n')
    env = {'GIT_CONFIG_COUNT': '1', 'GIT_CONFIG_KEY_0': 'core.hooksPath', 'GIT_CONFIG_VALUE_0': str(tmp_path / 'hooks')}
    if when == 'before':
        other.git('push', '--quiet')
    done = chartloom(tmp_path, *PIN, '--repo', url, '--output', 'json', env=env)
    assert done.returncode == 1, done
    (told,) = json.loads(done.stdout)['problems']
    assert (told['file'], told['path'], told['hint']) == (
        'registry/settings.yaml', '$.apiVersion', 'use a newer chartloom',
    )  # fmt: skip
    assert git(origin, 'rev-parse', 'main') == other.head()
