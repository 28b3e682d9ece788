"""Repositories: where they are opened, what they are called, which blobs they hold, and what git says."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from gitops import DELIVERY, SMALL, VALUES, Checkout, changed_model, new, published

from generator.domain.problems import CommandFailed, ProblemsFound
from generator.domain.tree import LINK, blob_id
from generator.pipeline.run import open_run
from generator.tools.git.opening import open_bare, open_repository

PREFIXES = ['ml', 'a/b/c', 'with space', 'Größe/日本', '[ab]*?', ':(top)', '-dash', 'quo\'te"s', 'back\\slash']


def told(folder: Path) -> str:
    with pytest.raises(ProblemsFound) as raised:
        open_repository(folder)
    return str(raised.value)


@pytest.mark.parametrize('prefix', PREFIXES)
def test_a_registry_may_stand_in_any_folder(tmp_path: Path, prefix: str) -> None:
    here = published(tmp_path / f'repo of {prefix.replace("/", "_")}', SMALL, prefix)
    beside = {path for path in here.git('ls-files', '-z').split('\0')[:-1] if not path.startswith(f'{prefix}/')}
    assert beside == set()
    here.write(changed_model())
    assert here.commit(models=('web',)).commit
    assert here.status() == []
    here.append(VALUES, '# mine\n')
    assert here.refused() == [f'{VALUES}: edited by hand']
    here.commit(discard=True)
    here.remove('registry/releases/prod/web.yaml')
    here.commit(removable=('prod/web',))
    assert here.status() == []
    assert json.dumps(f'{prefix}/delivery/prod', ensure_ascii=False)[1:-1] in here.read('bootstrap/prod.yaml')


def test_two_registries_in_one_repository_do_not_see_each_other(tmp_path: Path) -> None:
    one = published(tmp_path, SMALL, 'one')
    two = Checkout(tmp_path, 'one and two')
    two.write(SMALL)
    two.commit()
    assert all(path.startswith('one and two/') for path in two.files())
    one.write(changed_model())
    two.write(changed_model())
    one.commit()
    assert all(path.startswith('one/') for path in one.files())
    assert two.commit().commit
    assert one.status() == []


def test_a_folder_inside_the_registry_is_as_good(tmp_path: Path) -> None:
    """--path may name any folder: it is the registry's own that counts, as git counts it."""
    here = published(tmp_path)
    assert open_repository(tmp_path / 'registry').prefix == 'registry/'
    assert open_repository(tmp_path).prefix == ''
    assert open_repository(here.folder).private == tmp_path / '.git/chartloom'


def test_what_is_no_repository_is_told(tmp_path: Path, origin: Path) -> None:
    assert told(tmp_path / 'missing').startswith(f'{tmp_path}/missing: folder not found\n')
    assert told(tmp_path).startswith(f"{tmp_path}: not a git repository\n  hint: run 'chartloom init' to create one")
    assert told(origin).startswith(f'{origin}: the repository has no work tree\n')
    assert f'--repo file://{origin}' in told(origin)
    new(tmp_path / 'two\nlines')
    assert 'the name of the folder contains a line break' in told(tmp_path / 'two\nlines')


def test_a_repository_of_somebody_else_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    new(tmp_path)
    monkeypatch.setenv('GIT_TEST_ASSUME_DIFFERENT_OWNER', '1')
    assert 'git does not trust the owner of the folder' in told(tmp_path)


def test_no_git_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('PATH', str(tmp_path))
    with pytest.raises(CommandFailed) as failed:
        open_repository(tmp_path)
    assert failed.value.code == 127
    assert failed.value.stderr == 'git not found on PATH: install git 2.30 or newer'


@pytest.mark.parametrize('object_format', ['sha1', 'sha256'])
def test_blob_ids_are_gits(tmp_path: Path, object_format: str) -> None:
    here = new(tmp_path, {'a': b'', 'b': b'\0\r\n\xff', 'c d/ä': b'x' * 9000}, '', f'--object-format={object_format}')
    here.git('add', '--all')
    here.git('commit', '--quiet', '--message', 'files')
    repository = here.repository()
    ids = repository.ids('HEAD', [''])
    assert ids == {path: blob_id(data, object_format) for path, data in here.tree().items()}
    assert repository.read(ids.values()) == {ids[path]: data for path, data in here.tree().items()}
    assert repository.ids('', ['a']) == repository.ids('HEAD', ['c']) == repository.read([]) == {}


