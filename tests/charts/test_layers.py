"""A model and its version become the values of a chart: each part of the registry where the starter wants it."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
import registries as r

from generator.charts.layers import model_layers, model_problems
from generator.charts.serving import substitute
from generator.charts.starter import load_templates
from generator.domain.problems import Problem, ProblemsFound
from generator.domain.records import Model, ModelVersion
from generator.values.layers import merge_checked

TEMPLATES = load_templates()
STARTER = TEMPLATES.starter
Values = dict[str, Any]


def a_model(version: dict[str, Any] | None = None, runtime: str = 'custom', name: str = 'web', **spec: Any) -> Model:
    versions = [version or r.version()]
    whole = {'team': 'shop', 'description': 'Answers', 'runtime': runtime, 'versions': versions, **spec}
    return Model(
        name, f'registry/models/{name}.yaml', whole, tuple(ModelVersion(v['version'], v['image'], v) for v in versions)
    )


def values(version: dict[str, Any] | None = None, runtime: str = 'custom', name: str = 'web', **spec: Any) -> Values:
    """The values of the chart, checked by the starter's schema."""
    model = a_model(version, runtime, name, **spec)
    layers = model_layers(model, model.newest, TEMPLATES)
    return merge_checked(layers, STARTER.values, STARTER.files['values.schema.json'], model.file)


def problems(version: dict[str, Any] | None = None, runtime: str = 'custom', name: str = 'web') -> list[Problem]:
    return model_problems(a_model(version, runtime, name), TEMPLATES)


# --- the layers ------------------------------------------------------------------------------------------------------


def test_a_plain_service_is_the_starter_with_its_name_team_and_image() -> None:
    found = values()
    image = {
        'registry': 'registry.example',
        'repository': 'server',
        'tag': '1',
        'digest': r.DIGEST,
        'pullPolicy': 'IfNotPresent',
    }
    assert found['fullnameOverride'] == 'web'
    assert found['team'] == 'shop'
    assert found['image'] == image
    assert found['artifact'] == STARTER.values['artifact']
    assert found['livenessProbe']['path'] == '/healthz', 'of the preset'


def test_the_model_stands_above_the_preset_and_its_values_above_all() -> None:
    assert values()['ports']['http']['containerPort'] == 8080
    assert values(ports={'http': {'containerPort': 1}})['ports']['http'] == {
        'containerPort': 1,
        'servicePort': 80,
        'appProtocol': 'http',
    }
    overlay = {'ports': {'http': {'containerPort': 2}}, 'image': {'tag': 'other'}}
    found = values(ports={'http': {'containerPort': 1}}, values=overlay)
    assert found['ports']['http']['containerPort'] == 2
    assert found['image']['tag'] == 'other'


def test_the_presets_names_are_filled_and_a_users_are_not() -> None:
    mine = {'A': {'value': '[[ model ]] [[ version ]] {{ .Values.x }} {% x %}'}}
    found = values(r.version('7'), 'tensorflow-serving', 'ranker', env=mine, args=['[[ model ]]'])
    assert found['parameters']['model_base_path'] == '/models/ranker'
    assert found['readinessProbe']['path'] == '/v1/models/ranker'
    assert found['env'] == mine
    assert found['args'] == ['[[ model ]]']
    assert '[[' not in str(values(r.version('7'), 'triton', 'ranker'))


def test_substitution_takes_strings_keys_and_lists_and_nothing_unknown() -> None:
    names = {'model': 'm[[ version ]]', 'version': '1'}
    assert substitute({'[[ model ]]': ['[[ version ]]-[[ version ]]', 1, True]}, names) == {
        'm[[ version ]]': ['1-1', 1, True]
    }
    assert substitute('[[model]] [[ model]] [ [ model ] ]', names) == '[[model]] [[ model]] [ [ model ] ]'
    with pytest.raises(KeyError):
        substitute('[[ other ]]', names)


@pytest.mark.parametrize('runtime', sorted(TEMPLATES.runtimes))
def test_every_preset_knows_only_names_that_there_are(runtime: str) -> None:
    spec = TEMPLATES.runtimes[runtime].spec
    ports = {f'ports.{name}': '1' for name in spec['values']['ports']}
    substitute(spec, {'model': 'm', 'servedName': 'm', 'version': '1', 'mountPath': '/models', **ports})


