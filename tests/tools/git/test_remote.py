"""Remotes: pushed under a lease or not at all, over http with a password and over ssh."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from gitops import SMALL, Checkout, changed_model, clone, faster_writer, install, published, published_at
from parts import HttpOrigin, git

from generator.domain.problems import CommandFailed, ProblemsFound
from generator.operations.operation import Options, Remote, generate
from generator.operations.remote import perform
from generator.tools.git.remote import push


def refused_push(here: Checkout, origin: Path, **options: object) -> str:
    """Why a push was refused, which must leave both sides as they were."""
    before, there = here.everything(), git(origin, 'for-each-ref')
    with pytest.raises((ProblemsFound, CommandFailed)) as raised:
        here.commit(push=True, **options)
    assert here.everything() == before
    assert git(origin, 'for-each-ref') == there
    assert not (here.top / '.git/chartloom/new').exists()
    return str(raised.value)


def test_a_commit_is_pushed_and_known_to_be(origin: Path, tmp_path: Path) -> None:
    here = published_at(origin, tmp_path / 'here')
    here.write(changed_model())
    outcome = here.commit(push=True)
    assert outcome.pushed
    assert git(origin, 'rev-parse', 'main') == outcome.commit == here.git('rev-parse', 'origin/main')
    assert here.git('status', '--short', '--branch') == '## main...origin/main'
    again = here.commit(push=True)
    assert (again.changed, again.pushed) == (False, False)


def test_what_was_committed_before_is_pushed_too(origin: Path, tmp_path: Path) -> None:
    here = published_at(origin, tmp_path / 'here')
    here.write(changed_model())
    commit = here.commit().commit
    outcome = here.commit(push=True)
    assert (outcome.changed, outcome.commit, outcome.pushed) == (False, '', True)
    assert git(origin, 'rev-parse', 'main') == commit


def test_the_first_commit_to_an_empty_remote(origin: Path, tmp_path: Path) -> None:
    here = clone(origin, tmp_path / 'here')
    here.write(SMALL)
    assert git(origin, 'for-each-ref') == ''
    assert here.commit(push=True).commit == git(origin, 'rev-parse', 'main')


def test_a_branch_that_the_remote_does_not_have(origin: Path, tmp_path: Path) -> None:
    here = published_at(origin, tmp_path / 'here')
    here.git('switch', '--quiet', '--create', 'feature/größe')
    here.write(changed_model())
    assert here.commit(push=True).commit == git(origin, 'rev-parse', 'feature/größe')


def test_the_remote_that_git_would_push_to(origin: Path, tmp_path: Path) -> None:
    here = published_at(origin, tmp_path / 'here')
    fork = tmp_path / 'fork.git'
    git(tmp_path, 'clone', '--quiet', '--bare', str(origin), str(fork))
    here.git('remote', 'add', 'fork', str(fork))
    before = git(origin, 'rev-parse', 'main')
    for number, (key, value) in enumerate(
        (('remote.pushDefault', 'fork'), ('branch.main.pushRemote', f'file://{fork}'))
    ):
        here.git('config', key, value)
        here.write(changed_model(replicas=3 + number))
        assert here.commit(push=True).commit == git(fork, 'rev-parse', 'main')
    assert git(origin, 'rev-parse', 'main') == before


def test_no_remote_no_branch_and_nothing_to_push(origin: Path, tmp_path: Path) -> None:
    here = published(tmp_path / 'here')
    here.write(changed_model())
    assert "remote 'origin' not found, cannot push" in here.refused(commit=True, push=True)[0]
    here.git('switch', '--quiet', '--detach')
    assert 'HEAD: expected a branch to push, found a detached HEAD' in here.refused(commit=True, push=True)[0]


def test_a_remote_that_has_moved_on_is_told(origin: Path, tmp_path: Path) -> None:
    here = published_at(origin, tmp_path / 'here')
    other = clone(origin, tmp_path / 'other')
    other.write(changed_model('api'))
    other.commit(push=True)
    here.write(changed_model('web'))
    told = refused_push(here, origin)
    assert told.startswith(f'origin/main: is at {other.head()[:8]}, which is not in this branch\n')
    assert "run 'git pull origin main'" in told
    here.git('pull', '--quiet', '--autostash')
    assert here.commit(push=True).pushed


def test_a_remote_that_moves_meanwhile_is_told(origin: Path, tmp_path: Path) -> None:
    here = published_at(origin, tmp_path / 'here')
    other = clone(origin, tmp_path / 'other')
    here.write(changed_model())
    before, old = here.everything(), here.head()
    install(here.top / '.git/hooks', 'pre-push', faster_writer(origin, other))
    with pytest.raises(ProblemsFound) as raised:
        here.commit(push=True)
    now = git(origin, 'rev-parse', 'main')
    assert now == other.head() != old
    assert str(raised.value).startswith(f'origin/main: moved from {old[:8]} to {now[:8]} during this run\n')
    assert here.everything() == before


def test_the_same_commit_of_another_run_is_as_good(
    origin: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Same tree, same parent, another date: as after a run that was killed while it pushed."""
    here = published_at(origin, tmp_path / 'here')
    twin = clone(origin, tmp_path / 'twin')
    for side in (here, twin):
        side.write(changed_model())
    monkeypatch.setenv('GIT_COMMITTER_DATE', '2026-02-02T02:02:02Z')
    commit = twin.commit(push=True).commit
    monkeypatch.setenv('GIT_COMMITTER_DATE', '2026-03-03T03:03:03Z')
    assert here.commit(push=True).commit == commit == here.head()
    assert here.status() == []