def test_links_and_other_repositories_are_no_files(tmp_path: Path) -> None:
    here = new(tmp_path / 'here', {'a': b'a'})
    (here.top / 'link').symlink_to('a')
    new(here.top / 'sub', {'x': b''}).git('commit', '--quiet', '--allow-empty', '--message', 'x')
    here.git('-c', 'advice.addEmbeddedRepo=false', 'add', '--all')
    here.git('commit', '--quiet', '--message', 'files')
    assert here.repository().ids('HEAD', ['']) == {'a': blob_id(b'a'), 'link': LINK, 'sub': LINK}


def test_many_blobs_are_read_by_one_process(tmp_path: Path) -> None:
    files = {f'{number}': os.urandom(number) for number in range(2000)}
    here = new(tmp_path, files)
    here.git('add', '--all')
    here.git('commit', '--quiet', '--message', 'files')
    repository = here.repository()
    found = repository.read(repository.ids('HEAD', ['']).values())
    assert sorted(found.values()) == sorted(set(files.values()))


def test_a_missing_object_is_told(tmp_path: Path) -> None:
    repository = published(tmp_path).repository()
    with pytest.raises(ProblemsFound, match="object '1111"):
        repository.read(['1' * 40])


def test_a_bare_repository_that_git_may_not_find_by_itself(origin: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for key, value in (('COUNT', '1'), ('KEY_0', 'safe.bareRepository'), ('VALUE_0', 'explicit')):
        monkeypatch.setenv(f'GIT_CONFIG_{key}', value)
    assert open_bare(origin, '').git('rev-parse', '--is-bare-repository') == 'true'


def test_what_git_says_in_another_language_or_form_is_understood(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = published(tmp_path)
    monkeypatch.setenv('LC_ALL', 'de_DE.UTF-8')
    monkeypatch.setenv('LANGUAGE', 'de')
    settings = {'color.ui': 'always', 'core.quotePath': 'true', 'log.showSignature': 'true', 'core.abbrev': '4'}
    settings |= {
        'diff.noprefix': 'true',
        'status.short': 'true',
        'core.fsmonitor': 'false',
        'core.untrackedCache': 'true',
    }
    settings |= {'index.version': '4', 'core.splitIndex': 'true', 'push.default': 'nothing', 'core.pager': 'false'}
    for name, value in settings.items():
        here.git('config', name, value)
    here.write(changed_model())
    assert here.commit().commit
    assert subprocess.run(['git', 'diff', '--quiet', 'HEAD'], cwd=here.top, check=False).returncode == 0
    here.append(DELIVERY, '# mine')
    assert here.refused() == [f'{DELIVERY}: edited by hand']


def test_a_failing_git_is_told_with_its_words(tmp_path: Path) -> None:
    with pytest.raises(CommandFailed) as raised:
        published(tmp_path).repository().git('push', 'https://bot:secret@127.0.0.1:1/x.git', 'main')
    assert raised.value.code == 128
    assert 'secret' not in str(raised.value)
    assert 'https://***@127.0.0.1:1/x.git' in raised.value.command


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    """A sparse file of 3 GB: whoever reads it needs 3 GB."""
    here = published(tmp_path)
    size = 3 << 30
    for path, most in (('registry/models/web.yaml', 1 << 20), (VALUES, 8 << 20), ('registry/models/new.yaml', 1 << 20)):
        before = here.read(path) if (here.folder / path).exists() else ''
        with (here.folder / path).open('wb') as file:
            file.truncate(size)
        with pytest.raises(ProblemsFound) as raised:
            here.generate()
        hint = 'split the file, or remove it'
        assert str(raised.value) == f'{path}: the file has {size} bytes, the limit is {most}\n  hint: {hint}'
        (here.folder / path).write_text(before)
        if not before:
            here.remove(path)


def test_a_blob_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    here = published(tmp_path)
    here.write({'registry/models/web.yaml': b'#' * (2 << 20)})
    here.git('add', '--all')
    here.git('commit', '--quiet', '--message', 'large')
    bare = open_bare(here.folder / '.git', '')
    large = next(blob for path, blob in bare.ids('HEAD', ['registry']).items() if path.endswith('models/web.yaml'))
    assert bare.sizes([large, '1' * 40]) == {large: 2 << 20}
    with pytest.raises(ProblemsFound, match='the file has 2097152 bytes, the limit is 1048576'):
        _ = open_run(bare).registry