# --- artifacts -------------------------------------------------------------------------------------------------------


def with_artifact(**artifact: Any) -> dict[str, Any]:
    return r.version('7', artifact={**r.ARTIFACT, **artifact})


def test_a_download() -> None:
    found = values(with_artifact(), 'tensorflow-serving', 'ranker')
    assert {key: found['artifact'][key] for key in ('delivery', 'uri', 'sha256', 'path', 'unpack')} == {
        'delivery': 'download',
        'uri': 'https://models.example/m.tar.gz',
        'sha256': '2' * 64,
        'path': 'ranker/1',
        'unpack': True,
    }


@pytest.mark.parametrize(
    ('uri', 'port'),
    [
        ('https://models.example/m', 443),
        ('http://models.example/m', 80),
        ('https://models.example:8443/m', 8443),
        ('http://[fd00::1]:9000/m', 9000),
        ('https://user@models.example/m?version=7#x', 443),
    ],
)
def test_the_network_policy_lets_a_download_out(uri: str, port: int) -> None:
    store = values(with_artifact(uri=uri), 'tensorflow-serving')['networkPolicy']['egress']['artifact-store']
    assert store == {'cidr': '*', 'ports': {'store': {'port': port, 'protocol': 'TCP'}}}


def test_a_volume_needs_no_way_out_and_no_checksum() -> None:
    version = r.version('7', artifact={'uri': 'pvc://models/ranker/7/', 'kind': 'onnx'})
    found = values(version, 'triton', 'ranker')
    assert found['artifact']['delivery'] == 'volume'
    assert (found['artifact']['claimName'], found['artifact']['subPath']) == ('models', 'ranker/7')
    assert found['artifact']['sha256'] == ''
    assert list(found['networkPolicy']['egress']) == ['dns']
    assert problems(version, 'triton') == []


@pytest.mark.parametrize(
    ('kind', 'size', 'room'),
    [
        ('onnx', '100Mi', '110Mi'),  # the file, and a tenth
        ('onnx', '1Ki', '1Mi'),
        ('onnx', '1.5Gi', '1690Mi'),
        ('model-repository', '100Mi', '220Mi'),  # the archive and what is unpacked from it
        ('model-repository', '1Ti', '2306868Mi'),
    ],
)
def test_the_volume_has_room_for_what_it_holds_for_a_while(kind: str, size: str, room: str) -> None:
    assert values(with_artifact(kind=kind, size=size), 'triton')['artifact']['sizeLimit'] == room


FILES = {'b/c.bin': '4' * 64, 'a.json': '5' * 64}
COMMIT = '0a1b' * 10
HUB = 'https://huggingface.co'


@pytest.mark.parametrize(
    ('uri', 'address', 'image', 'port'),
    [
        ('s3://models/ranker/7', 's3://models/ranker/7', 'rclone/rclone', 443),
        ('gs://models/ranker/7', 'gs://models/ranker/7', 'rclone/rclone', 443),
        ('https://m.example:8443/7', 'https://m.example:8443/7', 'curlimages/curl', 8443),
        (f'hf://org/ranker@{COMMIT}', f'{HUB}/org/ranker/resolve/{COMMIT}', 'curlimages/curl', 443),
        (f'hf://org/ranker@{COMMIT}/x/y', f'{HUB}/org/ranker/resolve/{COMMIT}/x/y', 'curlimages/curl', 443),
    ],
)
def test_several_files_are_fetched_by_what_knows_the_way(uri: str, address: str, image: str, port: int) -> None:
    version = r.version('7', artifact={'uri': uri, 'kind': 'onnx', 'files': FILES, 'size': '100Mi'})
    assert problems(version, 'triton') == []
    found = values(version, 'triton', 'ranker')
    artifact = found['artifact']
    assert (artifact['uri'], artifact['image']['repository']) == (address, image)
    # The one file would be ranker/1/model.onnx: several stand beside each other.
    assert (artifact['path'], artifact['unpack'], artifact['files']) == ('ranker/1', False, FILES)
    assert artifact['sizeLimit'] == '110Mi'
    assert found['networkPolicy']['egress']['artifact-store']['ports']['store']['port'] == port
    lines = f'{"5" * 64}  a.json\n{"4" * 64}  b/c.bin\n'
    assert artifact['sha256'] == hashlib.sha256(lines.encode()).hexdigest()


