"""A branch that refuses pushes: what people are told, and the branch for a request."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from gitops import Checkout, chartloom, install
from parts import HttpOrigin, git
from writers import pins, repository

HOOK = """\
#!/bin/sh
while read old new ref; do
  [ $ref = refs/heads/main ] && echo "GL: not for bots" >&2 && exit 1
done
exit 0
"""


@pytest.fixture
def here(http_origin: HttpOrigin, tmp_path: Path) -> Checkout:
    here = repository(tmp_path / 'here', 1)
    here.git('push', '--quiet', str(http_origin.path), 'main')
    git(http_origin.path, 'config', 'http.receivepack', 'true')
    here.git('remote', 'add', 'origin', http_origin.url_with_password)
    install(http_origin.path / 'hooks', 'pre-receive', HOOK)
    return here


def test_the_command_for_a_request_is_told_and_works(here: Checkout, http_origin: HttpOrigin) -> None:
    before, main = here.everything(), git(http_origin.path, 'rev-parse', 'main')
    done = chartloom(here.folder, 'pin', 'prod/m000', '--newest', '--push')
    command = 'chartloom pin prod/m000 --newest --push --branch chartloom/pin-newest-prod-m000'
    told = 'origin/main: the server refused the push: GL: not for bots\n'
    told += f"  hint: if the branch is protected, run '{command}', and open a request from it\n"
    assert (done.returncode, done.stderr) == (1, told)
    assert here.everything() == before
    pushed = chartloom(here.folder, *command.split()[1:], '--output', 'json')
    found = json.loads(pushed.stdout)
    assert (found['branch'], found['pushed']) == ('chartloom/pin-newest-prod-m000', True)
    assert git(http_origin.path, 'rev-parse', found['branch']) == found['commit']
    assert git(http_origin.path, 'rev-parse', main, f'{found["commit"]}~1') == f'{main}\n{main}'
    assert here.head() == main
    assert here.status() == []
    assert pins(here, 'm000')['version'] == '2'


def test_a_branch_of_a_request_is_continued(here: Checkout, http_origin: HttpOrigin) -> None:
    """A second operation goes on top of the first one, and the same one again does nothing."""
    flags = ['--push', '--branch', 'request', '--output', 'json']
    first = json.loads(chartloom(here.folder, 'pin', 'prod/m000', '--newest', *flags).stdout)
    second = json.loads(chartloom(here.folder, 'rollback', 'm000', '--env', 'prod', '--to', '1', *flags).stdout)
    assert git(http_origin.path, 'rev-parse', 'request', 'request~1') == f'{second["commit"]}\n{first["commit"]}'
    again = json.loads(chartloom(here.folder, 'rollback', 'm000', '--env', 'prod', '--to', '1', *flags).stdout)
    assert (again['changed'], again['commit']) == (False, '')


def test_without_a_checkout_the_branch_comes_first(here: Checkout, http_origin: HttpOrigin, tmp_path: Path) -> None:
    url = http_origin.url_with_password
    done = chartloom(tmp_path, 'pin', 'prod/m000', '--newest', '--repo', url)
    assert done.returncode == 1
    assert "push a new branch 'chartloom/pin-newest-prod-m000' with the head of main, run" in done.stderr
    assert http_origin.password not in done.stderr
    here.git('push', '--quiet', 'origin', 'main:refs/heads/request')
    pushed = chartloom(tmp_path, 'pin', 'prod/m000', '--newest', '--repo', url, '--branch', 'request')
    assert (pushed.returncode, 'on request, pushed' in pushed.stdout) == (0, True)
