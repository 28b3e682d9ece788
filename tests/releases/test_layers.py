"""What an environment, its applications and a release put over a pinned chart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import registries as r

from generator.domain.generated import ResolvedRelease

Values = dict[str, Any]


def resolved(tmp_path: Path, *files: r.Files) -> dict[str, ResolvedRelease]:
    """Releases by name, of a registry with these files over a small one."""
    whole: r.Files = r.settings() | r.model('web') | r.following('prod') | r.release('prod', 'web')
    for more in files:
        whole |= more
    return {release.release.name: release for release in r.Repository(tmp_path / 'repository', whole).run().releases}


def values(tmp_path: Path, *files: r.Files, name: str = 'prod/web') -> Values:
    return dict(resolved(tmp_path, *files)[name].values)


def test_nothing_differs_by_itself(tmp_path: Path) -> None:
    assert values(tmp_path) == {}


# --- layers ----------------------------------------------------------------------------------------------------------


def test_the_release_stands_above_its_environment(tmp_path: Path) -> None:
    found = values(
        tmp_path,
        r.following('prod', values={'replicaCount': 3, 'env': {'A': {'value': 'env'}, 'B': {'value': 'env'}}}),
        r.release(
            'prod', 'web', values={'env': {'B': {'value': 'release'}, 'C': {'value': 'release'}}, 'minReadySeconds': 1}
        ),
    )
    assert found == {
        'replicaCount': 3,
        'env': {'A': {'value': 'env'}, 'B': {'value': 'release'}, 'C': {'value': 'release'}},
        'minReadySeconds': 1,
    }


def test_what_an_overlay_repeats_of_the_chart_is_no_difference(tmp_path: Path) -> None:
    overlay = {'replicaCount': 2, 'ports': {'http': {'containerPort': 8081, 'servicePort': 80}}}
    assert values(tmp_path, r.following('prod', values=overlay)) == {'ports': {'http': {'containerPort': 8081}}}


def test_lists_replace(tmp_path: Path) -> None:
    found = values(
        tmp_path, r.model('web', parameters={'x': ['a', 'b']}), r.release(values={'parameters': {'x': ['c']}})
    )
    assert found == {'parameters': {'x': ['c']}}


def test_a_strategy_is_one_piece_and_the_releases_own_comes_first(tmp_path: Path) -> None:
    of_environment = r.following('prod', strategy={'rolling': {'maxSurge': '50%', 'maxUnavailable': 1}})
    assert values(tmp_path / 'a', of_environment) == {'strategy': {'rolling': {'maxSurge': '50%', 'maxUnavailable': 1}}}
    # Nothing of the environment's strategy is left beside the release's.
    own = r.release('prod', 'web', strategy={'rolling': {'maxSurge': 2}})
    assert values(tmp_path / 'b', of_environment, own) == {'strategy': {'rolling': {'maxSurge': 2}}}


def test_a_mirror_takes_every_image_of_its_registry(tmp_path: Path) -> None:
    sidecar = {'image': {'registry': 'docker.io', 'repository': 'envoy', 'digest': r.DIGEST}}
    found = values(
        tmp_path,
        r.model('web', 'tensorflow-serving', [r.version(artifact=r.ARTIFACT)], containers={'proxy': sidecar}),
        r.following(
            'prod', registryMirrors={'docker.io': 'mirror.example/hub', 'registry.example': 'mirror.example/own'}
        ),
    )
    hub = {'image': {'registry': 'mirror.example/hub'}}
    assert {key: found[key] for key in ('image', 'containers', 'artifact', 'test')} == {
        'image': {'registry': 'mirror.example/own'},
        'containers': {'proxy': hub},
        'artifact': hub,
        'test': hub,
    }


def test_a_mirror_counts_for_the_image_that_the_environment_asks_for(tmp_path: Path) -> None:
    found = values(
        tmp_path,
        r.following(
            'prod', registryMirrors={'ghcr.io': 'mirror.example/ghcr'}, values={'image': {'registry': 'ghcr.io'}}
        ),
    )
    assert found == {'image': {'registry': 'mirror.example/ghcr'}}


def test_monitoring_is_let_in_at_the_port_of_the_metrics(tmp_path: Path) -> None:
    found = values(tmp_path, r.following('prod', monitoring={'namespace': 'watch'}))
    assert found == {'networkPolicy': {'ingress': {'monitoring': {'namespace': 'watch', 'metrics': True}}}}


def test_an_artifact_store_narrows_the_way_out_of_downloads_alone(tmp_path: Path) -> None:
    found = resolved(
        tmp_path,
        r.model('ranker', 'tensorflow-serving', [r.version(artifact=r.ARTIFACT)]),
        r.following('prod', artifactStores={'https': {'cidr': '10.1.2.0/24'}}),
        r.release('prod', 'ranker'),
    )
    assert found['prod/web'].values == {}
    assert found['prod/ranker'].values == {'networkPolicy': {'egress': {'artifact-store': {'cidr': '10.1.2.0/24'}}}}
    store = found['prod/ranker'].merged['networkPolicy']['egress']['artifact-store']
    assert store['ports'] == {'store': {'port': 443, 'protocol': 'TCP'}}


MINIO = {'endpoint': 'http://minio.minio.svc', 'podLabels': {'app': 'minio'}, 'port': 9000, 'secret': 'minio'}
S3 = {**r.ARTIFACT, 'uri': 's3://models/m.tar.gz'}
VARIABLES = {'AWS_ACCESS_KEY_ID': 'accessKeyId', 'AWS_SECRET_ACCESS_KEY': 'secretAccessKey'}
OUT = {'cidr': '', 'namespace': 'minio', 'podLabels': {'app': 'minio'}, 'ports': {'store': {'port': 9000}}}


@pytest.mark.parametrize(
    ('artifact', 'stores', 'differs', 'out'),
    [
        (
            S3,
            {'s3': MINIO},
            {'endpoint': MINIO['endpoint'], 'credentials': {'secret': 'minio', 'variables': VARIABLES}},
            OUT,
        ),
        # The keys are those of the model, but the Secret is that of the environment.
        (
            {**S3, 'credentials': {'secret': 'a', 'keys': {'accessKeyId': 'b', 'secretAccessKey': 'c'}}},
            {'s3': {'secret': 'minio'}},
            {'credentials': {'secret': 'minio'}},
            {},
        ),
        (S3, {'https': {'cidr': '10.0.0.0/8'}, 'gs': {'cidr': '10.0.0.0/8'}}, {}, {}),
        # The endpoint of the model is in the cluster, that of the environment is not.
        (
            {**S3, 'endpoint': 'http://minio.minio.svc:9000'},
            {'s3': {'endpoint': 'https://s3.example'}},
            {'endpoint': 'https://s3.example'},
            {'cidr': '*', 'namespace': '', 'ports': {'store': {'port': 443}}},
        ),
        (
            {**r.ARTIFACT, 'uri': f'hf://org/m@{"0a1b" * 10}/m.tar.gz'},
            {'hf': {'secret': 'hub', 'cidr': '10.0.0.0/8'}},
            {'credentials': {'secret': 'hub', 'variables': {'ARTIFACT_TOKEN': 'token'}}},
            {'cidr': '10.0.0.0/8'},
        ),
        (r.ARTIFACT, {'https': {'port': 8443}}, {}, {'ports': {'store': {'port': 8443}}}),
    ],
)
def test_each_environment_has_its_own_stores(
    tmp_path: Path, artifact: Any, stores: Any, differs: Values, out: Values
) -> None:
    release = resolved(
        tmp_path,
        r.model('ranker', 'tensorflow-serving', [r.version(artifact=artifact)]),
        r.following('prod', artifactStores=stores, secretStore={'name': 'vault'}),
        r.release('prod', 'ranker'),
    )['prod/ranker']
    assert release.values.get('artifact', {}) == differs
    assert release.values.get('networkPolicy', {}).get('egress', {}).get('artifact-store', {}) == out
    named = release.merged['artifact']['credentials']
    secrets = {named['secret']: sorted(named['variables'].values())} if named['secret'] else {}
    assert {name: each['keys'] for name, each in release.merged['externalSecrets']['secrets'].items()} == secrets


# --- applications ----------------------------------------------------------------------------------------------------

TRITON = r.model('ranker', 'triton') | r.release('prod', 'ranker')
SHOP = r.application('shop', ['web', 'ranker'])
GATEWAY = r.following('prod', **r.GATEWAY)


def pods(name: str) -> Values:
    return {'app.kubernetes.io/name': name, 'app.kubernetes.io/instance': name}


def test_members_of_an_application_let_each_other_in(tmp_path: Path) -> None:
    found = resolved(tmp_path, TRITON, SHOP)
    assert found['prod/web'].values == {
        'partOf': 'shop',
        'networkPolicy': {
            'ingress': {
                'ranker': {'podLabels': pods('ranker'), 'ports': {'http': {'port': 'http', 'protocol': 'TCP'}}}
            },
            'egress': {'ranker': {'podLabels': pods('ranker')}},
        },
    }
    ports = found['prod/ranker'].values['networkPolicy']['ingress']['web']['ports']
    assert set(ports) == {'http', 'grpc'}, 'ports of the Service; metrics are not among them'


def test_a_member_that_does_not_run_here_is_not_let_in(tmp_path: Path) -> None:
    other = r.following('dev') | r.release('dev', 'web')
    found = resolved(tmp_path, TRITON, SHOP, other)
    assert found['dev/web'].values == {'partOf': 'shop'}


def test_routes_need_a_gateway(tmp_path: Path) -> None:
    routes = {'api': {'model': 'web', 'path': '/'}}
    assert values(tmp_path / 'a', r.application('shop', ['web'], routes=routes)) == {'partOf': 'shop'}
    assert values(tmp_path / 'b', r.model('web', route={'hostname': 'www'})) == {}


def gateway(ports: list[str]) -> Values:
    return {'namespace': 'gateways', 'ports': {port: {'port': port, 'protocol': 'TCP'} for port in ports}}


def pinned(tmp_path: Path, model: r.Files, then: r.Files) -> Values:
    """The merged values of a release whose chart was published before the registry became what it is now."""
    (name,) = (path.split('/')[-1].removesuffix('.yaml') for path in model)
    files = (
        r.settings() | model | r.environment('prod', **r.GATEWAY) | r.release('prod', name, version='1', chart='1.0.0')
    )
    repository = r.Repository(tmp_path / 'repository', files)
    repository.publish()
    repository.write(then)
    (release,) = repository.run().releases
    assert release.chart.version == '1.0.0'
    return dict(release.merged)


def active(rules: Values) -> Values:
    return {name: rule for name, rule in rules.items() if rule.get('enabled', True)}


def test_an_applications_routes_take_the_place_of_those_in_the_chart(tmp_path: Path) -> None:
    own = {'api': {'path': '/own', 'rewrite': '/stale'}, 'other': {'path': '/other'}}
    routes = {'api': {'model': 'web', 'path': '/v2'}, 'new': {'model': 'web', 'path': '/new', 'rewrite': '/'}}
    then = r.model('web') | r.application('shop', ['web'], routes=routes)
    merged = pinned(tmp_path, r.model('web', route={'rules': own}), then)
    assert merged['route']['enabled'] is True
    assert merged['route']['hostnames'] == ['shop.shop.example'], 'the host name of the application, not of the model'
    assert merged['route']['gateway'] == {'name': 'public', 'namespace': 'gateways', 'sectionName': ''}
    assert active(merged['route']['rules']) == {
        # Nothing is left of the model's rule of the same name.
        'api': {'enabled': True, 'path': '/v2', 'type': 'PathPrefix', 'port': 'http', 'rewrite': ''},
        'new': {'enabled': True, 'path': '/new', 'type': 'PathPrefix', 'port': 'http', 'rewrite': '/'},
    }
    assert merged['networkPolicy']['ingress']['gateway'] == gateway(['http'])


def test_grpc_has_a_host_name_of_its_own(tmp_path: Path) -> None:
    own = {
        'grpc': {
            'methods': {'infer': {'service': 'a.B', 'method': 'Stale'}, 'ready': {'service': 'a.B', 'method': 'Ready'}}
        }
    }
    routes = {
        'infer': {'model': 'ranker', 'grpcService': 'inference.Service'},
        'http': {'model': 'ranker', 'path': '/v2', 'port': 'http'},
    }
    then = r.model('ranker', 'triton') | r.application('shop', ['ranker'], hostname='models', routes=routes)
    merged = pinned(tmp_path, r.model('ranker', 'triton', route=own), then)
    assert merged['route']['hostnames'] == ['models.shop.example']
    assert merged['grpcRoute']['hostnames'] == ['models-grpc.shop.example']
    assert merged['grpcRoute']['enabled'] is True
    assert active(merged['grpcRoute']['methods']) == {
        'infer': {'enabled': True, 'service': 'inference.Service', 'method': ''},
    }
    assert merged['networkPolicy']['ingress']['gateway'] == gateway(['grpc', 'http'])


@pytest.mark.parametrize(
    ('route', 'http', 'grpc'),
    [
        ({}, ['web.shop.example'], []),
        ({'hostname': 'www'}, ['www.shop.example'], []),
        ({'grpc': {}}, ['web.shop.example'], ['web-grpc.shop.example']),
        ({'hostname': 'www', 'grpc': {'hostname': 'calls'}}, ['www.shop.example'], ['calls.shop.example']),
    ],
)
def test_a_models_own_host_names(tmp_path: Path, route: Values, http: list[str], grpc: list[str]) -> None:
    grpc_port = {'grpc': {'containerPort': 9000, 'servicePort': 9000, 'appProtocol': 'kubernetes.io/h2c'}}
    merged = resolved(tmp_path, GATEWAY, r.model('web', route=route, ports=grpc_port))['prod/web'].merged
    assert merged['route']['hostnames'] == http
    assert merged['grpcRoute']['hostnames'] == grpc
    assert merged['grpcRoute']['enabled'] == bool(grpc)


def test_a_pinned_chart_keeps_the_host_name_that_it_was_made_with(tmp_path: Path) -> None:
    merged = pinned(tmp_path, r.model(route={'hostname': 'old'}), r.model(route={'hostname': 'new'}))
    assert merged['route']['hostnames'] == ['old.shop.example']


def test_an_environment_has_the_last_word_on_what_an_application_wants(tmp_path: Path) -> None:
    overlay = {'networkPolicy': {'ingress': {'ranker': {'enabled': False}}}}
    merged = resolved(tmp_path, TRITON, SHOP, r.following('prod', values=overlay))['prod/web'].merged
    assert merged['networkPolicy']['ingress']['ranker']['enabled'] is False
    assert merged['partOf'] == 'shop'
