"""A server reads what was checked, and is reached where it is asked: settings of every runtime that say otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from servers import TEMPLATES, chart, told

from generator.charts.bounds import bound_faults
from generator.charts.contradictions import serving_faults
from generator.charts.said import heard, said

FACTS = yaml.safe_load((Path(__file__).parent / 'arguments.yaml').read_text(encoding='utf-8'))
CONFIG = TEMPLATES.runtimes['torchserve'].spec['values']['files']['config.properties']['content']
CONFIG = CONFIG.replace('[[ ports.http ]]', '8080').replace('[[ ports.grpc ]]', '7070')
CONFIG = CONFIG.replace('[[ ports.metrics ]]', '8082')


def parameters(**found: Any) -> dict[str, Any]:
    return {'parameters': {key.replace('_', '-'): value for key, value in found.items()}}


def env(**found: str) -> dict[str, Any]:
    return {'env': {key: {'value': value} for key, value in found.items()}}


def config(line: str) -> dict[str, Any]:
    key = line.partition('=')[0]
    lines = [old for old in CONFIG.splitlines() if old.partition('=')[0] != key]
    return {'files': {'config.properties': {'content': '\n'.join([*lines, line])}}}


OTHER_FILES = [
    ('vllm', {'args': ['serve', 'evil/repo']}, "the server is started by 'vllm serve evil/repo'"),
    ('vllm', {'args': ['serve', '--port', '8000', 'evil/repo']}, "the server is started by 'vllm serve --port'"),
    ('vllm', {'command': ['vllm', 'serve', 'evil/x'], 'args': []}, "the server is started by 'vllm serve evil/x'"),
    ('vllm', {'command': ['python3', '-m', 'mine'], 'args': []}, "the server is started by 'python3 -m mine'"),
    ('vllm', env(HF_HUB_OFFLINE='0'), "variable 'HF_HUB_OFFLINE' is '0'"),
    ('vllm', {'env': {'HF_HUB_OFFLINE': {'enabled': False}}}, "'HF_HUB_OFFLINE' is removed"),
    ('vllm', {'env': {'HF_HUB_OFFLINE': {'enabled': False}, 'hf_hub_offline': {'value': '1'}}},
     "'HF_HUB_OFFLINE' is removed"),
    ('vllm', parameters(model='evil/x'), "parameter 'model' is 'evil/x'"),
    ('vllm', parameters(tokenizer='evil/x'), "parameter 'tokenizer' is 'evil/x'"),
    ('vllm', parameters(tokenizer='/models/web/../other'), "parameter 'tokenizer' is '/models/web/../other'"),
    ('vllm', parameters(tokenizer='/models/web/$(X)') | env(X='..'), "parameter 'tokenizer' is '/models/web/$(X)'"),
    ('vllm', parameters(tokeni='evil/x'), "parameter 'tokeni' is 'evil/x'"),
    ('vllm', parameters(hf_config_path='evil/x'), "parameter 'hf-config-path' is 'evil/x'"),
    ('vllm', parameters(config='/etc/all.yaml'), "parameter 'config' is '/etc/all.yaml'"),
    ('vllm', parameters(lora_modules=['a=/models/web/a', 'b=evil/b']), "parameter 'lora-modules' is 'a="),
    ('vllm', parameters(lora_modules='{"name": "a", "path": "evil"}'), "parameter 'lora-modules' is "),
    ('vllm', parameters(speculative_config='{"model": "evil"}'), "parameter 'speculative-config' is "),
    ('vllm', {'parameters': {'speculative-config.model': 'evil'}}, "parameter 'speculative-config.model' is 'evil'"),
    ('vllm', parameters(hf_overrides='{"auto_map": {"AutoConfig": "evil/x--m.C"}}'), "parameter 'hf-overrides' is "),
    ('vllm', {'args': ['serve', '/models/web', '-sc.model=evil']}, "argument '-sc.model' is 'evil'"),
    ('vllm', {'args': ['serve', '/models/web', '--lora-modules', 'a=/models/web/a', 'b=evil']},
     "argument '--lora-modules' is 'a=/models/web/a', 'b=evil'"),
    ('vllm', {'args': ['serve', '/models/web', '$(MORE)'], **env(MORE='--tokenizer=evil')},
     "argument '--tokenizer' is 'evil'"),
    ('vllm', {'command': ['vllm', 'serve', '/models/web', '--tokenizer', 'evil'], 'args': []},
     "argument '--tokenizer' is 'evil'"),
    ('vllm', parameters(speculative_config='{"method": "$(X)"}') | env(X='ngram'),
     "parameter 'speculative-config' is '{"),
    ('vllm', parameters(cudagraph_capture_sizes=[1, '--tokenizer=evil']),
     "entry '--tokenizer=evil' of parameter 'cudagraph-capture-sizes' is another argument for the server"),
    ('vllm', env(VLLM_ALLOW_RUNTIME_LORA_UPDATING='1'), "variable 'VLLM_ALLOW_RUNTIME_LORA_UPDATING' is '1'"),
    ('tensorflow-serving', {'parameters': {'model_config_file': '/etc/models.config'}},
     "parameter 'model_config_file' is '/etc/models.config'"),
    ('tensorflow-serving', {'args': ['--model_config_file=gs://evil/x']}, "argument '--model_config_file' is "),
    ('triton', parameters(model_store='s3://evil/x'), "parameter 'model-store' is 's3://evil/x'"),
    ('triton', {'args': ['--model-rep=s3://evil/x']}, "argument '--model-rep' is 's3://evil/x'"),
    ('triton', {'args': ['--model-repository=s3://evil/x']}, "argument '--model-repository' is 's3://evil/x'"),
    ('triton', parameters(model_control_mode='explicit'), "parameter 'model-control-mode' is 'explicit'"),
    ('triton', parameters(load_model='*'), "parameter 'load-model' is '*'"),
    ('triton', parameters(backend_directory='/tmp/x'), "parameter 'backend-directory' is '/tmp/x'"),
    ('openvino', {'parameters': {'config_path': '/etc/c.json'}}, "parameter 'config_path' is '/etc/c.json'"),
    ('openvino', {'parameters': {'source_model': 'evil/x'}}, "parameter 'source_model' is 'evil/x'"),
    ('mlserver', {'args': ['start', '/tmp']}, "the server is started by 'mlserver start /tmp'"),
    ('mlserver', env(MLSERVER_MODEL_URI='s3://evil/x'), "variable 'MLSERVER_MODEL_URI' is 's3://evil/x'"),
    ('mlserver', env(mlserver_model_parameters='{"uri": "evil"}'), "variable 'mlserver_model_parameters' is "),
    ('mlserver', env(MLSERVER_MODEL_EXTRA='{"pretrained_model": "evil"}'), "variable 'MLSERVER_MODEL_EXTRA' is "),
    ('torchserve', env(TS_CONFIG_FILE='/tmp/c'), "variable 'TS_CONFIG_FILE' is '/tmp/c'"),
    ('tgi', env(MODEL_ID='evil/x'), "variable 'MODEL_ID' is 'evil/x'"),
    ('tgi', env(LORA_ADAPTERS='evil/x'), "variable 'LORA_ADAPTERS' is 'evil/x'"),
    ('tgi', parameters(lora_adapters='a=evil/x'), "parameter 'lora-adapters' is 'a=evil/x'"),
    ('tgi', env(HF_HUB_OFFLINE=''), "variable 'HF_HUB_OFFLINE' is ''"),
    ('torchserve', {'args': ['--models', 'web=web.mar', 'b=https://evil/b.mar']}, "argument '--models' is "),
    ('torchserve', config('load_models=https://evil/b.mar'), "'load_models' of config.properties is "),
    ('torchserve', config('load\\_models: b'), "'load_models' of config.properties is 'b'"),
    ('torchserve', config('\\u006cload=1\nmodel_\\\n  store /tmp'), "'model_store' of config.properties is '/tmp'"),
    ('torchserve', {'files': {'config.properties': {'mountPath': '/etc/other'},
                              'mine': {'mountPath': '/etc//torchserve/config.properties',
                                       'content': f'{CONFIG}model_store=/tmp\n'}}},
     "'model_store' of mine is '/tmp'"),
    ('torchserve', config('management_address=http://0.0.0.0:8081'), "'management_address' of config.properties is "),
    ('torchserve', {'parameters': {'workflow-store': '/tmp'}}, "parameter 'workflow-store' is '/tmp'"),
]  # fmt: skip
NOT_REACHED = [
    ('vllm', parameters(uds='/tmp/s'), "parameter 'uds' is '/tmp/s'"),
    ('vllm', parameters(host='127.0.0.1'), "parameter 'host' is '127.0.0.1'"),
    ('vllm', parameters(headless=True), "parameter 'headless' is 'true'"),
    ('vllm', {'args': ['serve', '/models/web', '--headless']}, "argument '--headless' is 'true'"),
    ('vllm', parameters(grpc=True), "parameter 'grpc' is 'true'"),
    ('vllm', parameters(ssl_keyfile='/k'), "parameter 'ssl-keyfile' is '/k'"),
    ('vllm', parameters(ssl_certfile='/k'), "parameter 'ssl-certfile' is '/k'"),
    ('vllm', parameters(root_path='/x'), "parameter 'root-path' is '/x'"),
    ('vllm', parameters(api_key=['x']), "parameter 'api-key' is 'x'"),
    ('vllm', {'env': {'VLLM_API_KEY': {'secret': 's', 'key': 'k'}}}, "variable 'VLLM_API_KEY' is '(from a Secret)'"),
    ('tgi', parameters(hostname='localhost'), "parameter 'hostname' is 'localhost'"),
    ('tgi', parameters(ngrok=True), "parameter 'ngrok' is 'true'"),
    ('triton', parameters(allow_http=False), "parameter 'allow-http' is 'false'"),
    ('triton', parameters(allow_grpc=False), "parameter 'allow-grpc' is 'false'"),
    ('triton', parameters(allow_metrics='0'), "parameter 'allow-metrics' is '0'"),
    ('triton', parameters(grpc_use_ssl=True), "parameter 'grpc-use-ssl' is 'true'"),
    ('triton', parameters(http_address='localhost'), "parameter 'http-address' is 'localhost'"),
    ('openvino', {'parameters': {'rest_bind_address': '127.0.0.1'}}, "parameter 'rest_bind_address' is '127.0.0.1'"),
    ('tensorflow-serving', {'parameters': {'ssl_config_file': '/s'}}, "parameter 'ssl_config_file' is '/s'"),
    ('mlserver', env(MLSERVER_HOST='127.0.0.1'), "variable 'MLSERVER_HOST' is '127.0.0.1'"),
    ('mlserver', env(MLSERVER_ROOT_PATH='/x'), "variable 'MLSERVER_ROOT_PATH' is '/x'"),
    ('bentoml', parameters(host='127.0.0.1'), "parameter 'host' is '127.0.0.1'"),
    ('bentoml', parameters(ssl_certfile='/c'), "parameter 'ssl-certfile' is '/c'"),
    ('torchserve', config('inference_address=https://0.0.0.0:8080'), "'inference_address' of config.properties is "),
    ('torchserve', config('disable_token_authorization=false'), "'disable_token_authorization' of config.properties"),
    ('torchserve', config('keystore=/k'), "'keystore' of config.properties is '/k'"),
    ('torchserve', parameters(ts_config='/tmp/c'), "parameter 'ts-config' is '/tmp/c'"),
]  # fmt: skip


@pytest.mark.parametrize(('runtime', 'spec', 'message'), [*OTHER_FILES, *NOT_REACHED])
def test_other_files_and_other_places_are_refused(runtime: str, spec: dict[str, Any], message: str) -> None:
    [found] = told(runtime, **spec)
    assert f': {message}' in found


def test_the_reason_and_what_to_do() -> None:
    [files] = told('vllm', **parameters(tokenizer='evil/x'))
    assert files == (
        "registry/models/web.yaml::$.spec.parameters.tokenizer: parameter 'tokenizer' is 'evil/x', but the server may "
        "read only the artifact, in '/models/web'\n"
        'remove it, or add the files to the artifact and write a path below /models/web'
    )
    [place] = told('vllm', **parameters(uds='/tmp/s'))
    assert place == (
        "registry/models/web.yaml::$.spec.parameters.uds: parameter 'uds' is '/tmp/s', but port 'http' is asked on all "
        'addresses, without TLS, a path in front or a key\nremove it; TLS and auth belong to the route of the model'
    )
    [mode] = told('triton', **parameters(model_control_mode='poll'))
    assert mode.endswith('\nwrite none')
    [words] = told('vllm', args=['serve', 'evil/repo'])
    assert words.endswith(
        "'vllm serve evil/repo', but the artifact is in '/models/web'\nbegin with 'vllm serve /models/web'"
    )


@pytest.mark.parametrize(
    ('runtime', 'spec'),
    [
        ('vllm', parameters(tokenizer='/models/web/tokenizer', trust_remote_code=True, headless=False, host='::')),
        ('vllm', parameters(lora_modules=['a=/models/web/a', '{"name": "b", "path": "/models/web/b"}'])),
        ('vllm', parameters(speculative_config='{"method": "ngram", "num_speculative_tokens": 3}')),
        ('vllm', {'parameters': {'hf-overrides.rope_scaling.factor': 2, 'speculative-config.method': 'ngram'}}),
        ('vllm', parameters(generation_config='vllm', max_model_len=10, revision='main', max_loras=2)),
        ('vllm', {'command': ['python3', '-m', 'vllm.entrypoints.openai.api_server'],
                  'args': ['--model=/models/web']}),
        ('bentoml', {'args': ['serve', '--host', '0.0.0.0', '--port', '3000', 'service:Shop']}),
        ('vllm', env(HF_HUB_OFFLINE='True')),
        ('triton', {**parameters(allow_grpc=False), 'ports': {'grpc': {'enabled': False}}}),
        ('triton', parameters(model_store='/models', model_control_mode='none')),
        ('vllm', parameters(cudagraph_capture_sizes=[1, '-1', -2])),
        ('mlserver', env(MLSERVER_MODEL_URI='/models/web/model.joblib')),
        ('torchserve', config('number_of_netty_threads=4')),
        ('tgi', parameters(lora_adapters='a=/models/web/a')),
    ],
)  # fmt: skip
def test_what_is_in_the_artifact_may_be_named(runtime: str, spec: Mapping[str, Any]) -> None:
    chart(runtime, **spec)


@pytest.mark.parametrize(
    'twice',
    [
        {'no-enable-prefix-caching': True, 'enable-prefix-caching': False},
        {'disable-prefix-caching': True, 'enable_prefix_caching': True},
        {'max-num-seqs': 1, 'max_num_seqs': 2},
    ],
)
def test_a_parameter_in_two_spellings_is_refused(twice: dict[str, Any]) -> None:
    second, first = list(twice)[1], next(iter(twice))
    [found] = told('vllm', parameters=twice)
    assert f"'{second}' and '{first}' are one parameter of the server" in found


@pytest.mark.parametrize('runtime', FACTS)
def test_no_other_option_is_taken_for_one_of_these(runtime: str) -> None:
    """Some parsers take the beginning of a name: what is an option itself must not be taken for another one."""
    kinds = FACTS[runtime].keys() - {'version', 'source'}
    known = {name for kind in kinds for name in FACTS[runtime][kind].split()}
    served = TEMPLATES.runtimes[runtime].spec['serves']
    files = served.get('files', {})
    places = [served.get('name', {}), files, files.get('fixed', {}), files.get('reads', {})]
    for port in served['ports'].values():
        places += [port, port.get('fixed', {})]
    for place in places:
        watched = set(place.get('parameters', ()))
        assert watched <= {*known, 'sc'}  # the short name of speculative-config
        values = {'parameters': dict.fromkeys(known - watched, 'x'), 'command': [], 'args': [], 'env': {}, 'files': {}}
        assert list(said({'parameters': watched}, heard(values))) == []


def test_two_names_of_a_parameter_are_two_options_of_no_server() -> None:
    served = {'files': {}}
    names = [name for kind in ('pair', 'flag', 'value', 'words', 'json') for name in FACTS['vllm'][kind].split()]
    values = {'ports': {}, 'artifact': {'delivery': 'baked'}, 'parameters': dict.fromkeys(names, 1),
              'parameterForms': {'switches': 'opposite'}, 'command': [], 'args': [], 'env': {},
              'files': {}}  # fmt: skip
    assert list(bound_faults(served, values, heard(values))) == []


def test_a_server_of_ones_own_has_no_bounds() -> None:
    assert list(serving_faults({}, {}, 'web')) == []
    chart('custom', parameters={'a-b': 1, 'a_b': 2, 'host': '127.0.0.1'})
