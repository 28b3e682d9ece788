"""Names of objects: what two releases of a namespace would share, and that the prediction of names is complete."""

from __future__ import annotations

from typing import Any

import pytest
import registries as r
from resolved import predicted, resolved, shared

from generator.checks.objects import tracks
from generator.strategies.ahead import merged_at, stages_ahead

STORE = {'secretStore': {'name': 'vault', 'path': 'prod'}}
CANARY = {'canary': {'steps': [{'weight': 10, 'hold': '10m'}]}}


def checked(name: str) -> dict[str, Any]:
    checks = {'queries': {name: {'query': 'x{SEL}', 'limit': '<= 1'}}}
    return {'strategy': {'canary': {**CANARY['canary'], 'checks': checks}}, 'route': {}}


CHECKED, OTHER = checked('b-c'), checked('c')
ISTIO, NGINX = {**r.GATEWAY, 'router': 'istio'}, {**r.GATEWAY, 'router': 'nginx'}
PROMETHEUS = {'namespace': 'monitoring', 'podMonitor': True, 'prometheus': 'http://p:9090'}
WATCHED = {**r.GATEWAY, 'monitoring': PROMETHEUS}
FLAGGER = {**WATCHED, 'engine': 'flagger'}
PORT = {'containerPort': 9000, 'servicePort': 9000, 'appProtocol': 'kubernetes.io/h2c'}
CALLS = {'ports': {'grpc': PORT}, 'route': {'hostname': 'h', 'grpc': {'hostname': 'calls'}}}
STRATEGIES = {'canary': CANARY, 'blueGreen': {'blueGreen': {}}, 'rolling': {'rolling': {}}}


def secret(name: str) -> dict[str, Any]:
    return {'env': {'TOKEN': {'secret': name, 'key': 'token'}}}


def pair(longer: str, one: dict[str, Any], two: dict[str, Any], **environment: Any) -> list[str]:
    """The problems of model `a` and of another whose name begins with `a-`."""
    files = r.settings() | r.environment('prod', **environment)
    for name, spec in (('a', one), (longer, two)):
        files |= r.model(name, **spec) | r.release('prod', name, version='1', chart='1.0.0')
    return [problem.message for problem in shared(files)]


@pytest.mark.parametrize(
    ('longer', 'one', 'two', 'environment', 'name'),
    [
        ('a-b', secret('b-c'), secret('c'), STORE, "ExternalSecret 'a-b-c'"),
        ('a-canary', {'strategy': CANARY, 'route': {}}, {}, r.GATEWAY, "Deployment 'a-canary'"),
        ('a-stable', {'strategy': CANARY, 'route': {}}, {}, ISTIO, "DestinationRule 'a-stable'"),
        (
            'a-b',
            CHECKED,
            OTHER,
            FLAGGER,
            "MetricTemplate 'a-b-c'",
        ),
        ('a-b', CHECKED, OTHER, WATCHED, ''),
        ('a-blue', {'strategy': {'blueGreen': {}}}, {}, {}, "Deployment 'a-blue'"),
        ('a-green', {'strategy': {'blueGreen': {}}}, {}, {}, "Deployment 'a-green'"),
        ('a-preview', {'strategy': {'blueGreen': {}}}, {}, {}, "Service 'a-preview'"),
        ('a-primary', {'strategy': {'blueGreen': {}}}, {}, {'engine': 'flagger'}, "Deployment 'a-primary'"),
        ('a-grpc', CALLS, {'route': {}}, NGINX, "Ingress 'a-grpc'"),
        ('a-grpc', CALLS, {'route': {}}, ISTIO, "VirtualService 'a-grpc'"),
        ('a-grpc', CALLS, {'route': {'hostname': 'b'}}, r.GATEWAY, ''),
        ('a-grpc', {}, {'route': {}}, NGINX, ''),
        ('a-a-canary', {'strategy': CANARY, 'route': {}}, {'route': {}}, NGINX, "Ingress 'a-a-canary'"),
        ('a-a-canary', {'route': {}}, {'route': {}}, NGINX, ''),
        ('a-canary', {'route': {}}, {'route': {}}, NGINX, ''),
        ('a-test', {}, {}, {}, ''),
        ('a-dashboard', {}, {}, {}, ''),
        ('a-b', {}, {}, {}, ''),
        ('ab', {'strategy': CANARY, 'route': {}}, {}, r.GATEWAY, ''),
    ],
)
def test_two_releases_have_no_object_in_common(
    longer: str, one: dict[str, Any], two: dict[str, Any], environment: dict[str, Any], name: str
) -> None:
    found = pair(longer, one, two, **environment)
    assert found == ([f"its {name} would have the same name as one of release 'prod/a'"] if name else [])