OCI = f'oci://ghcr.io:5000/org/ranker:7@sha256:{"3" * 64}'


def test_an_image_volume_is_named_by_its_digest() -> None:
    version = r.version('7', artifact={'uri': OCI, 'kind': 'saved-model', 'subPath': 'models'})
    assert problems(version, 'tensorflow-serving') == []
    found = values(version, 'tensorflow-serving', 'ranker')
    artifact = found['artifact']
    assert artifact['reference'] == {
        'registry': 'ghcr.io:5000', 'repository': 'org/ranker', 'tag': '7', 'digest': f'sha256:{"3" * 64}',
        'pullPolicy': 'IfNotPresent',
    }  # fmt: skip
    assert {key: artifact[key] for key in ('delivery', 'sha256', 'path', 'subPath')} == {
        'delivery': 'image', 'sha256': '3' * 64, 'path': 'ranker/1', 'subPath': 'models'
    }  # fmt: skip
    assert list(found['networkPolicy']['egress']) == ['dns']


def test_an_oci_artifact_can_be_pulled_instead() -> None:
    version = r.version('7', artifact={'uri': OCI, 'kind': 'onnx', 'delivery': 'download'})
    found = values(version, 'triton', 'ranker')
    assert (found['artifact']['delivery'], found['artifact']['image']['repository']) == (
        'download',
        'oras-project/oras',
    )
    assert (found['artifact']['path'], found['artifact']['sha256']) == ('ranker/1', '3' * 64)
    assert found['networkPolicy']['egress']['artifact-store']['ports']['store']['port'] == 5000


def test_without_a_size_the_starters_limit_stays() -> None:
    assert (
        values(with_artifact(), 'tensorflow-serving')['artifact']['sizeLimit']
        == STARTER.values['artifact']['sizeLimit']
    )


# --- resources, scaling, routes --------------------------------------------------------------------------------------


def test_quantities_are_text_and_add_to_the_defaults() -> None:
    found = values(resources={'requests': {'cpu': 1.5, 'memory': '2Gi'}, 'limits': {'cpu': 2, 'memory': '3Gi'}})[
        'resources'
    ]
    assert found == {'requests': {'cpu': '1.5', 'memory': '2Gi'}, 'limits': {'cpu': '2', 'memory': '3Gi'}}
    assert values(resources={'requests': {'cpu': '3'}})['resources']['requests'] == {'cpu': '3', 'memory': '1Gi'}


def test_an_accelerator_is_a_limit_and_a_toleration_of_its_taint() -> None:
    found = values(resources={'accelerators': {'nvidia.com/gpu': 2, 'aws.amazon.com/neuron': 1}})
    assert found['resources']['limits'] == {'memory': '1Gi', 'nvidia.com/gpu': '2', 'aws.amazon.com/neuron': '1'}
    assert found['tolerations'] == {
        'nvidia-com-gpu': {'key': 'nvidia.com/gpu', 'operator': 'Exists', 'effect': 'NoSchedule'},
        'aws-amazon-com-neuron': {'key': 'aws.amazon.com/neuron', 'operator': 'Exists', 'effect': 'NoSchedule'},
    }


def test_an_accelerator_among_the_limits_has_the_same_toleration() -> None:
    wanted = {'nvidia-com-gpu': {'key': 'nvidia.com/gpu', 'operator': 'Exists', 'effect': 'NoSchedule'}}
    limits = {'limits': {'memory': '2Gi', 'nvidia.com/gpu': 1, 'amd.com/gpu': 0}}
    assert values(resources=limits)['tolerations'] == wanted
    assert values(resources={**limits, 'accelerators': {'nvidia.com/gpu': 1}})['tolerations'] == wanted
    image = {'repository': 'registry.example/side', 'digest': r.DIGEST}
    sidecar = {'image': image, 'resources': {'limits': {'memory': '2Gi', 'nvidia.com/gpu': '1', 'amd.com/gpu': '0'}}}
    found = values(containers={'side': sidecar, 'off': {**sidecar, 'enabled': False}})
    assert found['tolerations'] == wanted
    assert 'ModelGpuErrors' in found['monitoring']['rules']['alerts']
    assert values(containers={'off': {**sidecar, 'enabled': False}})['tolerations'] == {}


