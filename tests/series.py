"""What each runtime reports to Prometheus, as series of promtool, and promtool itself asked about them."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

from generator.charts.starter import load_templates

Values = dict[str, Any]
Series = dict[str, str]

PRESETS = {runtime.spec['name']: runtime.spec for runtime in load_templates().runtimes.values()}
QUERIES: dict[str, Values] = {name: spec['queries'] for name, spec in PRESETS.items() if 'queries' in spec}
HOURS = 8
MINUTES = HOURS * 60


# --- what a runtime tells, minute by minute, in the notation of promtool ----------------------------------------------


def counts(each: float) -> str:
    return f'0+{each:g}x{MINUTES}'


def gauge(value: float) -> str:
    return f'{value:g}x{MINUTES}'


def histogram(name: str, bounds: Mapping[str, bool], each: float, labels: str = '') -> Series:
    """A histogram; `bounds` tells for each bucket whether the requests are in it."""
    return {
        f'{name}_bucket{{job="ml/web",{labels}le="{le}"}}': counts(each if held else 0) for le, held in bounds.items()
    }


def buckets(slow: bool, scale: float) -> dict[str, bool]:
    """Requests take between 10 and 100 ms, or between 0.1 and 1 s."""
    return {f'{bound * scale:g}': bound > (0.1 if slow else 0.01) for bound in (0.01, 0.1, 1.0)} | {'+Inf': True}


def tensorflow_serving(good: float, bad: float, slow: bool, load: float) -> Series:
    name = ':tensorflow:serving:request'
    found = {f'{name}_count{{job="ml/web",status="OK"}}': counts(good)} if good else {}
    if bad:
        found[f'{name}_count{{job="ml/web",status="INTERNAL"}}'] = counts(bad)
    found[f'{name}_latency_sum{{job="ml/web"}}'] = counts(load * 60e6)
    return found | histogram(f'{name}_latency', buckets(slow, 1e6), good + bad)


def triton(good: float, bad: float, slow: bool, load: float) -> Series:
    found = {'nv_inference_request_success{job="ml/web",model="web"}': counts(good)}
    found['nv_inference_request_failure{job="ml/web",model="web",reason="BACKEND"}'] = counts(bad)
    found['nv_inference_request_summary_us{job="ml/web",quantile="0.99"}'] = gauge(900_000 if slow else 90_000)
    return found | {'nv_inference_pending_request_count{job="ml/web",model="web"}': gauge(load)}


def openvino(good: float, bad: float, slow: bool, load: float) -> Series:
    found = {'ovms_requests_success{job="ml/web",method="ModelInfer"}': counts(good)}
    found['ovms_requests_fail{job="ml/web",method="ModelInfer"}'] = counts(bad)
    found['ovms_requests_success{job="ml/web",method="ModelReady"}'] = counts(100_000)
    found['ovms_current_requests{job="ml/web"}'] = gauge(load)
    return found | histogram('ovms_request_time_us', buckets(slow, 1e6), good + bad)


def vllm(good: float, bad: float, slow: bool, load: float) -> Series:
    asked = 'http_requests_total{job="ml/web",handler="/v1/completions",status='
    found = {f'{asked}"2xx"}}': counts(good)} if good else {}
    found |= {f'{asked}"5xx"}}': counts(bad / 2), f'{asked}"503"}}': counts(bad / 2)} if bad else {}
    found['http_requests_total{job="ml/web",handler="/health",status="2xx"}'] = counts(100_000)
    found['vllm:num_requests_waiting{job="ml/web"}'] = gauge(load)
    return found | histogram('vllm:e2e_request_latency_seconds', buckets(slow, 1), good + bad)


def tgi(good: float, bad: float, slow: bool, load: float) -> Series:
    found = {'tgi_request_success{job="ml/web"}': counts(good)} if good else {}
    found |= {'tgi_request_failure{job="ml/web",err="overloaded"}': counts(bad)} if bad else {}
    found['tgi_queue_size{job="ml/web"}'] = gauge(load)
    return found | histogram('tgi_request_duration', buckets(slow, 1), good + bad)


def mlserver(good: float, bad: float, slow: bool, load: float) -> Series:
    found = {'model_infer_request_success_total{job="ml/web",model="web"}': counts(good)} if good else {}
    found |= {'model_infer_request_failure_total{job="ml/web",model="web"}': counts(bad)} if bad else {}
    found['rest_server_requests_in_progress{job="ml/web"}'] = gauge(load)
    name, probes = 'rest_server_requests_duration_seconds', histogram_of_probes('path="/v2/health/ready",')
    return found | probes | histogram(name, buckets(slow, 1), good + bad, 'path="/v2/models/web/infer",')


def histogram_of_probes(labels: str) -> Series:
    return histogram('rest_server_requests_duration_seconds', buckets(False, 0.1), 100_000, labels)


def bentoml(good: float, bad: float, slow: bool, load: float) -> Series:
    def total(code: int, endpoint: str = '/classify') -> str:
        return f'bentoml_service_request_total{{job="ml/web",endpoint="{endpoint}",http_response_code="{code}"}}'

    found = {total(200): counts(good), total(200, '/readyz'): counts(100_000)}
    found |= {total(500): counts(bad)} if bad else {}
    found['bentoml_service_request_in_progress{job="ml/web",endpoint="/classify"}'] = gauge(load)
    name = 'bentoml_service_request_duration_seconds'
    return found | histogram(name, buckets(slow, 1), good + bad, 'endpoint="/classify",')


def torchserve(good: float, bad: float, slow: bool, load: float) -> Series:
    found = {'ts_inference_requests_total{job="ml/web",model_name="web"}': counts(good + bad)}
    found |= {'Requests5XX{job="ml/web",Level="Host"}': counts(bad)} if bad else {}
    return found | {'ts_queue_latency_microseconds{job="ml/web",model_name="web"}': counts(load * 60e6)}


TELLS: dict[str, Callable[[float, float, bool, float], Series]] = {
    'tensorflow-serving': tensorflow_serving,
    'triton': triton,
    'openvino': openvino,
    'vllm': vllm,
    'tgi': tgi,
    'mlserver': mlserver,
    'bentoml': bentoml,
    'torchserve': torchserve,
}


def ask(promtool: Path, folder: Path, rules: list[Values], series: Series, **expected: list[Values]) -> None:
    """Whether promtool takes the rules for good ones, and they do what is expected."""
    (folder / 'rules.yaml').write_text(yaml.safe_dump({'groups': [{'name': 'web', 'rules': rules}]}))
    inputs = [{'series': key, 'values': values} for key, values in series.items()]
    test = {'interval': '1m', 'input_series': inputs, **expected}
    # Every minute would be truer, and take half a minute, too; what lasts was there 20 minutes ago.
    whole = {'rule_files': ['rules.yaml'], 'evaluation_interval': '20m', 'tests': [test]}
    (folder / 'tests.yaml').write_text(yaml.safe_dump(whole))
    for what, file in (('check', 'rules.yaml'), ('test', 'tests.yaml')):
        done = subprocess.run([promtool, what, 'rules', folder / file], capture_output=True, encoding='utf-8')
        assert done.returncode == 0, done.stdout + done.stderr
