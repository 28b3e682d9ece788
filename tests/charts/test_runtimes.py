"""Every runtime as a chart made from a model: what helm, strict schemas and a careful reader say of it."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import registries as r
from charting import make_charts
from parts import ROOT
from runtimes import SERVERS, runtime_problems
from starter import PRESETS, Strict, Values, all_containers, of_kind, pod_specs, render

from generator.charts.layers import model_problems
from generator.charts.starter import load_templates
from generator.domain.generated import Chart
from generator.domain.records import Model, ModelVersion
from generator.domain.settings import Settings
from generator.values.merge import enabled

TEMPLATES = load_templates()
RUNTIMES = TEMPLATES.runtimes
SETTINGS = Settings('registry/settings.yaml', {'repository': {'url': 'https://git.example/ml.git'}})
FOLDER = ROOT / 'chart_templates/runtimes'
SHELLS = {'sh', 'bash', 'dash', 'ash', 'env', '-c'}
each_runtime = pytest.mark.parametrize('name', sorted(RUNTIMES))


def a_model(runtime: str, kind: str = '', **spec: Any) -> Model:
    unpack = RUNTIMES[runtime].spec['artifacts'].get(kind, {}).get('unpack')
    uri = 'https://models.example/m.tar.gz' if unpack else 'https://models.example/m.bin'
    artifact = {'artifact': {**r.ARTIFACT, 'uri': uri, 'kind': kind}} if kind else {}
    version = r.version('1.4.0', **artifact)
    whole = {'team': 'shop', 'description': 'Answers', 'runtime': runtime, 'versions': [version], **spec}
    return Model('web', 'registry/models/web.yaml', whole, (ModelVersion('1.4.0', version['image'], version),))


def chart(model: Model) -> Chart:
    return make_charts(model, SETTINGS, TEMPLATES).charts['1.0.0']


def first_kind(runtime: str) -> str:
    """The kind of artifact that has the runtime's own name, as onnx has, or its first one."""
    kinds = list(RUNTIMES[runtime].spec['artifacts'])
    return runtime if runtime in kinds else kinds[0] if kinds else ''


