"""What works and should be known: told on stderr or as data, and nothing stops because of it."""

from __future__ import annotations

import json
from pathlib import Path

import registries as r
from gitops import chartloom

NGINX = {'router': 'nginx', 'gateway': {'name': 'nginx', 'namespace': 'ingress-nginx'}, 'domain': 'shop.example'}
TOLD = (
    'warning: registry/environments/prod.yaml::$.spec.router: '
    "router 'nginx' is ingress-nginx, which nobody has maintained"
    " since March 2026\n  hint: plan the way to router 'gateway-api'\n"
)


def repository(folder: Path, **environment: object) -> r.Repository:
    files = {**r.settings(), **r.model('web'), **r.following('prod', **environment), **r.release('prod', 'web')}
    return r.Repository(folder / 'repository', files)


def test_a_warning_is_told_and_stops_nothing(tmp_path: Path) -> None:
    here = repository(tmp_path, **NGINX)
    planned = chartloom(here.folder, 'plan')
    assert (planned.returncode, planned.stderr) == (0, TOLD)
    done = chartloom(here.folder, 'generate', '--commit', '--output', 'json')
    assert (done.returncode, done.stderr) == (0, '')
    [warning] = json.loads(done.stdout)['warnings']
    assert (warning['file'], warning['path']) == ('registry/environments/prod.yaml', '$.spec.router')
    verified = chartloom(here.folder, 'verify')
    assert (verified.returncode, verified.stderr) == (0, TOLD)


def test_nothing_is_said_where_nothing_should_be_known(tmp_path: Path) -> None:
    done = chartloom(repository(tmp_path).folder, 'generate', '--commit')
    assert (done.returncode, done.stderr) == (0, '')


def test_a_runtime_that_nobody_maintains(tmp_path: Path) -> None:
    here = repository(tmp_path)
    here.write(r.model('web', runtime='torchserve'))
    done = chartloom(here.folder, 'generate')
    assert done.returncode == 0
    assert done.stderr.startswith("warning: registry/models/web.yaml::$.spec.runtime: runtime 'torchserve': ")
