"""Alerts judged by Prometheus' own tool, dashboards by what their runtimes are known to tell, objects by both helms."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import registries as r
import yaml

from generator.charts import alerts
from generator.charts.dashboard import dashboard
from generator.charts.starter import load_templates
from generator.domain.problems import ProblemsFound
from generator.domain.records import ResolvedRelease

Values = dict[str, Any]
Series = dict[str, str]

PRESETS = {runtime.spec['name']: runtime.spec for runtime in load_templates().runtimes.values()}
QUERIES: dict[str, Values] = {name: spec['queries'] for name, spec in PRESETS.items() if 'queries' in spec}
SLO = {'availability': 99.9, 'p99': '150ms'}
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
DEPLOYMENT = 'namespace="ml",deployment="web"'
AROUND: Series = {
    'up{job="ml/web",pod="a"}': gauge(1),
    'up{job="ml/web",pod="b"}': gauge(1),
    f'kube_deployment_spec_replicas{{{DEPLOYMENT}}}': gauge(2),
    f'kube_deployment_status_replicas_available{{{DEPLOYMENT}}}': gauge(2),
}


def rules(runtime: str, release: str = 'web', **labels: str) -> list[Values]:
    """The alerts of a runtime for a release in namespace ml."""
    found = alerts.slo_alerts('web', SLO, QUERIES[runtime]) | alerts.state_alerts('web', QUERIES[runtime], gpus=True)
    return [
        {
            'alert': name,
            'expr': released(alert['expr'], release),
            'for': alert['for'],
            'labels': {'severity': alert['severity'], **labels},
            'annotations': {key: alert[key] for key in ('summary', 'description')},
        }
        for name, alert in found.items()
    ]


def released(text: str, release: str) -> str:
    """What the chart makes of it for a release in namespace ml."""
    return text.replace('$JOB', f'ml/{release}').replace('$NAMESPACE', 'ml').replace('$NAME', release)


def judge(promtool: Path, folder: Path, runtime: str, stories: Mapping[str, tuple[Series, set[str]]]) -> None:
    """Each story: the series of 8 hours, and the alerts that fire at their end.

    Each is a release of its own, for one run of promtool, and for seeing that none takes another's data for its own.
    """
    releases = {f'web{number}': story for number, story in enumerate(stories)}
    group = [rule for release, story in releases.items() for rule in rules(runtime, release, story=story)]
    series = {
        key.replace('web', release): values
        for release, story in releases.items()
        for key, values in stories[story][0].items()
    }
    fired = {
        'expr': 'count by (story, alertname) (ALERTS{alertstate="firing"})',
        'eval_time': f'{MINUTES}m',
        'exp_samples': [
            {'labels': f'{{story="{story}", alertname="{name}"}}', 'value': 1}
            for story, (_, names) in stories.items()
            for name in names
        ],
    }
    ask(promtool, folder, group, series, promql_expr_test=[fired])


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


def test_every_runtime_with_queries_is_tested() -> None:
    assert TELLS.keys() == QUERIES.keys()


@pytest.mark.parametrize('runtime', QUERIES)
def test_alerts_fire_when_they_should_and_only_then(promtool: Path, tmp_path: Path, runtime: str) -> None:
    tells, queries = TELLS[runtime], QUERIES[runtime]
    budget = {'ModelErrorBudgetFast', 'ModelErrorBudgetSlow'} if 'success' in queries else set()
    slow = {'ModelLatencyHigh'} if 'latency' in queries else set()
    full = queries['load']['threshold']
    judge(
        promtool,
        tmp_path,
        runtime,
        {
            'all is well': (AROUND | tells(1000, 0, False, full), set()),
            'errors within the budget': (AROUND | tells(9995, 5, False, full), set()),
            'errors for the morning': (AROUND | tells(990, 10, False, full), budget - {'ModelErrorBudgetFast'}),
            'errors to wake up for': (AROUND | tells(950, 50, False, full), budget),
            'nothing but errors': (AROUND | tells(0, 100, False, full), budget),
            'nobody asks': (AROUND | tells(0, 0, False, 0), set()),
            'nobody asks, after slow answers': (AROUND | tells(0, 0, True, 0), set()),
            'nothing is known': ({}, set()),
            'slow': (AROUND | tells(1000, 0, True, full), slow),
            'not much more than planned': (AROUND | tells(1000, 0, False, 3 * full), set()),
            'too much to do': (AROUND | tells(1000, 0, False, 5 * full), {'ModelSaturated'}),
        },
    )


def test_an_alert_ends_soon_after_the_errors_do(promtool: Path, tmp_path: Path) -> None:
    errors = ':tensorflow:serving:request_count{job="ml/web",status="INTERNAL"}'
    series = AROUND | tensorflow_serving(1000, 0, False, 1)
    over = series | {errors: f'0+500x{MINUTES - 40} {500 * (MINUTES - 40)}x40'}
    just_begun = series | {errors: f'0x{MINUTES - 4} 0+100x4'}
    tests = {'40 minutes ago': (over, set[str]()), '4 minutes ago': (just_begun, set[str]())}
    judge(promtool, tmp_path, 'tensorflow-serving', tests)


POD = 'namespace="ml",pod="web-5d4f8c7b9-x2x4z",container="server"'
RESTARTS = 'kube_pod_container_status_restarts_total'
XID = 'DCGM_FI_DEV_XID_ERRORS'
OWN_GPU = 'gpu="0",Hostname="node-1",exported_namespace="ml",exported_pod="web-5d4f8c7b9-x2x4z"'


def pods_of(deployment: str, wanted: int, ready: int) -> Series:
    labels = f'namespace="ml",deployment="{deployment}"'
    return {
        f'kube_deployment_spec_replicas{{{labels}}}': gauge(wanted),
        f'kube_deployment_status_replicas_available{{{labels}}}': gauge(ready),
    }


def rollout(wanted: int, ready: int) -> Series:
    labels = 'exported_namespace="ml",namespace="argo-rollouts",name="web"'
    return {
        f'rollout_info_replicas_desired{{{labels}}}': gauge(wanted),
        f'rollout_info_replicas_available{{{labels}}}': gauge(ready),
    }


def test_alerts_of_the_state_of_pods(promtool: Path, tmp_path: Path) -> None:
    well = AROUND | triton(1000, 0, False, 0)
    available = f'kube_deployment_status_replicas_available{{{DEPLOYMENT}}}'
    often, new_error = f'0x{MINUTES - 60} 0+1x5 5x55', f'0x{MINUTES - 30} 79x30'
    down = {'ModelDown', 'ModelPodsMissing'}
    unwatched = {key: gauge(0) if key.startswith('up') else values for key, values in well.items()}
    unknown = {key: values for key, values in AROUND.items() if not key.startswith('up')}
    other_pod = POD.replace('web-', 'web-api-')
    judge(
        promtool,
        tmp_path,
        'triton',
        {
            'no pod is ready': (well | {available: gauge(0)}, down),
            'no pod is wanted': ({key: gauge(0) for key in AROUND if key.startswith('kube')}, set()),
            'one pod is ready': (well | {available: gauge(1)}, {'ModelPodsMissing'}),
            'more pods than wanted': (well | {available: gauge(3)}, set()),
            'restarts': (well | {f'{RESTARTS}{{{POD}}}': often}, {'ModelRestarts'}),
            'a restart': (well | {f'{RESTARTS}{{{POD}}}': f'0x{MINUTES - 30} 1x30'}, set()),
            'restarts of another model': (well | {f'{RESTARTS}{{{other_pod}}}': often}, set()),
            'a canary is down': (well | pods_of('web-canary', 2, 0), {'ModelPodsMissing'}),
            'a slot is off': (well | pods_of('web-green', 0, 0), set()),
            'a rollout is down': (
                {key: values for key, values in well.items() if 'kube' not in key} | rollout(2, 0),
                down,
            ),
            'all is well with a rollout': (well | rollout(2, 2), set()),
            'another model is down': (well | pods_of('web-api', 2, 0), set()),
            'a canary restarts': (
                well | {f'{RESTARTS}{{{POD.replace("web-", "web-canary-")}}}': often},
                {'ModelRestarts'},
            ),
            'restarts in another namespace': (well | {f'{RESTARTS}{{{POD.replace("ml", "other")}}}': often}, set()),
            'pods do not answer': (unwatched, {'ModelMetricsMissing'}),
            'no PodMonitor': (unknown, {'ModelMetricsMissing'}),
            'a GPU fails': (well | {f'{XID}{{{OWN_GPU}}}': new_error}, {'ModelGpuErrors'}),
            'a GPU fails, labels kept': (
                well | {f'{XID}{{{OWN_GPU.replace("exported_", "")}}}': new_error},
                {'ModelGpuErrors'},
            ),
            'a GPU failed for somebody else': (well | {f'{XID}{{{OWN_GPU}}}': gauge(79)}, set()),
            "another model's GPU fails": (well | {f'{XID}{{{OWN_GPU.replace("web", "api")}}}': new_error}, set()),
        },
    )


def test_what_an_alert_says(promtool: Path, tmp_path: Path) -> None:
    series = AROUND | tensorflow_serving(950, 50, False, 1)
    fast = {
        'exp_labels': {'severity': 'page'},
        'exp_annotations': {
            'summary': 'web uses up its error budget 14.4 times too fast',
            'description': '5% of the requests of the last 1h failed, 0.1 % may. '
            'At this rate the budget of 30 days is gone in 2 days.',
        },
    }
    expected = {'eval_time': '7h', 'alertname': 'ModelErrorBudgetFast', 'exp_alerts': [fast]}
    ask(promtool, tmp_path, rules('tensorflow-serving'), series, alert_rule_test=[expected])


@pytest.mark.parametrize(
    ('slo', 'names'),
    [
        ({}, []),
        ({'availability': 99.9}, ['ModelErrorBudgetFast', 'ModelErrorBudgetSlow']),
        ({'availability': 100}, ['ModelErrorBudgetFast', 'ModelErrorBudgetSlow']),
        ({'availability': 93}, ['ModelErrorBudgetSlow']),  # 14.4 × 7 % is more than there are requests
        ({'availability': 0}, []),
        ({'p99': '2m'}, ['ModelLatencyHigh']),
    ],
)
def test_an_slo_has_the_alerts_that_can_fire(slo: Values, names: list[str]) -> None:
    assert [*alerts.slo_alerts('web', slo, QUERIES['triton'])] == names
    assert alerts.slo_alerts('web', slo, {}) == {}


@pytest.mark.parametrize(
    ('slo', 'limit'),
    [
        ({'availability': 99.9}, '> 0.0144 and'),
        ({'availability': 99.99}, '> 0.00144 and'),
        ({'availability': 100}, '> 0 and'),
        ({'p99': '150ms'}, '> 0.15 and'),
        ({'p99': '20s'}, '> 20 and'),
        ({'p99': '2h'}, '> 7200 and'),
    ],
)
def test_limits_are_exact_numbers(slo: Values, limit: str) -> None:
    assert limit in next(iter(alerts.slo_alerts('web', slo, QUERIES['triton']).values()))['expr']


def test_a_runtime_without_metrics_has_the_alerts_of_its_pods() -> None:
    assert [*alerts.state_alerts('web', {}, gpus=False)] == ['ModelDown', 'ModelPodsMissing', 'ModelRestarts']


# --- dashboards ------------------------------------------------------------------------------------------------------

# Metrics that the runtimes have, by the facts of the project (charts.md, A.3, with the sources named there) and, for
# what one scales by, the runtimes' own documentation.
KNOWN = {
    # tensorflow_serving/servables/tensorflow/util.cc
    'tensorflow-serving': {':tensorflow:serving:request_count', ':tensorflow:serving:request_latency'},
    # triton-inference-server/server: docs/user_guide/metrics.md
    'triton': {
        'nv_inference_request_success',
        'nv_inference_request_failure',
        'nv_inference_request_summary_us',
        'nv_inference_pending_request_count',
    },
    # openvinotoolkit/model_server: docs/metrics.md
    'openvino': {'ovms_requests_success', 'ovms_requests_fail', 'ovms_request_time_us', 'ovms_current_requests'},
    # docs.vllm.ai: usage/metrics; vllm-project/production-stack: dashboards
    'vllm': {'http_requests_total', 'vllm:e2e_request_latency_seconds', 'vllm:num_requests_waiting'},
    # huggingface.co/docs/text-generation-inference: reference/metrics; router/src/infer/mod.rs
    'tgi': {'tgi_request_success', 'tgi_request_failure', 'tgi_request_duration', 'tgi_queue_size'},
    # mlserver/handlers/dataplane.py, docs-gb/user-guide/metrics.md
    'mlserver': {
        'model_infer_request_success_total',
        'model_infer_request_failure_total',
        'rest_server_requests_duration_seconds',
        'rest_server_requests_in_progress',
    },
    # bentoml/_internal/server/http/instruments.py
    'bentoml': {
        'bentoml_service_request_total',
        'bentoml_service_request_duration_seconds',
        'bentoml_service_request_in_progress',
    },
    # pytorch/serve: docs/metrics.md
    'torchserve': {'ts_inference_requests_total', 'Requests5XX', 'ts_queue_latency_microseconds'},
}
# Prometheus itself, kube-state-metrics (docs/metrics/workload), NVIDIA/dcgm-exporter (etc/default-counters.csv).
EVERYWHERE = {
    'up',
    'kube_deployment_spec_replicas',
    'kube_deployment_status_replicas_available',
    'kube_pod_container_status_restarts_total',
    'rollout_info_replicas_available',
    'rollout_info_replicas_desired',
    'DCGM_FI_DEV_GPU_UTIL',
    'DCGM_FI_DEV_XID_ERRORS',
}


def metrics_in(expr: str) -> set[str]:
    """Names of metrics; the series of a histogram count as one."""
    names = re.findall(r'[a-zA-Z_:][a-zA-Z0-9_:]*(?=\{)', expr)
    return {re.sub('_(bucket|sum)$', '', name) for name in names}


def board(runtime: str, slo: Values = SLO, *, gpus: bool = True) -> Values:
    return dict(json.loads(dashboard(runtime, QUERIES[runtime], slo, gpus=gpus)))


def exprs(found: Values) -> list[str]:
    return [target['expr'] for panel in found['panels'] for target in panel['targets']]


@pytest.mark.parametrize('runtime', QUERIES)
def test_all_metrics_are_known_to_exist(runtime: str) -> None:
    found = rules(runtime)
    told = set().union(*(metrics_in(expr) for expr in [*exprs(board(runtime)), *(rule['expr'] for rule in found)]))
    known = KNOWN[runtime]
    assert told <= known | EVERYWHERE
    assert told >= known, 'a metric that nobody looks at'
    assert all(metrics_in(expr) for expr in exprs(board(runtime)))


@pytest.mark.parametrize('runtime', QUERIES)
def test_a_dashboard_has_what_grafana_needs(runtime: str) -> None:
    found = board(runtime)
    assert found['schemaVersion'] >= 36
    [source] = found['templating']['list']
    assert (source['name'], source['type'], source['query']) == ('datasource', 'datasource', 'prometheus')
    ids = [panel['id'] for panel in found['panels']]
    assert len(ids) == len(set(ids)) >= 5
    places = [(panel['gridPos']['x'], panel['gridPos']['y']) for panel in found['panels']]
    assert len(places) == len(set(places))
    assert all(panel['gridPos']['x'] + panel['gridPos']['w'] <= 24 for panel in found['panels'])
    for panel in found['panels']:
        references = [target['refId'] for target in panel['targets']]
        assert len(references) == len(set(references)) > 0
        for place in (panel, *panel['targets']):
            assert place['datasource'] == {'type': 'prometheus', 'uid': '${datasource}'}


@pytest.mark.parametrize('runtime', QUERIES)
def test_dashboards_show_what_alerts_look_at(runtime: str) -> None:
    queries = QUERIES[runtime]
    told = ' '.join(alert['expr'] for alert in (alerts.slo_alerts('web', SLO, queries)).values())
    shown = exprs(board(runtime))
    for key in queries.keys() & {'latency', 'total'}:
        assert alerts.filled(queries[key]) in shown
        assert alerts.filled(queries[key]) in told
    assert alerts.error_ratio(queries) in shown
    assert alerts.error_ratio(queries) in told


def test_the_promises_are_lines_in_the_panels() -> None:
    steps = {
        panel['title']: panel['fieldConfig']['defaults']['thresholds']['steps'][1:]
        for panel in board('triton')['panels']
    }
    assert steps['Latency'] == [{'color': 'red', 'value': 0.15}]
    assert steps['Errors'] == [{'color': 'red', 'value': 0.001}]
    assert not any(
        panel['fieldConfig']['defaults']['thresholds']['steps'][1:] for panel in board('triton', {})['panels']
    )


def test_gpus_are_shown_to_those_who_have_them() -> None:
    assert any('DCGM' in expr for expr in exprs(board('triton')))
    assert not any('DCGM' in expr for expr in exprs(board('triton', gpus=False)))


# --- charts and releases ---------------------------------------------------------------------------------------------

ON = {'namespace': 'watch', 'podMonitor': True, 'rules': True, 'dashboards': True, 'labels': {'release': 'stack'}}
WATCHED_KINDS = {'PodMonitor', 'PrometheusRule'}


def registry(*files: r.Files, **monitoring: Any) -> r.Files:
    whole: r.Files = r.settings() | r.model('web', 'triton', slo=SLO) | r.release('prod', 'web')
    whole |= r.following('prod', monitoring=monitoring) if monitoring else r.following('prod')
    for more in files:
        whole |= more
    return whole


def resolved(tmp_path: Path, *files: r.Files, **monitoring: Any) -> ResolvedRelease:
    [found] = r.Repository(tmp_path / 'repository', registry(*files, **monitoring)).run().releases
    return found


def told(tmp_path: Path, *files: r.Files, **monitoring: Any) -> list[tuple[str, str, str]]:
    with pytest.raises(ProblemsFound) as caught:
        resolved(tmp_path, *files, **monitoring)
    return [(problem.file, problem.path, problem.message) for problem in caught.value.problems]


def objects(helm: Path, tmp_path: Path, *files: r.Files, **monitoring: Any) -> list[Values]:
    """What helm renders of the one release, in the environment's namespace."""
    repository = r.Repository(tmp_path / 'repository', registry(*files, **monitoring))
    repository.generate()
    [release] = repository.run().releases
    command = [
        helm,
        'template',
        'web',
        repository.folder / release.chart.folder,
        '--namespace',
        'ml-prod',
        '--values',
        '-',
    ]
    done = subprocess.run(command, input=r.as_yaml(release.values), capture_output=True)
    assert done.returncode == 0, done.stderr
    return [found for found in yaml.safe_load_all(done.stdout.decode()) if found]


