"""Files below charts/ that no ledger vouches for, and links: `verify` refuses them, and helm does not run at all."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from gitops import Checkout, changed_model, chartloom, install, new, published

NOBODY = 'no model of the registry and no published ledger has this'
ENTRY = 'the ledger has no entry for this chart'
CHART = 'charts/web/1.0.0'
FOREIGN = {
    'Chart.yaml': 'apiVersion: v2\nname: evil\nversion: 1.0.0\n',
    'templates/all.yaml': 'kind: ConfigMap\ndata:\n  x: {{ .Files.Get "environment" | quote }}\n',
}


def foreign(here: Checkout, folder: str) -> None:
    here.write({f'{folder}/{name}': text for name, text in FOREIGN.items()})
    (here.folder / folder / 'environment').symlink_to('/proc/self/environ')


def verified(here: Checkout, monkeypatch: pytest.MonkeyPatch, *arguments: str, commit: bool = True) -> str:
    """Verify with a helm that says when it reads a chart; it must not."""
    called = here.top.parent / 'called'
    fake = f'#!/bin/sh\n[ "$1" = version ] && exec printf v4.0.0\necho "$@" >> {called}\n'
    install(here.top.parent / 'bin', 'helm', fake)
    monkeypatch.setenv('HELM', str(here.top.parent / 'bin/helm'))
    if commit:
        here.git('add', '--all', '--force')
        here.git('commit', '--quiet', '--message', 'request')
        arguments = ('--base', 'HEAD~1', *arguments)
    done = chartloom(here.folder, 'verify', *arguments, env=dict(os.environ))
    assert done.returncode == 1, (done.stdout, done.stderr)
    assert not called.exists(), called.read_text()
    assert 'hint: ' in done.stderr
    return done.stderr


@pytest.mark.parametrize('commit', [True, False])
@pytest.mark.parametrize(
    ('folder', 'told'),
    [
        ('charts/evil/1.0.0', f'charts/evil: {NOBODY}'),
        ('charts/web/evil', f'charts/web/evil: {ENTRY}'),
        ('charts/web/charts', f'charts/web/charts: {ENTRY}'),
        ('charts/web/9.9.9', f'charts/web/9.9.9: {ENTRY}'),
        ('charts/evil', f'charts/evil: {NOBODY}'),
    ],
)
def test_a_chart_of_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str, told: str, commit: bool
) -> None:
    here = published(tmp_path / 'here', prefix='ml/')
    foreign(here, folder)
    assert told in verified(here, monkeypatch, *(['--all'] if commit else []), commit=commit)


def test_a_ledger_of_its_own_vouches_for_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = published(tmp_path / 'here')
    shutil.copytree(here.folder / 'charts/web', here.folder / 'charts/evil')
    assert f'charts/evil: {NOBODY}' in verified(here, monkeypatch)


@pytest.mark.parametrize(
    'path', ['charts/web/readme', 'charts/readme', 'charts/web/1.0.0.tgz', 'charts/web/versions.yaml/x', 'charts/api']
)
def test_a_file_beside_the_charts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    here = published(tmp_path / 'here')
    for folder in (here.folder / path, *(here.folder / path).parents):
        if folder.is_file():
            folder.unlink()
    if (here.folder / path).is_dir():
        shutil.rmtree(here.folder / path)
    here.write({path: b'x'})
    assert f'{path}: ' in verified(here, monkeypatch) or 'versions.yaml' in path or path == 'charts/api'


@pytest.mark.parametrize('base', ['HEAD', 'HEAD~1'])
@pytest.mark.parametrize('name', ['charts/x.tgz', 'crds/x.yaml', 'templates/x.yaml', '.helmignore', 'values.yml'])
def test_a_further_file_in_a_published_chart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, base: str
) -> None:
    """With HEAD as the base, too: there the file seems to be published."""
    here = published(tmp_path / 'here')
    here.write({f'{CHART}/{name}': b'x'})
    here.git('add', '--all', '--force')
    here.git('commit', '--quiet', '--message', 'request')
    told = verified(here, monkeypatch, '--all', '--base', base, commit=False)
    assert CHART in told


@pytest.mark.parametrize('commit', [True, False])
@pytest.mark.parametrize(
    'place', [f'{CHART}/x', f'{CHART}/templates/x', f'{CHART}/crds', f'{CHART}/charts', 'charts/evil', 'charts/web/x']
)
def test_a_link_in_a_chart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, commit: bool) -> None:
    here = published(tmp_path / 'here')
    (here.folder / place).symlink_to('/proc/self')
    told = verified(here, monkeypatch, commit=commit)
    assert f'{place}: ' in told or f'{CHART}: ' in told


@pytest.mark.parametrize('commit', [True, False])
@pytest.mark.parametrize('place', [f'{CHART}/values.yaml', f'{CHART}/templates', CHART, 'charts/web', 'charts'])
def test_a_link_in_place_of_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, commit: bool
) -> None:
    here, away = published(tmp_path / 'here'), tmp_path / 'away'
    (here.folder / place).rename(away)
    (here.folder / place).symlink_to(away)
    assert 'charts' in verified(here, monkeypatch, commit=commit)


def test_a_link_that_git_does_not_show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """git believes that the files are unchanged, and does not look below a link."""
    here, away = published(tmp_path / 'here'), tmp_path / 'away'
    here.git('update-index', '--skip-worktree', *here.git('ls-files', CHART).split('\n'))
    (here.folder / CHART).rename(away)
    (here.folder / CHART).symlink_to(away)
    (away / 'templates/more.yaml').write_text('kind: ConfigMap\n')
    told = verified(here, monkeypatch, commit=False)
    assert f'{CHART}: expected a ' in told


def test_a_file_that_git_does_not_expect_to_be_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = published(tmp_path / 'here')
    here.git('update-index', '--skip-worktree', f'{CHART}/templates/objects.yaml')
    here.remove(f'{CHART}/templates/objects.yaml')
    told = verified(here, monkeypatch, commit=False)
    assert f"{CHART}: not all files of the chart are in the work tree\n  hint: run 'git sparse-checkout add" in told


def test_what_git_does_not_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = published(tmp_path / 'here')
    os.mkfifo(here.folder / f'{CHART}/templates/pipe')
    told = verified(here, monkeypatch, commit=False)
    assert told.startswith(f'{CHART}/templates/pipe: expected only files that git lists, found another one\n')


@pytest.mark.parametrize('gone', ['model', 'draft'])
def test_charts_of_a_model_that_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gone: str) -> None:
    """Published charts stay and are checked like all others; a draft of a removed model is vouched for by nobody."""
    here = published(tmp_path / 'here')
    if gone == 'draft':
        here.write({'registry/models/extra.yaml': here.read('registry/models/web.yaml').replace('"web"', '"extra"')})
        assert here.commit().commit
        here.remove('registry/models/extra.yaml')
        assert f'charts/extra: {NOBODY}' in verified(here, monkeypatch, '--base', 'HEAD~1', commit=False)
        return
    here.remove('registry/models/api.yaml', 'registry/releases/prod/api.yaml')
    here.commit(removable=('prod/api',))
    done = chartloom(here.folder, 'verify', '--all')
    assert (done.returncode, done.stderr) == (0, '')
    here.append('charts/api/1.0.0/values.yaml', '# more\n')
    assert 'charts/api/1.0.0' in verified(here, monkeypatch, '--all', commit=False)


def test_a_draft_and_a_new_repository_pass(tmp_path: Path) -> None:
    here = published(tmp_path / 'here')
    here.write(changed_model())
    here.commit()
    for arguments in (('--base', 'HEAD~1'), ('--all',), ('web',)):
        done = chartloom(here.folder, 'verify', *arguments)
        assert (done.returncode, done.stderr) == (0, '')
    first = new(tmp_path / 'new')
    first.generate()
    done = chartloom(first.folder, 'verify', '--all')
    assert (done.returncode, done.stderr) == (0, '')
