"""Requests made from signatures: right shapes and types, and none where a server could not take one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from generator.charts.prediction import DTYPES, MAX_ELEMENTS, request
from generator.charts.starter import load_templates

PROTOCOLS = ('tensorflow-rest', 'kserve-v2')
# Where no signature is needed the preset has the whole request.
PROMPTS = {
    'openai': ('/v1/completions', {'model': '[[ servedName ]]', 'prompt': 'Hello', 'max_tokens': 1}, '"choices"'),
    'tgi': ('/generate', {'inputs': 'Hello', 'parameters': {'max_new_tokens': 1}}, '"generated_text"'),
}
Tensors = dict[str, tuple[str, list[int]]]


def signature(inputs: Tensors, outputs: Tensors | None = None) -> dict[str, Any]:
    def written(tensors: Tensors) -> dict[str, Any]:
        return {name: {'dtype': dtype, 'shape': shape} for name, (dtype, shape) in tensors.items()}

    return {'inputs': written(inputs), 'outputs': written(outputs or {'y': ('float32', [-1])})}


def body(protocol: str, inputs: Tensors) -> Any:
    return json.loads(request(protocol, signature(inputs))['body'])


def shape_of(value: Any) -> list[int]:
    """As TensorFlow Serving reads it from the nesting of lists."""
    return [len(value), *shape_of(value[0])] if isinstance(value, list) else []


def test_tensorflow_gets_columns() -> None:
    inputs: Tensors = {
        'user': ('int64', [-1]),
        'history': ('int64', [-1, 3]),
        'country': ('string', [-1, 1]),
        'on': ('bool', []),
    }
    found = body('tensorflow-rest', inputs)
    assert found == {'inputs': {'user': [0], 'history': [[0, 0, 0]], 'country': [['']], 'on': False}}


def test_triton_gets_named_tensors_with_flat_data() -> None:
    inputs: Tensors = {'customer': ('float32', [-1, 2, 3]), 'name': ('string', [1]), 'flag': ('bool', [2])}
    assert body('kserve-v2', inputs) == {
        'inputs': [
            {'name': 'customer', 'shape': [1, 2, 3], 'datatype': 'FP32', 'data': [0] * 6},
            {'name': 'name', 'shape': [1], 'datatype': 'BYTES', 'data': ['']},
            {'name': 'flag', 'shape': [2], 'datatype': 'BOOL', 'data': [False, False]},
        ]
    }


@pytest.mark.parametrize('shape', [[], [1], [-1], [0], [4], [-1, -1], [2, 3, 4], [-1, 7, 1], [1, 1, 1, 1, 1]])
@pytest.mark.parametrize('dtype', sorted(set(DTYPES) - {'float16', 'uint16'}))
def test_the_data_has_the_shape_it_names(dtype: str, shape: list[int]) -> None:
    wanted = [max(dimension, 1) for dimension in shape]
    tensor = body('kserve-v2', {'x': (dtype, shape)})['inputs'][0]
    elements = 1
    for dimension in wanted:
        elements *= dimension
    assert tensor['shape'] == wanted
    assert len(tensor['data']) == elements
    column = body('tensorflow-rest', {'x': (dtype, shape)})['inputs']['x']
    assert shape_of(column) == wanted
    kind = {'string': str, 'bool': bool}.get(dtype, int)
    assert {type(value) for value in tensor['data']} == {kind}


@pytest.mark.parametrize('protocol', PROTOCOLS)
def test_the_answer_is_known_by_a_word_that_no_error_has(protocol: str) -> None:
    """Columns are answered by `outputs` in both protocols; an error says `error`."""
    assert request(protocol, signature({'x': ('int8', [1])}))['expect'] == '"outputs"'


@pytest.mark.parametrize('protocol', ['none', *PROMPTS, ''])
def test_other_protocols_have_no_request(protocol: str) -> None:
    assert request(protocol, signature({'x': ('int8', [1])})) == {}


@pytest.mark.parametrize(
    ('protocol', 'dtype', 'possible'),
    [
        ('kserve-v2', 'float16', False),
        ('kserve-v2', 'uint16', True),
        ('tensorflow-rest', 'float16', False),
        ('tensorflow-rest', 'uint16', False),
        ('tensorflow-rest', 'float32', True),
    ],
)
def test_a_type_that_json_cannot_carry_makes_no_request(protocol: str, dtype: str, possible: bool) -> None:
    plain: Tensors = {'x': ('int8', [1])}
    assert bool(request(protocol, signature({'x': (dtype, [1])}))) == possible
    assert bool(request(protocol, signature(plain, {'y': (dtype, [1])}))) == possible


@pytest.mark.parametrize('protocol', PROTOCOLS)
def test_a_request_stays_readable(protocol: str) -> None:
    assert request(protocol, signature({'x': ('int8', [MAX_ELEMENTS])}))
    assert request(protocol, signature({'x': ('int8', [MAX_ELEMENTS + 1])})) == {}
    assert request(protocol, signature({'x': ('int8', [MAX_ELEMENTS]), 'y': ('int8', [])})) == {}
    assert request(protocol, signature({'image': ('uint8', [-1, 224, 224, 3])})) == {}
    assert len(request(protocol, signature({'x': ('string', [MAX_ELEMENTS])}))['body']) < 2000


def test_hostile_names_stay_names() -> None:
    for name in ('a"b', 'ü', '\\', '{{ x }}', ''):
        assert list(body('tensorflow-rest', {name: ('int8', [])})['inputs']) == [name]
        assert body('kserve-v2', {name: ('int8', [])})['inputs'][0]['name'] == name


def test_presets_speak_a_protocol_that_is_known_here() -> None:
    for name, preset in load_templates().runtimes.items():
        protocol = preset.spec['protocols']['http']
        assert protocol in {*PROTOCOLS, *PROMPTS, 'none'}
        assert bool(request(protocol, signature({'x': ('int8', [1])}))) == (protocol in PROTOCOLS), name


def test_servers_of_text_are_asked_for_one_token_whatever_the_model_is() -> None:
    for preset in load_templates().runtimes.values():
        if preset.spec['protocols']['http'] in PROMPTS:
            asked: Mapping[str, str] = preset.spec['values']['test']
            assert (asked['path'], json.loads(asked['body']), asked['expect']) == PROMPTS[
                preset.spec['protocols']['http']
            ]
            assert 'ready' not in preset.spec, 'it would take the place of the prediction'
