"""Committed files that are invalid: every command reports the file and the next action, without a traceback."""

from __future__ import annotations

import os
import re
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import registries as r
from gitops import Checkout, published
from test_invalid import run

CANARY = {'canary': {'steps': [{'weight': 50}]}}
FIRST = {
    **r.settings(),
    **r.model(versions=[r.version('1')], route={}),
    **r.environment('prod', strategy=CANARY, **r.GATEWAY),
    **r.release('prod', 'web', version='1', chart='1.0.0'),
}
SECOND = r.model(versions=[r.version('1'), r.version('2')], route={})
CHART, LEDGER = 'charts/web/1.0.0', 'charts/web/versions.yaml'
OF_CHART = [f'{CHART}/{name}' for name in ('Chart.yaml', 'values.yaml', 'values.schema.json')]
OTHERS = """
    values/prod/web.yaml delivery/prod/web.yaml bootstrap/prod.yaml registry/rollouts/prod/web.yaml
    registry/schemas/model.json README.md
""".split()
COMMANDS = [('plan', '--diff', '--discard-edits'), ('verify',), ('explain', 'prod/web'), ('rollout', 'status')]


def broken(good: bytes) -> Iterator[bytes]:
    """What editors, merges and other programs leave behind."""
    lines = good.splitlines(keepends=True)
    half = len(lines) // 2
    yield from (b'', b'1\n', b'[1, 2]\n', b'null\n', b'{}\n', b'route: [1]\n')
    yield from (b'{"type": "object"}\n', b'spec: {source: [], values: 1}\nkind: Application\n')
    conflict = [b'<<<<<<< HEAD\n', b'=======\n', b'a: 1\n', b'>>>>>>> theirs\n']
    yield b''.join([*lines[:half], *conflict, *lines[half:]])
    yield from (
        good + b'# \xff\n',
        b'\xff\xfe' + good,
        good[: len(good) // 2],
        b'\t' + good,
        good[:30] + b'\0' + good[30:],
    )
    for text in (b'1', b'[1]'):  # each last value of another kind
        yield re.sub(rb'(?m)^( *"?[\w./-]+"?:) .*$', rb'\1 ' + text, good)


@pytest.fixture(scope='module')
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """prod stands on the first of two charts, and is on its way to the second."""
    found = published(tmp_path_factory.mktemp('broken') / 'repository', FIRST)
    found.write(SECOND)
    assert found.commit().commit
    assert run('rollout', 'start', 'prod/web', '--path', str(found.folder))[0] == 0
    return found


def told(checkout: Checkout) -> dict[tuple[str, ...], tuple[int, str]]:
    """Code and errors of each command."""
    return {command: run(*command, '--path', str(checkout.folder))[::2] for command in COMMANDS}


@pytest.mark.parametrize('path', [*OF_CHART, LEDGER, *OTHERS])
def test_no_command_falls_over_a_broken_file(checkout: Checkout, path: str) -> None:
    good, before = (checkout.folder / path).read_bytes(), checkout.head()
    for data in broken(good):
        checkout.write({path: data})
        checkout.git('commit', '--quiet', '--all', '--allow-empty', '--message', 'Broken')
        for command, (code, stderr) in told(checkout).items():
            assert code in (0, 1), (data, command)
            assert code == 0 or 'hint: ' in stderr, (data, command)
            if data != good and path in (*OF_CHART, LEDGER) and command[0] != 'rollout':
                place = LEDGER if path == LEDGER else CHART
                assert (code, stderr[: len(place)]) == (1, place), (data, command)
        checkout.git('reset', '--quiet', '--hard', before)


def test_nothing_is_told_of_files_that_are_right(checkout: Checkout) -> None:
    assert set(told(checkout).values()) == {(0, '')}


@pytest.mark.parametrize('path', [LEDGER, *OF_CHART, f'{CHART}/more.yaml'])
def test_the_hint_mends_it_without_any_remote(tmp_path: Path, path: str) -> None:
    checkout = published(tmp_path / 'repository', FIRST)
    checkout.write(SECOND)
    assert checkout.commit().commit
    before = checkout.tree()
    checkout.write({path: 'x: 1\n'})
    checkout.git('add', '--all')
    checkout.git('commit', '--quiet', '--message', 'Broken')
    stderr = run('plan', '--path', str(checkout.folder))[2]
    found = re.search("commit that: '(git restore [^']*)'", stderr)
    assert found, stderr
    subprocess.run(['sh', '-c', found[1]], cwd=checkout.folder, check=True)
    checkout.git('commit', '--quiet', '--message', 'Brought back')
    assert checkout.tree() == before
    assert run('plan', '--exit-code', '--path', str(checkout.folder))[::2] == (0, '')


def test_a_ledger_that_is_a_link_is_told(tmp_path: Path) -> None:
    checkout = published(tmp_path / 'repository', FIRST)
    checkout.remove(LEDGER)
    (checkout.folder / LEDGER).symlink_to('/etc/hostname')
    checkout.git('commit', '--quiet', '--all', '--message', 'Link')
    assert run('plan', '--path', str(checkout.folder))[2].startswith(f'{LEDGER}: ')


def test_what_is_no_file_is_called_what_it_is(tmp_path: Path) -> None:
    checkout, file = published(tmp_path / 'repository', FIRST), 'registry/models/web.yaml'
    for make, what in ((os.mkfifo, 'a named pipe'), (_socket, 'a socket')):
        checkout.remove(file)
        make(checkout.folder / file)
        assert f'{file}: expected a file or a folder, found {what}\n' in run('plan', '--path', str(checkout.folder))[2]


def _socket(path: Path) -> None:
    os.mknod(path, stat.S_IFSOCK | 0o600)  # to bind one there its name may not be long


@pytest.mark.parametrize('arguments', [('plan',), ('generate', '--discard-edits'), ('verify',)])
def test_a_published_ledger_that_was_edited_is_not_sealed_again(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    checkout = published(tmp_path / 'repository', FIRST)
    text = checkout.read(LEDGER)
    checkout.write({LEDGER: text.replace('first chart', 'best chart')})
    checkout.git('commit', '--quiet', '--all', '--message', 'Edit')
    code, _, stderr = run(*arguments, '--path', str(checkout.folder))
    assert (code, stderr.startswith(f'{LEDGER}: published ledger edited by hand: chart ')) == (1, True)
    assert checkout.status() == []


@pytest.mark.parametrize('committed', [False, True])
def test_a_published_chart_that_is_removed_comes_back(tmp_path: Path, committed: bool) -> None:
    checkout = published(tmp_path / 'repository', FIRST)
    before = checkout.tree()
    checkout.git('switch', '--quiet', '--create', 'feature')
    checkout.git('rm', '-r', '--quiet', CHART)
    if committed:
        checkout.git('commit', '--quiet', '--message', 'Remove')
    assert run('generate', '--commit', '--path', str(checkout.folder))[0] == 0
    assert checkout.tree() == before
    assert checkout.git('diff', 'main', 'feature') == ''


def test_of_a_chart_that_came_twice_the_first_one_is_brought_back(tmp_path: Path) -> None:
    checkout = published(tmp_path / 'repository', FIRST)
    checkout.write(SECOND)
    assert checkout.commit().commit
    before = checkout.tree()
    checkout.git('rm', '-r', '--quiet', CHART)
    checkout.git('commit', '--quiet', '--message', 'Remove')
    checkout.git('checkout', '--quiet', 'HEAD~', '--', CHART)
    checkout.append(f'{CHART}/values.yaml', '# mine\n')
    checkout.git('add', '--all')
    checkout.git('commit', '--quiet', '--message', 'Again')
    found = re.search("commit that: '(git restore [^']*)'", run('plan', '--path', str(checkout.folder))[2])
    assert found
    subprocess.run(['sh', '-c', found[1]], cwd=checkout.folder, check=True)
    assert checkout.tree() == before
