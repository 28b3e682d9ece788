"""One name, one set of ports: what a server is told is what probes, tests and requests ask for, in every runtime."""

from __future__ import annotations

import json
from typing import Any

import pytest
import registries as r
from charting import make_charts
from servers import FILE, KINDS, SETTINGS, TEMPLATES, chart, model, told

from generator.charts.layers import model_problems
from generator.domain.problems import ProblemsFound
from generator.domain.records import Model, ModelVersion

NAMED = [name for name in KINDS if 'name' in TEMPLATES.runtimes[name].spec.get('serves', {})]
PORTS = [
    (name, port)
    for name in KINDS
    for port in TEMPLATES.runtimes[name].spec.get('serves', {}).get('ports', {})
]  # fmt: skip


@pytest.mark.parametrize('runtime', NAMED)
def test_all_of_a_chart_speaks_of_the_served_name(runtime: str) -> None:
    before, after = chart(runtime), chart(runtime, servedName='resnet_v1')
    requests = ('startupProbe', 'readinessProbe', 'test')
    for key in requests:
        path, body = after.values[key]['path'], after.values[key].get('body', '')
        assert path == before.values[key]['path'].replace('/web', '/resnet_v1')
        assert body == before.values[key].get('body', '').replace('"web"', '"resnet_v1"')
    assert any('resnet_v1' in json.dumps(after.values[key]) for key in ('parameters', 'env', 'artifact'))
    assert after.values['fullnameOverride'] == 'web'


def test_what_each_server_is_told_of_its_name() -> None:
    name = 'resnet_v1'
    assert chart('tensorflow-serving', servedName=name).values['parameters']['model_name'] == name
    assert chart('openvino', servedName=name).values['parameters']['model_name'] == name
    assert chart('vllm', servedName='shop/resnet').values['parameters']['served-model-name'] == 'shop/resnet'
    assert chart('torchserve', servedName=name).values['parameters']['models'] == 'resnet_v1=web.mar'
    assert chart('mlserver', servedName=name).values['env']['MLSERVER_MODEL_NAME'] == {'value': name}
    assert chart('triton', servedName=name).values['artifact']['path'] == 'resnet_v1/1/model.onnx'
    # The name of a request is not a path: the files stay where they are.
    values = chart('vllm', servedName='shop/resnet').values
    assert (values['args'], values['artifact']['path']) == (['serve', '/models/web'], 'web')
    assert json.loads(values['test']['body'])['model'] == 'shop/resnet'


@pytest.mark.parametrize(('runtime', 'port'), PORTS)
def test_a_server_is_told_the_port_that_its_model_has(runtime: str, port: str) -> None:
    before, after = (
        json.dumps(chart(runtime, **spec).values) for spec in ({}, {'ports': {port: {'containerPort': 9123}}})
    )
    values = chart(runtime, values={'ports': {port: {'containerPort': 9123}}}).values
    assert after == json.dumps(values)
    told = TEMPLATES.runtimes[runtime].spec['serves']['ports'][port]
    assert after.count('9123') == before.count('9123') + 1 + sum(
        len(told.get(home, ())) for home in ('parameters', 'env', 'settings')
    )


def test_what_a_server_is_told_comes_from_where_a_person_wrote_it() -> None:
    made = chart('tensorflow-serving', servedName='m', ports={'http': {'containerPort': 9123}})
    places = {layer.target: (layer.file, layer.source) for layer in made.layers if layer.target[:1] == ('parameters',)}
    preset = 'chart_templates/runtimes/tensorflow-serving.yaml'
    assert places == {
        ('parameters', 'model_name'): (FILE, ('spec', 'servedName')),
        ('parameters', 'rest_api_port'): (FILE, ('spec', 'ports', 'http', 'containerPort')),
        ('parameters', 'port'): (preset, ('serves', 'ports', 'grpc', 'parameters', 0)),
        ('parameters', 'model_base_path'): (preset, ('serves', 'files', 'parameters', 0)),
    }


def test_another_place_of_the_artifact_is_told_too() -> None:
    values = chart('vllm', values={'artifact': {'mountPath': '/data'}}).values
    assert values['args'] == ['serve', '/data/web']
    assert chart('triton', values={'artifact': {'mountPath': '/d'}}).values['parameters']['model-repository'] == '/d'


