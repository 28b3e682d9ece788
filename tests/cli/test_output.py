"""Output of commands if a stream is closed or full, and control characters that must not reach a terminal."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from gitops import VALUES, changed_model, chartloom, install, new, published, published_at, start
from terminals import on_a_terminal

EVIL = 'a\x1b[2J\x1b]0;owned\x07\x9b31m\u202eb'


def test_values_and_file_names_do_not_steer_a_terminal(tmp_path: Path) -> None:
    here = published(tmp_path)
    here.write({VALUES: f'replicaCount: {json.dumps(EVIL)}\n'})
    told = on_a_terminal(here, 'plan')
    assert r'a\x1b[2J\x1b]0;owned\x07\x9b31m\u202eb' in told
    assert told.startswith(f'\x1b[1m{VALUES}\x1b[0m: ')  # our own colour stays
    here.git('restore', '.')
    here.write({f'values/prod/{EVIL}.yaml': b''})
    assert r'values/prod/a\x1b[2J' in on_a_terminal(here, 'plan')
    assert r'values/prod/a\x1b[2J' in chartloom(here.folder, 'plan').stderr
    assert r'a\x1b[2J' in on_a_terminal(here, 'plan', EVIL)
    assert r'\x1b]0;owned' in on_a_terminal(here, 'explain', EVIL)


def test_other_programs_do_not_steer_a_terminal(origin: Path, tmp_path: Path) -> None:
    here = published_at(origin, tmp_path / 'here')
    install(origin / 'hooks', 'pre-receive', f"#!/bin/sh\necho '{EVIL}'\nexit 1\n")
    here.write(changed_model())
    assert r'\x1b]0;owned' in on_a_terminal(here, 'generate', '--commit', '--push')


def test_a_file_name_that_is_no_text(tmp_path: Path) -> None:
    here = published(tmp_path)
    here.write({f'values/prod/{os.fsdecode(b"h" + bytes([0xE9]))}.yaml': b''})
    told = json.loads(chartloom(here.folder, 'plan', '--output', 'json').stdout)
    assert [found['file'] for found in told['problems']] == ['values/prod/h\udce9.yaml']
    done = chartloom(here.folder, 'plan')
    assert (done.returncode, r'h\udce9.yaml' in done.stderr, 'Traceback' in done.stderr) == (1, True, False)


@pytest.mark.parametrize('encoding', ['ascii', 'latin-1', 'utf-16'])
def test_an_encoding_that_lacks_our_letters(tmp_path: Path, encoding: str) -> None:
    here = published(tmp_path)
    done = chartloom(here.folder, 'doctor', env={'PYTHONIOENCODING': encoding}, encoding=encoding)
    assert done.stdout.startswith('✓' if encoding == 'utf-16' else r'\u2713'), done.stderr
    assert 'up to date' in done.stdout


def closing(number: int) -> dict[str, Any]:
    return {'preexec_fn': lambda: os.close(number)}


@pytest.mark.parametrize('how', ['full', 'closed'])
@pytest.mark.parametrize('output', ['text', 'json'])
def test_a_stdout_that_takes_nothing(tmp_path: Path, how: str, output: str) -> None:
    here = new(tmp_path)
    with open('/dev/full', 'w') as full:
        options = {'stdout': full} if how == 'full' else closing(1)
        done = chartloom(here.folder, 'generate', '--commit', '--output', output, **options)
        helped = chartloom(here.folder, '--help', **options)
    assert done.returncode == helped.returncode == 3
    assert len(done.stderr.splitlines()) == len(helped.stderr.splitlines()) == 1
    assert done.stderr.startswith('stdout: cannot write the result: ')
    assert here.git('log', '--format=%an') == 'Ada Author'
    assert here.status() == []


def test_a_stdout_that_takes_nothing_hides_no_problem(tmp_path: Path) -> None:
    with open('/dev/full', 'w') as full:
        assert chartloom(tmp_path, 'plan', '--output', 'json', stdout=full).returncode == 1


@pytest.mark.parametrize('how', ['full', 'closed', 'gone'])
def test_a_stderr_that_takes_nothing_changes_nothing(tmp_path: Path, how: str) -> None:
    here = new(tmp_path / 'here')
    reading, writing = os.pipe()
    os.close(reading)
    with open('/dev/full', 'w') as full, open(writing, 'w') as gone:
        options = {'full': {'stderr': full}, 'gone': {'stderr': gone}, 'closed': closing(2)}[how]
        done = chartloom(here.folder, 'generate', '--commit', **options)
        assert (done.returncode, here.status()) == (0, [])
        assert f'commit {here.head()[:12]} on main' in done.stdout
        assert chartloom(tmp_path, 'plan', **options).returncode == 1


@pytest.mark.parametrize('output', ['text', 'json'])
def test_a_reader_that_has_gone(tmp_path: Path, output: str) -> None:
    here = new(tmp_path)
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, 'w') as gone:
        done = chartloom(here.folder, 'generate', '--commit', '--output', output, stdout=gone)
        assert (done.returncode, done.stderr, here.status()) == (0, '', [])
        here.write(changed_model())
        assert chartloom(here.folder, 'plan', '--diff', '--exit-code', stdout=gone).returncode == 4


def test_no_stream_at_all(tmp_path: Path) -> None:
    here = new(tmp_path)
    done = chartloom(here.folder, 'generate', '--commit', preexec_fn=lambda: os.closerange(0, 3))
    assert (done.returncode, here.status()) == (3, [])
    assert subprocess.run(['git', 'fsck', '--strict'], cwd=here.top, check=False).returncode == 0


def test_a_slow_reader_gets_all_of_it(tmp_path: Path) -> None:
    """Its pipe is small, and set not to wait, as some programs leave it."""
    here = new(tmp_path)
    reads, writes = os.pipe()
    os.set_blocking(writes, False)
    fcntl.fcntl(writes, fcntl.F_SETPIPE_SZ, 4096)
    process = start(here.folder, 'plan', '--diff', '--output', 'json', stdout=writes)
    os.close(writes)
    time.sleep(2)
    with os.fdopen(reads, encoding='utf-8') as pipe:
        told = pipe.read()
    process.communicate()
    assert len(told) > 10 * 4096
    assert json.loads(told)['changed']
    assert process.returncode == 0
