"""Host names have owners: who may have which, router by router, and what a stranger cannot take."""

from __future__ import annotations

from typing import Any

import pytest
import registries as r
from resolved import loaded, problems, shared

from generator.charts.starter import load_templates
from generator.checks.registry import registry_problems

ROUTERS: dict[str, dict[str, Any]] = {
    router: {**r.GATEWAY, 'router': router} for router in ('gateway-api', 'istio', 'nginx')
}
each_router = pytest.mark.parametrize('router', ROUTERS)
PAY = 'pay.shop.example'


def two(router: str, values: dict[str, Any], **environment: Any) -> r.Files:
    """Model `pay` has its host name; release `evil` has these values for its own route."""
    files = r.settings() | r.model('pay', route={}) | r.model('evil', route={})
    files |= r.following('prod', **ROUTERS[router], **environment)
    return files | r.release('prod', 'pay') | r.release('prod', 'evil', values={'route': values})


def rule(path: str, kind: str = 'PathPrefix') -> dict[str, Any]:
    return {'rules': {'main': {'path': path, 'type': kind, 'port': 'http'}}}


@each_router
@pytest.mark.parametrize('taken', [rule('/'), rule('/api/v1/pay'), rule('/api/v1/pay', 'Exact'), rule('/other')])
def test_no_path_of_a_foreign_host_can_be_taken(router: str, taken: dict[str, Any]) -> None:
    (problem,) = shared(two(router, {'hostnames': [PAY], **taken}))
    assert problem.file == 'registry/releases/prod/evil.yaml'
    assert problem.path == '$.spec.values.route.hostnames'
    assert problem.message == f"host name '{PAY}' belongs to model 'pay' (release 'prod/pay' has it)"
    assert problem.rule == 'owned-hosts'


@each_router
@pytest.mark.parametrize(
    ('host', 'what'),
    [
        ('*.shop.example', 'a wildcard'),
        ('*.example', 'a wildcard'),
        ('www.othercompany.com', "not below the domain 'shop.example'"),
        ('evilshop.example', "not below the domain 'shop.example'"),
        ('web.ml.svc.cluster.local', "not below the domain 'shop.example'"),
    ],
)
def test_a_host_outside_the_domain_and_a_wildcard_are_granted_or_refused(router: str, host: str, what: str) -> None:
    (problem,) = problems(two(router, {'hostnames': [host]}))
    assert f"host name '{host}' is {what}, and environment 'prod' does not grant it" in problem
    granted = two(router, {'hostnames': [host]}, hostnames={host: {'model': 'evil'}})
    assert problems(granted) == []
    found = shared(granted)
    assert [problem.message for problem in found] == (
        [f"host name '{PAY}' belongs to model 'evil' (environment 'prod' grants it)"] if host[:2] == '*.' else []
    )
    (other,) = shared(two(router, {'hostnames': [host]}, hostnames={host: {'application': 'shop'}}))[:1]
    assert "belongs to application 'shop' (environment 'prod' grants it)" in other.message


def test_a_host_has_one_owner_in_all_environments_of_a_cluster() -> None:
    """Whatever gateway and namespace they use; another cluster has names of its own."""
    other = {**r.GATEWAY, 'gateway': {'name': 'private', 'namespace': 'gateways'}}
    files = r.settings() | r.model('pay', route={}) | r.model('evil', route={'hostname': 'pay'})
    files |= r.release('prod', 'pay') | r.release('other', 'evil') | r.following('prod', **r.GATEWAY)
    cluster = {'name': 'prod', 'server': 'https://kubernetes.default.svc'}
    assert shared(files | r.following('other', **other)) == []
    (problem,) = shared(files | r.following('other', **other, cluster=cluster))
    assert "belongs to model 'evil' (release 'other/evil' has it)" in problem.message


