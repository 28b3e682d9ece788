"""Annotations that models and releases may write, and those of charts that are older than the rules."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import registries as r
from resolved import loaded, releases_of

from generator.checks.metadata import obeyed_metadata, pinned_metadata
from generator.checks.scope import Scope

ROLE = {'serviceAccount': {'annotations': {'eks.amazonaws.com/role-arn': 'arn:aws:iam::1:role/admin'}}}
NGINX = {
    'router': 'nginx',
    'gateway': {'name': 'public', 'namespace': 'gateways'},
    'domain': 'shop.example',
    'identity': {'authUrl': 'https://sso.shop.example/auth', 'signInUrl': 'https://sso.shop.example/start'},
}


def registry(written: dict[str, Any], **environment: Any) -> r.Files:
    files = r.settings() | r.model('web', route={'auth': 'oidc'} if 'router' in environment else {})
    return files | r.following('prod', **environment) | r.release('prod', 'web', values=written)


def told(files: r.Files) -> list[str]:
    return [str(problem) for problem in obeyed_metadata(Scope(loaded(files)))]


@pytest.mark.parametrize('route', ['route', 'grpcRoute'])
@pytest.mark.parametrize('null', [None, {'nginx.ingress.kubernetes.io/auth-url': None}])
def test_a_release_does_not_remove_the_auth_of_a_route(route: str, null: object) -> None:
    assert not told(registry({}, **NGINX))
    (problem,) = told(registry({route: {'annotations': null}}, **NGINX))
    assert 'null removes' in problem


def test_an_environment_writes_what_it_wants() -> None:
    assert not told(registry({}, values=ROLE))
    assert told(registry(ROLE))


@pytest.mark.parametrize(
    ('key', 'value', 'fits'),
    [
        ('proxy-read-timeout', '60', True),
        ('cors-allow-origin', 'https://*.shop.example, https://shop.example:8443', True),
        ('proxy-next-upstream', 'error timeout http_502', True),
        ('proxy-body-size', '8m;', False),
        ('proxy-body-size', '8m\n}', False),
        ('proxy-body-size', '"8m"', False),
    ],
)
def test_values_for_nginx_hold_nothing_of_its_language(key: str, value: str, fits: bool) -> None:
    found = told(registry({'route': {'annotations': {f'nginx.ingress.kubernetes.io/{key}': value}}}))
    assert (not found) is fits


def test_a_chart_that_is_older_than_the_rules_is_told_at_its_release() -> None:
    found = loaded(registry({}))
    (release,) = releases_of(found)[1]
    values = {**release.chart.values, **ROLE}
    old = replace(release, chart=replace(release.chart, values=values, layers=()), merged={**release.merged, **ROLE})
    (problem,) = pinned_metadata(Scope(found, [old]))
    assert 'serviceAccount.annotations of the chart: controllers may obey' in problem.message
    own = replace(old.environment, spec={**old.environment.spec, 'values': ROLE})
    for fine in (replace(old, merged=release.merged), replace(old, environment=own), release):
        assert not list(pinned_metadata(Scope(found, [fine])))