@pytest.fixture(scope='module')
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Charts of one model for each runtime."""
    folder = tmp_path_factory.mktemp('charts')
    for name in RUNTIMES:
        for path, data in chart(a_model(name, first_kind(name))).files.items():
            file = folder / name / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
    return folder


@pytest.fixture(scope='module')
def objects(helm4: Path, folder: Path) -> dict[str, dict[tuple[str, str], Values]]:
    return {name: render(helm4, {}, folder / name) for name in RUNTIMES}


def server(rendered: Mapping[tuple[str, str], Values]) -> Values:
    found: Values = pod_specs(rendered)[0]['containers'][0]
    return found


# --- charts ----------------------------------------------------------------------------------------------------------


def test_the_runtimes_are_those_that_are_promised() -> None:
    assert set(RUNTIMES) == set(SERVERS)


def test_charts_of_all_runtimes_lint_without_a_word(helms: list[Path], folder: Path) -> None:
    charts = [folder / name for name in sorted(RUNTIMES)]
    for helm in helms:
        done = subprocess.run([helm, 'lint', '--strict', *charts], capture_output=True, encoding='utf-8')
        assert (done.returncode, done.stdout.count('[WARNING]'), done.stdout.count('[ERROR]')) == (0, 0, 0), done.stdout


@each_runtime
def test_both_helms_make_the_same_valid_objects(
    helms: list[Path], folder: Path, objects: Mapping[str, Any], strict: Strict, name: str
) -> None:
    assert render(helms[0], {}, folder / name) == objects[name]
    for obj in objects[name].values():
        strict(obj)


# --- the server ------------------------------------------------------------------------------------------------------


@each_runtime
def test_the_server_is_process_1(objects: Mapping[str, Any], name: str) -> None:
    container = server(objects[name])
    assert not {word.rpartition('/')[2] for word in container.get('command', [])} & SHELLS
    assert ('command' in container) == ('entrypoint' not in RUNTIMES[name].spec)


@each_runtime
def test_a_server_may_finish_what_it_has_begun(objects: Mapping[str, Any], name: str) -> None:
    pod, container = pod_specs(objects[name])[0], server(objects[name])
    wait = container['lifecycle']['preStop']['sleep']['seconds']
    drain = RUNTIMES[name].spec.get('drainSeconds', 0)
    told = [*container.get('args', []), *(each['value'] for each in container.get('env', []))]
    assert str(drain) in [word.rpartition('=')[2] for word in told] or not drain
    assert wait + drain + 5 <= pod['terminationGracePeriodSeconds']


@each_runtime
def test_probes_let_a_model_load_and_restart_what_hangs(objects: Mapping[str, Any], name: str) -> None:
    deployment, container = of_kind(objects[name], 'Deployment'), server(objects[name])
    budget = container['startupProbe']['periodSeconds'] * container['startupProbe']['failureThreshold']
    assert 300 <= budget < deployment['spec']['progressDeadlineSeconds']
    assert {'readinessProbe', 'livenessProbe'} <= container.keys()


@each_runtime
def test_what_it_is_told_to_write_to_can_be_written(objects: Mapping[str, Any], name: str) -> None:
    pod, container = pod_specs(objects[name])[0], server(objects[name])
    writable = {volume['name'] for volume in pod['volumes'] if 'emptyDir' in volume} - {'artifact'}
    folders = [mount['mountPath'] for mount in container['volumeMounts'] if mount['name'] in writable]
    assert '/tmp' in folders
    paths = [each['value'] for each in container.get('env', []) if each['value'].startswith('/')]
    assert all(any(f'{path}/'.startswith(f'{place}/') for place in folders) for path in paths)
    memory = [volume for volume in pod['volumes'] if volume.get('emptyDir', {}).get('medium') == 'Memory']
    assert all(volume['emptyDir']['sizeLimit'] for volume in memory)
    shared = {mount['name'] for mount in container['volumeMounts'] if mount['mountPath'] == '/dev/shm'}
    assert {volume['name'] for volume in memory} == shared


KINDS = [(name, kind) for name in sorted(RUNTIMES) for kind in RUNTIMES[name].spec['artifacts']]


@pytest.mark.parametrize(('name', 'kind'), KINDS)
def test_the_server_looks_where_the_artifact_is_put(name: str, kind: str) -> None:
    model = a_model(name, kind)
    assert model_problems(model, TEMPLATES) == []
    values = chart(model).values
    artifact = values['artifact']
    target = f'{artifact["mountPath"]}/{artifact["path"]}'
    told = [*values['args'], *map(str, values['parameters'].values())]
    places = [word for word in told if f'{word}/'.startswith(f'{artifact["mountPath"]}/')]
    assert places or name == 'custom'
    assert all(f'{target}/'.startswith(f'{place}/') for place in places)
    ids = values['podSecurityContext']
    assert ids['runAsUser']
    assert ids['fsGroup'], 'the files of a volume belong to the group of the server'


def test_a_kind_of_artifact_may_say_more(objects: Mapping[str, Any]) -> None:
    env = chart(a_model('mlserver', 'sklearn')).values['env']
    assert env['MLSERVER_MODEL_IMPLEMENTATION'] == {'value': 'mlserver_sklearn.SKLearnModel'}
    assert env['MLSERVER_MODEL_NAME'] == {'value': 'web'}
    own = {'MLSERVER_MODEL_IMPLEMENTATION': {'value': 'mine.Model'}}
    found = chart(a_model('mlserver', 'sklearn', env=own)).values['env']
    assert found == env | own
    assert 'MLSERVER_MODEL_IMPLEMENTATION' not in chart(a_model('mlserver', 'mlserver')).values['env']


# --- the helm test ---------------------------------------------------------------------------------------------------


@each_runtime
def test_the_test_asks_a_port_of_the_service(objects: Mapping[str, Any], name: str) -> None:
    ports = {port['port'] for port in of_kind(objects[name], 'Service')['spec']['ports']}
    env = {each['name']: each['value'] for each in all_containers(of_kind(objects[name], 'Pod')['spec'])[0]['env']}
    found = re.fullmatch(r'http://web:([0-9]+)(/.+)', env['TEST_URL'])
    assert found
    assert int(found[1]) in ports
    assert (env['TEST_METHOD'] == 'POST') == (env['TEST_BODY'] != '')


SIGNATURE = {'inputs': {'x': {'dtype': 'int8', 'shape': [-1]}}, 'outputs': {'y': {'dtype': 'int8', 'shape': [-1]}}}


@each_runtime
def test_the_test_is_a_real_prediction(name: str) -> None:
    model = a_model(name)
    version = ModelVersion('1.4.0', model.newest.image, {**model.newest.spec, 'signature': SIGNATURE})
    test = chart(Model('web', model.file, model.spec, (version,))).values['test']
    assert (test['method'], test['path'], test['expect']) == SERVERS[name].test
    assert bool(test['body']) == (test['method'] == 'POST')


def test_a_test_of_the_models_own_is_a_prediction_of_torchserve() -> None:
    test = chart(a_model('torchserve', 'mar', test={'body': '{"data": 1}'})).values['test']
    assert (test['method'], test['path'], test['body']) == ('POST', '/predictions/web', '{"data": 1}')


@pytest.mark.parametrize('name', sorted({TEMPLATES.runtimes[name].name for name in RUNTIMES}))
def test_the_readme_lists_the_kinds_of_artifacts(name: str) -> None:
    rows = re.findall(r'^\| `(\S+)`.*\|(.*)\|$', (ROOT / 'README.md').read_text(encoding='utf-8'), re.MULTILINE)
    kinds = next(kinds for runtime, kinds in rows if runtime == name)
    assert set(re.findall('`(.*?)`', kinds)) == set(TEMPLATES.runtimes[name].spec['artifacts'])


# --- the route -------------------------------------------------------------------------------------------------------

# What changes a server, or tells how it is set up, at the port of predictions.
ADMINISTRATIVE = {
    'mlserver': ['/v2/repository/models/web/unload', '/docs'],
    'triton': ['/v2/repository/models/web/unload', '/v2/logging', '/v2/models/web/trace/setting'],
    'openvino': ['/v1/config/reload', '/metrics'],
    'tensorflow-serving': ['/monitoring/prometheus/metrics'],
    'torchserve': ['/api-description'],
    'vllm': ['/sleep', '/reset_prefix_cache', '/metrics'],
}


@each_runtime
def test_a_route_without_rules_is_for_predictions(name: str) -> None:
    real = TEMPLATES.runtimes[name].name
    [rule] = enabled(chart(a_model(name, route={})).values['route']['rules']).values()
    method, asked, _ = SERVERS[name].test
    assert rule['type'] == 'PathPrefix'
    assert method == 'GET' or asked.startswith(rule['path'])
    assert (rule['path'] == '/') == (real not in ADMINISTRATIVE)
    for path in ADMINISTRATIVE.get(real, []):
        assert not f'{path}/'.startswith(f'{rule["path"]}/')


def test_a_model_with_rules_decides_itself() -> None:
    own = {'main': {'path': '/'}, 'state': {'path': '/v2/models', 'rewrite': '/v2/models'}}
    rules = enabled(chart(a_model('triton', 'onnx', route={'rules': own})).values['route']['rules'])
    assert {key: rule['path'] for key, rule in rules.items()} == {'main': '/', 'state': '/v2/models'}


# --- names that resolve ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(('name', 'real'), [('onnx', 'triton'), ('tflite', 'openvino')])
def test_a_name_resolves_to_the_runtime_that_really_serves_it(name: str, real: str) -> None:
    assert RUNTIMES[name] is RUNTIMES[real]
    model = a_model(name, name)
    made, its = chart(model), chart(a_model(real, name))
    assert made.annotations['chartloom.dev/runtime'] == real
    assert made.values == its.values
    assert made.layers[0].file == f'chart_templates/runtimes/{real}.yaml'
    [told] = model_problems(a_model(name, 'savedmodel'), TEMPLATES)
    assert told.message == f"runtime '{real}' does not serve artifacts of kind 'savedmodel'"


# --- the schema ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize('name', sorted(RUNTIMES))
def test_every_preset_fits_the_schema(name: str) -> None:
    assert runtime_problems(name, (FOLDER / f'{name}.yaml').read_bytes()) == []


def changed(what: str, by: str) -> list[str]:
    """What is said of triton's preset after a change."""
    text = (FOLDER / 'triton.yaml').read_text(encoding='utf-8')
    assert text.count(what) == 1
    return [f'{found.path}: {found.message}' for found in runtime_problems('triton', text.replace(what, by).encode())]


