"""Work trees in every state: line ends, ignored and linked files, modes, the index, and what a person has begun."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from gitops import DELIVERY, SMALL, VALUES, changed_model, clone, new, published
from registries import following, release

from generator.domain.tree import LINK, blob_id
from generator.tools.git.few import look_at_few
from generator.tools.git.files import FOLDER, blob_at
from generator.tools.git.worktree import look_at_work_tree

WEB = 'registry/models/web.yaml'


def test_ids_are_those_that_git_would_give(tmp_path: Path) -> None:
    here = published(tmp_path)
    here.append(VALUES, '# changed\n')
    here.write({'values/prod/new.yaml': 'n', 'values/.gitignore': 'ignored.yaml\n', 'values/ignored.yaml': 'i'})
    here.remove('values/prod/api.yaml')
    (here.top / 'values/link.yaml').symlink_to('nowhere')
    os.mkfifo(here.top / 'values/pipe')
    new(here.top / 'values/inner', {'x': 'y'})
    found = look_at_work_tree(here.repository(), ['values'], here.head())()
    files = {path: data for path, data in here.tree().items() if path.startswith('values/') and 'inner' not in path}
    assert found.links - {'values/pipe'} == {'values/link.yaml', 'values/inner/'}  # git lists no pipes
    assert {path: blob for path, blob in found.ids.items() if blob != LINK} == {p: blob_id(d) for p, d in files.items()}
    assert found.staged == here.repository().ids('HEAD', ['values'])
    assert [blob_at(here.repository(), f'values{end}') for end in ('/pipe', '', '/no')] == [LINK, FOLDER, '']
    assert blob_at(here.repository(), f'{VALUES}/below') == ''


def test_what_head_holds_is_told_by_the_index(tmp_path: Path) -> None:
    here = published(tmp_path)
    (here.top / 'values/link.yaml').symlink_to('nowhere')
    new(here.top / 'values/inner', {'x': 'y'}).git('commit', '--quiet', '--allow-empty', '--message', 'inner')
    here.git('-c', 'advice.addEmbeddedRepo=false', 'add', 'values/link.yaml', 'values/inner')
    here.git('commit', '--quiet', '--message', 'links')
    held = here.repository().ids('HEAD', ['values'])
    assert held['values/link.yaml'] == held['values/inner'] == LINK
    assert look_at_work_tree(here.repository(), ['values'], here.head())().held == held
    here.append(VALUES, '# staged\n')
    here.write({'values/prod/new.yaml': 'n', 'values/prod/later.yaml': ''})
    here.git('add', VALUES, 'values/prod/new.yaml')
    here.git('add', '--intent-to-add', 'values/prod/later.yaml')
    here.git('rm', '--quiet', '--cached', 'values/prod/api.yaml', 'values/link.yaml')
    here.git('update-index', '--chmod=+x', 'values/staging/web.yaml')
    found = look_at_work_tree(here.repository(), ['values'], here.head())()
    assert found.held == held
    assert found.staged != held
    assert look_at_work_tree(here.repository(), ['values'], '')().held == {}


def test_what_lies_behind_a_link_is_not_there(tmp_path: Path) -> None:
    here = published(tmp_path)
    (here.top / 'values/prod').rename(here.top / 'elsewhere')
    (here.top / 'values/prod').symlink_to('../elsewhere')
    links = {'values/prod': LINK}
    found = look_at_work_tree(here.repository(), ['values'], here.head())()
    assert found.ids == {**links, **here.repository().ids('HEAD', ['values/staging'])}
    found = look_at_few(here.repository(), ['values/*/web.yaml'], here.head())()
    assert found.ids == {**links, **here.repository().ids('HEAD', ['values/staging'])}


def test_a_look_at_few_files_sees_the_same(tmp_path: Path) -> None:
    """It does not ask git for the files that git does not know."""
    here = published(tmp_path, prefix='deep/')
    here.append(VALUES, '# changed\n')
    new_files = ['charts/web/new/a/b.yaml', 'charts/.gitignore', 'values/new/web.yaml', 'values/prod/new.yaml', 'x/web']
    here.write(dict.fromkeys(new_files, 'web'))
    here.remove('values/staging/web.yaml', 'charts/web/1.0.0/values.yaml')
    (here.folder / 'charts/web/link').symlink_to('1.0.0')
    (here.folder / 'values/link').symlink_to('prod')
    os.mkfifo(here.folder / 'charts/web/pipe')
    (here.folder / 'values/folder/web.yaml').mkdir(parents=True)
    for inner in ('charts/web/inner', 'charts/web/known'):
        new(here.folder / inner, {'x': 'y'}).git('commit', '--quiet', '--allow-empty', '--message', 'inner')
    here.git('-c', 'advice.addEmbeddedRepo=false', 'add', '--force', 'deep/charts/web/known')
    paths = ['charts/web', 'values/*/web.yaml', 'charts/nothing', 'nothing/*/web.yaml', 'registry/models/web.yaml']
    few, all_ = (look(here.repository(), paths, here.head())() for look in (look_at_few, look_at_work_tree))
    assert {'charts/web/link', 'charts/web/inner/', 'charts/web/known'} == few.links
    assert {'charts/web/new/a/b.yaml', 'values/new/web.yaml'} < few.ids.keys()
    assert replace(few, stamp='') == all_


def test_only_what_git_does_not_know_is_read(tmp_path: Path) -> None:
    """git asks for size and time; files that are changed behind its back show that we ask for no more."""
    here = published(tmp_path)
    here.git('config', 'core.trustctime', 'false')
    files = list((here.top / 'values').rglob('*.yaml'))
    for text in (None, b'#'):
        for file in files:
            if text:
                file.write_bytes(text * file.stat().st_size)
            os.utime(file, (1_700_000_000, 1_700_000_000))
        here.git('update-index', '-q', '--refresh')
    assert look_at_work_tree(here.repository(), ['values'], here.head())().ids == here.repository().ids(
        'HEAD', ['values']
    )


@pytest.mark.parametrize('flag', ['assume-unchanged', 'skip-worktree'])
def test_a_change_that_git_is_told_to_overlook_is_told(tmp_path: Path, flag: str) -> None:
    """Read, it would be in what is generated, and not in the commit."""
    here = published(tmp_path, prefix='deep/')
    here.git('update-index', f'--{flag}', 'deep/registry/models/web.yaml', f'deep/{VALUES}')
    assert not here.generate().changed
    here.write(changed_model())
    told = ['registry/models/web.yaml: changed, but git ignores changes of this file']
    assert here.refused(commit=True) == here.refused() == told
    assert here.refused(models=('web',), commit=True) == told
    here.git('update-index', f'--no-{flag}', 'deep/registry/models/web.yaml')
    assert here.commit().commit
    assert here.status() == []


@pytest.mark.parametrize('setting', ['true', 'input'])
def test_line_ends_are_gits_business(tmp_path: Path, setting: str) -> None:
    first = published(tmp_path / 'first')
    here = clone(first.top, tmp_path / 'here', f'--config=core.autocrlf={setting}')
    assert (b'\r\n' in (here.top / WEB).read_bytes()) == (setting == 'true')
    assert b'\r' not in (here.top / VALUES).read_bytes()
    assert b'\r' not in (here.top / 'charts/web/1.0.0/templates/objects.yaml').read_bytes()
    assert not here.commit().changed
    text = changed_model()[WEB]
    first.write({WEB: text} | following('dev') | release('dev', 'web'))
    here.write({WEB: text.replace(b'\n', b'\r\n')} | following('dev') | release('dev', 'web'))
    for side in (first, here):
        side.commit()
        assert side.status() == []
    assert here.git('rev-parse', 'HEAD^{tree}') == first.git('rev-parse', 'HEAD^{tree}')
    assert b'\r' not in (here.top / 'charts/web/1.0.1/values.yaml').read_bytes()
    assert not here.commit().changed
    here.append(VALUES, '# mine\r\n')
    assert here.refused() == [f'{VALUES}: edited by hand']


def test_the_first_commit_with_line_ends_of_another_system(tmp_path: Path) -> None:
    plain, here = new(tmp_path / 'plain'), new(tmp_path / 'here')
    here.git('config', 'core.autocrlf', 'true')
    here.write({path: data.replace(b'\n', b'\r\n') for path, data in SMALL.items()} | {'README.md': b'# Ours\r\n'})
    plain.write({'README.md': '# Ours\n'})
    for side in (plain, here):
        side.git('add', 'README.md')
        side.git('commit', '--quiet', '--message', 'readme')
        side.commit()
        assert side.status() == []
        assert not side.commit().changed
    assert here.git('ls-tree', '-r', 'HEAD') == plain.git('ls-tree', '-r', 'HEAD')


def test_a_gitignore_does_not_hide_our_files(tmp_path: Path) -> None:
    here = new(tmp_path)
    here.write({'.gitignore': 'charts/\nvalues\n*.json\nregistry/models\n'})
    here.git('add', '.gitignore')
    here.git('commit', '--quiet', '--message', 'ignore')
    here.generate()
    assert not here.generate().changed
    here.commit()
    assert here.status() == []
    assert {'charts/web/1.0.0/Chart.yaml', VALUES, 'registry/schemas/model.json', WEB} < set(here.files())
    here.write(changed_model())
    here.commit()
    assert here.status() == []
    assert 'charts/web/1.0.1/Chart.yaml' in here.files()


def test_modes_of_generated_files_do_not_matter_and_those_of_the_registry_stay(tmp_path: Path) -> None:
    here = published(tmp_path)
    for path in (WEB, 'registry/models/api.yaml', 'charts/web/1.0.0/values.yaml', VALUES, DELIVERY):
        (here.top / path).chmod(0o755)
    status = here.status()
    assert len(status) == 5
    assert not here.commit().changed
    assert here.status() == status
    here.git('commit', '--quiet', '--all', '--message', 'modes')
    here.write(changed_model())
    here.commit()
    assert here.status() == []
    assert here.git('ls-tree', 'HEAD', WEB).startswith('100755')
    assert here.git('ls-tree', 'HEAD', DELIVERY).startswith('100644')
    assert here.git('ls-tree', 'HEAD', VALUES).startswith('100755')


def test_modes_on_a_file_system_without_them(tmp_path: Path) -> None:
    here = published(tmp_path)
    here.git('update-index', '--chmod=+x', WEB)
    here.git('commit', '--quiet', '--message', 'modes')
    here.git('config', 'core.fileMode', 'false')
    here.write(changed_model('web') | changed_model('api'))
    for name in ('web', 'api'):
        (here.top / f'registry/models/{name}.yaml').chmod(0o777)
    here.commit()
    assert here.git('ls-tree', 'HEAD', WEB).startswith('100755')
    assert here.git('ls-tree', 'HEAD', 'registry/models/api.yaml').startswith('100644')
    assert here.status() == []


def test_a_link_in_the_registry_is_refused(tmp_path: Path) -> None:
    here = published(tmp_path)
    (here.top / 'registry/models/link.yaml').symlink_to('web.yaml')
    assert here.refused(commit=True) == ['registry/models/link.yaml: expected a file or a folder, found a link']
