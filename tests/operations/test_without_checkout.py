"""`generate --repo`: reads, changes and pushes a remote repository without a checkout; again if the branch moved."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from gitops import (
    SMALL,
    VALUES,
    changed_model,
    clone,
    faster_writer,
    install,
    published_at,
    remote_change,
    start,
)
from parts import git
from registries import release, settings

from generator.domain.problems import CommandFailed, ProblemsFound
from generator.operations.operation import Options, Outcome, Remote, generate
from generator.operations.remote import perform
from generator.tools.patience import Patience


def without_checkout(
    origin: Path, branch: str = 'main', prefix: str = '', models: tuple[str, ...] = (), **options: Any
) -> Outcome:
    return perform(generate(models), Remote(f'file://{origin}', branch, prefix), Options(commit=True, **options))


@pytest.mark.parametrize('filters', ['true', 'false'])
def test_without_a_checkout(origin: Path, tmp_path: Path, filters: str) -> None:
    git(origin, 'config', 'uploadpack.allowFilter', filters)
    git(origin, 'config', 'uploadpack.allowAnySHA1InWant', filters)
    published_at(origin, tmp_path / 'first')
    parent = remote_change(origin, tmp_path / 'other', changed_model())
    outcome = without_checkout(origin)
    assert (outcome.changed, outcome.pushed, git(origin, 'rev-parse', 'main')) == (True, True, outcome.commit)
    assert git(origin, 'rev-parse', 'main~1') == parent
    here = clone(origin, tmp_path / 'here')
    assert not here.commit().changed
    assert not without_checkout(origin).changed


def test_without_a_checkout_of_one_model(origin: Path, tmp_path: Path) -> None:
    published_at(origin, tmp_path / 'first')
    remote_change(origin, tmp_path / 'other', changed_model('web') | changed_model('api'))
    without_checkout(origin, models=('web',))
    here = clone(origin, tmp_path / 'here')
    assert all('web' in path for path in here.files())
    assert {change.path.split('/')[1] for change in here.generate(models=('api',)).plan.changes} == {'api', 'prod'}


def test_without_a_checkout_in_a_folder_of_a_repository(origin: Path, tmp_path: Path) -> None:
    published_at(origin, tmp_path / 'first', prefix='ml ops')
    (tmp_path / 'other').mkdir()
    files = {f'ml ops/{path}': data for path, data in changed_model().items()}
    remote_change(origin, tmp_path / 'other' / 'clone', files)
    assert without_checkout(origin, prefix='ml ops/').changed
    assert git(origin, 'ls-tree', '--name-only', 'main') == 'ml ops'


def test_without_a_checkout_drafts_of_a_branch_are_replaced(origin: Path, tmp_path: Path) -> None:
    here = published_at(origin, tmp_path / 'first')
    here.git('push', '--quiet', 'origin', 'main:feature')
    for replicas in (3, 4):
        remote_change(origin, tmp_path / f'other{replicas}', changed_model(replicas=replicas), 'feature')
        without_checkout(origin, 'feature')
    listing = git(origin, 'ls-tree', '--name-only', 'feature:charts/web').split()
    assert listing == ['1.0.0', '1.0.1', 'versions.yaml']


def test_without_a_checkout_edits_and_orphans_stop_it_as_well(origin: Path, tmp_path: Path) -> None:
    first = published_at(origin, tmp_path / 'first')
    first.append(VALUES, '# mine\n')
    first.remove('registry/releases/prod/api.yaml')
    first.git('commit', '--quiet', '--all', '--message', 'by hand')
    first.git('push', '--quiet')
    with pytest.raises(ProblemsFound) as raised:
        without_checkout(origin)
    assert [problem.file for problem in raised.value.problems] == [
        'delivery/prod/api.yaml',
        'values/prod/api.yaml',
        VALUES,
    ]
    assert git(origin, 'rev-parse', 'main') == first.head()
    outcome = without_checkout(origin, discard=True, removable=('prod/api',))
    assert outcome.plan.removed == ('delivery/prod/api.yaml', 'values/prod/api.yaml')


def second_writer(origin: Path, tmp_path: Path, times: int) -> Callable[[], int]:
    """Somebody who pushes a commit each time we try, until `times`: a hook of every repository of this user."""
    other = clone(origin, tmp_path / 'writer')
    install(tmp_path / 'hooks', 'pre-push', faster_writer(origin, other, times))
    subprocess.run(['git', 'config', '--global', 'core.hooksPath', str(tmp_path / 'hooks')], check=True)
    return lambda: (other.top / 'count').read_text().count('\n')


@pytest.mark.parametrize('branch', ['main', 'feature'])
def test_a_head_that_moves_is_followed(origin: Path, tmp_path: Path, branch: str) -> None:
    here = published_at(origin, tmp_path / 'first', files=SMALL | settings(repository={'branch': 'main'}))
    here.git('push', '--quiet', 'origin', 'main:feature')
    remote_change(origin, tmp_path / 'other', changed_model(), branch)
    asked = second_writer(origin, tmp_path, 2)
    outcome = without_checkout(origin, branch)
    assert outcome.pushed
    assert git(origin, 'rev-parse', branch) == outcome.commit
    assert asked() == (3 if branch == 'main' else 1)
    if branch == 'main':
        assert git(origin, 'log', '--format=%s', '-3', 'main').split('\n')[1:] == ['faster', 'faster']


def test_a_head_that_moves_too_often_is_told(origin: Path, tmp_path: Path) -> None:
    published_at(origin, tmp_path / 'first')
    old = remote_change(origin, tmp_path / 'other', changed_model())
    asked = second_writer(origin, tmp_path, 99)
    ticks = iter(range(99))
    patience = Patience(3, clock=lambda: next(ticks), sleep=lambda seconds: None, chance=lambda: 1)
    with pytest.raises(ProblemsFound) as raised:
        without_checkout(origin, patience=patience)
    message = (
        f'file://{origin} main: the branch moved 3 times before the push, within 3 seconds; it was at {old[:7]} first'
    )
    assert str(raised.value) == f'{message}\n  hint: run the command again, with a longer --wait'
    assert asked() == 3


def test_several_bots_at_once_lose_nothing(origin: Path, tmp_path: Path) -> None:
    """Each changes a release of its own by a commit of a person, then generates; whoever is late does it again."""
    here = published_at(origin, tmp_path / 'first')
    here.write(release('staging', 'api', values={'replicaCount': 4}) | changed_model())
    here.git('add', '--all')
    here.git('commit', '--quiet', '--message', 'registry')
    here.git('push', '--quiet')
    arguments = ('generate', '--repo', f'file://{origin}', '--branch', 'main')
    bots = [start(tmp_path, *arguments, model) for model in ('web', 'api')]
    said = [bot.communicate() for bot in bots]
    assert [bot.returncode for bot in bots] == [0, 0], said
    check = clone(origin, tmp_path / 'check')
    assert check.git('rev-list', '--count', 'HEAD') == '4'
    assert not check.generate(models=('web', 'api')).changed


@pytest.mark.parametrize('kind', ['branch', 'tag', 'empty'])
def test_a_branch_that_is_not_there_is_told(origin: Path, tmp_path: Path, kind: str) -> None:
    if kind != 'empty':
        published_at(origin, tmp_path / 'first')
        git(origin, 'tag', 'v1', 'main')
    name = {'branch': 'nowhere', 'tag': 'v1', 'empty': 'main'}[kind]
    with pytest.raises(ProblemsFound, match=f"file://{origin}: branch '{name}' not found"):
        without_checkout(origin, name)


def test_a_remote_that_is_not_there_is_told_with_gits_words(tmp_path: Path) -> None:
    with pytest.raises(CommandFailed, match='does not appear to be a git repository'):
        without_checkout(tmp_path / 'nowhere.git')


def test_a_relative_path_counts_from_here(origin: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    published_at(origin, tmp_path / 'first')
    monkeypatch.chdir(tmp_path / 'first')
    assert not perform(generate(), Remote('../origin.git', 'main'), Options(commit=True)).changed


def test_a_link_in_a_remote_registry_is_refused(origin: Path, tmp_path: Path) -> None:
    first = published_at(origin, tmp_path / 'first')
    (first.top / 'registry/models/link.yaml').symlink_to('web.yaml')
    first.git('add', '--all')
    first.git('commit', '--quiet', '--message', 'link')
    first.git('push', '--quiet')
    with pytest.raises(
        ProblemsFound, match=r'registry/models/link\.yaml: expected a file or a folder, found a link or a submodule'
    ):
        without_checkout(origin)


def test_a_file_that_git_stores_through_a_filter_is_refused(origin: Path, tmp_path: Path) -> None:
    first = published_at(origin, tmp_path / 'first')
    first.append('.gitattributes', 'delivery/** filter=lfs\n')
    first.git('commit', '--quiet', '--all', '--message', 'LFS')
    first.git('push', '--quiet')
    remote_change(origin, tmp_path / 'writer', changed_model())
    before = git(origin, 'rev-parse', 'main')
    with pytest.raises(ProblemsFound, match=r'delivery/prod/web\.yaml: git would store other bytes: filter=lfs'):
        without_checkout(origin)
    assert git(origin, 'rev-parse', 'main') == before