@pytest.mark.parametrize(
    ('what', 'by', 'message'),
    [
        ('healthcheck: curl', 'healtcheck: curl', "$.healtcheck: unknown key 'healtcheck'"),
        ('healthcheck: curl', 'healthcheck: wget', "$.healthcheck: unknown healthcheck 'wget'"),
        ('drainSeconds: 30', 'drainSeconds: 30s', "$.drainSeconds: expected an integer, found a string: '30s'"),
        ('status: active', 'status: unmaintained', "$: 'warning' is missing"),
        ('status: active\n', '', "$: 'status' is missing"),
        ('name: triton\n', 'name: triton\nresolvesTo: onnx\n', '$: 13 entries, 2 are allowed'),
        ('    threshold: 8', '    treshold: 8', "$.queries.load: 'threshold' is missing"),
        ('{SEL})\n    threshold', ')\n    threshold', '$.queries.load.query: '),
        ('    path: "[[ servedName ]]/1/model.onnx"\n', '', "$.artifacts.onnx: 'path' is missing"),
        (
            '    appProtocol: kubernetes.io/h2c',
            '    protocl: TCP',
            "$.values.ports.grpc.protocl: unknown key 'protocl'",
        ),
        ('  metrics:\n    port: metrics', '  metrix:\n    port: metrics', "$.values: 'metrics' is missing"),
    ],
)
def test_the_schema_is_closed_and_says_what_is_wrong(what: str, by: str, message: str) -> None:
    assert any(message in told for told in changed(what, by)), changed(what, by)