def test_names_in_two_environments_are_in_two_namespaces() -> None:
    files = r.settings() | r.following('prod', **r.GATEWAY) | r.following('dev')
    files |= r.model('a', strategy={'blueGreen': {}}) | r.model('a-blue')
    files |= r.release('prod', 'a-blue') | r.release('dev', 'a', version='1', chart='1.0.0')
    assert shared(files) == []


def test_releases_may_read_one_secret_from_one_place() -> None:
    files = r.settings() | r.following('prod', **STORE) | r.release('prod', 'web') | r.release('prod', 'other')
    files |= r.model('web', **secret('shared')) | r.model('other', **secret('shared'))
    assert shared(files) == []
    both = r.application('shop', ['web', 'other']) | r.model('web') | r.model('other', **secret('web-shared'))
    own = {'externalSecrets': {'secrets': {'web-shared': {'remoteKey': 'prod/web-own', 'keys': ['token']}}}}
    (problem,) = shared(files | both | r.release('prod', 'web', values=own))
    assert problem.message == (
        "Secret 'web-shared' comes from 'prod/web-own' of the store, "
        "in release 'prod/other' from 'prod/web-shared' of the store"
    )
    assert problem.path == '$.spec.values.externalSecrets.secrets.web-shared'


def test_releases_may_read_different_keys_of_one_secret_if_both_write_all() -> None:
    files = r.settings() | r.following('prod', **STORE) | r.release('prod', 'web') | r.release('prod', 'other')
    files |= r.model('web', **secret('shared'))
    files |= r.model('other', env={'USER': {'secret': 'shared', 'key': 'user'}})
    (problem,) = shared(files)
    assert problem.message == "Secret 'shared' has the keys 'token', in release 'prod/other' the keys 'user'"
    every = {'externalSecrets': {'secrets': {'shared': {'remoteKey': 'prod/shared', 'keys': ['user', 'token']}}}}
    files |= r.release('prod', 'web', values=every) | r.release('prod', 'other', values=every)
    assert shared(files) == []


@pytest.mark.parametrize('engine', ['native', 'argo-rollouts', 'flagger'])
@pytest.mark.parametrize(
    'strategy', [CANARY, {'blueGreen': {}}, {'rolling': {}}], ids=['canary', 'blueGreen', 'rolling']
)
def test_all_stages_of_a_rollout_are_predicted(engine: str, strategy: dict[str, Any]) -> None:
    files = r.settings() | r.environment('prod', engine=engine, **r.GATEWAY) | r.model(strategy=strategy, route={})
    (release,) = resolved(files | r.release(version='1', chart='1.0.0'))
    names = predicted(release)
    for values in (release.merged, *(merged_at(release, stage) for stage in stages_ahead(release))):
        sets = {name for name, track in values['tracks'].items() if track['enabled']}
        assert {f'-{name}'.removesuffix('-stable') for name in sets} <= tracks(release)
        assert {('Service', f'web{each["suffix"]}') for each in values['routing']['services']} <= names
        assert {('Ingress', f'web{each["suffix"]}') for each in values['routing']['ingresses']} <= names


