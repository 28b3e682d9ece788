"""Parameters of every runtime as arguments: what the templates write is what the server's own parser reads."""

from __future__ import annotations

import argparse
import functools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import registries as r
import yaml
from resolved import resolved
from starter import CHART, DEFAULTS, merge, pod_specs, render

from generator.charts.starter import load_templates
from generator.values.arguments import arguments

RUNTIMES = load_templates().runtimes
# Taken from the packages on PyPI; the parsers themselves need too much to run here.
FACTS = yaml.safe_load((Path(__file__).parent / 'arguments.yaml').read_text(encoding='utf-8'))
KINDS = ('value', 'pair', 'opposite', 'flag', 'words', 'repeat', 'json')
# Their opposite is the name that vLLM documents: disable-sliding-window and so on.
SECOND_NAMES = [name for name in FACTS['vllm']['opposite'].split() if name.startswith('enable-')]


def forms(runtime: str) -> Mapping[str, Any]:
    own: Mapping[str, Any] = RUNTIMES[runtime].spec['values'].get('parameterForms', {})
    return merge(DEFAULTS['parameterForms'], own)


def written(runtime: str, parameters: Mapping[str, Any]) -> list[str]:
    return arguments({'parameters': parameters, 'parameterForms': forms(runtime)})


class Switch(argparse.BooleanOptionalAction):
    """A switch of vLLM: each --enable-x has a --disable-x."""

    def __init__(self, option_strings: list[str], **more: Any) -> None:
        super().__init__(option_strings, **more)
        [name] = option_strings
        self.opposite = opposite(name)
        self.option_strings = [*self.option_strings, *([self.opposite] if self.opposite else [])]

    def __call__(self, parser: Any, namespace: Any, values: Any, option_string: str | None = None) -> None:
        negative = option_string == self.opposite or str(option_string).startswith('--no-')
        setattr(namespace, self.dest, not negative)


def opposite(name: str) -> str:
    for one, other in (('--enable-', '--disable-'), ('--disable-', '--enable-')):
        if name.startswith(one):
            return name.replace(one, other, 1)
    return ''


@functools.cache
def parser(runtime: str) -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(exit_on_error=False)
    for kind in KINDS:
        for name in FACTS[runtime].get(kind, '').split():
            flag = f'--{name}'
            match kind:
                case 'pair':
                    made.add_argument(flag, action=Switch)
                case 'flag':
                    made.add_argument(flag, action='store_true')
                case 'words':
                    made.add_argument(flag, nargs='+')
                case 'repeat':
                    made.add_argument(flag, action='append')
                case 'json':
                    made.add_argument(flag, type=json.loads)
                case 'value':
                    made.add_argument(flag)
    return made


