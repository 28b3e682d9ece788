"""Staged and uncommitted changes of a person are never lost by a commit of chartloom."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from gitops import DELIVERY, SMALL, Checkout, changed_model, published
from registries import application, following, model, release, settings

WEB = 'registry/models/web.yaml'


def test_staged_changes_of_ours_that_are_in_the_work_tree_go_into_the_commit(tmp_path: Path) -> None:
    here = published(tmp_path)
    here.write(changed_model())
    here.generate()
    here.git('add', '--all')
    assert here.commit().commit
    assert here.status() == []
    here.write(changed_model(replicas=4))
    here.generate()
    here.git('add', '--all')
    here.write(changed_model(replicas=5) | {'x.txt': 'staged'})
    here.git('add', WEB, 'x.txt')
    assert here.commit().commit  # what an earlier run made is staged, and made anew
    assert here.status() == ['A  x.txt']


def test_a_staged_registry_file_that_differs_from_the_work_tree_is_not_lost(tmp_path: Path) -> None:
    here = published(tmp_path)
    here.write(changed_model(replicas=4))
    here.git('add', WEB)
    here.write(changed_model(replicas=5))
    for discard in (False, True):
        assert here.refused(commit=True, discard=discard) == [f'{WEB}: a staged change would be lost']
    here.git('restore', '--staged', WEB)
    assert here.commit().commit


def test_a_staged_hand_edit_is_not_lost_unless_on_request(tmp_path: Path) -> None:
    here = published(tmp_path)
    here.append(DELIVERY, '# staged\n')
    here.git('add', DELIVERY)
    here.git('restore', '--source=HEAD', '--worktree', DELIVERY)
    status = here.status()
    assert not here.generate().changed
    assert not here.commit().changed  # no need to touch it
    assert here.status() == status
    here.write(changed_model())
    assert here.refused(commit=True) == [f'{DELIVERY}: a staged change would be lost']
    assert here.commit(discard=True).commit
    assert here.status() == []


@pytest.mark.parametrize('path', ['registry/models/web.yaml', 'delivery/prod/web.yaml'])
def test_a_file_that_git_stores_through_a_filter_is_refused(tmp_path: Path, path: str) -> None:
    """As git-crypt does it: what we have read is the plain text."""
    here = published(tmp_path / 'here', prefix='deep/')
    here.git('config', 'filter.crypt.clean', 'tr a-z n-za-m')
    here.git('config', 'filter.crypt.smudge', 'tr a-z n-za-m')
    (here.top / '.gitattributes').write_text(f'{Path(path).parent}/* filter=crypt\ndeep/{path} filter=crypt\n')
    here.write(changed_model())
    assert here.refused(commit=True) == [f'{path}: git would store other bytes: filter=crypt']
    here.git('add', '.gitattributes')
    here.git('commit', '--quiet', '--message', 'attributes')
    (here.top / '.gitattributes').unlink()  # HEAD has it
    assert here.refused(commit=True) == [f'{path}: git would store other bytes: filter=crypt']
    (here.top / '.gitattributes').write_text('* filter=crypt\ndeep/** -filter\n')
    assert here.commit().commit


@pytest.mark.parametrize('attribute', ['working-tree-encoding=UTF-16', 'ident'])
def test_a_file_that_git_recodes_is_refused(tmp_path: Path, attribute: str) -> None:
    here = published(tmp_path)
    (here.top / 'delivery/.gitattributes').write_text(f'web.yaml {attribute}\n')
    here.write(changed_model())
    told = here.refused(commit=True)
    assert [each.partition('=')[0] for each in told] == [
        f'delivery/{environment}/web.yaml: git would store other bytes: {attribute.partition("=")[0]}'
        for environment in ('prod', 'staging')
    ]


def test_an_intent_to_add_is_no_staged_change(tmp_path: Path) -> None:
    here = published(tmp_path)
    here.write(model('new') | release('prod', 'new') | {'notes.txt': 'x'})
    here.git('add', '--intent-to-add', '--all')
    assert here.commit().commit
    assert here.status() == [' A notes.txt']
    assert 'registry/models/new.yaml' in here.files()


def test_a_staged_removal(tmp_path: Path) -> None:
    here = published(tmp_path)
    here.git('rm', '--quiet', 'registry/releases/prod/web.yaml')
    assert len(here.refused(commit=True)) == 2
    here.commit(removable=('prod/web',))
    assert here.status() == []
    here.git('rm', '--quiet', '--cached', 'registry/models/api.yaml')
    status = here.status()
    assert not here.commit().changed
    assert here.status() == status


def test_a_commit_of_one_model_leaves_nothing_half_done(tmp_path: Path) -> None:
    """What other models follow from as well cannot be committed with one of them alone, nor be left out."""
    here = published(tmp_path, {**SMALL, **application('shop', ['web', 'api'])})
    shop = 'registry/applications/shop.yaml'
    told = 'changed, and other models may depend on it'
    for change in (application('shop', ['web']), following('prod', values={'replicaCount': 9})):
        here.write(change | changed_model())
        assert here.refused(commit=True, models=('web',)) == [f'{path}: {told}' for path in change]
        here.git('restore', *change)
    here.remove(shop)
    assert here.refused(commit=True, models=('web',)) == [f'{shop}: {told}']
    here.git('restore', shop)
    here.write({**application('own', ['web']), **model('web', applications=['own', 'shop'])})
    assert here.commit(models=('web',)).commit
    assert here.status() == []


def conflict(here: Checkout, path: str) -> None:
    """main and other change the same line of a file."""
    for branch, text in (('other', 'theirs'), ('main', 'ours')):
        here.git('switch', '--quiet', *(('--create',) if branch == 'other' else ()), branch)
        here.append(path, f'# {text}\n')
        here.git('commit', '--quiet', '--all', '--message', text)


@pytest.mark.parametrize('command', ['merge', 'rebase', 'cherry-pick', 'revert'])
def test_no_commit_in_the_middle_of_a_merge_or_a_rebase(tmp_path: Path, command: str) -> None:
    here = published(tmp_path)
    here.write({'notes.txt': 'x\n'})
    here.git('add', 'notes.txt')
    here.git('commit', '--quiet', '--message', 'notes')
    conflict(here, 'notes.txt')
    target = ['--no-edit', 'other~1'] if command == 'revert' else ['other']
    subprocess.run(['git', command, *target], cwd=here.top, check=False, capture_output=True)
    here.write(changed_model())
    assert here.refused(commit=True) == [f'{here.top}: a {command} is in progress']
    assert here.generate().changed
    here.git(command, '--abort')
    here.write(changed_model())
    assert here.commit().commit
    assert here.status() == []


def test_a_rebase_that_stops_for_a_look_is_one(tmp_path: Path) -> None:
    here = published(tmp_path)
    here.write(changed_model())
    here.commit()
    here.git('-c', 'sequence.editor=sed -i 1s/pick/edit/', 'rebase', '--quiet', '--interactive', 'HEAD~1')
    here.write(changed_model('api'))
    assert here.refused(commit=True) == [f'{here.top}: a rebase is in progress']


def test_unmerged_files_of_ours_are_told(tmp_path: Path) -> None:
    here = published(tmp_path)
    conflict(here, WEB)
    subprocess.run(['git', 'merge', 'other'], cwd=here.top, check=False, capture_output=True)
    for commit in (False, True):
        assert here.refused(commit=commit) == [f'{WEB}: the file is unmerged in git']


def test_a_young_index_hides_no_edit(tmp_path: Path) -> None:
    """git trusts no entry as young as its index: a commit of ours must not make the index younger than it is."""
    here = published(tmp_path)
    here.write({'a.txt': 'one'})
    here.git('add', 'a.txt')
    here.write({'a.txt': 'two'} | settings(owners={'*': ['@team']}))
    here.commit()
    assert 'AM a.txt' in here.status()
