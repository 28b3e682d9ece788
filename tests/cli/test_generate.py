"""The command `generate`: exit codes, texts, JSON, --path and --repo."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from gitops import DELIVERY, SMALL, VALUES, changed_model, chartloom, clone, new, published, published_at
from parts import HttpOrigin, git
from registries import model, settings, version

NOTHING = 'nothing to do: the generated files match the registry\n'


def as_json(folder: Path, *arguments: str, code: int = 0) -> dict[str, Any]:
    done = chartloom(folder, 'generate', '--output', 'json', *arguments)
    assert (done.returncode, done.stderr) == (code, '')
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_words_for_people(tmp_path: Path) -> None:
    here = published(tmp_path)
    assert chartloom(here.folder, 'generate').stdout == NOTHING
    here.write(changed_model())
    done = chartloom(here.folder, 'generate', '--commit')
    assert (done.returncode, done.stderr) == (0, '')
    assert done.stdout == (
        'new charts: web 1.0.1\n'
        'releases: prod/web, staging/web\n'
        'registry: registry/models/web.yaml\n'
        f'{len(here.files())} files changed\n'
        f'commit {here.head()[:12]} on main\n'
    )
    assert chartloom(here.folder, 'generate', '--commit').stdout == NOTHING


def test_a_whole_number_may_be_written_with_a_point(tmp_path: Path) -> None:
    """JSON Schema takes 3.0 for a whole number, and helm prints it as 3: here it is 3, too."""
    tensors = {
        'inputs': {'x': {'dtype': 'float32', 'shape': [-1, 64]}},
        'outputs': {'y': {'dtype': 'float32', 'shape': [1]}},
    }
    rolling = {'rolling': {'maxSurge': 0, 'maxUnavailable': 1}}
    plain = {**SMALL, **model('web', versions=[{**version(), 'signature': tensors}], replicas=3, strategy=rolling)}
    here = published(tmp_path, plain)
    pointed = {path: re.sub(rb'(?m)(: |^ +)(-?[0-9]+)(,?)$', rb'\1\2.0\3', data) for path, data in plain.items()}
    assert b'64.0' in pointed['registry/models/web.yaml']
    here.write(pointed)
    assert chartloom(here.folder, 'generate').stdout == NOTHING


def test_json_for_programs(origin: Path, tmp_path: Path) -> None:
    here = published_at(origin, tmp_path / 'here')
    nothing = {
        'changed': False,
        'commit': '',
        'branch': '',
        'pushed': False,
        'superseded': [],
        'warnings': [],
        'registry': [],
        'releases': [],
        'dryRun': False,
        'changes': [],
        'problems': [],
    }
    assert as_json(here.folder) == nothing
    here.write(changed_model())
    files = as_json(here.folder)
    assert (files['changed'], files['commit'], files['pushed']) == (True, '', False)
    assert {'kind': 'add', 'path': 'charts/web/1.0.1/Chart.yaml'} in files['changes']
    assert {'kind': 'update', 'path': DELIVERY} in files['changes']
    pushed = as_json(here.folder, '--commit', '--push')
    registry = ['registry/models/web.yaml']
    assert pushed == {**files, 'registry': registry, 'commit': here.head(), 'branch': 'main', 'pushed': True}
    again = as_json(here.folder, '--commit', '--push')
    assert again == {**nothing, 'branch': 'main'}
    here.write(changed_model(replicas=4))
    committed = as_json(here.folder, '--commit', 'web')
    assert (committed['commit'], committed['branch'], committed['pushed']) == (here.head(), 'main', False)


def test_a_commit_of_registry_files_alone(tmp_path: Path) -> None:
    here = published(tmp_path)
    here.append('registry/models/web.yaml', '\n# a remark\n')
    answer = as_json(here.folder, '--commit')
    assert (answer['changed'], answer['commit'], answer['changes']) == (True, here.head(), [])
    assert here.files() == ['registry/models/web.yaml']
    assert here.git('log', '-1', '--format=%s') == 'Update registry/models/web.yaml'
    here.append('registry/models/web.yaml', '# another\n')
    assert chartloom(here.folder, 'generate').stdout == NOTHING
    done = chartloom(here.folder, 'generate', '--commit')
    assert done.stdout == f'commit {here.head()[:12]} on main\n'


def test_problems_in_words_and_as_data(tmp_path: Path) -> None:
    here = published(tmp_path)
    here.append(VALUES, '# mine\n')
    done = chartloom(here.folder, 'generate', '--commit')
    where = "registry/releases/prod/web.yaml under spec.values ('chartloom adopt prod/web' does)"
    hint = (
        f"set it in {where}, or run 'chartloom generate --discard-edits'; if git merged it as text: 'chartloom refresh'"
    )
    assert (done.returncode, done.stdout, done.stderr) == (1, '', f'{VALUES}: edited by hand\n  hint: {hint}\n')
    answer = as_json(here.folder, '--commit', code=1)
    assert answer == {'problems': [{'file': VALUES, 'path': '', 'message': 'edited by hand', 'hint': hint}]}
    assert chartloom(here.folder, 'generate', '--discard-edits').stdout == 'releases: prod/web\n1 file changed\n'


def test_removal_in_words(tmp_path: Path) -> None:
    here = published(tmp_path)
    file = 'registry/releases/prod/web.yaml'
    here.remove(file)
    done = chartloom(here.folder, 'generate')
    hint = f"  hint: restore {file}, or remove 'prod/web' with --allow-removal prod/web\n"
    told = (f'{path}: its registry file {file} was not found\n{hint}' for path in (DELIVERY, VALUES))
    assert (done.returncode, done.stderr) == (1, ''.join(told))
    done = chartloom(here.folder, 'generate', '--commit', '--allow-removal', 'prod/web')
    assert done.stdout == (
        'removed: prod/web\nregistry: registry/releases/prod/web.yaml\n'
        'the agent uninstalls the removed releases\n3 files changed\n'
        f'commit {here.head()[:12]} on main\n'
    )


def test_a_command_that_fails_is_told_with_its_words(origin: Path, tmp_path: Path) -> None:
    here = published_at(origin, tmp_path / 'here')
    here.git('remote', 'set-url', 'origin', str(tmp_path / 'nowhere'))
    here.write(changed_model())
    done = chartloom(here.folder, 'generate', '--commit', '--push')
    assert (done.returncode, done.stdout) == (3, '')
    assert done.stderr.startswith('command: git ls-remote origin refs/heads/main\ncode: 128\n')
    failed = as_json(here.folder, '--commit', '--push', code=3)['failed']
    assert (failed['code'], failed['command'][:2]) == (128, ['git', 'ls-remote'])
    assert here.git('rev-list', '--count', 'HEAD') == '1'


@pytest.mark.parametrize(
    ('arguments', 'word'),
    [
        (['--push'], '--push requires --commit'),
        (['--repo', 'x', '--path', '../up'], "--path '../up' is outside the repository"),
        (['--path', 'registry/settings.yaml'], "'registry/settings.yaml' is a file"),
    ],
)
def test_usage(tmp_path: Path, arguments: list[str], word: str) -> None:
    done = chartloom(new(tmp_path).folder, 'generate', *arguments)
    assert done.returncode == 2
    assert word in done.stderr


@pytest.mark.parametrize('where', ['inside', 'above', 'absolute'])
def test_path_and_the_current_folder(tmp_path: Path, where: str) -> None:
    here = published(tmp_path / 'here', SMALL, 'ml ops')
    here.write(changed_model())
    folder, arguments = {
        'inside': (here.folder, []),
        'above': (here.top, ['--path', 'ml ops']),
        'absolute': (tmp_path, ['--path', str(here.folder)]),
    }[where]
    done = chartloom(folder, 'generate', '--commit', *arguments)
    assert (done.returncode, here.status()) == (0, [])
    assert all(path.startswith('ml ops/') for path in here.files())


def test_a_folder_that_is_not_there_is_not_the_current_one(tmp_path: Path) -> None:
    here = new(tmp_path)
    done = chartloom(here.folder, 'generate', '--path', 'missing')
    assert (done.returncode, done.stdout) == (1, '')
    assert done.stderr.startswith('missing: folder not found\n')
    assert here.status() == sorted(f'?? {path}' for path in SMALL)


def test_without_a_checkout(http_origin: HttpOrigin, tmp_path: Path) -> None:
    git(http_origin.path, 'config', 'http.receivepack', 'true')
    published_at(http_origin.path, tmp_path / 'first', prefix='ml')
    other = clone(http_origin.path, tmp_path / 'other', prefix='ml')
    other.write(changed_model())
    other.git('commit', '--quiet', '--all', '--message', 'more')
    other.git('push', '--quiet')
    (tmp_path / 'empty').mkdir()
    arguments = ('--repo', http_origin.url_with_password, '--path', './ml/')
    answer = as_json(tmp_path / 'empty', *arguments)
    assert (answer['pushed'], answer['branch']) == (True, 'main')
    assert answer['commit'] == git(http_origin.path, 'rev-parse', 'main')
    assert as_json(tmp_path / 'empty', *arguments)['changed'] is False
    assert os.listdir(tmp_path / 'empty') == []
    done = chartloom(tmp_path, 'generate', *arguments, '--branch', 'nowhere')
    assert (done.returncode, http_origin.password in done.stderr) == (1, False)
    assert done.stderr.startswith('http://***@127.0.0.1:')


def test_an_interrupted_push_leaves_no_half(origin: Path, tmp_path: Path) -> None:
    """Exit code 3 and nothing moved: neither here nor there (the words are git's)."""
    here = published_at(origin, tmp_path / 'here', files=SMALL | settings(owners={'*': ['@team']}))
    hook = here.top / '.git/hooks/pre-push'
    hook.write_text('#!/bin/sh\necho "not on fridays" >&2\nexit 1\n')
    hook.chmod(0o755)
    here.write(changed_model())
    before = here.everything()
    done = chartloom(here.folder, 'generate', '--commit', '--push')
    assert (done.returncode, done.stdout) == (3, '')
    assert 'not on fridays' in done.stderr
    assert here.everything() == before
    hook.unlink()
    assert chartloom(here.folder, 'generate', '--commit', '--push').stdout.endswith(' on main, pushed\n')
    assert git(origin, 'rev-parse', 'main') == here.head()
    here.git('commit', '--quiet', '--allow-empty', '--message', 'more')
    assert chartloom(here.folder, 'generate', '--commit', '--push').stdout == f'{NOTHING}pushed main\n'


def test_on_a_detached_head(tmp_path: Path) -> None:
    here = published(tmp_path)
    here.git('switch', '--quiet', '--detach')
    here.write(changed_model())
    done = chartloom(here.folder, 'generate', '--commit')
    assert done.stdout.endswith(f'commit {here.head()[:12]} on a detached HEAD\n')
