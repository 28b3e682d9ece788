"""Checkouts of every kind: partial, sparse, shallow, several of one repository, detached, inside another repository."""

from __future__ import annotations

from pathlib import Path

import pytest
from gitops import SMALL, Checkout, changed_model, chartloom, clone, new, published, published_at
from parts import git


def partial(origin: Path) -> str:
    git(origin, 'config', 'uploadpack.allowFilter', 'true')
    git(origin, 'config', 'uploadpack.allowAnySHA1InWant', 'true')
    return f'file://{origin}'


@pytest.mark.parametrize('options', [(), ('--no-checkout',), ('--sparse',), ('--depth=1',)], ids=' '.join)
def test_a_partial_clone_fetches_what_it_lacks_at_once(
    origin: Path, tmp_path: Path, options: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = published_at(origin, tmp_path / 'first')
    first.write(changed_model())
    first.commit(push=True)
    here = clone(partial(origin), tmp_path / 'here', '--filter=blob:none', *options)
    if options == ('--sparse',):
        here.git('sparse-checkout', 'set', 'registry')
    here.git('switch', '--quiet', 'main')
    trace = tmp_path / 'trace'
    monkeypatch.setenv('GIT_TRACE', str(trace))
    here.git('switch', '--quiet', '--create', 'feature')
    here.write(changed_model(replicas=5))
    assert here.commit().commit
    monkeypatch.delenv('GIT_TRACE')
    # Trees, ledgers, the chart that the new one is compared with, and what is pinned: each for all models at once.
    assert trace.read_text().count(' built-in: git fetch ') <= 4
    assert here.status() == []
    here.git('push', '--quiet', 'origin', 'feature')
    assert git(origin, 'ls-tree', '-r', 'feature') == here.git('ls-tree', '-r', 'HEAD')


def test_what_helm_reads_must_be_checked_out(tmp_path: Path) -> None:
    here = clone(published(tmp_path / 'first').top, tmp_path / 'here')
    here.git('sparse-checkout', 'set', 'registry')
    told = chartloom(here.folder, 'verify')
    assert told.returncode == 1
    hint = "hint: run 'git sparse-checkout add charts', or 'git restore' for it: helm reads this folder"
    assert f'charts/web/1.0.0: not all files of the chart are in the work tree\n  {hint}' in told.stderr
    here.git('sparse-checkout', 'add', 'charts')
    assert chartloom(here.folder, 'verify').returncode == 0


def test_a_sparse_checkout_is_whole_in_the_commit(tmp_path: Path) -> None:
    first = published(tmp_path / 'first')
    here = clone(first.top, tmp_path / 'here')
    here.git('sparse-checkout', 'set', 'registry', 'values/prod')
    assert not (here.top / 'charts').exists()
    assert not here.commit().changed
    for side in (first, here):
        side.write(changed_model())
        side.commit()
    assert here.git('rev-parse', 'HEAD^{tree}') == first.git('rev-parse', 'HEAD^{tree}')
    assert here.status() == []


def test_a_shallow_clone(origin: Path, tmp_path: Path) -> None:
    first = published_at(origin, tmp_path / 'first')
    first.write(changed_model())
    first.commit(push=True)
    here = clone(f'file://{origin}', tmp_path / 'here', '--depth=1')
    here.write(changed_model('api'))
    outcome = here.commit(push=True)
    assert (outcome.pushed, here.status(), git(origin, 'rev-parse', 'main')) == (True, [], outcome.commit)
    assert git(origin, 'rev-list', '--count', 'main') == '3'


def test_work_trees_of_one_repository_keep_apart(tmp_path: Path) -> None:
    here = published(tmp_path / 'here')
    here.git('worktree', 'add', '--quiet', '-b', 'other', str(tmp_path / 'other'))
    other = Checkout(tmp_path / 'other')
    assert other.repository().private != here.repository().private
    for side, replicas in ((here, 3), (other, 4)):
        side.write(changed_model(replicas=replicas))
        side.commit()
        assert side.status() == []
    assert here.git('rev-parse', 'main') != here.git('rev-parse', 'other')
    assert here.git('for-each-ref', '--format=%(refname)').split() == ['refs/heads/main', 'refs/heads/other']


def test_a_detached_head_takes_the_commit_along(tmp_path: Path) -> None:
    here = published(tmp_path)
    here.git('switch', '--quiet', '--detach')
    here.write(changed_model())
    outcome = here.commit()
    assert (outcome.branch, here.head(), here.status()) == ('', outcome.commit, [])
    assert here.git('rev-parse', 'main') == here.git('rev-parse', 'HEAD~1')


def test_a_repository_whose_git_folder_is_elsewhere(tmp_path: Path) -> None:
    here = new(tmp_path / 'here', SMALL, '', f'--separate-git-dir={tmp_path}/elsewhere')
    here.commit()
    assert here.status() == []
    assert (tmp_path / 'elsewhere/chartloom').is_dir()


def test_a_submodule(tmp_path: Path) -> None:
    published(tmp_path / 'inner')
    outer = new(tmp_path / 'outer', {'a': b''})
    outer.git('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', str(tmp_path / 'inner'), 'ml ops')
    here = Checkout(tmp_path / 'outer/ml ops')
    here.write(changed_model())
    assert here.commit().commit
    assert here.status() == []
