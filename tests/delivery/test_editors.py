"""The schemas for editors: what the reader takes, with null and without, is valid in an editor, too."""

from __future__ import annotations

import json
from typing import Any

import jsonschema_rs
import pytest
import registries as r

from generator.charts.starter import load_templates
from generator.delivery.editors import for_editors
from generator.documents.nulls import read_with_nulls
from generator.registry.nulls import MERGED, null_problems

SCHEMAS = {name: json.loads(data) for name, data in for_editors(load_templates().schemas).items()}


def is_valid(kind: str, document: Any) -> bool:
    known = jsonschema_rs.Registry([(f'json-schema:///{name}', schema) for name, schema in SCHEMAS.items()])
    return bool(jsonschema_rs.Draft202012Validator(SCHEMAS[f'{kind}.json'], registry=known).is_valid(document))


def of_model(**spec: Any) -> Any:
    return json.loads(r.model(**spec)['registry/models/web.yaml'])


def is_read(document: Any) -> bool:
    _, nulls = read_with_nulls(r.as_yaml(document), 'registry/models/web.yaml')
    return not null_problems(nulls, 'Model', 'registry/models/web.yaml')


@pytest.mark.parametrize(
    'spec',
    [
        {'env': {'A': {'value': 'x'}}, 'values': {'anything': {'at': None}}},
        {'env': {'A': None}},
        {'env': {'A': {'value': None}}},
        {'env': None},
        {'parameters': {'threads': None}},
        {'ports': {'http': {'servicePort': None}}},
        {'startupProbe': {'type': None}},
        {'resources': {'limits': {'memory': None}}},
        {'resources': {'limits': None}},
        {'resources': None},
        {'scheduling': {'nodeSelector': {'a': None}, 'topologySpread': {'whenUnsatisfiable': None}}},
        {'containers': {'proxy': {'securityContext': {'runAsUser': None}}}},
    ],
)
def test_an_editor_takes_null_where_it_removes(spec: Any) -> None:
    document = of_model(**spec)
    assert is_read(document)
    assert is_valid('model', document)


@pytest.mark.parametrize(
    'spec',
    [
        {'replicas': None},
        {'team': None},
        {'scheduling': None},
        {'values': None},
        {'resources': {'accelerators': {'nvidia.com/gpu': None}}},
        {'resources': {'accelerators': None}},
        {'slo': {'p99': None}},
    ],
)
def test_an_editor_refuses_null_where_there_is_nothing_to_remove(spec: Any) -> None:
    document = of_model(**spec)
    assert not is_read(document)
    assert not is_valid('model', document)


@pytest.mark.parametrize('spec', [{'env': {'A': 1}}, {'args': [None]}, {'startupProbe': {'type': 'htp'}}, {'env': []}])
def test_an_editor_refuses_what_it_refused_before(spec: Any) -> None:
    assert not is_valid('model', of_model(**spec))


def test_the_parts_of_a_model_that_null_may_empty_are_those_with_the_form_of_values() -> None:
    properties = SCHEMAS['model.json']['properties']['spec']['properties']
    shared = {key for key, part in properties.items() if str(part.get('$ref')).startswith('values.json#/properties/')}
    assert MERGED['Model'] == shared | {'values', 'scheduling', 'resources'}


def of_region(**spec: Any) -> Any:
    return json.loads(r.document('Environment', 'eu', spec))


PLACE = {'cluster': {'name': 'eu'}, 'namespace': 'ml'}


def test_an_editor_asks_what_no_environment_inherits_only_of_what_inherits_nothing() -> None:
    assert is_valid('environment', of_region(inherits='prod', **PLACE))
    assert is_valid('environment', of_region(inherits='prod', gateway={'name': 'eu'}, monitoring=None, **PLACE))
    assert is_valid('environment', of_region(agent='flux', kubernetes='1.36', **PLACE))
    for lacking in (
        {'inherits': 'prod', 'namespace': 'ml'},
        {'inherits': 'prod', 'cluster': None, 'namespace': 'ml'},
        PLACE,
        {'agent': 'flux', 'kubernetes': '1.36', 'gateway': {'name': 'eu'}, **PLACE},
        {'inherits': 'prod', 'agents': 'flux', **PLACE},
    ):
        assert not is_valid('environment', of_region(**lacking)), lacking
