"""Routes with sign-in by a cookie, which pages of other origins must not use."""

from __future__ import annotations

from typing import Any

import pytest
import registries as r
from resolved import problems

NGINX = {
    'router': 'nginx',
    'gateway': {'name': 'public', 'namespace': 'gateways'},
    'domain': 'shop.example',
    'identity': {'authUrl': 'https://sso.shop.example/auth', 'signInUrl': 'https://sso.shop.example/start'},
}
PREFIX = 'nginx.ingress.kubernetes.io'
CORS = {f'{PREFIX}/enable-cors': 'true'}
ALONE = {f'{PREFIX}/cors-allow-credentials': 'false'}
EVIL = {f'{PREFIX}/cors-allow-origin': 'https://evil.example'}
PORTAL = CORS | {f'{PREFIX}/cors-allow-origin': 'https://portal.shop.example'}


def route(annotations: dict[str, str]) -> dict[str, Any]:
    return {'values': {'route': {'annotations': annotations}}} if annotations else {}


def registry(written: dict[str, str], of_environment: dict[str, str], auth: str = 'oidc') -> r.Files:
    files = r.settings() | r.model('web', route={'auth': auth}) | r.release('prod', 'web', **route(written))
    return files | r.following('prod', **NGINX, **route(of_environment))


@pytest.mark.parametrize(
    ('written', 'of_environment', 'told'),
    [
        (CORS, {}, ['enable-cors']),
        ({f'{PREFIX}/enable-cors': 't'}, {}, ['enable-cors']),
        (CORS | EVIL, {}, ['cors-allow-origin', 'enable-cors']),
        (CORS | ALONE, {}, []),
        ({f'{PREFIX}/enable-cors': 'false'} | EVIL, {}, []),
        ({}, PORTAL, []),
        (EVIL, PORTAL, ['cors-allow-origin']),
        ({f'{PREFIX}/cors-allow-credentials': 'true'}, PORTAL | ALONE, ['cors-allow-credentials']),
    ],
)
def test_only_the_environment_shares_a_sign_in(
    written: dict[str, str], of_environment: dict[str, str], told: list[str]
) -> None:
    found = problems(registry(written, of_environment))
    place = "registry/releases/prod/web.yaml::$.spec.values.route.annotations['nginx.ingress.kubernetes.io/"
    assert [each.partition("']: ")[0] for each in found] == [f'{place}{key}' for key in told]
    assert all('lets pages of other origins use the sign-in of visitors' in each for each in found)


def test_cors_without_a_sign_in_is_free() -> None:
    assert not problems(registry(CORS | EVIL, {}, 'none'))
