"""The registry's schemas are closed and described, and what they refuse is told in words, at the right place."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from parts import ROOT

from generator.charts.starter import load_templates
from generator.documents.read import read_yaml
from generator.documents.schema import SHARED, RegistrySchemas, values_faults
from generator.documents.schema_faults import explain
from generator.domain.problems import Problem
from generator.domain.words import quoted, suggest

TEMPLATES = load_templates()
SCHEMAS = RegistrySchemas(TEMPLATES.schemas)
KINDS = ('settings', 'model', 'environment', 'release', 'application')
VALUES = json.loads(TEMPLATES.schemas['values.json'])
BASE = {
    file.relative_to(ROOT / 'tests/invalid/_base').as_posix(): file.read_bytes()
    for file in sorted((ROOT / 'tests/invalid/_base').rglob('*.yaml'))
}
DOCUMENTS = [read_yaml(data, file) for file, data in BASE.items()]


def maps(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
    for below in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from maps(below)


@pytest.mark.parametrize('kind', [*KINDS, 'strategy', 'stops'])
def test_a_schema_is_closed_and_described_at_every_level(kind: str) -> None:
    schema = SCHEMAS.parsed(f'{kind}.json')
    jsonschema.Draft202012Validator.check_schema(schema)
    for node in maps(schema):
        if node.get('type') == 'object' and 'values.schema.json' not in node['description']:
            assert 'additionalProperties' in node, node
        for key, below in node.get('properties', {}).items() if isinstance(node.get('type'), str) else ():
            assert re.fullmatch(r'(?:[A-Z`]|gRPC)[^\n]{5,200}\.', below.get('description', '')), (key, below)
        if '$ref' in node:
            assert node.keys() <= {'$ref', 'description'}
            file, _, pointer = node['$ref'].partition('#/')
            assert file in SHARED
            found = SCHEMAS.parsed(file)
            for part in pointer.split('/'):
                found = found[part]


@pytest.mark.parametrize('kind', [*KINDS, 'strategy', 'stops'])
def test_a_form_is_told_by_the_words_of_its_schema(kind: str) -> None:
    """What a pattern refuses is explained by the description, so that must say how the value is written."""
    for node in maps(SCHEMAS.parsed(f'{kind}.json')):
        if 'pattern' in node and 'description' in node and len(node['pattern']) > 12:
            assert re.search(r'[:…,;]|with|http|on one line', node['description']), node


def problems(kind: str, document: Any, source: bytes = b'{}') -> list[Problem]:
    return SCHEMAS.problems(kind, document, 'x.yaml', source)


def document(kind: str) -> Any:
    return copy.deepcopy(next(found for found in DOCUMENTS if found['kind'] == kind))


def test_the_base_fits() -> None:
    assert [problems(found['kind'], found) for found in DOCUMENTS] == [[]] * len(DOCUMENTS)


def test_a_part_of_a_map_of_the_chart_is_enough_in_a_model() -> None:
    """The runtime's own entries are there already: nothing is required of what lies over them."""
    model = document('Model')
    model['spec'] |= {
        'ports': {'http': {'servicePort': 80}},
        'startupProbe': {'failureThreshold': 9},
        'metrics': {'path': '/m'},
    }
    assert problems('Model', model) == []
    model['spec']['startupProbe']['failureTreshold'] = 9
    assert [found.hint for found in problems('Model', model)] == ["did you mean 'failureThreshold'?"]


def test_how_a_number_was_written_is_told_where_the_text_is_known() -> None:
    source = b'metadata: {name: ranker}\nspec:\n  version: 1.10\n'
    release = read_yaml(source, 'x.yaml') | {'apiVersion': 'chartloom/v1', 'kind': 'Release'}
    assert problems('Release', release, source) == [
        Problem('x.yaml', '$.spec.version', 'expected a string, found a number: 1.10', 'quote it: version: "1.10"')
    ]