def test_every_key_of_the_schema_is_described() -> None:
    def undescribed(schema: Any, place: str) -> list[str]:
        found = []
        for key, item in schema.get('properties', {}).items():
            found += [] if item.get('description') else [f'{place}.{key}']
            found += undescribed(item, f'{place}.{key}')
        if schema.get('type') == 'object' and schema.get('additionalProperties', True) is True:
            found.append(f'{place} is open')
        if isinstance(more := schema.get('additionalProperties'), dict):
            found += undescribed(more, f'{place}.*')
        return found

    assert undescribed(json.loads((ROOT / 'schemas/runtime.json').read_bytes()), '$') == []


# --- the files -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize('name', PRESETS)
def test_every_preset_has_the_sources_of_its_figures(name: str) -> None:
    text = PRESETS[name].read_text(encoding='utf-8')
    head = re.match(r'(#.*\n)+', text)
    assert head
    topics = set(re.findall(r'^# ([A-Z/][A-Za-z/]+): ', head[0], re.MULTILINE))
    assert {'Probes', 'User'} <= topics
    if name != 'custom':
        assert 'Entrypoint' in topics
        # A file of a repository, or a page of a manual, for most of what is said.
        assert (
            len(re.findall(r'[\w/.-]+\.(?:md|py|rs|cc|j2|sh|yaml|properties)|Dockerfile|docs\.[a-z.]+: ', head[0])) >= 4
        )
    assert 'MiB/s' in head[0] or '\nload:' not in text


def test_the_starter_is_where_the_charts_come_from(folder: Path) -> None:
    """A runtime is data: its charts hold the starter's templates, byte for byte."""
    templates = {path: data for path, data in TEMPLATES.starter.files.items() if path.startswith('templates/')}
    assert len(templates) == 3
    for name in RUNTIMES:
        assert {path: (folder / name / path).read_bytes() for path in templates} == templates