def test_scaling_is_on_where_it_is_named_unless_it_says_off() -> None:
    assert values()['autoscaling']['enabled'] is False
    assert values(autoscaling={'minReplicas': 3})['autoscaling'] == {
        **STARTER.values['autoscaling'],
        'enabled': True,
        'minReplicas': 3,
    }
    assert values(autoscaling={'enabled': False, 'minReplicas': 3})['autoscaling']['enabled'] is False
    assert values(replicas=0)['replicaCount'] == 0


def test_routes_of_the_model_are_ready_and_switched_on_by_no_chart() -> None:
    route = {
        'rules': {'api': {'path': '/api'}, 'calls': {'path': '/c', 'rewrite': '/', 'port': 'http'}},
        'grpc': {'methods': {'infer': {'service': 'a.B', 'method': 'C'}}},
    }
    found = values(runtime='triton', route=route, traffic={'timeout': '3s'})
    assert found['route']['enabled'] is False
    assert found['route']['timeout'] == '3s'
    assert found['route']['rules'] == {
        'main': {**STARTER.values['route']['rules']['main'], 'path': '/v2/models/web/infer', 'enabled': False},
        'api': {'enabled': True, 'path': '/api', 'type': 'PathPrefix', 'port': 'http'},
        'calls': {'enabled': True, 'path': '/c', 'type': 'PathPrefix', 'port': 'http', 'rewrite': '/'},
    }
    assert found['grpcRoute']['methods'] == {'infer': {'service': 'a.B', 'method': 'C'}}
    assert values(route={'rules': {'main': {'path': '/m'}}})['route']['rules']['main']['enabled'] is True


def test_scheduling_goes_where_pods_look_for_it() -> None:
    scheduling = {'nodeSelector': {'pool': 'ml'}, 'priorityClassName': 'high', 'topologySpread': {'enabled': False}}
    found = values(scheduling=scheduling)
    assert (found['nodeSelector'], found['priorityClassName']) == ({'pool': 'ml'}, 'high')
    assert found['topologySpread'] == {**STARTER.values['topologySpread'], 'enabled': False}


# --- the helm test ---------------------------------------------------------------------------------------------------

SIGNATURE = {'inputs': {'x': {'dtype': 'int8', 'shape': [-1, 2]}}, 'outputs': {'y': {'dtype': 'int8', 'shape': [-1]}}}
TOO_LARGE = {'inputs': {'x': {'dtype': 'int8', 'shape': [500, 500]}}, 'outputs': {}}


def the_test(version: dict[str, Any], runtime: str, **spec: Any) -> tuple[str, str, str, str]:
    found = values(version, runtime, 'ranker', **spec)['test']
    return found['method'], found['path'], found['body'], found['expect']


def test_a_signature_makes_a_real_prediction() -> None:
    version = r.version(signature=SIGNATURE)
    path, body = '/v1/models/ranker:predict', '{"inputs":{"x":[[0,0]]}}'
    assert the_test(version, 'tensorflow-serving') == ('POST', path, body, '"outputs"')
    body = '{"inputs":[{"name":"x","shape":[1,2],"datatype":"INT8","data":[0,0]}]}'
    assert the_test(version, 'triton') == ('POST', '/v2/models/ranker/infer', body, '"outputs"')
    assert the_test(version, 'custom') == ('GET', '/healthz', '', ''), 'nothing is known of what it speaks'


@pytest.mark.parametrize('version', [r.version(), r.version(signature=TOO_LARGE)])
def test_without_a_request_that_can_be_made_the_model_is_asked_for(version: dict[str, Any]) -> None:
    assert the_test(version, 'tensorflow-serving') == ('GET', '/v1/models/ranker', '', '"AVAILABLE"')
    assert the_test(version, 'triton') == ('GET', '/v2/models/ranker/ready', '', '')


