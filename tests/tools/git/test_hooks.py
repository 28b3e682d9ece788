"""Run by a hook: git sets variables that name the hook's repository and index, but the folder says what is meant."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from gitops import Checkout, changed_model, chartloom, install, new, published, published_at, remote_change
from parts import ROOT, git

COMMAND = f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -m generator'


def another(tmp_path: Path, hook: str, command: str) -> Checkout:
    """A repository of something else, in a linked work tree, where git tells its hooks most."""
    other = new(tmp_path / 'other', {'app.py': b'1'})
    other.git('add', '--all')
    other.git('commit', '--quiet', '--message', 'app')
    install(other.top / '.git/hooks', hook, command)
    other.git('worktree', 'add', '--quiet', '-b', 'feature', str(tmp_path / 'linked'))
    linked = Checkout(tmp_path / 'linked')
    linked.write({'app.py': b'2'})
    return linked


@pytest.mark.parametrize('hook', ['pre-commit', 'post-commit'])
def test_the_commit_goes_where_the_folder_is(tmp_path: Path, hook: str) -> None:
    here = published(tmp_path / 'here')
    here.write(changed_model())
    linked = another(tmp_path, hook, f'{COMMAND} generate --commit --path {here.top}\n')
    linked.git('commit', '--quiet', '--all', '--message', 'mine')
    assert linked.files() == ['app.py']
    assert linked.status() == here.status() == []
    assert here.git('rev-list', '--count', 'HEAD') == '2'
    assert 'charts/web/1.0.1/Chart.yaml' in here.files()


def test_in_a_linked_work_tree_a_folder_stays_one(tmp_path: Path) -> None:
    """git's GIT_DIR without a work tree would make the folder that --path names the top of everything."""
    here = published(tmp_path / 'here', prefix='deep/')
    install(here.top / '.git/hooks', 'post-commit', f'{COMMAND} generate --commit --path deep\n')
    here.git('worktree', 'add', '--quiet', '-b', 'feature', str(tmp_path / 'linked'))
    linked = Checkout(tmp_path / 'linked', 'deep/')
    linked.write(changed_model())
    linked.git('commit', '--quiet', '--all', '--message', 'mine')
    assert linked.status() == []
    assert linked.git('rev-list', '--count', 'HEAD') == '3'
    assert 'deep/charts/web/1.0.1/Chart.yaml' in linked.files()


def test_without_a_checkout_the_remote_is_meant(origin: Path, tmp_path: Path) -> None:
    published_at(origin, tmp_path / 'first')
    remote_change(origin, tmp_path / 'writer', changed_model())
    linked = another(tmp_path, 'pre-commit', f'{COMMAND} generate --repo file://{origin}\n')
    linked.git('commit', '--quiet', '--all', '--message', 'mine')
    assert linked.files() == ['app.py']
    assert git(origin, 'rev-list', '--count', 'main') == '3'


@pytest.mark.parametrize('kind', ['LITERAL', 'ICASE', 'GLOB', 'NOGLOB'])
def test_another_meaning_of_paths_is_not_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    here = published(tmp_path)
    monkeypatch.setenv(f'GIT_{kind}_PATHSPECS', '1')
    assert 'nothing to do' in chartloom(here.top, 'generate', 'web').stdout
    here.write(changed_model())
    told = chartloom(here.top, 'generate', 'web')
    assert 'new charts: web 1.0.1' in told.stdout, told.stderr