NUMBERS = [0, -1, 1, 2**31, 2**53, 1.5, 1e300]
TEXTS = [
    '',
    'a',
    'web',
    'web\n',
    'http',
    '/',
    '/a b',
    '../x',
    '1Gi',
    '25%',
    '*',
    'ü',
    '\x1b[31m',
    'x' * 300,
    'https://a:b@c/',
]
NAMES = st.sampled_from(['', 'a', 'http', 'a\nb', 'enabled', 'x' * 64])
JSON = st.recursive(
    st.none() | st.booleans() | st.sampled_from(NUMBERS) | st.sampled_from(TEXTS),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=2),
    max_leaves=4,
)


def keys(schema: Any) -> set[str]:
    return {key for node in maps(schema) if isinstance(node.get('properties'), dict) for key in node['properties']}


KEYS = sorted(set().union(*(keys(SCHEMAS.parsed(f'{kind}.json')) for kind in KINDS), keys(VALUES)))


@st.composite
def changed(draw: st.DrawFn, whole: Any) -> Any:
    """A document with some values replaced, removed, or put beside others."""
    result = copy.deepcopy(whole)
    for _ in range(draw(st.integers(1, 3))):
        node, way = result, []
        while isinstance(node, dict | list) and node and (not way or draw(st.integers(0, 3))):
            step = draw(st.sampled_from(sorted(node) if isinstance(node, dict) else range(len(node))))
            way.append((node, step))
            node = node[step]
        parent, step = way[-1]
        if isinstance(parent, dict) and draw(st.booleans()):
            parent[draw(st.sampled_from(KEYS))] = draw(JSON)
        elif draw(st.integers(0, 3)):
            parent[step] = draw(JSON)
        else:
            del parent[step]
        if not isinstance(result, dict) or not result:
            return result
    return result


@settings(deadline=None, max_examples=100)
@given(st.data())
def test_what_one_validator_refuses_the_other_one_explains(data: st.DataObject) -> None:
    """jsonschema-rs decides and jsonschema explains: a fault that only the first one sees would be told in no words."""
    whole = data.draw(st.sampled_from(DOCUMENTS))
    found = data.draw(changed(whole))
    told = problems(whole['kind'], found)
    assert all(problem.message != 'does not match its schema' for problem in told)
    assert all(problem.hint and (problem.message + problem.hint).isprintable() for problem in told)
    if not told:
        assert (
            explain(SCHEMAS.parsed(f'{whole["kind"].lower()}.json'), found, {}, {'values.json': VALUES})[0].message
            == 'does not match its schema'
        )


@settings(deadline=None, max_examples=100)
@given(changed(TEMPLATES.starter.values))
def test_faults_of_values_are_told_at_their_place(values: Any) -> None:
    for fault in values_faults(TEMPLATES.starter.files['values.schema.json'], values):
        assert fault.message != 'does not match its schema'
        found: Any = values
        for step in fault.path[:-1]:
            found = found[step]
        assert isinstance(found, dict | list)


def test_no_hint_is_a_regular_expression() -> None:
    told = '\n'.join(file.read_text(encoding='utf-8') for file in (ROOT / 'tests/invalid').glob('*/expected.txt'))
    assert not re.search(r'\[a-z|\\d|\)\?|\^\(|\]\*', told)


def test_a_text_is_shown_short_and_harmless() -> None:
    assert quoted('web') == "'web'"
    assert quoted('web\n\x1b[31m') == r"'web\n\x1b[31m'"
    assert quoted('x' * 200) == f"'{'x' * 77}…'"


def test_a_suggestion_names_the_nearest_word_or_all_of_them() -> None:
    assert suggest('rankr', ['web', 'ranker']) == "did you mean 'ranker'?"
    assert suggest('wеb', ['web']) == "did you mean 'web'? 'е' is CYRILLIC SMALL LETTER IE"
    assert suggest('x', ['web', 'ranker']) == 'known here: ranker, web'
    assert suggest('x', ['web'], 'write y') == 'write y'
    assert suggest('x', []) == 'remove it'