def test_the_models_own_test_stands_above_both() -> None:
    own = {'method': 'POST', 'path': '/echo', 'body': '{"a": 1}', 'expect': 'a'}
    for version in (r.version(), r.version(signature=SIGNATURE)):
        assert the_test(version, 'tensorflow-serving', test=own) == ('POST', '/echo', '{"a": 1}', 'a')
    # A body alone is for the prediction that the preset names, not for the question whether the model is there.
    predict = ('POST', '/v1/models/ranker:predict', '{}', '"predictions"')
    assert the_test(r.version(), 'tensorflow-serving', test={'body': '{}'}) == predict
    assert the_test(r.version(signature=SIGNATURE), 'triton', test={'expect': '0.5'})[2:] == (
        '{"inputs":[{"name":"x","shape":[1,2],"datatype":"INT8","data":[0,0]}]}',
        '0.5',
    )


# --- problems --------------------------------------------------------------------------------------------------------


def test_what_a_schema_cannot_see() -> None:
    def told(*found: Problem) -> list[tuple[str, str, str]]:
        return [(problem.path, problem.message, problem.hint) for problem in found]

    assert problems() == []
    place = '$.spec.versions[0].artifact'
    assert told(*problems(runtime='tritn')) == [
        ('$.spec.runtime', "runtime 'tritn' not found", "did you mean 'triton'?")
    ]
    assert told(*problems(with_artifact(kind='onxx'), 'triton')) == [
        (f'{place}.kind', "runtime 'triton' does not serve artifacts of kind 'onxx'", "did you mean 'onnx'?")
    ]
    missing = r.version(artifact={'uri': 'https://a/b', 'kind': 'onnx'})
    assert told(*problems(missing, 'triton'))[0][:2] == (place, 'the downloaded artifact has no sha256')
    assert told(*problems(name='global'))[0][:2] == ('$.metadata.name', "the name 'global' is reserved by Helm")


@pytest.mark.parametrize(
    'uri',
    ['https://a:port/m', 'https://a:99999/m', 'https://a:0/m', 'https://[::1/m', 'https://[:::]/m', 'https://a:-1/m'],
)
def test_an_address_that_is_none_is_told(uri: str) -> None:
    (problem,) = problems(with_artifact(uri=uri), 'tensorflow-serving')
    assert [(p.path, p.message) for p in problems(with_artifact(uri=uri, kind='onnx'), 'triton')] == [
        (problem.path, problem.message)
    ]
    assert (problem.path, problem.message) == ('$.spec.versions[0].artifact.uri', f"invalid URI '{uri}'")


def test_a_version_stands_there_once() -> None:
    model = a_model()
    twice = Model(model.name, model.file, model.spec, (*model.versions, *model.versions, *model.versions))
    assert [(p.path, p.message) for p in model_problems(twice, TEMPLATES)] == [
        ('$.spec.versions[1].version', "duplicate version '1', first in versions[0]"),
        ('$.spec.versions[2].version', "duplicate version '1', first in versions[0]"),
    ]


def test_a_value_that_the_schema_refuses_is_told_where_it_was_written() -> None:
    with pytest.raises(ProblemsFound) as error:
        values(resources={'requests': {'cpu': 'much'}}, values={'replicaCount': -1})
    assert {(p.file, p.path) for p in error.value.problems} == {
        ('registry/models/web.yaml', '$.spec.resources.requests.cpu'),
        ('registry/models/web.yaml', '$.spec.values.replicaCount'),
    }


# --- stores ----------------------------------------------------------------------------------------------------------

S3 = {'uri': 's3://models/ranker', 'kind': 'onnx', 'sha256': '2' * 64}
PULLED = {'uri': OCI, 'kind': 'model-repository', 'delivery': 'download'}
GATED = {'uri': f'hf://org/ranker@{COMMIT}', 'kind': 'onnx', 'files': FILES}
WEB = {'uri': 'https://models.example/m', 'kind': 'onnx', 'sha256': '2' * 64}
LOGIN = {'username': 'u', 'password': 'p'}


