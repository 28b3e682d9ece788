"""Commits built beside index and work tree: what is in them, message, signature, awkward names."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from gitops import SMALL, VALUES, changed_model, new, published, signing
from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from parts import git
from registries import following, model, release, settings, version

from generator.domain.generated import Change, Plan
from generator.domain.problems import CommandFailed, ProblemsFound
from generator.plan.message import commit_message
from generator.tools.git.build import build_commit
from generator.tools.git.opening import open_repository

names = st.text(st.characters(exclude_characters='/\0', exclude_categories=['Cs']), min_size=1, max_size=12)
paths = st.lists(names.filter(lambda n: n not in ('.', '..') and n.lower() != '.git'), min_size=1, max_size=2)


@pytest.fixture(scope='module')
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp('empty')
    git(folder, 'init', '--quiet')
    return folder


@given(st.dictionaries(paths.map('/'.join), st.binary(max_size=20), min_size=1, max_size=4))
@example(
    {'a "quoted" \\ name\nof two lines': b'', '-dash': b'\0', ' ': b'x', '"': b'', 'ä/\u202e': b'\r\n', '\t\r': b''}
)
@hypothesis_settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_name_and_content_comes_back_from_git(empty: Path, files: dict[str, bytes]) -> None:
    folders = {'/'.join(path.split('/')[:-1]) for path in files}
    whole = {path: data for path, data in files.items() if path not in folders}
    repository = open_repository(empty)
    commit = build_commit(repository, '', whole, 'message', sign=False)
    ids = repository.ids(commit, [''])
    blobs = repository.read(ids.values())
    assert {path: blobs[blob] for path, blob in ids.items()} == whole
    emptied = build_commit(repository, commit, dict.fromkeys(whole), 'message', sign=False)
    assert repository.ids(emptied, ['']) == {}


def test_a_name_that_is_no_utf8_comes_back(empty: Path) -> None:
    name = os.fsdecode(b'caf\xe9/\xff.yaml')
    repository = open_repository(empty)
    commit = build_commit(repository, '', {name: b'x'}, 'message', sign=False)
    assert list(repository.ids(commit, [os.fsdecode(b'caf\xe9')])) == [name]
    assert repository.ids(build_commit(repository, commit, {name: None}, 'message', sign=False), ['']) == {}


def test_no_ref_and_no_index_is_left_behind(empty: Path) -> None:
    build_commit(open_repository(empty), '', {'a': b'x'}, 'message', sign=False)
    assert git(empty, 'for-each-ref') == ''
    assert not (empty / '.git/index').exists()


def test_a_commit_that_changes_nothing_is_none(tmp_path: Path) -> None:
    here = published(tmp_path)
    assert (
        build_commit(here.repository(), here.head(), {VALUES: (here.top / VALUES).read_bytes()}, 'm', sign=False) == ''
    )


def test_a_file_may_become_a_folder_and_back(tmp_path: Path) -> None:
    repository = published(tmp_path).repository()
    folder = build_commit(repository, '', {'a/b': b'x', 'c': b'y'}, 'message', sign=False)
    file = build_commit(repository, folder, {'a/b': None, 'a': b'z'}, 'message', sign=False)
    assert list(repository.ids(file, [''])) == ['a', 'c']
    back = build_commit(repository, file, {'a': None, 'a/b': b'x'}, 'message', sign=False)
    assert git(tmp_path, 'rev-parse', f'{back}^{{tree}}') == git(tmp_path, 'rev-parse', f'{folder}^{{tree}}')


def trailers(message: str) -> str:
    done = subprocess.run(
        ['git', 'interpret-trailers', '--parse'], input=message, capture_output=True, check=True, encoding='utf-8'
    )
    return done.stdout


def test_the_message_says_which_version_a_release_leaves(tmp_path: Path) -> None:
    here = new(tmp_path)
    here.commit()
    assert '\n* prod/web: chart none → 1.0.0, model version 1\n' in here.git('log', '-1', '--format=%B')
    here.write(model('web', versions=[version('1'), version('2')]))
    here.generate()
    here.commit()
    moved = 'prod/web: chart 1.0.0 → 1.1.0, model version 1 → 2'
    assert f'\n* {moved}\n' in here.git('log', '-1', '--format=%B')
    here.write(model('web', versions=[version('1'), version('2')]) | release('prod', 'web', values={'replicaCount': 9}))
    here.commit()
    assert '\nChanged releases:\n* prod/web: replicaCount not set → 9\n' in here.git('log', '-1', '--format=%B')


def test_the_message_says_what_moves_and_how_it_was_made(tmp_path: Path) -> None:
    here = published(tmp_path)
    here.write(changed_model())
    here.commit(models=('web',))
    message = here.git('log', '-1', '--format=%B')
    moved = 'chart 1.0.0 → 1.0.1, model version 1'
    assert message.split('\n\n')[:4] == [
        'Generate web: 1 chart, 2 releases',
        'New charts:\n* web 1.0.1',
        f'Changed releases:\n* prod/web: {moved}\n* staging/web: {moved}',
        'Registry:\n* registry/models/web.yaml',
    ]
    assert trailers(message) == 'Chartloom-Operation: generate web\n'
    here.write(following('dev') | release('dev', 'web'))
    here.remove('registry/releases/prod/api.yaml')
    here.commit(removable=('prod/api',))
    assert here.git('log', '-1', '--format=%s') == 'Generate 1 release, remove 1 release'
    assert '\n\nRemoved, and uninstalled by the agent:\n* prod/api\n\n' in here.git('log', '-1', '--format=%B')


def test_the_message_of_drafts_documents_and_registry_files_alone() -> None:
    changes = (Change('update', 'charts/web/1.0.1/Chart.yaml'), Change('update', 'charts/web/1.0.1/values.yaml'))
    drafts = 'Changed drafts:\n* web 1.0.1\n\n'
    for files in (changes, changes[1:]):  # Chart.yaml may stay as it is
        draft = Plan(files, {}, rewritten=('charts/web/1.0.1',))
        assert commit_message(draft, (), 'generate').startswith(f'Generate web: 1 draft\n\n{drafts}')
        message = commit_message(draft, (), 'generate', reasons={'prod/web': 'its chart changes'})
        assert message.startswith(
            f'Generate web: 1 draft, 1 release\n\n{drafts}Changed releases:\n* prod/web: its chart changes\n'
        )
    document = Plan((Change('update', 'README.md'),), {})
    assert commit_message(document, (), 'generate').startswith(
        'Generate repository documents\n\nDocuments:\n* README.md\n'
    )
    files = ['registry/a.yaml', 'registry/b.yaml']
    assert commit_message(Plan((), {}), files, 'generate', gone=files[1:]).startswith(
        'Update 2 registry files\n\nRegistry:\n* registry/a.yaml\n* registry/b.yaml: removed\n'
    )
    assert commit_message(Plan((), {}), files[:1], 'generate').startswith('Update registry/a.yaml\n')
    assert commit_message(Plan((), {}), files[:1], 'generate', gone=files).startswith('Remove registry/a.yaml\n')


@given(st.lists(names, min_size=0, max_size=130), st.sampled_from(['add', 'update', 'remove']))
@hypothesis_settings(max_examples=30, deadline=None)
def test_a_subject_is_short_and_a_body_is_bounded(models: list[str], kind: str) -> None:
    changes = [Change(kind, f'values/{"e" * 40}/{name}.yaml') for name in models]
    changes += [Change(kind, f'charts/{name}/1.0.0/Chart.yaml') for name in models]
    message = commit_message(Plan(tuple(changes), {}), [f'registry/models/{n}.yaml' for n in models], 'generate')
    assert len(message.split('\n')[0]) <= 72
    assert message.count('\n* ') <= 3 * 51


@pytest.mark.parametrize(
    'subject', ['Move web to 3 replicas', 'Grüße 🚀', 'two\n\nparagraphs: x', '# hash', "--amend 'x'"]
)
def test_a_subject_of_ones_own_comes_first_and_the_trailers_stay(tmp_path: Path, subject: str) -> None:
    here = published(tmp_path)
    here.write(changed_model())
    here.commit(message=subject)
    message = here.git('log', '-1', '--format=%B')
    assert message.startswith(f'{subject}\n\nNew charts:\n')
    assert trailers(message) == 'Chartloom-Operation: generate\n'


def test_a_message_is_utf8_whatever_git_is_set_to(tmp_path: Path) -> None:
    here = published(tmp_path)
    here.git('config', 'i18n.commitEncoding', 'ISO-8859-1')
    here.write(changed_model())
    here.commit(message='Grüße')
    raw = subprocess.run(['git', 'cat-file', 'commit', 'HEAD'], cwd=here.top, capture_output=True, check=True).stdout
    assert 'Grüße'.encode() in raw
    assert b'encoding' not in raw


@pytest.mark.parametrize('how', ['git', 'settings'])
def test_a_commit_is_signed_where_git_or_the_settings_say_so(tmp_path: Path, how: str) -> None:
    required = settings(signing={'required': True}) if how == 'settings' else {}
    here = new(tmp_path / 'here', SMALL | required)
    signing(here, tmp_path)
    if how == 'git':
        here.git('config', 'commit.gpgSign', 'true')
    commit = here.commit().commit
    here.git('verify-commit', commit)
    assert here.status() == []


def test_a_commit_is_not_signed_otherwise(tmp_path: Path) -> None:
    here = new(tmp_path / 'here')
    signing(here, tmp_path)
    here.commit()
    with pytest.raises(subprocess.CalledProcessError):
        here.git('verify-commit', 'HEAD')


def test_without_the_key_that_the_settings_want_nothing_happens(tmp_path: Path) -> None:
    here = published(tmp_path)
    here.git('config', 'gpg.format', 'ssh')
    here.git('config', 'user.signingKey', str(tmp_path / 'nowhere'))
    here.write(settings(signing={'required': True}) | changed_model())
    before = here.everything()
    with pytest.raises(CommandFailed, match='nowhere'):
        here.commit()
    assert here.everything() == before
    assert here.generate().changed


def test_without_a_name_nothing_happens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = published(tmp_path)
    for role in ('AUTHOR', 'COMMITTER'):
        monkeypatch.delenv(f'GIT_{role}_NAME')
        monkeypatch.delenv(f'GIT_{role}_EMAIL')
    here.git('config', 'user.useConfigOnly', 'true')
    here.write(model('web', replicas=3))
    before = here.everything()
    with pytest.raises(ProblemsFound, match='the committer is not set'):
        here.commit()
    assert here.everything() == before
