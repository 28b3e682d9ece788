"""Shell completion: commands, options and names from the registry, which may be invalid or missing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
import registries as r
from gitops import SMALL, chartloom, new, published
from parts import ROOT

STRATEGY = {'canary': {'steps': [{'weight': 20}]}}
FILES = {
    **SMALL,
    **r.model('web', versions=[r.version('1.9'), r.version('1.10')], route={}),
    **r.environment('eu', **r.GATEWAY),
    **r.release('eu', 'web', version='1.9', chart='1.0.0', strategy=STRATEGY),
}
RELEASES = ['eu/web', 'prod/api', 'prod/web', 'staging/web']


def offered(folder: Path, *words: str, shell: str = 'bash') -> list[str]:
    """What is offered for the last word; nothing may be said besides, and nothing may fail."""
    line = ' '.join(['chartloom', *words])
    env = {'_CHARTLOOM_COMPLETE': f'{shell}_complete', 'COMP_WORDS': line, 'COMP_CWORD': str(len(words))}
    if shell == 'fish':
        env |= {'COMP_CWORD': words[-1]}
    done = chartloom(folder, env=env)
    assert (done.returncode, done.stderr) == (0, '')
    lines = [line for line in done.stdout.splitlines() if line]
    if shell == 'zsh':  # type, word and description in lines of their own
        assert set(lines[::3]) <= {'plain'}
        return lines[1::3]
    return [line.partition(',')[2] for line in lines]


@pytest.fixture(scope='module')
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return published(tmp_path_factory.mktemp('here'), FILES).folder


@pytest.mark.parametrize(
    ('words', 'told'),
    [
        (['generate', ''], ['api', 'web']),
        (['generate', 'api', ''], ['web']),
        (['plan', '--diff', 'w'], ['web']),
        (['verify', ''], ['api', 'web']),
        (['board', 'w'], ['web']),
        (['board', '--form', ''], ['text', 'html']),
        (['prune', ''], ['api', 'web']),
        (['pin', ''], RELEASES),
        (['pin', 'prod/web', 'prod/'], ['prod/api']),
        (['pin', '--newest', '--env', ''], ['eu', 'prod', 'staging']),
        (['pin', '--env', 'eu', '--env', ''], ['prod', 'staging']),
        (['explain', ''], RELEASES),
        (['explain', 'release/s'], ['release/staging/web']),
        (['dockerfile', ''], ['api', 'web']),
        (['dockerfile', 'web', '--version', ''], ['1.10', '1.9']),
        (['lock', 's'], ['staging/web']),
        (['unlock', '--env', 'p'], ['prod']),
        (['promote', 'w'], ['web']),
        (['promote', '--to', 'p'], ['prod']),
        (['reinstate', 'eu/web', ''], ['1.10', '1.9']),
        (['environment', ''], ['copy', 'rename']),
        (['environment', 'copy', ''], ['eu', 'prod', 'staging']),
        (['environment', 'copy', 'prod', 'x', '--promotes-from', ''], ['eu', 'prod', 'staging']),
        (['environment', 'rename', 'p'], ['prod']),
        (['model', 'rename', ''], ['api', 'web']),
        (['rollout', ''], ['abort', 'advance', 'finish', 'start', 'status']),
        (['rollout', 'start', ''], RELEASES),
        (['rollout', 'start', 'eu/web', '--version', ''], ['1.10', '1.9']),
        (['rollout', 'start', 'eu/web', '--version', '1.1'], ['1.10']),
        (['rollout', 'start', 'eu/web', '--chart', ''], ['1.1.0', '1.0.0']),
        (['rollout', 'start', '--version', ''], []),
        (['rollout', 'advance', ''], []),
        (['rollout', 'status', 'eu'], ['eu/web']),
        (['generate', '--allow-removal', ''], []),
        (['completion', ''], ['bash', 'zsh', 'fish']),
        (['strategies', '-o', ''], ['text', 'json']),
        (['pl'], ['plan']),
        (['generate', '--pu'], ['--push']),
        (['nonsense', 'pl'], ['plan']),
    ],
)
@pytest.mark.parametrize('shell', ['bash', 'zsh', 'fish'])
def test_what_stands_in_the_registry(here: Path, shell: str, words: Sequence[str], told: Sequence[str]) -> None:
    found = offered(here, *words, shell=shell)
    if shell == 'fish':
        found = [word.partition('\t')[0] for word in found]
    assert found == told


def test_from_another_folder(here: Path, tmp_path: Path) -> None:
    assert offered(tmp_path, 'generate', '') == []
    assert offered(tmp_path, 'generate', '--path', str(here), '') == ['api', 'web']


def test_rollouts_that_are_under_way_and_what_is_left_of_the_removed(tmp_path: Path) -> None:
    here = published(tmp_path, FILES)
    assert chartloom(here.folder, 'rollout', 'start', 'eu/web').returncode == 0
    for verb in ('advance', 'abort', 'finish'):
        assert offered(here.folder, 'rollout', verb, '') == ['eu/web']
    here.remove('registry/releases/prod/web.yaml', 'registry/releases/prod/api.yaml', 'registry/environments/prod.yaml')
    for verb in ('plan', 'generate'):
        assert offered(here.folder, verb, '--allow-removal', '') == ['prod/api', 'prod/web', 'prod']
        assert offered(here.folder, verb, '--allow-removal', 'prod/web', '--allow-removal', 'prod/') == ['prod/api']


@pytest.mark.parametrize(
    'data',
    [
        b'spec: [',
        b'',
        b'- 1',
        b'spec:\n  versions: 3\n',
        b'spec:\n  versions:\n  - version: 1.5\n',
        b'\xff\xfe\0',
        b'a: &b [*b]',
    ],
)
def test_a_broken_registry_offers_less(tmp_path: Path, data: bytes) -> None:
    here = new(tmp_path, FILES)
    here.write({'registry/models/web.yaml': data, 'registry/settings.yaml': data, 'registry/models/a b\n.yaml': data})
    here.write({os.fsdecode(b'registry/models/h\xe9.yaml'): data, 'registry/releases/stray.yaml': data})
    assert offered(here.folder, 'generate', '') == ['api', 'web']
    assert offered(here.folder, 'rollout', 'start', 'eu/web', '--version', '') == []
    assert offered(here.folder, 'rollout', 'start', '../../etc', '--version', '') == []
    assert offered(here.folder, 'rollout', 'start', 'eu/web', '--chart', '') == []
    assert offered(here.folder, 'pin', '') == RELEASES


def test_a_registry_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / 'registry').write_text('')
    for words in (
        ['generate', ''],
        ['pin', ''],
        ['dockerfile', 'web', '--version', ''],
        ['plan', '--allow-removal', ''],
    ):
        assert offered(tmp_path, *words) == []


def test_bash_itself_offers_it(here: Path, tmp_path: Path) -> None:
    bash = shutil.which('bash')
    if bash is None:
        pytest.skip('no bash')
    command = tmp_path / 'bin/chartloom'
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -m generator "$@"\n')
    command.chmod(0o755)
    script = (
        'eval "$(chartloom completion bash)"; COMP_WORDS=(chartloom rollout status prod/); COMP_CWORD=3\n'
        '_chartloom_completion chartloom; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    env = {**os.environ, 'PATH': f'{command.parent}:{os.environ["PATH"]}'}
    done = subprocess.run([bash, '-c', script], cwd=here, env=env, capture_output=True, encoding='utf-8', check=True)
    assert (done.stdout.split(), done.stderr) == (['prod/api', 'prod/web'], '')


def test_the_verbs_are_offered_without_loading_any(tmp_path: Path) -> None:
    """click would import the module of each verb to ask whether it is hidden."""
    code = (
        'import sys\nfrom generator.cli import cli, VERBS\nimport click\n'
        'offered = cli.shell_complete(click.Context(cli), "")\n'
        'assert [each.value for each in offered] == list(VERBS)\n'
        'assert all(each.help for each in offered)\n'
        'print([name for name in sys.modules if name.startswith("generator.cli.")])'
    )
    env = {**os.environ, 'PYTHONPATH': str(ROOT)}
    done = subprocess.run([sys.executable, '-c', code], env=env, capture_output=True, encoding='utf-8', check=True)
    assert done.stdout == '[]\n'


def test_branches(tmp_path: Path) -> None:
    here = published(tmp_path, SMALL)
    here.git('branch', 'more/one')
    here.git('update-ref', 'refs/remotes/origin/main', 'HEAD')
    assert offered(here.folder, 'refresh', '') == ['origin/main', 'more/one', 'main']
    assert offered(here.folder, 'verify', '--merged-with', 'or') == ['origin/main']