def test_everything_is_rendered_for_the_release(
    helms: list[Path], tmp_path: Path, strict: Callable[..., None], promtool: Path
) -> None:
    rendered = [objects(binary, tmp_path / binary.parent.name, **ON) for binary in helms]
    assert rendered[0] == rendered[1]
    by_kind = {found['kind']: found for found in rendered[1]}
    for found in rendered[1]:
        strict(found, '1.33')
        assert '$JOB' not in str(found)
        assert not re.search(r'\$(NAME|UID)', str(found))
    monitor, rule, config = by_kind['PodMonitor'], by_kind['PrometheusRule'], by_kind['ConfigMap']
    assert monitor['spec']['podTargetLabels'] == ['chartloom.dev/track']
    assert monitor['spec']['podMetricsEndpoints'] == [{'port': 'metrics', 'path': '/metrics', 'interval': '30s'}]
    pod = by_kind['Deployment']['spec']['template']['metadata']['labels']
    assert monitor['spec']['selector']['matchLabels'].items() <= pod.items()
    assert monitor['metadata']['labels']['release'] == rule['metadata']['labels']['release'] == 'stack'
    [group] = rule['spec']['groups']
    assert {each['labels']['model'] for each in group['rules']} == {'web'}
    assert {each['labels']['namespace'] for each in group['rules']} == {'ml-prod'}
    assert any('job="ml-prod/web"' in each['expr'] for each in group['rules'])
    assert not any('runbook_url' in each['annotations'] for each in group['rules'])
    (tmp_path / 'rules.yaml').write_text(yaml.safe_dump({'groups': rule['spec']['groups']}))
    checked = subprocess.run([promtool, 'check', 'rules', tmp_path / 'rules.yaml'], capture_output=True)
    assert checked.returncode == 0, checked.stdout
    assert config['metadata']['labels']['grafana_dashboard'] == '1'
    assert 'release' not in config['metadata']['labels']
    [(name, text)] = config['data'].items()
    found = json.loads(text)
    assert name == 'ml-prod-web.json', 'Grafana has one folder for all'
    assert re.fullmatch('[a-zA-Z0-9_-]{1,40}', found['uid'])
    assert found['title'] == 'web in ml-prod'
    assert any('job="ml-prod/web"' in expr for expr in exprs(found))


