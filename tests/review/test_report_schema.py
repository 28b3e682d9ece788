"""The JSON of a report follows its schema, which is closed, described, and makes no key optional."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import registries as r
from gitops import answered, chartloom, published

from generator.charts.starter import report_schema

SCHEMA = json.loads(report_schema())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
TWO = {
    **r.settings(), **r.model('web', replicas=4, resources={'limits': {'nvidia.com/gpu': '1'}}),
    **r.following('prod', values={'revisionHistoryLimit': 3}), **r.following('test'),
    **r.release('prod', 'web'), **r.release('test', 'web'),
}  # fmt: skip


def maps(node: Any) -> list[dict[str, Any]]:
    inner = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    return [*([node] if isinstance(node, dict) else []), *(found for each in inner for found in maps(each))]


def test_it_is_closed_and_described_and_requires_all() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    closed = [node for node in maps(SCHEMA) if 'properties' in node and isinstance(node.get('type'), str | list)]
    assert len(closed) > 5
    for node in closed:
        assert node['additionalProperties'] is False
        assert node['required'] == list(node['properties']), node
        for key, below in node['properties'].items():
            assert re.fullmatch(r'[A-Z][^\n]{5,200}\.', below['description']), key
    assert all('additionalProperties' in node for node in maps(SCHEMA) if node.get('type') == 'object')


def test_explain_prints_it(tmp_path: Path) -> None:
    assert json.loads(chartloom(tmp_path, 'explain', 'report').stdout) == SCHEMA


CHANGES: dict[str, tuple[r.Files, int]] = {
    'nothing': ({}, 0),
    'one release': (r.release('prod', 'web', values={'replicaCount': 2}), 1),
    'a waiver alone': (
        r.release('prod', 'web', waivers={'restart': {'until': '2096-01-01', 'reason': 'a century'}}), 0,
    ),
    'many': (
        {**r.model('web', replicas=1, resources={'limits': {'nvidia.com/gpu': '2'}}), **r.model('api'),
         **r.release('prod', 'api')}, 3,
    ),
    'a file that is not valid': ({'registry/releases/prod/web.yaml': b'spec: ['}, 0),
}  # fmt: skip


@pytest.mark.parametrize('name', CHANGES)
def test_reports_follow_it(name: str, tmp_path: Path) -> None:
    change, releases = CHANGES[name]
    made = published(tmp_path / 'made', TWO)
    made.write(change)
    found = answered(made, 'review')
    assert [error.message for error in VALIDATOR.iter_errors(found)] == []
    assert (found['apiVersion'], found['kind'], len(found['releases'])) == ('chartloom/v1', 'Report', releases)
    assert found['complete'] == (name != 'a file that is not valid')
