"""Paths of routes: what a gateway compares literally, and what its configuration may hold."""

from __future__ import annotations

from typing import Any

import pytest
import registries as r
from resolved import problems

from generator.checks.gateways import gateway_faults
from generator.domain.environments import Environment

NGINX = {**r.GATEWAY, 'router': 'nginx'}


def told(path: str, **environment: Any) -> list[str]:
    files = r.settings() | r.model('web', route={'rules': {'main': {'path': path}}})
    return problems(files | r.following('prod', **environment) | r.release('prod', 'web'))


@pytest.mark.parametrize(
    'path', ['/', '/v1', '/v1/', '/v1/models/m:predict', '/.well-known/x', '/a..b/...', '/a@b~c_d-e']
)
def test_plain_paths(path: str) -> None:
    assert told(path, **r.ENVOY) == []
    assert told(path, **NGINX) == []


@pytest.mark.parametrize(
    'path',
    [
        '/x;{}#"',
        '//a',
        '/a//b',
        '/a/../b',
        '/..',
        '/a/.',
        '/./a',
        '/{{x}}',
        '/a?b',
        '/a\\b',
        '/%2e%2e/',
        '/%2F',
        'a',
        '/é',
    ],
)
def test_other_paths(path: str) -> None:
    found = told(path, **r.ENVOY)
    assert len(found) == 1
    assert 'invalid path' in found[0]
    # Schemas of older charts know nothing of this.
    rules = {'main': {'path': path, 'rewrite': ''}}
    values = {'route': {'enabled': True, 'timeout': '', 'rules': rules}, 'grpcRoute': {'enabled': False}}
    spec = {'router': 'gateway-api', 'gateway': {}}
    assert [*gateway_faults(values, Environment('prod', 'f', spec))]


@pytest.mark.parametrize('path', ['/a;b', "/a'b", '/$a', '/a(b)*'])
def test_nginx_has_less_in_its_paths(path: str) -> None:
    assert told(path, **r.ENVOY) == []
    assert len(told(path, **NGINX)) == 1