@pytest.mark.parametrize(
    ('artifact', 'keys', 'variables', 'files'),
    [
        (S3, None, {'AWS_ACCESS_KEY_ID': 'accessKeyId', 'AWS_SECRET_ACCESS_KEY': 'secretAccessKey'}, {}),
        (
            S3,
            {'accessKeyId': 'a', 'secretAccessKey': 'b', 'sessionToken': 'c'},
            {'AWS_ACCESS_KEY_ID': 'a', 'AWS_SECRET_ACCESS_KEY': 'b', 'AWS_SESSION_TOKEN': 'c'},
            {},
        ),
        (
            {**S3, 'uri': 'gs://models/ranker'},
            None,
            {'RCLONE_GCS_SERVICE_ACCOUNT_CREDENTIALS': 'serviceAccountJson'},
            {},
        ),
        (GATED, {'token': 'hub'}, {'ARTIFACT_TOKEN': 'hub'}, {}),
        (WEB, None, {'ARTIFACT_TOKEN': 'token'}, {}),
        (WEB, LOGIN, {'ARTIFACT_USERNAME': 'u', 'ARTIFACT_PASSWORD': 'p'}, {}),
        ({**WEB, 'uri': 'http://files.models.svc/m'}, LOGIN, {'ARTIFACT_USERNAME': 'u', 'ARTIFACT_PASSWORD': 'p'}, {}),
        (PULLED, None, {}, {'config.json': '.dockerconfigjson'}),
    ],
)
def test_each_store_has_its_credentials(artifact: Any, keys: Any, variables: Any, files: Any) -> None:
    named = {'secret': 'store', **({'keys': keys} if keys else {})}
    version = r.version('7', artifact={**artifact, 'credentials': named})
    assert problems(version, 'triton') == []
    found = values(version, 'triton', 'ranker')['artifact']['credentials']
    assert found == {'secret': 'store', 'variables': variables, 'files': files}


CLUSTER: Any = {'namespace': 'minio', 'ports': {'store': {'port': 9000, 'protocol': 'TCP'}}}


@pytest.mark.parametrize(
    ('artifact', 'out'),
    [
        (S3, {'cidr': '*', 'ports': {'store': {'port': 443, 'protocol': 'TCP'}}}),
        ({**S3, 'endpoint': 'http://minio.minio.svc:9000'}, CLUSTER),
        ({**S3, 'endpoint': 'http://minio-0.hl.minio.svc.cluster.local:9000/'}, CLUSTER),
        ({**S3, 'endpoint': 'https://s3.example:9000'}, {**CLUSTER, 'cidr': '*'}),
        ({**WEB, 'uri': 'http://files.minio.svc:9000/m'}, CLUSTER),
        ({**WEB, 'uri': 'http://svc.example:9000/m'}, {**CLUSTER, 'cidr': '*'}),
        ({**PULLED, 'uri': OCI.replace('ghcr.io:5000', 'hub.minio.svc:9000')}, CLUSTER),
    ],
)
def test_the_way_out_leads_to_the_store(artifact: Any, out: Any) -> None:
    version = r.version('7', artifact=artifact)
    assert problems(version, 'triton') == []
    found = values(version, 'triton', 'ranker')
    out = {key: part for key, part in out.items() if not (key == 'namespace' and 'cidr' in out)}
    assert found['networkPolicy']['egress']['artifact-store'] == out
    assert found['artifact']['endpoint'] == artifact.get('endpoint', '')


@pytest.mark.parametrize(
    ('revision', 'branch'),
    [('main', 'main'), ('v1.0', 'v1.0'), ('0a1b2c3', 'main'), ('0A1B' * 10, '0A1B' * 10), ('0a1b' * 10 + '0', 'main')],
)
def test_a_revision_that_can_move_is_refused(revision: str, branch: str) -> None:
    version = r.version('7', artifact={**GATED, 'uri': f'hf://org/ranker@{revision}/onnx'})
    [told] = problems(version, 'triton')
    assert told.message == f"'{revision}' is not a commit: the files that it names can change"
    assert told.hint == f"write the 40 digits that 'git ls-remote https://huggingface.co/org/ranker {branch}' shows"
