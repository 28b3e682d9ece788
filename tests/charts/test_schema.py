"""The schema that charts hold: small, and as strict as the one that it is made from."""

from __future__ import annotations

import copy
import functools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import jsonschema_rs
import pytest
from starter import DEFAULTS, SCHEMA, VALUE_SETS, Values, merge, run_helm

from generator.charts.schema import FILLED, chart_schema
from generator.charts.starter import load_templates

TEXT = chart_schema(SCHEMA)
FOUND = json.loads(TEXT)
FULL, SMALL = jsonschema_rs.Draft7Validator(SCHEMA), jsonschema_rs.Draft7Validator(FOUND)
EVERYTHING = merge(DEFAULTS, VALUE_SETS['everything-values'])


def test_it_is_what_charts_hold() -> None:
    assert load_templates().starter.files['values.schema.json'].decode() == TEXT
    jsonschema.Draft7Validator.check_schema(FOUND)


def test_it_has_one_property_a_line_and_no_descriptions() -> None:
    entries = [line for line in TEXT.splitlines() if line.startswith('    ')]
    assert len(entries) == len(FOUND['properties']) + len(FOUND['$defs'])
    assert [*FOUND['properties']] == [*SCHEMA['properties']]
    alert = FOUND['properties']['monitoring']['properties']['rules']['properties']['alerts']['additionalProperties']
    assert 'description' in alert['properties'], 'a property of this name stays'
    assert 'description' not in alert
    assert len(TEXT) < len(json.dumps(SCHEMA)) / 1.9


def changed(values: Any) -> Iterator[Any]:
    """Values with a key less, with a key that nothing knows, and with another kind of value, at every place."""
    yield from ('text', 7, True, ['a'], {'a': 'b'}, None)
    if isinstance(values, dict):
        yield {**values, 'mispelt': {}}
        for key, item in values.items():
            yield {name: value for name, value in values.items() if name != key}
            for other in changed(item):
                yield {**values, key: other}
    elif isinstance(values, list):
        for index, item in enumerate(values):
            yield values[:index] + values[index + 1 :]
            for other in changed(item):
                yield [*values[:index], other, *values[index + 1 :]]


@pytest.mark.parametrize('name', VALUE_SETS)
def test_it_takes_and_refuses_the_same_values_of_people(name: str) -> None:
    values = merge(DEFAULTS, VALUE_SETS[name])
    assert FULL.is_valid(values)
    assert SMALL.is_valid(values)
    own = (VALUE_SETS[name] if name != 'everything-values' else values).keys() - {*FILLED, 'affinity'}
    variants = [{**values, key: other} for key in own for other in changed(values[key])]
    assert [each for each in variants if FULL.is_valid(each) != SMALL.is_valid(each)] == []
    assert name != 'everything-values' or sum(not FULL.is_valid(each) for each in variants) > 1000


def test_of_affinity_it_knows_every_key_and_the_kinds_of_values() -> None:
    for found in changed(EVERYTHING['affinity']):
        values = {**EVERYTHING, 'affinity': found}
        assert SMALL.is_valid(values) or not FULL.is_valid(values)
        assert not SMALL.is_valid(values) or 'mispelt' not in str(found)
    assert not SMALL.is_valid({**EVERYTHING, 'affinity': {'nodeAffinity': []}})
    assert sum('mispelt' in str(found) for found in changed(EVERYTHING['affinity'])) > 10


def test_what_chartloom_fills_is_known_by_the_names_of_its_parts() -> None:
    def takes(**values: Any) -> bool:
        return bool(SMALL.is_valid(merge(DEFAULTS, values)))

    assert takes(tracks={'stable': {'mispelt': 1}})
    assert not takes(tracks={'mispelt': {}})
    assert not takes(tracks={'stable': 1})
    assert takes(strategy={'rolling': {'mispelt': 1}})
    assert not takes(strategy={'mispelt': 1})
    assert not takes(strategy={'type': 'mispelt'})
    assert not takes(strategy={'type': 'canary'}), 'its tracks are missing'
    assert 'track' not in FOUND['$defs'], 'nothing refers to it'


@pytest.mark.parametrize('path', ['route.timeout', 'artifact.path', 'monitoring.rules.alerts', 'strategy.rolling'])
def test_helm_refuses_a_key_that_null_takes_away(helm: Path, tmp_path: Path, path: str) -> None:
    for place, data in load_templates().starter.files.items():
        (tmp_path / place).parent.mkdir(exist_ok=True)
        (tmp_path / place).write_bytes(data)
    *above, last = path.split('.')
    values: Values = functools.reduce(lambda inner, key: {key: inner}, reversed(above), copy.deepcopy({last: None}))
    assert run_helm(helm, tmp_path, {}).returncode == 0
    assert run_helm(helm, tmp_path, values).returncode != 0


def test_references_and_required_keys_are_written_shorter() -> None:
    closed: Values = {'type': 'object', 'additionalProperties': False, 'required': ['a', 'b']}
    text = {'type': 'string', 'pattern': '^[a-z]([-a-z0-9]*[a-z0-9])?$'}
    both = {'a': {'$ref': '#/definitions/text'}, 'b': {'description': 'Words.', 'type': 'string'}}
    schema = {
        'title': 'T',
        'properties': {
            **{key: {} for key in (*FILLED, 'affinity')},
            'required': {**closed, 'properties': both},
            'some': {**closed, 'properties': {**both, 'c': {'$ref': '#/definitions/once'}}},
        },
        'definitions': {
            'text': text, 'once': {'items': {'$ref': '#/definitions/flag'}}, 'flag': {'type': 'boolean'}, 'unused': {},
        },
    }  # fmt: skip
    bare = {'a': {'$ref': '#/$defs/text'}, 'b': {'type': 'string'}}
    assert json.loads(chart_schema(schema)) == {
        'properties': {
            **{key: {} for key in (*FILLED, 'affinity')},
            'required': {'type': 'object', 'additionalProperties': False, 'properties': bare, 'minProperties': 2},
            'some': {**closed, 'properties': {**bare, 'c': {'items': {'type': 'boolean'}}}},
        },
        '$defs': {'text': text},
    }
