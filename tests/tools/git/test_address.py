"""Addresses of repositories: those that git reaches by itself, and those that would run something."""

from __future__ import annotations

from pathlib import Path

import pytest
from gitops import chartloom, install, published_at
from parts import git

from generator.domain.problems import ProblemsFound
from generator.tools.git.address import check_address


@pytest.mark.parametrize(
    'url',
    [
        'https://git.example/ml.git', 'http://127.0.0.1:8080/ml.git', 'https://bot:p%40ss@git.example/ml.git',
        'https://t0ken@git.example:8443/a/b', 'ssh://git@git.example:2222/ml.git', 'ssh://git.example/~me/ml.git',
        'git@git.example:team/ml.git', 'git.example:team/ml.git', 'host:ml', 'git@[::1]:ml.git', 'https://[::1]/ml.git',
        'file:///srv/ml.git', '/srv/ml.git', '/srv/with space/ml.git', 'me@host:/srv/ml.git', 'me@host:~/ml.git', '.',
    ],
)  # fmt: skip
def test_addresses_that_are_accepted(url: str) -> None:
    check_address(url, '--repo')


REFUSED = [
    'fd::3', 'fd::3,4/x', 'ext::sh -c touch% x', 'ext::x', 'codecommit::eu-west-1://ml', '--upload-pack=touch x',
    '-x', '-oProxyCommand=x:y', 'ssh://-oProxyCommand=x/y', 'ssh://me@-oProxyCommand=x/y',
    'ssh://-oProxyCommand=x@host/y', '-me@host:path', 'host:-path', 'me@-host:path', 'git://git.example/ml.git',
    'ftp://git.example/ml.git', 'file://host/srv/ml.git', 'http::https://x/y', 'nothing/here', '', 'https://',
    'https:///ml', ' https://x', 'https://x/y\nz',
]  # fmt: skip


@pytest.mark.parametrize('url', REFUSED)
def test_addresses_that_are_refused(url: str) -> None:
    with pytest.raises(ProblemsFound, match='--repo: expected https://…, ssh://…, file:///…, <user>@<host>:<path>'):
        check_address(url, '--repo')


@pytest.mark.parametrize(
    'command', ['generate', 'init', 'rollout status', 'pin --all --newest', 'rollback web --env prod']
)
def test_no_command_takes_them(tmp_path: Path, command: str) -> None:
    done = chartloom(tmp_path, *command.split(), '--repo', f'ext::sh -c touch% {tmp_path}/proof')
    assert done.stderr.startswith('--repo: expected https://…, '), done.stderr
    assert done.returncode == 1
    assert not (tmp_path / 'proof').exists()


def test_other_transports_of_a_remote_need_the_users_word(tmp_path: Path, origin: Path) -> None:
    """A remote in git's own settings may name a helper program; git runs it if the user allows it by name."""
    here = published_at(origin, tmp_path / 'here')
    install(tmp_path / 'bin', 'git-remote-own', f'#!/bin/sh\ntouch {tmp_path}/proof\nexit 1\n')
    git(here.top, 'remote', 'set-url', 'origin', 'own::anything')
    path = {'PATH': f'{tmp_path}/bin:/usr/local/bin:/usr/bin:/bin'}
    done = chartloom(here.folder, 'generate', '--commit', '--push', env=path)
    assert "transport 'own' not allowed" in done.stderr
    assert done.returncode == 3
    assert not (tmp_path / 'proof').exists()
    chartloom(here.folder, 'generate', '--commit', '--push', env={**path, 'GIT_ALLOW_PROTOCOL': 'own'})
    assert (tmp_path / 'proof').exists()
