"""Models of every runtime → their charts, or what is wrong with them; for tests of what servers are told."""

from __future__ import annotations

from typing import Any

import pytest
import registries as r
from charting import make_charts

from generator.charts.starter import load_templates
from generator.domain.generated import Chart
from generator.domain.problems import ProblemsFound
from generator.domain.records import Model, ModelVersion
from generator.domain.settings import Settings

TEMPLATES = load_templates()
SETTINGS = Settings('registry/settings.yaml', {'repository': {'url': 'https://git.example/ml.git'}})
FILE = 'registry/models/web.yaml'
KINDS = {
    'tensorflow-serving': 'saved-model', 'triton': 'onnx', 'openvino': 'onnx', 'torchserve': 'mar',
    'mlserver': 'sklearn', 'vllm': 'huggingface', 'tgi': 'huggingface', 'bentoml': '', 'custom': '',
}  # fmt: skip


def model(runtime: str, **spec: Any) -> Model:
    kind = KINDS[runtime]
    form = TEMPLATES.runtimes[runtime].spec['artifacts'].get(kind, {})
    uri = r.ARTIFACT['uri'] if form.get('unpack') else 'https://models.example/m'
    artifact = {'artifact': {**r.ARTIFACT, 'uri': uri, 'kind': kind}} if kind else {}
    version = r.version('1.4.0', **artifact)
    whole = {'team': 'shop', 'description': 'Answers', 'runtime': runtime, 'versions': [version], **spec}
    return Model('web', FILE, whole, (ModelVersion('1.4.0', version['image'], version),))


def chart(runtime: str, **spec: Any) -> Chart:
    return make_charts(model(runtime, **spec), SETTINGS, TEMPLATES).charts['1.0.0']


def told(runtime: str, **spec: Any) -> list[str]:
    with pytest.raises(ProblemsFound) as found:
        chart(runtime, **spec)
    return [f'{problem.file}::{problem.path}: {problem.message}\n{problem.hint}' for problem in found.value.problems]