@pytest.mark.parametrize(
    ('runtime', 'spec', 'place', 'message', 'hint'),
    [
        (
            'tensorflow-serving', {'parameters': {'model_name': 'resnet_v1'}}, '$.spec.parameters.model_name',
            "parameter 'model_name' is 'resnet_v1', but probes and tests ask for 'web'",
            f'remove it; to serve that name, write servedName: resnet_v1 in {FILE}',
        ),
        (
            'vllm', {'parameters': {'served_model_name': 'org/m'}}, '$.spec.parameters.served_model_name',
            "parameter 'served_model_name' is 'org/m', but probes and tests ask for 'web'",
            f'remove it; to serve that name, write servedName: org/m in {FILE}',
        ),
        (
            'vllm', {'args': ['serve', '/models/web', '--served-model-name', 'm']}, '$.spec.args',
            "argument '--served-model-name' is 'm', but probes and tests ask for 'web'",
            f'remove it; to serve that name, write servedName: m in {FILE}',
        ),
        (
            'mlserver', {'env': {'mlserver_model_name': {'value': 'm'}}}, '$.spec.env.mlserver_model_name',
            "variable 'mlserver_model_name' is 'm', but probes and tests ask for 'web'",
            f'remove it; to serve that name, write servedName: m in {FILE}',
        ),
        (
            'torchserve', {'parameters': {'models': 'm=web.mar'}}, '$.spec.parameters.models',
            "parameter 'models' is 'm=web.mar', but probes and tests ask for 'web'",
            f'remove it; to serve that name, write servedName: m in {FILE}',
        ),
        (
            'tensorflow-serving', {'parameters': {'rest_api_port': 9000}}, '$.spec.parameters.rest_api_port',
            "parameter 'rest_api_port' is '9000', but port 'http' has containerPort 8501",
            f'remove it; for that port, write ports: {{http: {{containerPort: 9000}}}} in {FILE}',
        ),
        (
            'triton', {'parameters': {'metrics-port': 9000}}, '$.spec.parameters.metrics-port',
            "parameter 'metrics-port' is '9000', but port 'metrics' has containerPort 8002",
            f'remove it; for that port, write ports: {{metrics: {{containerPort: 9000}}}} in {FILE}',
        ),
        (
            'openvino', {'args': ['--metrics_enable', '--rest_port=9000']}, '$.spec.args',
            "argument '--rest_port' is '9000', but port 'http' has containerPort 8000",
            f'remove it; for that port, write ports: {{http: {{containerPort: 9000}}}} in {FILE}',
        ),
        (
            'tgi', {'env': {'PORT': {'value': '80'}}}, '$.spec.env.PORT',
            "variable 'PORT' is '80', but port 'http' has containerPort 8080",
            f'remove it; for that port, write ports: {{http: {{containerPort: 80}}}} in {FILE}',
        ),
        (
            'bentoml', {'env': {'BENTOML_PORT': {'value': '80'}}}, '$.spec.env.BENTOML_PORT',
            "variable 'BENTOML_PORT' is '80', but port 'http' has containerPort 3000",
            f'remove it; for that port, write ports: {{http: {{containerPort: 80}}}} in {FILE}',
        ),
        (
            'torchserve',
            {'files': {'config.properties': {'content': 'inference_address = http://0.0.0.0:9000\n'
             'grpc_inference_address=0.0.0.0\ngrpc_inference_port=7070\nmetrics_address=http://0.0.0.0:8082\n'
             'metrics_mode=prometheus\ndisable_token_authorization=true\n'}}},
            "$.spec.files['config.properties'].content",
            "'inference_address' of config.properties is '9000', but port 'http' has containerPort 8080",
            f'remove it; for that port, write ports: {{http: {{containerPort: 9000}}}} in {FILE}',
        ),
        (
            'tgi', {'parameters': {'model-id': 'org/m'}}, '$.spec.parameters.model-id',
            "parameter 'model-id' is 'org/m', but the artifact is in '/models/web'", 'remove it, or the artifact',
        ),
        (
            'mlserver', {'parameters': {'parallel-workers': 0}}, '$.spec.parameters.parallel-workers',
            "the server takes no parameters, found 'parallel-workers'",
            'write it into env as MLSERVER_PARALLEL_WORKERS',
        ),
    ],
)  # fmt: skip
def test_a_value_that_contradicts_is_refused(
    runtime: str, spec: dict[str, Any], place: str, message: str, hint: str
) -> None:
    assert told(runtime, **spec) == [f'{FILE}::{place}: {message}\n{hint}']


