"""What a chart's files hold fits the chart's own schema, also what no layer says and chartloom derives."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import registries as r

from generator.charts.files import draft_chart
from generator.charts.starter import load_templates
from generator.domain.generated import Chart, Templates
from generator.domain.records import Model, ModelVersion, Settings


def drafted(templates: Templates) -> Chart:
    version = r.version()
    spec = {'team': 'shop', 'description': 'Answers', 'runtime': 'custom', 'versions': [version]}
    newest = ModelVersion(version['version'], version['image'], version)
    model = Model('web', 'registry/models/web.yaml', spec, (newest,))
    settings = Settings('registry/settings.yaml', {'repository': {'url': 'https://git.example/ml.git'}})
    return draft_chart(model, newest, settings, templates)


def test_compiled_routes_have_to_fit_the_schema() -> None:
    """Templates could not place them otherwise, and nobody but chartloom could mend that."""
    templates = load_templates()
    assert drafted(templates).values['routing']['services']
    schema = json.loads(templates.starter.described)
    schema['properties']['routing']['properties']['services']['maxItems'] = 0
    values = {**templates.starter.values, 'routing': {**templates.starter.values['routing'], 'services': []}}
    starter = replace(templates.starter, values=values, described=json.dumps(schema).encode())
    narrow = replace(templates, starter=starter)
    with pytest.raises(AssertionError, match='do not fit the schema of the starter'):
        drafted(narrow)
