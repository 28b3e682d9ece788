"""How many rules, pods and characters the API server takes: the last that passes, and the first that does not."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import registries as r
from jsonschema import ValidationError
from resolved import TEMPLATES, problems, resolved
from rollouts import RELEASE, World
from starter import of_kind, render

from generator.domain.generated import ResolvedRelease
from generator.domain.problems import ProblemsFound
from generator.strategies.ahead import merged_at, stages_ahead
from generator.values.merge import difference

ISTIO = {'router': 'istio', 'gateway': {'name': 'public', 'namespace': 'istio-ingress'}, 'domain': 'shop.example'}
HEADERS = {'canary': {'steps': [{'headers': {'x-canary': 'yes'}}, {'weight': 50}]}}
IDENTITY = {'issuer': 'https://idp.example', 'jwksUri': 'https://idp.example/jwks'}


def rules(count: int) -> dict[str, Any]:
    return {'rules': {f'r{number:02}': {'path': f'/v{number}'} for number in range(count)}}


def registry(strategy: Any = None, *, environment: Any = r.ENVOY, **model: Any) -> r.Files:
    """One release of a model with these settings, pinned to its only version."""
    own = {'strategy': strategy} if strategy else {}
    pinned = r.release('prod', 'web', version='1', chart='1.0.0', **own)
    return {**r.settings(), **r.model('web', **model), **r.environment('prod', **environment), **pinned}


def one(files: r.Files) -> ResolvedRelease:
    (found,) = resolved(files)
    return found


def chart(release: ResolvedRelease, folder: Path) -> Path:
    for path, data in release.chart.files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    return folder


def test_an_http_route_has_sixteen_rules(helm4: Path, strict: Callable[..., None], tmp_path: Path) -> None:
    found = one(registry(route=rules(16)))
    route = of_kind(render(helm4, found.values, chart(found, tmp_path)), 'HTTPRoute')
    strict(route, '1.36')
    route['spec']['rules'].append(route['spec']['rules'][0])
    with pytest.raises(ValidationError, match='too long'):
        strict(route, '1.36')
    (told,) = problems(registry(route=rules(17)))
    assert told.startswith('registry/models/web.yaml::$.spec.route.rules')
    assert 'an HTTPRoute with 17 rules, the Gateway API allows 16' in told


def test_an_istio_route_has_any_number_of_rules() -> None:
    assert problems(registry(HEADERS, environment=ISTIO, route=rules(40))) == []


def test_headers_double_the_rules_in_a_rollout(helm4: Path, strict: Callable[..., None], tmp_path: Path) -> None:
    found = one(registry(HEADERS, route=rules(8)))
    place = chart(found, tmp_path)
    counts = []
    for stage in stages_ahead(found):
        values = difference(found.chart.values, merged_at(found, stage))
        route = of_kind(render(helm4, values, place), 'HTTPRoute')
        strict(route, '1.36')
        counts.append(len(route['spec']['rules']))
    assert max(counts) == 16
    (told,) = problems(registry(HEADERS, route=rules(9)))
    assert told.startswith('registry/releases/prod/web.yaml::$.spec.strategy.canary.steps[0].headers: ')
    assert '18 rules, the Gateway API allows 16' in told
    assert told.endswith('use weights instead, or write at most 8 rules in registry/models/web.yaml')


def test_argo_rollouts_copies_each_rule_too() -> None:
    def files(count: int) -> r.Files:
        return registry(HEADERS, environment={**r.ENVOY, 'engine': 'argo-rollouts'}, route=rules(count))

    assert problems(files(8)) == []
    assert '18 rules, the Gateway API allows 16' in problems(files(9))[0]


def test_without_headers_a_canary_has_as_many_rules_as_its_route() -> None:
    assert problems(registry({'canary': {'steps': [{'mirror': 5}, {'weight': 50}]}}, route=rules(16))) == []


def test_grpc_with_headers_is_within_all_limits() -> None:
    """Two rules of 64 methods: the API takes 128 matches of a route in all."""
    methods = {f'm{number}': {'service': f'shop.S{number}'} for number in range(64)}
    port = {'containerPort': 9000, 'servicePort': 9000, 'appProtocol': 'kubernetes.io/h2c'}
    files = registry(HEADERS, route={'grpc': {'methods': methods}}, ports={'grpc': port})
    found = one(files)
    counts = [
        sum(len(rule.get('matches', ())) for rule in merged_at(found, stage)['routing']['grpcRoute'])
        for stage in stages_ahead(found)
    ]
    assert max(counts) == 128


CPU = {'requests': {'cpu': '1', 'memory': '1Gi'}, 'limits': {'memory': '1Gi'}}


@pytest.mark.parametrize(
    ('size', 'raised'),
    [({'replicas': 4}, 'replicaCount'), ({'autoscaling': {'minReplicas': 2, 'maxReplicas': 4}}, 'maxReplicas')],
)
@pytest.mark.parametrize(
    ('strategy', 'key'),
    [({'canary': {'steps': [{'weight': 50}]}}, 'replicas'), ({'blueGreen': {}}, 'previewReplicas')],
)
@pytest.mark.parametrize('engine', ['native', 'argo-rollouts'])
def test_a_new_version_has_no_more_pods_than_the_release(
    size: Any, raised: str, strategy: Any, key: str, engine: str
) -> None:
    ((kind, settings),) = strategy.items()

    def files(pods: int) -> r.Files:
        own = {kind: {**settings, key: pods}}
        return registry(own, environment={**r.ENVOY, 'engine': engine}, route={}, resources=CPU, **size)

    found = one(files(4))
    for stage in stages_ahead(found):
        merged = merged_at(found, stage)
        most = merged['autoscaling']['maxReplicas'] if merged['autoscaling']['enabled'] else merged['replicaCount']
        assert all(track['replicas'] <= most for track in merged['tracks'].values())
    (told,) = problems(files(5))
    assert told == (
        f"registry/releases/prod/web.yaml::$.spec.strategy.{kind}.{key}: '5' pods of the new version, the whole release"
        f' has at most 4\n  hint: write at most 4, or raise {raised} in registry/models/web.yaml'
    )


def jwt(**identity: Any) -> r.Files:
    return registry(environment={**r.ENVOY, 'identity': {**IDENTITY, **identity}}, route={'auth': 'jwt'})


def test_envoy_gateway_takes_eight_audiences_and_short_addresses(
    helm4: Path, strict: Callable[..., None], tmp_path: Path
) -> None:
    most = f'https://idp.example/{"i" * 233}'
    found = one(jwt(audiences=list('abcdefgh'), issuer=most, jwksUri=most))
    policy = of_kind(render(helm4, found.values, chart(found, tmp_path)), 'SecurityPolicy')
    strict(policy, '1.36')
    assert '9 audiences' in problems(jwt(audiences=list('abcdefghi')))[0]
    assert 'identity.issuer: 254 characters' in problems(jwt(issuer=f'{most}i'))[0]
    assert 'identity.jwksUri: 254 characters' in problems(jwt(jwksUri=f'{most}i'))[0]


def test_the_name_of_a_secret_leaves_room_for_the_model() -> None:
    def files(length: int, key: int) -> r.Files:
        secrets = {'s' * length: {'remoteKey': 's' * length, 'keys': ['k' * key]}}
        store = {'secretStore': {'name': 'vault'}}
        return registry(environment=store, values={'externalSecrets': {'secrets': secrets}})

    assert problems(files(249, 253)) == []
    assert 'a name of 250 characters' in problems(files(250, 1))[0]
    assert 'a key of 254 characters' in problems(files(1, 254))[0]


# What is made from the longest names that the schemas allow, by engines and routers. Labels and the names of Services
# have at most 63 characters, names of releases 53, other names 253.
MODEL, ENVIRONMENT = 'm' * 42, 'e' * 20
SUFFIXES = """
    -canary -stable -preview -primary -blue -green -test -dashboard -grpc -grpc-canary -files-12345678
    -files-12345678-primary
