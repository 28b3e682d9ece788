"""Host names have owners: who may have which, router by router, and what a stranger cannot take."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import registries as r
from resolved import loaded, problems, shared

from generator.charts.starter import load_templates
from generator.checks.registry import registry_problems
from generator.domain.problems import ProblemsFound

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


def test_who_takes_a_host_is_told_not_who_has_it(tmp_path: Path) -> None:
    files = r.settings() | r.following('prod', **r.GATEWAY) | r.model('pay', route={}) | r.release('prod', 'pay')
    files |= r.model('evil') | r.release('prod', 'evil')
    repository = r.Repository(tmp_path / 'repository', files)
    repository.publish()
    route = {'all': {'model': 'evil', 'path': '/'}}
    repository.write(r.application('new', ['evil'], hostname='pay', routes=route))
    with pytest.raises(ProblemsFound) as error:
        assert repository.run().releases
    (problem,) = error.value.problems
    assert problem.file == 'registry/applications/new.yaml'
    assert problem.message == f"host name '{PAY}' belongs to model 'pay' (release 'prod/pay' has it)"


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
    owner = "host name 'shop.shop.example' belongs to application 'shop' (release 'prod/a' has it)"
    assert problem.message == f"{owner}, and to model 'evil' (release 'prod/evil' has it)"
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
    files = (
        r.settings(annotationDomains=['example.com']) | r.following('prod', **r.GATEWAY, values=values) | r.model('web')
    )
    assert registry_problems(loaded(files), load_templates()) == []
    usual = {'nginx.ingress.kubernetes.io/proxy-body-size': '8m', 'example.com/owner': 'search', 'owner': 'x'}
    files |= r.release('prod', 'web', values={'route': {'annotations': usual}})
    assert registry_problems(loaded(files), load_templates()) == []


# --- names of the platform, of other environments and below somebody's ----------------------------------------------

OF_PLATFORM: dict[str, tuple[str, dict[str, Any], str]] = {
    'the issuer': ('id', {'identity': {'issuer': 'https://id.shop.example/realms/a'}}, 'spec.identity.issuer'),
    'the keys': ('keys', {'identity': {'jwksUri': 'https://keys.shop.example:8443/jwks'}}, 'spec.identity.jwksUri'),
    'where users sign in': (
        'in', {'identity': {'signInUrl': 'https://in.shop.example/?rd=$x'}}, 'spec.identity.signInUrl'
    ),
    'who asks': ('auth', {'identity': {'authUrl': 'http://auth.shop.example'}}, 'spec.identity.authUrl'),
    'a store': ('s3', {'artifactStores': {'s3': {'endpoint': 'https://s3.shop.example'}}}, 's3.endpoint'),
    'Prometheus': (
        'prom', {'monitoring': {'namespace': 'm', 'prometheus': 'http://prom.shop.example:9090'}},
        'spec.monitoring.prometheus',
    ),
    'the API server': (
        'k8s', {'cluster': {'name': 'x', 'server': 'https://k8s.shop.example:6443'}}, 'spec.cluster.server'
    ),
    'a mirror': ('mirror', {'registryMirrors': {'docker.io': 'mirror.shop.example/a'}}, "registryMirrors['docker.io']"),
}  # fmt: skip


@pytest.mark.parametrize('elsewhere', [False, True])
@pytest.mark.parametrize('case', OF_PLATFORM)
def test_a_host_that_an_environment_names_is_the_platforms(case: str, elsewhere: bool) -> None:
    """Whatever cluster that environment is on."""
    label, said, place = OF_PLATFORM[case]
    files = r.settings() | r.model('evil', route={'hostname': label}) | r.release('prod', 'evil')
    other = r.following('other', **r.GATEWAY | {'domain': 'other.example'} | said) if elsewhere else {}
    own = {} if elsewhere else said
    (problem,) = shared(files | other | r.following('prod', **r.GATEWAY, **own))
    assert problem.file == 'registry/models/evil.yaml'
    assert problem.path == '$.spec.route.hostname'
    assert problem.message.startswith(f"host name '{label}.shop.example' belongs to the platform: $.")
    assert place in problem.message
    granted = {'hostnames': {f'{label}.shop.example': {'model': 'evil'}}}
    assert shared(files | other | r.following('prod', **r.GATEWAY, **own, **granted)) == []
    below = r.release('prod', 'evil', values={'route': {'hostnames': [f'a.b.{label}.shop.example']}})
    (problem,) = shared(files | other | r.following('prod', **r.GATEWAY, **own) | below)
    assert 'belongs to the platform' in problem.message


def test_a_host_that_has_the_artifact_of_a_model_is_nobody_elses() -> None:
    artifact = {'uri': 'https://models.shop.example/web.zip', 'kind': 'saved-model', 'sha256': 'a' * 64}
    files = r.settings() | r.model('web', versions=[r.version('1', artifact=artifact)]) | r.release('prod', 'web')
    files |= r.model('evil', route={'hostname': 'models'}) | r.release('prod', 'evil')
    (problem,) = shared(files | r.following('prod', **r.GATEWAY))
    assert problem.message == "host name 'models.shop.example' has the artifact of 1 of model 'web'"
    own = r.model('evil', versions=[r.version('1', artifact=artifact)], route={'hostname': 'models'})
    assert shared({**files, **own, **r.model('web')} | r.following('prod', **r.GATEWAY)) == []
    granted = {'hostnames': {'models.shop.example': {'model': 'evil'}}}
    assert shared(files | r.following('prod', **r.GATEWAY, **granted)) == []


def test_addresses_in_values_of_an_environment_are_not_the_platforms() -> None:
    values = {'env': {'SHOP': {'value': 'https://pay.shop.example'}}}
    files = r.settings() | r.model('pay', route={}) | r.release('prod', 'pay')
    assert shared(files | r.following('prod', **r.GATEWAY, values=values)) == []


def test_the_domain_itself_is_granted_or_refused() -> None:
    (problem,) = shared(two('gateway-api', {'hostnames': ['shop.example']}))
    assert problem.message == "host name 'shop.example' is the domain of environment 'prod'"
    assert "hostnames: {'shop.example': {model: evil}}" in problem.hint
    assert (
        shared(two('gateway-api', {'hostnames': ['shop.example']}, hostnames={'shop.example': {'model': 'evil'}})) == []
    )


@pytest.mark.parametrize('host', ['victim.prod.ex.example', 'a.victim.prod.ex.example', 'prod.ex.example'])
def test_names_within_a_longer_domain_are_its_environments(host: str) -> None:
    dev, prod = ({**r.GATEWAY, 'domain': domain} for domain in ('ex.example', 'prod.ex.example'))
    files = r.settings() | r.model('evil', route={}) | r.following('prod', **prod)
    files |= r.release('dev', 'evil', values={'route': {'hostnames': [host]}})
    (problem,) = shared(files | r.following('dev', **dev))
    assert problem.message == f"host name '{host}' is within 'prod.ex.example', the domain of environment 'prod'"
    assert shared(files | r.following('dev', **dev, hostnames={host: {'model': 'evil'}})) == []
    assert shared(r.settings() | r.model('a', route={}) | r.following('prod', **prod) | r.release('prod', 'a')) == []


@pytest.mark.parametrize('name', ['zeta', 'alpha'])
def test_a_name_below_somebody_elses_is_theirs(name: str) -> None:
    """Whichever of the two comes first."""
    files = r.settings() | r.model('pay', route={}) | r.model(name, route={}) | r.release('prod', 'pay')
    files |= r.release('prod', name, values={'route': {'hostnames': [f'a.{PAY}']}})
    (problem,) = shared(files | r.following('prod', **r.GATEWAY))
    assert problem.file == f'registry/releases/prod/{name}.yaml'
    assert (
        problem.message
        == f"host name 'a.{PAY}' is below '{PAY}', which belongs to model 'pay' (release 'prod/pay' has it)"
    )
    granted = {'hostnames': {f'a.{PAY}': {'model': name}}}
    assert shared(files | r.following('prod', **r.GATEWAY, **granted)) == []
    own = r.release('prod', 'pay', values={'route': {'hostnames': [PAY, f'a.{PAY}']}})
    assert shared(r.settings() | r.model('pay', route={}) | own | r.following('prod', **r.GATEWAY)) == []


def test_a_host_name_of_a_release_that_its_application_would_override_is_told() -> None:
    files = r.settings() | r.model('web') | r.following('prod', **r.GATEWAY) | r.release('prod', 'web', hostname='mine')
    assert not registry_problems(loaded(files | r.model('web', route={})), load_templates())
    files |= r.application('shop', ['web'], routes={'all': {'model': 'web', 'path': '/'}})
    (problem,) = registry_problems(loaded(files), load_templates())
    assert str(problem).startswith(
        "registry/releases/prod/web.yaml::$.spec.hostname: application 'shop' routes to this"
    )