@pytest.mark.parametrize(
    'monitoring', [{}, {'namespace': 'watch'}, dict.fromkeys(('podMonitor', 'rules'), False) | {'namespace': 'watch'}]
)
def test_nothing_is_rendered_unless_it_is_switched_on(helm4: Path, tmp_path: Path, monitoring: Values) -> None:
    kinds = {found['kind'] for found in objects(helm4, tmp_path, **monitoring)}
    assert not kinds & {*WATCHED_KINDS, 'ConfigMap'}


def test_the_chart_brings_the_alerts_and_the_environment_switches_them_on(tmp_path: Path) -> None:
    found = resolved(tmp_path, **ON)
    baked = found.chart.values['monitoring']
    assert {'ModelErrorBudgetFast', 'ModelLatencyHigh', 'ModelDown', 'ModelSaturated'} <= baked['rules'][
        'alerts'
    ].keys()
    assert 'ModelGpuErrors' not in baked['rules']['alerts']
    assert not any(baked[part]['enabled'] for part in ('podMonitor', 'rules', 'dashboard'))
    labels = {'release': 'stack'}
    assert found.values['monitoring'] == {
        'podMonitor': {'enabled': True, 'labels': labels},
        'rules': {'enabled': True, 'labels': labels},
        'dashboard': {'enabled': True},
    }
    exception = {'monitoring': {'namespace': 'watch', 'metrics': True}}
    assert found.values['networkPolicy'] == {'ingress': exception}