""".split()


def longest(schema: str) -> int:
    found = json.loads(TEMPLATES.schemas[f'{schema}.json'])
    return int(found['properties']['metadata']['properties']['name']['maxLength'])


def test_no_name_that_is_made_from_another_is_too_long() -> None:
    assert (longest('model'), longest('environment')) == (len(MODEL), len(ENVIRONMENT))
    assert len(f'{ENVIRONMENT}-{MODEL}') <= 63, 'the delivery object; Argo CD makes a label of it'
    assert len(MODEL) <= 53, 'the Helm release'
    for suffix in SUFFIXES:
        assert len(MODEL + suffix) <= (253 if suffix.startswith('-files') else 63), suffix
    for track in ('-canary', '-green', '-primary'):
        assert len(f'keda-hpa-{MODEL}{track}') <= 63
    assert len(f'{MODEL}-{MODEL}-grpc-canary') <= 253, 'the Ingress that Argo Rollouts makes'


ENGINES = [
    ('native', HEADERS),
    ('native', {'blueGreen': {}}),
    ('argo-rollouts', HEADERS),
    ('flagger', {'blueGreen': {}}),
]


@pytest.mark.parametrize(('engine', 'strategy'), ENGINES)
def test_names_and_labels_of_all_objects_of_the_longest_model(
    helm4: Path, tmp_path: Path, engine: str, strategy: Any
) -> None:
    pinned = r.release(ENVIRONMENT, MODEL, version='1', chart='1.0.0', strategy=strategy)
    environment = r.environment(ENVIRONMENT, **r.ENVOY, engine=engine)
    found = one({**r.settings(), **r.model(MODEL, route={}), **environment, **pinned})
    place = chart(found, tmp_path)
    for values in [found.values, *(difference(found.chart.values, merged_at(found, s)) for s in stages_ahead(found))]:
        for (kind, name), item in render(helm4, values, place, MODEL).items():
            assert len(name) <= (63 if kind == 'Service' else 253)
            assert all(len(value) <= 63 for value in item['metadata']['labels'].values())


def test_a_rollout_is_refused_before_its_first_commit() -> None:
    world = World({'canary': {'steps': [{'weight': 50}], 'replicas': 5}})
    world.start()
    world.resolved()  # 5 pods of 5
    world.set(RELEASE, values={'replicaCount': 4})
    with pytest.raises(ProblemsFound, match="'5' pods of the new version"):
        world.resolved()