def test_only_one_release_writes_a_claim_with_an_artifact_unless_the_environment_says_so() -> None:
    claim = {'type': 'persistentVolumeClaim', 'name': 'models', 'mountPath': '/models'}
    artifact = {'uri': 'pvc://models/other', 'kind': 'saved-model'}
    files = r.settings() | r.following('prod') | r.release('prod', 'web') | r.release('prod', 'other')
    files |= r.model('other', 'tensorflow-serving', [r.version(artifact=artifact)])
    (problem,) = shared(files | r.model('web', volumes={'data': claim}))
    assert problem.message == "release 'prod/other' has its artifact on claim 'models', which this one could change"
    assert shared(files | r.model('web', volumes={'data': {**claim, 'readOnly': True}})) == []
    assert shared(files | r.following('prod', values={'volumes': {'data': claim}}) | r.model('web')) == []


AMBIENT = {**r.GATEWAY, 'mesh': {'mode': 'ambient', 'waypoint': 'entry-canary'}}


def beside(controller: str) -> dict[str, Any]:
    """A gateway in the namespace of the releases."""
    return {**r.GATEWAY, 'gateway': {'name': 'public', 'namespace': 'ml-prod', 'controller': controller}}


@pytest.mark.parametrize(
    ('name', 'model', 'environment', 'told'),
    [
        ('entry', {'strategy': CANARY, 'route': {}}, AMBIENT, "Service 'entry-canary'"),
        ('entry-canary', {}, AMBIENT, "Service 'entry-canary'"),
        ('entry', {}, AMBIENT, ''),
        ('chartloom-prod', {}, {}, "Service 'chartloom-prod'"),
        ('chartloom-dev', {}, {}, ''),
        ('public-istio', {}, beside('istio'), "Service 'public-istio'"),
        ('public-istio', {}, r.GATEWAY, ''),
        ('public', {}, beside('istio'), ''),
        ('public', {}, beside('kgateway'), "Service 'public'"),
        ('public', {}, beside('envoy-gateway'), "Service 'public'"),
        ('cilium-gateway-public', {}, beside('cilium'), "Service 'cilium-gateway-public'"),
        ('envoy-public', {}, beside('contour'), "Service 'envoy-public'"),
        ('public-nginx', {}, beside('nginx-gateway-fabric'), "Service 'public-nginx'"),
        ('public', {}, beside('traefik'), ''),
    ],
)
def test_no_release_has_the_name_of_what_the_environment_runs(
    name: str, model: dict[str, Any], environment: dict[str, Any], told: str
) -> None:
    files = r.settings() | r.environment('prod', **environment) | r.model(name, **model)
    found = [problem.message for problem in shared(files | r.release('prod', name, version='1', chart='1.0.0'))]
    assert [message.partition(' would')[0] for message in found] == ([f'its {told}'] if told else [])


@pytest.mark.parametrize(
    ('spec', 'refused'),
    [
        ({'artifactStores': {'s3': {'endpoint': 'http://minio.ml-prod.svc:9000'}}}, True),
        ({'artifactStores': {'s3': {'endpoint': 'http://minio.ml-prod.svc.cluster.local'}}}, True),
        ({'artifactStores': {'s3': {'endpoint': 'http://minio.other.svc:9000'}}}, False),
        ({'artifactStores': {'s3': {'endpoint': 'https://minio.shop.example'}}}, False),
        ({'monitoring': {**PROMETHEUS, 'prometheus': 'http://minio.ml-prod:9090'}}, True),
        ({'monitoring': {**PROMETHEUS, 'prometheus': 'http://minio:9090'}}, True),
        ({'monitoring': {**PROMETHEUS, 'prometheus': 'http://minio.monitoring:9090'}}, False),
        ({'gate': 'http://user@minio.ml-prod.svc/gate/check'}, True),
        ({'values': {'env': {'TRACES': {'value': 'http://minio-0.minio.ml-prod.svc:4317'}}}}, True),
        ({'values': {'args': ['--traces=http://minio.ml-prod.svc:4317']}}, True),
    ],
)
def test_a_model_takes_no_name_that_its_environment_asks(spec: dict[str, Any], refused: bool) -> None:
    files = r.settings() | r.model('minio') | r.following('prod', **spec) | r.release('prod', 'minio')
    found = [problem.message for problem in shared(files)]
    assert len(found) == refused
    assert not refused or found[0].startswith("its Service 'minio' would have the same name as that of 'http://")