def test_what_the_server_is_told_cannot_be_taken_away() -> None:
    gone = {'MLSERVER_MODEL_NAME': {'enabled': False}}
    [found] = told('mlserver', env=gone)
    place = f'{FILE}::$.spec.env.MLSERVER_MODEL_NAME'
    assert found == f"{place}: 'MLSERVER_MODEL_NAME' is removed, but it tells the server 'web'\nkeep it"
    chart('mlserver', env={**gone, 'mlserver_model_name': {'value': 'web'}})
    chart('mlserver', env={'MLSERVER_GRPC_PORT': {'enabled': False}}, ports={'grpc': {'enabled': False}})
    # The parameter tells it, too.
    chart('tgi', env={'PORT': {'enabled': False}})


@pytest.mark.parametrize('runtime', ['tensorflow-serving', 'triton', 'openvino', 'mlserver', 'torchserve'])
def test_a_request_for_another_model_is_refused(runtime: str) -> None:
    path = TEMPLATES.runtimes[runtime].spec['serves']['name']['path']
    asked = f'{path}resnet_v1:predict'
    [found] = told(runtime, test={'path': asked})
    assert found == (
        f"{FILE}::$.spec.test.path: the path '{asked}' asks for 'resnet_v1', but the server serves 'web'\n"
        f'write {path}web; to serve that name, write servedName: resnet_v1 in {FILE}'
    )
    chart(runtime, servedName='resnet_v1', test={'path': asked}, readinessProbe={'path': f'{path}resnet_v1'})
    chart(runtime, test={'path': f'{path}web/versions/1'}, readinessProbe={'type': 'http', 'path': '/healthz'})
    chart(runtime, livenessProbe={'type': 'tcp', 'port': 'http', 'path': f'{path}old'})


def test_an_image_may_hold_several_models() -> None:
    baked = r.version('1.4.0')
    spec = {**model('triton').spec, 'versions': [baked], 'test': {'path': '/v2/models/other/infer'}}
    several = Model('web', FILE, spec, (ModelVersion('1.4.0', baked['image'], baked),))
    assert make_charts(several, SETTINGS, TEMPLATES).charts


def test_the_same_value_once_more_is_no_contradiction() -> None:
    chart('tensorflow-serving', parameters={'model_name': 'web', 'rest_api_port': '8501'})
    chart('vllm', parameters={'served_model_name': ['other', 'web']})
    chart('vllm', servedName='org/m', args=['serve', '/models/web', '--served-model-name=org/m', '--port', '8000'])
    chart('mlserver', env={'MLSERVER_HTTP_PORT': {'value': '8080'}})
    # What a secret holds nobody knows, and without a port there is nothing to contradict.
    chart('mlserver', env={'MLSERVER_HTTP_PORT': {'value': '', 'secret': 's', 'key': 'k'}})
    chart('tensorflow-serving', ports={'grpc': {'enabled': False}}, parameters={'port': 1})


def test_a_server_of_ones_own_may_be_told_anything() -> None:
    chart('custom', parameters={'port': 9898, 'model_name': 'x'}, env={'PORT': {'value': '1'}})


@pytest.mark.parametrize(
    ('runtime', 'name', 'message'),
    [
        ('tgi', 'm', "runtime 'tgi' does not serve models by name"),
        ('custom', 'm', "runtime 'custom' does not serve models by name"),
        ('triton', 'org/m', "runtime 'triton' takes no names with '/', found 'org/m'"),
        ('vllm', 'org/m', None),
        ('triton', 'resnet_v1', None),
    ],
)
def test_not_every_runtime_takes_every_name(runtime: str, name: str, message: str | None) -> None:
    found = model_problems(model(runtime, servedName=name), TEMPLATES)
    assert [(problem.path, problem.message) for problem in found] == (
        [('$.spec.servedName', message)] if message else []
    )


@pytest.mark.parametrize('wrong', ['x', True, None, [], {}, -1, 2**70, 1.5])
def test_a_wrong_value_is_told_as_what_it_is(wrong: Any) -> None:
    for values in ({'ports': {'http': {'containerPort': wrong}}}, {'ports': {'http': wrong}}, {'ports': wrong},
                   {'artifact': {'mountPath': wrong}}, {'artifact': wrong}):  # fmt: skip
        with pytest.raises(ProblemsFound) as found:
            chart('triton', values=values)
        assert {problem.file for problem in found.value.problems} == {FILE}
        assert all(problem.path.startswith('$.spec.values') for problem in found.value.problems)
