"""What a chart's files hold fits the chart's own schema, also what no layer says and chartloom derives."""

from __future__ import annotations

import registries as r

from generator.charts.files import draft_chart
from generator.charts.starter import load_templates
from generator.documents.schema import values_faults
from generator.domain.generated import Chart, Templates
from generator.domain.records import Model, ModelVersion
from generator.domain.settings import Settings


def drafted(templates: Templates) -> Chart:
    version = r.version()
    spec = {'team': 'shop', 'description': 'Answers', 'runtime': 'custom', 'versions': [version]}
    newest = ModelVersion(version['version'], version['image'], version)
    model = Model('web', 'registry/models/web.yaml', spec, (newest,))
    settings = Settings('registry/settings.yaml', {'repository': {'url': 'https://git.example/ml.git'}})
    return draft_chart(model, newest, settings, templates)


def test_the_values_of_a_chart_with_its_compiled_routes_fit_its_schema() -> None:
    chart = drafted(load_templates())
    assert chart.values['routing']['services']
    assert values_faults(chart.schema, chart.values) == []