def test_an_alert_can_be_changed_and_removed(tmp_path: Path) -> None:
    mine = {'ModelDown': {'runbook': 'https://runbooks.example/down'}, 'ModelRestarts': {'enabled': False}}
    found = resolved(
        tmp_path, r.release('prod', 'web', values={'monitoring': {'rules': {'alerts': mine}}}), **ON
    ).merged['monitoring']['rules']['alerts']
    assert found['ModelDown']['runbook'] == 'https://runbooks.example/down'
    assert found['ModelDown']['severity'] == 'page'
    assert found['ModelRestarts']['enabled'] is False


@pytest.mark.parametrize('name', ['nvidia.com/gpu', 'nvidia.com/mig-1g.5gb'])
def test_a_model_with_gpus_has_their_alert(tmp_path: Path, name: str) -> None:
    model = r.model('web', 'triton', resources={'accelerators': {name: 1}})
    found = resolved(tmp_path, model, **ON)
    assert 'ModelGpuErrors' in found.merged['monitoring']['rules']['alerts']
    assert 'DCGM_FI_DEV_GPU_UTIL' in found.chart.files['dashboard.json'].decode()


def test_a_runtime_without_queries_has_no_dashboard(tmp_path: Path) -> None:
    found = resolved(tmp_path, r.model('web'), **ON)
    assert 'dashboard.json' not in found.chart.files
    assert 'dashboard' not in found.values['monitoring']
    assert found.values['monitoring']['rules']['enabled'] is True


