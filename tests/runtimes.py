"""The supported runtimes: the request of each helm test, and the metrics of each server.

This is the only list of runtimes in the tests. tests/series.py makes series of the metrics, by what they count.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from parts import ROOT

from generator.charts.serving import substitute
from generator.charts.starter import load_templates
from generator.documents.read import read_yaml
from generator.documents.schema import RegistrySchemas
from generator.domain.problems import Problem


@dataclass(frozen=True)
class Server:
    """`test`: method, path and expected answer of the helm test of model web. `metrics`: series, what they count."""

    test: tuple[str, str, str]
    metrics: Mapping[str, str]


V2 = ('POST', '/v2/models/web/infer', '"outputs"')
SERVERS = {
    'custom': Server(('GET', '/healthz', ''), {}),
    'onnx': Server(V2, {}),
    'tflite': Server(V2, {}),
    'tensorflow-serving': Server(
        ('POST', '/v1/models/web:predict', '"outputs"'),
        {
            ':tensorflow:serving:request_count{status="OK"}': 'good, from the first on',
            ':tensorflow:serving:request_count{status="INTERNAL"}': 'bad, from the first on',
            ':tensorflow:serving:request_latency_sum': 'microseconds of load',
            ':tensorflow:serving:request_latency': 'microseconds of all',
        },
    ),
    'triton': Server(
        V2,
        {
            'nv_inference_request_success{model="web"}': 'good',
            'nv_inference_request_failure{model="web",reason="BACKEND"}': 'bad',
            'nv_inference_request_summary_us{quantile="0.99"}': 'microseconds of the slowest',
            'nv_inference_pending_request_count{model="web"}': 'load',
        },
    ),
    'openvino': Server(
        V2,
        {
            'ovms_requests_success{method="ModelInfer"}': 'good',
            'ovms_requests_fail{method="ModelInfer"}': 'bad',
            'ovms_requests_success{method="ModelReady"}': 'probes',
            'ovms_current_requests': 'load',
            'ovms_request_time_us': 'microseconds of all',
        },
    ),
    'vllm': Server(
        ('POST', '/v1/completions', '"choices"'),
        {
            'http_requests_total{handler="/v1/completions",status="2xx"}': 'good, from the first on',
            'http_requests_total{handler="/v1/completions",status="5xx"}': 'half of bad, from the first on',
            'http_requests_total{handler="/v1/completions",status="503"}': 'half of bad, from the first on',
            'http_requests_total{handler="/health",status="2xx"}': 'probes',
            'vllm:num_requests_waiting': 'load',
            'vllm:e2e_request_latency_seconds': 'seconds of all',
        },
    ),
    'mlserver': Server(
        V2,
        {
            'model_infer_request_success_total{model="web"}': 'good, from the first on',
            'model_infer_request_failure_total{model="web"}': 'bad, from the first on',
            'rest_server_requests_in_progress': 'load',
            'rest_server_requests_duration_seconds{path="/v2/models/web/infer"}': 'seconds of all',
            'rest_server_requests_duration_seconds{path="/v2/health/ready"}': 'seconds of probes',
        },
    ),
    'bentoml': Server(
        ('GET', '/readyz', ''),
        {
            'bentoml_service_request_total{endpoint="/classify",http_response_code="200"}': 'good',
            'bentoml_service_request_total{endpoint="/classify",http_response_code="500"}': 'bad, from the first on',
            'bentoml_service_request_total{endpoint="/readyz",http_response_code="200"}': 'probes',
            'bentoml_service_request_in_progress{endpoint="/classify"}': 'load',
            'bentoml_service_request_duration_seconds{endpoint="/classify"}': 'seconds of all',
        },
    ),
    'tgi': Server(
        ('POST', '/generate', '"generated_text"'),
        {
            'tgi_request_success': 'good, from the first on',
            'tgi_request_failure{err="overloaded"}': 'bad, from the first on',
            'tgi_queue_size': 'load',
            'tgi_request_duration': 'seconds of all',
        },
    ),
    'torchserve': Server(
        # Only the owner of the model knows the format of a prediction.
        ('GET', '/ping', 'Healthy'),
        {
            'ts_inference_requests_total{model_name="web"}': 'all',
            'Requests5XX{Level="Host"}': 'bad, from the first on',
            'ts_queue_latency_microseconds{model_name="web"}': 'microseconds of load',
        },
    ),
}


def runtime_problems(name: str, data: bytes) -> list[Problem]:
    """The problems of a preset by schemas/runtime.json, for version 1 of a model web."""
    file = f'chart_templates/runtimes/{name}.yaml'
    schema = (ROOT / 'schemas/runtime.json').read_bytes()
    schemas = RegistrySchemas({**load_templates().schemas, 'runtime.json': schema})
    ports = {f'ports.{port}': '8080' for port in ('http', 'grpc', 'metrics')}
    texts = {'model': 'web', 'servedName': 'web', 'version': '1', 'mountPath': '/models', **ports}
    return schemas.problems('Runtime', substitute(read_yaml(data, file), texts), file, data)
