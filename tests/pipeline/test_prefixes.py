"""A registry that a request moves to another folder, behind a link or into a submodule: nothing is published there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import registries as r
from gitops import SMALL, Checkout, changed_model, chartloom, new, published
from parts import git

PREFIX = 'gitops'


@pytest.fixture
def here(tmp_path: Path) -> Checkout:
    """A request, on a branch of its own."""
    checkout = published(tmp_path / 'here', SMALL, PREFIX)
    checkout.git('switch', '--quiet', '--create', 'request')
    return checkout


def moved(here: Checkout, *, link: bool = True) -> Checkout:
    """A chart that is published is written again, in another folder."""
    here.git('mv', PREFIX, 'other')
    if link:
        (here.top / PREFIX).symlink_to('other')
    file = here.top / 'other/charts/web/1.0.0/values.yaml'
    file.write_text(file.read_text() + '# other bytes\n')
    here.git('add', '--all')
    here.git('commit', '--quiet', '--message', 'request')
    return Checkout(here.top, 'other')


MOVED = (
    "registry/settings.yaml: the published registry is in 'gitops/', and this one in 'other/': nothing published counts"
    ' here\n  hint: undo the move; whoever may push to the published branch moves the folder there, in a commit of its'
    ' own\n'
)


@pytest.mark.parametrize('arguments', [(), ('--base', 'main')], ids=' '.join)
def test_a_request_does_not_move_the_registry(here: Checkout, arguments: tuple[str, ...]) -> None:
    done = chartloom(moved(here).folder, 'verify', *arguments)
    assert (done.returncode, done.stderr) == (1, MOVED)


@pytest.mark.parametrize('way', ['path', 'folder', 'above'])
def test_a_link_is_no_way_to_the_registry(here: Checkout, way: str) -> None:
    moved(here)
    where, arguments, env = {
        'path': (here.top, ('--path', PREFIX), {}),
        'folder': (here.folder, (), {'PWD': str(here.folder)}),
        'above': (here.top / 'other/charts', ('--path', f'../../{PREFIX}/registry/..'), {}),
    }[way]
    done = chartloom(where, 'verify', '--base', 'main', *arguments, env=env)
    place = here.top / PREFIX if way != 'above' else here.top / 'other/charts/../..' / PREFIX
    told = f'{place}: expected a folder, found a link of the repository'
    assert done.stderr == f'{told}\n  hint: name the folder itself with --path: {here.top}/other\n'
    assert done.returncode == 1


def test_a_link_to_the_whole_repository_may_be_used(here: Checkout, tmp_path: Path) -> None:
    (tmp_path / 'link').symlink_to(here.top)
    done = chartloom(tmp_path, 'plan', '--path', f'link/{PREFIX}', env={'PWD': str(tmp_path)})
    assert (done.returncode, done.stderr) == (0, '')


def test_a_request_that_begins_before_the_registry_moves_it_no_more(tmp_path: Path) -> None:
    here = new(tmp_path / 'here', {'README.md': b'nothing\n'})
    here.git('add', '--all')
    here.git('commit', '--quiet', '--message', 'nothing')
    Checkout(here.top, PREFIX).write(SMALL)
    assert Checkout(here.top, PREFIX).commit().commit
    here.git('switch', '--quiet', '--create', 'request', 'HEAD~1')
    other = Checkout(here.top, 'other')
    other.write(SMALL)
    here.git('add', '--all')
    here.git('commit', '--quiet', '--message', 'request')
    done = chartloom(other.folder, 'plan')
    assert (done.returncode, done.stderr) == (1, MOVED)


def test_whoever_owns_the_published_branch_moves_it_there(here: Checkout) -> None:
    here.git('switch', '--quiet', 'main')
    here.git('mv', PREFIX, 'other')
    here.git('commit', '--quiet', '--message', 'move')
    other = Checkout(here.top, 'other')
    assert other.commit().commit
    here.git('switch', '--quiet', '--create', 'next')
    other.write(changed_model())
    other.commit()
    done = chartloom(other.folder, 'verify', '--base', 'main')
    assert (done.returncode, done.stderr) == (0, '')


def test_another_registry_may_be_added(here: Checkout) -> None:
    other = Checkout(here.top, 'other')
    other.write(SMALL)
    other.commit()
    done = chartloom(other.folder, 'verify', '--base', 'main')
    assert (done.returncode, done.stderr) == (0, '')


@pytest.mark.parametrize('what', ['link', 'submodule'])
def test_agents_read_the_folder_itself(here: Checkout, what: str) -> None:
    if what == 'link':
        os.symlink('gitops', here.top / 'shown')
        here.git('add', 'shown')
    else:
        (here.top / 'shown').mkdir()
        here.git('update-index', '--add', '--cacheinfo', f'160000,{here.head()},shown')
    here.write(r.settings(repository={'path': 'shown/inner'}))
    here.git('commit', '--quiet', '--all', '--message', 'settings')
    done = chartloom(here.folder, 'plan')
    message = f"agents would read 'shown/inner/', and 'shown' is {'a link' if what == 'link' else 'another repository'}"
    hint = 'name the folder of this registry'
    assert done.stderr == f'registry/settings.yaml::$.spec.repository.path: {message}\n  hint: {hint}\n'


@pytest.mark.parametrize('folder', ['evil', '', 'a/..', './x'])
def test_agents_read_what_is_verified(here: Checkout, folder: str) -> None:
    """A copy of the charts with other templates, in a folder that nobody verifies."""
    here.write(r.settings(repository={'path': folder}))
    copied = Checkout(here.top, folder if folder == 'evil' else '')
    copied.write({'charts/web/1.0.0/templates/objects.yaml': 'kind: ConfigMap\n'})
    here.git('add', '--all')
    here.git('commit', '--quiet', '--message', 'copy')
    done = chartloom(here.folder, 'verify', '--base', 'main')
    at = f'{folder and f"{folder}/"}charts/web'
    message = f"agents would read '{at}', and what is verified is in '{PREFIX}/'"
    if '.' in folder:
        message = f"expected a folder without the parts '.' and '..', found '{folder}/'"
    hint = 'name the folder of this registry'
    told = f'registry/settings.yaml::$.spec.repository.path: {message}\n  hint: {hint}\n'
    assert (done.returncode, done.stderr.removeprefix('warning: ').endswith(told)) == (1, True)


def test_the_registry_may_be_copied_to_a_folder_of_another_repository(here: Checkout) -> None:
    here.write(r.settings(repository={'path': 'elsewhere'}))
    here.commit()
    done = chartloom(here.folder, 'verify', '--base', 'main')
    assert done.returncode == 0
    message = f"agents would read folder 'elsewhere/', not '{PREFIX}/'"
    assert f'registry/settings.yaml::$.spec.repository.path: {message}\n' in done.stderr


def test_a_submodule_chooses_its_own_branches(here: Checkout, tmp_path: Path) -> None:
    around = new(tmp_path / 'around', {'README.md': b'around\n'})
    git(around.top, '-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', str(here.top), 'inner')
    inner = Checkout(around.top / 'inner', PREFIX)
    message = f'{inner.top}: this repository is a submodule of {around.top}, whose commits choose what is checked'
    for arguments, env in ((('--base', 'HEAD'), {}), ((), {'CI': 'true'})):
        done = chartloom(inner.folder, 'verify', *arguments, env=env)
        assert done.stderr == f'{message}\n  hint: check a clone of the repository itself\n'
        assert done.returncode == 1
    assert chartloom(inner.folder, 'plan').returncode == 0
