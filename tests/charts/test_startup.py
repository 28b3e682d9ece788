"""The size of a model → the time that its start and its rollout may take."""

from __future__ import annotations

from typing import Any

import pytest
import registries as r

from generator.charts.layers import model_layers
from generator.charts.starter import load_templates
from generator.charts.startup import load_seconds
from generator.domain.records import Model, ModelVersion
from generator.values.layers import merge_checked

TEMPLATES = load_templates()
URI = {'https': 'https://models.example/m', 'pvc': 'pvc://weights/m/1'}


def budget(runtime: str, kind: str, size: str, scheme: str = 'pvc', **spec: Any) -> tuple[int, int, int]:
    """Period and failures of the startup probe, and the deadline of a rollout."""
    sized = {'size': size} if size else {}
    artifact = {'uri': URI[scheme], 'kind': kind, **sized, **({'sha256': '2' * 64} if scheme == 'https' else {})}
    version = r.version(artifact=artifact)
    whole = {'team': 'shop', 'description': 'Answers', 'runtime': runtime, 'versions': [version], **spec}
    model = Model('web', 'registry/models/web.yaml', whole, (ModelVersion('1', version['image'], version),))
    layers = model_layers(model, model.newest, TEMPLATES)
    starter = TEMPLATES.starter
    values = merge_checked(layers, starter.values, starter.files['values.schema.json'], model.file)
    probe = values['startupProbe']
    return probe['periodSeconds'], probe['failureThreshold'], values['progressDeadlineSeconds']


@pytest.mark.parametrize(
    ('size', 'speed', 'seconds'),
    [
        ('1Ki', 50, 1),
        ('50Mi', 50, 1),
        ('51Mi', 50, 2),
        ('1Gi', 64, 16),
        ('1.5Gi', 64, 24),
        ('2Ti', 64, 32768),
        ('0Mi', 50, 0),
    ],
)
def test_seconds_of_a_size(size: str, speed: int, seconds: int) -> None:
    assert load_seconds(size, speed) == seconds


@pytest.mark.parametrize(
    ('runtime', 'kind', 'size', 'scheme', 'expected'),
    [
        # The preset's own is enough, up to the very second: 5 s times 120 is 600 s, times 50 MiB/s is 30000 MiB.
        ('tensorflow-serving', 'saved-model', '', 'pvc', (5, 120, 1200)),
        ('tensorflow-serving', 'saved-model', '640Mi', 'pvc', (5, 120, 1200)),
        ('tensorflow-serving', 'saved-model', '30000Mi', 'pvc', (5, 120, 1200)),
        ('tensorflow-serving', 'saved-model', '30001Mi', 'pvc', (5, 121, 1200)),
        ('tensorflow-serving', 'saved-model', '100Gi', 'pvc', (5, 410, 2348)),
        # What is downloaded takes its time before the server starts.
        ('tensorflow-serving', 'saved-model', '100Gi', 'https', (5, 410, 4396)),
        ('triton', 'onnx', '20Gi', 'https', (10, 60, 1310)),
        # A preset's own deadline is kept, too.
        ('vllm', 'huggingface', '15Gi', 'https', (10, 180, 2408)),
        ('vllm', 'huggingface', '15Gi', 'pvc', (10, 180, 2400)),
        ('vllm', 'huggingface', '140Gi', 'pvc', (10, 287, 3168)),
        ('onnx', 'onnx', '100Gi', 'pvc', (10, 205, 2348)),
    ],
)
def test_the_budget_grows_with_the_model(
    runtime: str, kind: str, size: str, scheme: str, expected: tuple[int, int, int]
) -> None:
    assert budget(runtime, kind, size, scheme) == expected


@pytest.mark.parametrize('runtime', sorted(TEMPLATES.runtimes))
def test_a_start_fits_into_a_rollout_and_nothing_shrinks(runtime: str) -> None:
    for kind in TEMPLATES.runtimes[runtime].spec['artifacts']:
        before = (0, 0, 0)
        for size in ('', '1Mi', '10Gi', '100Gi', '1Ti', '500Ti'):
            period, failures, deadline = budget(runtime, kind, size, 'https')
            assert period * failures < deadline
            assert (failures, deadline) >= before[1:]
            before = (period, failures, deadline)


def test_what_a_model_says_itself_counts() -> None:
    own = budget('triton', 'onnx', '100Gi', startupProbe={'failureThreshold': 7})
    assert own == (10, 7, 1200)
    overlay = {'startupProbe': {'failureThreshold': 400}, 'progressDeadlineSeconds': 5000}
    assert budget('triton', 'onnx', '100Gi', values=overlay) == (10, 400, 5000)
