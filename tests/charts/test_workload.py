"""What a track may have of its own is told by the starter: no list of it has to be kept."""

from __future__ import annotations

import json
import re

import jsonschema
import pytest
from starter import CHART, DEFAULTS, SCHEMA, TEMPLATES

from generator.charts.workload import with_workload
from generator.strategies.course import OF_THE_RELEASE, workload

WORKLOAD = SCHEMA['definitions']['track']['properties']['workload']


def test_a_track_has_its_own_of_each_value_that_is_not_the_releases() -> None:
    assert WORKLOAD['additionalProperties'] is False
    assert [*WORKLOAD['properties']] == [key for key in SCHEMA['properties'] if key not in OF_THE_RELEASE]
    assert {*workload(DEFAULTS)} == {*WORKLOAD['properties']}
    assert SCHEMA['properties'].keys() >= OF_THE_RELEASE
    assert all(value['$ref'] == f'#/properties/{key}' for key, value in WORKLOAD['properties'].items())


def test_a_new_value_of_the_starter_is_in_the_workload() -> None:
    raw = json.loads((CHART / 'values.schema.json').read_text(encoding='utf-8'))
    text = (CHART / 'values.schema.json').read_text(encoding='utf-8')
    new = '"properties": {\n    "exampleOnly": {"description": "An example.", "type": "string"},'
    assert 'exampleOnly' not in raw['properties']
    found = json.loads(with_workload(text.replace('"properties": {', new, 1).encode()))
    track = found['properties']['tracks']['properties']['stable'] | {'definitions': found['definitions']}
    whole = {'enabled': True, 'weight': 0, 'replicas': 0, 'headers': {}, 'mirror': 0}
    validator = jsonschema.Draft7Validator({**found, '$ref': '#/definitions/track'})
    assert track['$ref'] == '#/definitions/track'
    assert validator.is_valid({**whole, 'workload': {'exampleOnly': 'x'}})
    assert not validator.is_valid({**whole, 'workload': {'exampleOnly': 1}})
    assert not validator.is_valid({**whole, 'workload': {'replicaCount': 1}})


def of_a_deployment() -> str:
    """The text of the Deployment's file and of the templates that it includes, at any depth."""
    text = '\n'.join(path.read_text(encoding='utf-8') for path in TEMPLATES if path.suffix == '.tpl')
    bodies = dict(re.findall(r'\{\{-? define "([^"]+)" -?\}\}(.*?)(?=\{\{-? define |\Z)', text, re.DOTALL))
    found = (CHART / 'templates/deployment.yaml').read_text(encoding='utf-8')
    while names := {name for name in re.findall(r'include "([^"]+)"', found) if name in bodies}:
        found += ''.join(bodies.pop(name) for name in sorted(names))
    return found


# 'metrics' names a port of the pods, and is read by what collects them.
@pytest.mark.parametrize('key', [key for key in WORKLOAD['properties'] if key != 'metrics'])
def test_what_is_in_the_workload_is_what_the_templates_of_pods_read(key: str) -> None:
    """A value that no pod is made of belongs into OF_THE_RELEASE."""
    assert re.search(rf'\.{key}\b|"{key}"', of_a_deployment())