@pytest.mark.parametrize('other', ['grpc', 'model'])
def test_the_host_for_calls_has_an_owner_too(other: str) -> None:
    ports = {'grpc': {'containerPort': 9000, 'servicePort': 9000, 'appProtocol': 'kubernetes.io/h2c'}}
    files = r.settings() | r.following('prod', **r.GATEWAY) | r.release('prod', 'foo')
    files |= r.model('foo', ports=ports, route={'grpc': {}})
    name, route = {
        'model': ('foo-grpc', {}),
        'grpc': ('bar', {'grpc': {'hostname': 'foo-grpc'}}),
    }[other]
    (problem,) = shared(files | r.model(name, ports=ports, route=route) | r.release('prod', name))
    assert "host name 'foo-grpc.shop.example' belongs to model" in problem.message


def test_members_of_an_application_share_its_host_and_strangers_do_not() -> None:
    files = r.settings() | r.following('prod', **r.GATEWAY)
    files |= r.model('a') | r.model('b') | r.model('evil', route={'hostname': 'shop'})
    files |= r.release('prod', 'a') | r.release('prod', 'b')
    routes = {'a': {'model': 'a', 'path': '/a'}, 'b': {'model': 'b', 'path': '/b'}}
    files |= r.application('shop', ['a', 'b'], routes=routes)
    assert shared(files) == []
    (problem,) = shared(files | r.release('prod', 'evil'))
    assert problem.message == "host name 'shop.shop.example' belongs to application 'shop' (release 'prod/a' has it)"
    members = files | r.application('shop', ['a', 'b', 'evil'], routes=routes) | r.release('prod', 'evil')
    assert len(shared(members)) == 1, 'a member without a route of the application does not have its host'


@pytest.mark.parametrize(
    'values',
    [
        {'route': {'type': 'istio', 'gateway': {'name': 'mesh'}}},
        {'route': {'enabled': True}},
        {'grpcRoute': {'gateway': {'namespace': 'other'}}},
        {'auth': {'type': 'none'}},
        {'auth': {'audiences': []}},
        {'tls': {'secretName': 'gateway-tls'}},
        {'externalSecrets': {'store': {'name': 'platform'}}},
        {'route': {'annotations': {'nginx.ingress.kubernetes.io/auth-url': ''}}},
        {'route': {'annotations': {'nginx.ingress.kubernetes.io/canary': 'true'}}},
        {'route': {'annotations': {'nginx.ingress.kubernetes.io/permanent-redirect': 'https://evil.example'}}},
        {'service': {'annotations': {'external-dns.alpha.kubernetes.io/hostname': PAY}}},
        {'podAnnotations': {'sidecar.istio.io/inject': 'false'}},
    ],
)
@pytest.mark.parametrize('where', ['model', 'release'])
def test_neither_a_model_nor_a_release_opens_another_way_in(where: str, values: dict[str, Any]) -> None:
    files = r.settings() | r.following('prod', **r.GATEWAY)
    files |= r.model('web', route={}, **({'values': values} if where == 'model' else {}))
    files |= r.release('prod', 'web', **({'values': values} if where == 'release' else {}))
    found = registry_problems(loaded(files), load_templates())
    assert [bool(problem.rule) for problem in found] == [True] * len(found) != []


def test_an_environment_may_say_what_its_platform_obeys() -> None:
    annotations = {'external-dns.alpha.kubernetes.io/ttl': '60', 'nginx.ingress.kubernetes.io/auth-url': 'https://x'}
    values = {'route': {'annotations': annotations}, 'podAnnotations': {'sidecar.istio.io/inject': 'true'}}
    files = r.settings() | r.following('prod', **r.GATEWAY, values=values) | r.model('web')
    assert registry_problems(loaded(files), load_templates()) == []
    usual = {'nginx.ingress.kubernetes.io/proxy-body-size': '8m', 'example.com/owner': 'search', 'owner': 'x'}
    files |= r.release('prod', 'web', values={'route': {'annotations': usual}})
    assert registry_problems(loaded(files), load_templates()) == []