def read(runtime: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """What the server's parser reads; raises where it would end with an error."""
    found, unknown = parser(runtime).parse_known_args(written(runtime, parameters))
    assert unknown == []
    return vars(found)


def each(*kinds: str) -> Any:
    cases = [(runtime, name) for runtime in FACTS for kind in kinds for name in FACTS[runtime].get(kind, '').split()]
    return pytest.mark.parametrize(('runtime', 'name'), cases)


@each('pair', 'flag')
def test_a_switch_is_on_or_off(runtime: str, name: str) -> None:
    key = name.replace('-', '_')
    assert read(runtime, {name: True})[key] is True
    assert not read(runtime, {name: False})[key]


def test_a_second_name_of_a_switch_of_vllm_means_its_opposite() -> None:
    for name in FACTS['vllm']['opposite'].split():
        first = opposite(f'--{name}')[2:].replace('-', '_')
        assert read('vllm', {name: True})[first] is False
        if name not in SECOND_NAMES:
            assert read('vllm', {name: False})[first] is True
    assert len(SECOND_NAMES) == 8


@each('words', 'repeat', 'json')
def test_a_list_arrives_as_a_list(runtime: str, name: str) -> None:
    assert read(runtime, {name: ['a', 'b c', 1]})[name.replace('-', '_')] in (['a', 'b c', '1'], ['a', 'b c', 1])
    assert read(runtime, {name: ['only']})[name.replace('-', '_')] == ['only']


@each('value')
def test_a_text_and_a_number_arrive_as_they_are(runtime: str, name: str) -> None:
    for value, text in (('a =b', 'a =b'), (0.25, '0.25'), (5000000, '5000000'), ('-1', '-1')):
        assert read(runtime, {name: value})[name.replace('-', '_')] == text


# Parsers that are not on PyPI: what the sources named in the presets say.
DOCUMENTED = [
    ('tgi', {'trust-remote-code': True, 'json-output': False, 'sharded': False},
     ['--sharded=false', '--trust-remote-code']),
    ('tgi', {'cuda-graphs': [1, 2, 4], 'cors-allow-origin': ['a', 'b']},
     ['--cors-allow-origin=a', '--cors-allow-origin=b', '--cuda-graphs=1,2,4']),
    ('triton', {'exit-on-error': False, 'log-info': True}, ['--exit-on-error=false', '--log-info=true']),
    ('triton', {'load-model': ['a', 'b']}, ['--load-model=a', '--load-model=b']),
    ('tensorflow-serving', {'enable_batching': True, 'flush_filesystem_caches': False},
     ['--enable_batching=true', '--flush_filesystem_caches=false']),
    ('tensorflow-serving', {'saved_model_tags': ['serve', 'gpu']}, ['--saved_model_tags=serve,gpu']),
    ('openvino', {'stateful': True, 'idle_sequence_cleanup': False},
     ['--idle_sequence_cleanup=false', '--stateful=true']),
    ('openvino', {'metrics_list': ['a', 'b'], 'plugin_config': '{"A": "B"}'},
     ['--metrics_list=a,b', '--plugin_config={"A": "B"}']),
    ('custom', {'verbose': True, 'peer': ['a', 'b']}, ['--peer=a', '--peer=b', '--verbose=true']),
    ('vllm', {'enable_prefix_caching': False, 'disable_log_stats': True, 'api-key': []},
     ['--disable_log_stats', '--no-enable_prefix_caching']),
]  # fmt: skip


@pytest.mark.parametrize(('runtime', 'parameters', 'expected'), DOCUMENTED)
def test_parameters_are_written_as_the_server_reads_them(
    runtime: str, parameters: Mapping[str, Any], expected: list[str]
) -> None:
    assert written(runtime, parameters) == expected


MIXED = {
    'a': True, 'b': False, 'disable-c': False, 'd_e': True, 'f': ['x', 2], 'g': ['u', 'v w'], 'h': [],
    'i': ['<é>', 1.5], 'j': 5000000, 'k': 'it = "so"', 'l': [1], 'm': ['y'], 'n': False, 'o': 1e-7,
}  # fmt: skip
FORMS = [
    {},
    {'switches': 'pair', 'lists': 'words'},
    {'switches': 'opposite', 'lists': 'commas'},
    {
        'switches': 'flag',
        'lists': 'json',
        'keys': {'b': 'value', 'd-e': 'pair', 'f': 'repeat', 'n': 'pair', 'm': 'words'},
    },
]


def test_the_templates_and_the_program_write_the_same(helms: list[Path]) -> None:
    for own in FORMS:
        side = {'image': {'repository': 'x'}, 'parameters': MIXED, 'parameterForms': own}
        expected = arguments({'parameters': MIXED, 'parameterForms': own})
        for helm in helms:
            values = {'parameters': MIXED, 'parameterForms': own, 'containers': {'side': side}}
            found = pod_specs(render(helm, values, CHART))[0]['containers']
            assert [[*map(number, each['args'])] for each in found] == [[*map(number, expected)]] * 2


def number(word: str) -> str:
    # Go writes 1e-07 or 1e-7, Python 1e-07: the same number.
    return word.replace('e-07', 'e-7')


def test_null_in_a_model_takes_out_a_form_of_the_preset() -> None:
    files = {**r.settings(), **r.following('prod'), **r.release('prod', 'web')}
    model = r.model(
        'web', 'vllm', parameters={'disable-log-stats': True}, parameterForms={'keys': {'disable-log-stats': None}}
    )
    [plain], [without] = (resolved({**files, **each}) for each in (r.model('web', 'vllm'), model))
    assert plain.merged['parameterForms']['keys'].pop('disable-log-stats') == 'flag'
    assert without.merged['parameterForms'] == plain.merged['parameterForms']