@pytest.mark.parametrize(('side', 'hook'), [('here', 'pre-push'), ('origin', 'pre-receive'), ('origin', 'update')])
def test_a_hook_that_refuses_is_heard(origin: Path, tmp_path: Path, side: str, hook: str) -> None:
    here = published_at(origin, tmp_path / 'here')
    install(
        {'here': here.top / '.git', 'origin': origin}[side] / 'hooks',
        hook,
        '#!/bin/sh\necho "frozen until monday" >&2\nexit 1\n',
    )
    here.write(changed_model())
    assert 'frozen until monday' in refused_push(here, origin)
    assert here.commit().commit


def test_a_push_that_went_through_although_git_says_no(origin: Path, tmp_path: Path) -> None:
    """The answer was lost on the way: what counts is what the remote has."""
    here = published_at(origin, tmp_path / 'here')
    old = here.head()
    here.git('commit', '--quiet', '--allow-empty', '--message', 'more')
    install(here.top / '.git/hooks', 'pre-push', '#!/bin/sh\ngit push --quiet --no-verify origin main\nexit 1\n')
    assert push(here.repository(), 'origin', 'main', old, here.head())
    assert git(origin, 'rev-parse', 'main') == here.head()


def credentials(http_origin: HttpOrigin, home: Path, how: str) -> str:
    """A URL, and what git needs to know for it."""
    if how == 'url':
        return http_origin.url_with_password
    helper = f'!f() {{ echo username={http_origin.user}; echo password={http_origin.password}; }}; f'
    subprocess.run(['git', 'config', '--global', 'credential.helper', helper], check=True)
    return http_origin.url


@pytest.mark.parametrize('how', ['url', 'helper'])
def test_http_with_a_password(http_origin: HttpOrigin, tmp_path: Path, how: str) -> None:
    git(http_origin.path, 'config', 'http.receivepack', 'true')
    url = credentials(http_origin, tmp_path, how)
    here = published(tmp_path / 'here')
    here.git('remote', 'add', 'origin', url)
    here.write(changed_model())
    assert here.commit(push=True).commit == git(http_origin.path, 'rev-parse', 'main')
    outcome = perform(generate(), Remote(url, 'main'), Options(commit=True))
    assert not outcome.changed


@pytest.mark.parametrize('reason', ['password', 'hook'])
def test_a_password_is_never_told(http_origin: HttpOrigin, tmp_path: Path, reason: str) -> None:
    here = published_at(http_origin.path, tmp_path / 'here')
    url = http_origin.url_with_password if reason == 'hook' else http_origin.url.replace('://', '://bot:wrong-word@')
    here.git('remote', 'set-url', 'origin', url)
    here.write(changed_model())
    if reason == 'hook':
        install(http_origin.path / 'hooks', 'pre-receive', f'#!/bin/sh\necho "ask at {url}" >&2\nexit 1\n')
    told = [refused_push(here, http_origin.path)]
    for work in (
        lambda: perform(generate(), Remote(url, 'nowhere'), Options(commit=True)),
        lambda: perform(generate(), Remote(url, 'main', 'x/'), Options()),
    ):
        with pytest.raises((ProblemsFound, CommandFailed)) as raised:
            work()
        told.append(str(raised.value))
    assert not any(word in text for text in told for word in ('wrong-word', http_origin.password))


def test_ssh(origin: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """git speaks its protocol over a pipe; who answers at the other end is no matter."""
    install(tmp_path, 'ssh', '#!/bin/sh\nwhile [ "$1" != host ]; do shift; done\nshift\nexec sh -c "$*"\n')
    monkeypatch.setenv('GIT_SSH_COMMAND', str(tmp_path / 'ssh'))
    monkeypatch.setenv('GIT_SSH_VARIANT', 'ssh')
    here = published_at(origin, tmp_path / 'here')
    here.git('remote', 'set-url', 'origin', f'ssh://host{origin}')
    here.write(changed_model())
    assert here.commit(push=True).commit == git(origin, 'rev-parse', 'main')
    assert not perform(generate(), Remote(f'host:{origin}', 'main'), Options(commit=True)).changed