def test_a_dashboard_is_the_same_file_every_time(tmp_path: Path) -> None:
    texts = {resolved(tmp_path / name, **ON).chart.files['dashboard.json'] for name in ('a', 'b')}
    assert len(texts) == 1
    assert texts.pop().startswith(b'{\n  "uid": "$UID",\n')


NO_PROBES = {f'{kind}Probe': {'type': 'none'} for kind in ('startup', 'readiness', 'liveness')}


def test_a_port_for_metrics_that_is_missing_is_told(tmp_path: Path) -> None:
    model = r.model('web', ports={'http': {'enabled': False}}, values={'test': {'enabled': False}}, **NO_PROBES)
    assert ('registry/models/web.yaml', "there is no port 'http', which metrics names") in [
        (file, message) for file, _, message in told(tmp_path, model, **ON)
    ]


def test_alerts_want_the_metrics_that_they_look_at(tmp_path: Path) -> None:
    message = 'monitoring.rules needs metrics that a PodMonitor has to collect, and that is off'
    environment = 'registry/environments/prod.yaml'
    assert told(tmp_path, namespace='watch', rules=True) == [(environment, '$.spec.monitoring.rules', message)]
    # A custom server's alerts look at its pods alone.
    found = resolved(tmp_path / 'custom', r.model('web'), namespace='watch', rules=True)
    assert found.values['monitoring'] == {'rules': {'enabled': True}}


def test_a_dashboard_that_there_is_not_cannot_be_shown(tmp_path: Path) -> None:
    overlay = r.release('prod', 'web', values={'monitoring': {'dashboard': {'enabled': True}}})
    found = told(tmp_path, r.model('web'), overlay, namespace='watch', podMonitor=True)
    place = ('registry/releases/prod/web.yaml', '$.spec.values.monitoring.dashboard.enabled')
    assert found == [(*place, 'this chart has no dashboard: no metrics of its runtime are known')]
