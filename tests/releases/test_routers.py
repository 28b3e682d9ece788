"""Each router and agent, from a registry to rendered objects: routes, certificates, who may ask, and Secrets."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import registries as r
from starter import of_kind, policy_of, render

from generator.domain.problems import ProblemsFound

ISTIO = {'router': 'istio', 'gateway': {'name': 'public', 'namespace': 'istio-ingress'}, 'domain': 'shop.example'}
NGINX = {'router': 'nginx', 'gateway': {'name': 'nginx', 'namespace': 'ingress-nginx'}, 'domain': 'shop.example'}
ENVOY = r.ENVOY
IDENTITY = {
    'issuer': 'https://idp.example', 'jwksUri': 'https://idp.example/jwks', 'audiences': ['shop'], 'clientID': 'shop',
    'clientSecret': 'idp-client', 'authUrl': 'https://o.example/oauth2/auth', 'signInUrl': 'https://o.example/start',
}  # fmt: skip
PORTS = {
    'http': {'containerPort': 8080, 'servicePort': 80, 'appProtocol': 'http'},
    'grpc': {'containerPort': 9000, 'servicePort': 9000, 'appProtocol': 'kubernetes.io/h2c'},
}
Objects = dict[tuple[str, str], Any]
Strict = Callable[..., None]


def objects(
    helm: Path, folder: Path, environment: dict[str, Any], route: dict[str, Any] | None = None, **more: bytes
) -> Objects:
    """What one release of model `web` becomes, by kind and name; `more` are further registry files."""
    model = r.model('web', ports=PORTS, route=route if route is not None else {'grpc': {}})
    files = {**r.settings(), **model, **r.following('prod', **environment), **r.release('prod', 'web'), **more}
    return rendered(helm, r.Repository(folder / 'repository', files), 'web')


def rendered(helm: Path, repository: r.Repository, model: str) -> Objects:
    repository.publish()
    values = repository.read(f'values/prod/{model}.yaml')
    return render(helm, values, repository.folder / f'charts/{model}/1.0.0')


def kinds(found: Objects) -> set[str]:
    return {kind for kind, _ in found}


ROUTES = {
    'service': set(),
    'gateway-api': {'HTTPRoute', 'GRPCRoute'},
    'istio': {'VirtualService', 'DestinationRule'},
    'nginx': {'Ingress'},
}
EVERY_ROUTE = set().union(*ROUTES.values())


@pytest.mark.parametrize('environment', [{}, r.GATEWAY, ISTIO, NGINX], ids=list(ROUTES))
@pytest.mark.parametrize('agent', ['argocd', 'flux'])
def test_a_router_gets_its_own_objects_and_no_others(
    helm: Path, strict: Strict, tmp_path: Path, environment: dict[str, Any], agent: str
) -> None:
    found = objects(helm, tmp_path, {**environment, 'agent': agent})
    assert kinds(found) & EVERY_ROUTE == ROUTES[environment.get('router', 'service')]
    for item in found.values():
        strict(item, '1.36')
    gateway = environment.get('gateway')
    sources = [
        peer['namespaceSelector']['matchLabels']['kubernetes.io/metadata.name']
        for rule in policy_of(found)['spec']['ingress']
        for peer in rule['from']
        if 'namespaceSelector' in peer
    ]
    assert sources == ([gateway['namespace']] if gateway else [])


def test_istio_takes_the_most_exact_rule_first(helm4: Path, tmp_path: Path) -> None:
    rules = {'all': {'path': '/'}, 'api': {'path': '/api', 'rewrite': '/v1'}, 'deep': {'path': '/api/deep'}}
    found = objects(helm4, tmp_path, ISTIO, {'rules': rules})
    service = found['VirtualService', 'web']['spec']
    assert (service['hosts'], service['gateways']) == (['web.shop.example'], ['istio-ingress/public'])
    assert [rule['name'] for rule in service['http']] == ['deep', 'api', 'all']
    api = service['http'][1]
    # Not /apis: it is the path itself, and what stands below it.
    assert api['match'] == [{'uri': {'exact': '/api'}}, {'uri': {'prefix': '/api/'}}]
    assert api['rewrite'] == {'uri': '/v1/'}
    assert api['route'] == [{'destination': {'host': 'web', 'port': {'number': 80}}, 'weight': 100}]


def test_grpc_has_a_host_of_its_own(helm4: Path, tmp_path: Path) -> None:
    methods = {'predict': {'service': 'a.B', 'method': 'Predict'}, 'all': {'service': 'a.C'}}
    found = objects(helm4, tmp_path, NGINX, {'grpc': {'methods': methods}})
    ingress = found['Ingress', 'web-grpc']
    assert ingress['metadata']['annotations'] == {'nginx.ingress.kubernetes.io/backend-protocol': 'GRPC'}
    [rule] = ingress['spec']['rules']
    assert rule['host'] == 'web-grpc.shop.example'
    assert [(path['path'], path['pathType']) for path in rule['http']['paths']] == [
        ('/a.C', 'Prefix'), ('/a.B/Predict', 'Exact')
    ]  # fmt: skip


def test_nginx_has_a_certificate_and_gateways_have_their_own(helm4: Path, strict: Strict, tmp_path: Path) -> None:
    tls = {'tls': {'issuer': {'name': 'letsencrypt'}}}
    found = objects(helm4, tmp_path / 'nginx', {**NGINX, **tls}, {})
    certificate = of_kind(found, 'Certificate')
    strict(certificate)
    assert certificate['spec']['dnsNames'] == ['web.shop.example']
    assert of_kind(found, 'Ingress')['spec']['tls'] == [{'secretName': 'web-tls', 'hosts': ['web.shop.example']}]
    assert 'Certificate' not in kinds(objects(helm4, tmp_path / 'gateway', {**r.GATEWAY, **tls}, {}))


@pytest.mark.parametrize(('released', 'owner'), [(('api', 'web'), 'api'), (('web',), 'web')])
def test_the_certificate_of_a_shared_host_is_made_once(
    helm4: Path, tmp_path: Path, released: tuple[str, ...], owner: str
) -> None:
    """By the first routed member that runs there, for all names that its members answer to."""
    routes = {'a': {'path': '/a', 'model': 'web'}, 'b': {'path': '/b', 'model': 'api'}}
    calls = {'c': {'grpcService': 'a.B', 'model': 'web'}}
    files = {
        **r.settings(), **r.model('web', ports=PORTS), **r.model('api', ports=PORTS),
        **r.application('shop', ['web', 'api'], routes=routes | calls),
        **r.following('prod', **NGINX, tls={'issuer': {'name': 'letsencrypt'}}),
    }  # fmt: skip
    for name in released:
        files |= r.release('prod', name)
    repository = r.Repository(tmp_path / 'repository', files)
    found = {name: rendered(helm4, repository, name) for name in released}
    assert [name for name in found if 'Certificate' in kinds(found[name])] == [owner]
    names = of_kind(found[owner], 'Certificate')['spec']['dnsNames']
    assert names == ['shop.shop.example', 'shop-grpc.shop.example']
    ingresses = [item for each in found.values() for (kind, _), item in each.items() if kind == 'Ingress']
    assert {item['spec']['tls'][0]['secretName'] for item in ingresses} == {'shop-tls'}


@pytest.mark.parametrize(
    ('values', 'limit'),
    [
        ({'timeout': '2500ms'}, '3'),
        ({'timeout': '1m30s'}, '90'),
        ({'timeout': '9s', 'annotations': {'nginx.ingress.kubernetes.io/proxy-read-timeout': '7'}}, '7'),
    ],
)
def test_the_time_limit_of_a_release_reaches_nginx(
    helm4: Path, tmp_path: Path, values: dict[str, Any], limit: str
) -> None:
    release = r.release('prod', 'web', values={'route': values})
    found = objects(helm4, tmp_path, NGINX, {}, **release)
    annotations = of_kind(found, 'Ingress')['metadata']['annotations']
    assert annotations['nginx.ingress.kubernetes.io/proxy-read-timeout'] == limit


@pytest.mark.parametrize(
    ('environment', 'auth', 'guards'),
    [
        (ENVOY, 'jwt', {'SecurityPolicy'}),
        (ENVOY, 'oidc', {'SecurityPolicy'}),
        ({**ISTIO, 'mesh': {'mode': 'sidecar'}}, 'jwt', {'RequestAuthentication', 'AuthorizationPolicy'}),
        (NGINX, 'oidc', set()),
        (ENVOY, 'none', set()),
        ({}, 'jwt', set()),
    ],
)
def test_nobody_comes_in_without_what_the_route_asks_for(
    helm4: Path, strict: Strict, tmp_path: Path, environment: dict[str, Any], auth: str, guards: set[str]
) -> None:
    found = objects(helm4, tmp_path, {**environment, 'identity': IDENTITY}, {'grpc': {}, 'auth': auth})
    assert kinds(found) & {'SecurityPolicy', 'RequestAuthentication', 'AuthorizationPolicy'} == guards
    for kind in guards:
        strict(of_kind(found, kind))
    if 'SecurityPolicy' in guards:
        spec = of_kind(found, 'SecurityPolicy')['spec']
        assert {(target['kind'], target['name']) for target in spec['targetRefs']} == {
            ('HTTPRoute', 'web'), ('GRPCRoute', 'web')
        }  # fmt: skip
        if auth == 'oidc':
            assert spec['oidc']['redirectURL'] == 'https://web.shop.example/oauth2/callback'
            assert spec['oidc']['clientSecret'] == {'name': 'idp-client'}
        else:
            [provider] = spec['jwt']['providers']
            assert provider['audiences'] == ['shop']
    if 'AuthorizationPolicy' in guards:
        [token, inside] = of_kind(found, 'AuthorizationPolicy')['spec']['rules']
        assert token == {'from': [{'source': {'requestPrincipals': ['https://idp.example/*']}}]}
        assert inside == {'from': [{'source': {'namespaces': ['models']}}]}
    if environment is NGINX:
        annotations = found['Ingress', 'web']['metadata']['annotations']
        assert annotations['nginx.ingress.kubernetes.io/auth-url'] == IDENTITY['authUrl']


@pytest.mark.parametrize(
    ('environment', 'auth', 'message'),
    [
        ({**ISTIO, 'identity': IDENTITY}, 'oidc', "cannot enforce auth 'oidc'"),
        ({**NGINX, 'identity': IDENTITY}, 'jwt', "cannot enforce auth 'jwt'"),
        (
            {**r.GATEWAY, 'identity': IDENTITY},
            'jwt',
            'does not name the controller of its gateway',
        ),
        (ENVOY, 'jwt', "requires issuer, jwksUri in 'identity'"),
        ({**NGINX, 'identity': {'issuer': 'https://idp.example'}}, 'oidc', "requires authUrl, signInUrl in 'identity'"),
        ({**ISTIO, 'identity': IDENTITY}, 'jwt', 'Istio checks tokens in the mesh, and the pods are not in it'),
        (
            {**ISTIO, 'identity': IDENTITY, 'mesh': {'mode': 'none'}},
            'jwt',
            'Istio checks tokens in the mesh, and the pods are not in it',
        ),
        (
            {**ISTIO, 'identity': IDENTITY, 'mesh': {'mode': 'ambient'}},
            'jwt',
            'an ambient mesh checks tokens in a waypoint only',
        ),
        (
            {**ISTIO, 'identity': IDENTITY, 'mesh': {'mode': 'sidecar'}, 'namespace': 'istio-ingress'},
            'jwt',
            "the gateway's pods are in 'istio-ingress', which needs no token",
        ),
    ],
)
def test_a_router_that_cannot_ask_is_refused(
    helm4: Path, tmp_path: Path, environment: dict[str, Any], auth: str, message: str
) -> None:
    with pytest.raises(ProblemsFound, match=message):
        objects(helm4, tmp_path, environment, {'auth': auth})


def test_all_that_an_identity_lacks_is_to_be_added(helm4: Path, tmp_path: Path) -> None:
    with pytest.raises(ProblemsFound) as raised:
        objects(helm4, tmp_path, ENVOY, {'auth': 'jwt'})
    assert [found.hint for found in raised.value.problems] == ['add issuer and jwksUri to identity']


def test_nginx_rewrites_no_paths(helm4: Path, tmp_path: Path) -> None:
    with pytest.raises(ProblemsFound, match="router 'nginx' does not support path rewrites"):
        objects(helm4, tmp_path, NGINX, {'rules': {'api': {'path': '/api', 'rewrite': '/'}}})


def test_limits_follow_the_slo_unless_the_model_says_otherwise(helm4: Path, tmp_path: Path) -> None:
    files = {**r.settings(), **r.following('prod', **ISTIO), **r.release('prod', 'web')}
    slow = r.model('web', ports=PORTS, route={}, slo={'p99': '800ms'})
    own = r.model('web', ports=PORTS, route={}, slo={'p99': '10ms'}, traffic={'timeout': '7s'})
    found = []
    for number, model in enumerate((slow, own)):
        repository = r.Repository(tmp_path / f'{number}', {**files, **model})
        [rule] = rendered(helm4, repository, 'web')['VirtualService', 'web']['spec']['http']
        assert 'perTryTimeout' not in rule['retries']
        found.append((rule['timeout'], rule['retries']['attempts']))
    assert found == [('3200ms', 2), ('7s', 2)]


def test_secrets_come_from_the_environments_store(helm: Path, strict: Strict, tmp_path: Path) -> None:
    env = {'TOKEN': {'secret': 'hf', 'key': 'token'}, 'USER': {'secret': 'hf', 'key': 'user'}}
    model = r.model('web', env=env, values={'imagePullSecrets': {'registry': {}}})
    store = {'secretStore': {'name': 'vault', 'path': 'ml/prod'}}
    files = {**r.settings(), **model, **r.following('prod', **store), **r.release('prod', 'web')}
    found = rendered(helm, r.Repository(tmp_path / 'repository', files), 'web')
    hf, registry = found['ExternalSecret', 'web-hf'], found['ExternalSecret', 'web-registry']
    for item in (hf, registry):
        strict(item)
    assert hf['spec']['target'] == {'name': 'hf', 'creationPolicy': 'Orphan', 'deletionPolicy': 'Retain'}
    assert [each['remoteRef'] for each in hf['spec']['data']] == [
        {'key': 'ml/prod/hf', 'property': 'token'}, {'key': 'ml/prod/hf', 'property': 'user'}
    ]  # fmt: skip
    assert registry['spec']['target']['template'] == {'type': 'kubernetes.io/dockerconfigjson'}


def test_without_a_store_somebody_else_makes_the_secrets(helm4: Path, tmp_path: Path) -> None:
    model = r.model('web', env={'TOKEN': {'secret': 'hf', 'key': 'token'}})
    files = {**r.settings(), **model, **r.following(), **r.release('prod', 'web')}
    assert 'ExternalSecret' not in kinds(rendered(helm4, r.Repository(tmp_path / 'repository', files), 'web'))


def test_pods_have_the_account_that_the_environment_gives_their_model(helm4: Path, tmp_path: Path) -> None:
    annotations = {'eks.amazonaws.com/role-arn': 'arn:aws:iam::1:role/ml-{model}'}
    found = objects(helm4, tmp_path, {'workloadIdentity': {'annotations': annotations}}, {})
    account = of_kind(found, 'ServiceAccount')
    assert account['metadata']['annotations'] == {'eks.amazonaws.com/role-arn': 'arn:aws:iam::1:role/ml-web'}
    assert account['automountServiceAccountToken'] is False
