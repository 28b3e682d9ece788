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
from parts import ROOT
from runtimes import SERVERS
from series import MINUTES, QUERIES, Series, Values, ask, gauge, tells

from generator.charts import alerts
from generator.charts.dashboard import dashboard
from generator.domain.generated import ResolvedRelease
from generator.domain.problems import ProblemsFound

SLO = {'availability': 99.9, 'p99': '150ms'}
DEPLOYMENT = 'namespace="ml",deployment="web"'
HELPER = ROOT / 'chart_templates' / 'model-server' / 'templates' / '_monitoring.tpl'
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
    helper = HELPER.read_text(encoding='utf-8')
    [replicas] = re.findall(r'\$pods := `([^`]+)`', helper)
    counted = re.findall(r'"(\$[A-Z]+)" \(printf \$pods (.+)\)', helper)
    shorts = [(short, replicas % tuple(re.findall(r'"(\w+)"', names))) for short, names in counted]
    for short, long in [*shorts, *re.findall(r'"(\$[A-Z]+)" `([^`]+)`', helper)]:
        text = text.replace(short, long)
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


@pytest.mark.parametrize('runtime', QUERIES)
def test_alerts_fire_when_they_should_and_only_then(promtool: Path, tmp_path: Path, runtime: str) -> None:
    queries = QUERIES[runtime]
    budget = {'ModelErrorBudgetFast', 'ModelErrorBudgetSlow'} if 'success' in queries else set()
    slow = {'ModelLatencyHigh'} if 'latency' in queries else set()
    full = queries['load']['threshold']
    judge(
        promtool,
        tmp_path,
        runtime,
        {
            'all is well': (AROUND | tells(runtime, 1000, 0, False, full), set()),
            'errors within the budget': (AROUND | tells(runtime, 9995, 5, False, full), set()),
            'errors for the morning': (
                AROUND | tells(runtime, 990, 10, False, full),
                budget - {'ModelErrorBudgetFast'},
            ),
            'errors to wake up for': (AROUND | tells(runtime, 950, 50, False, full), budget),
            'nothing but errors': (AROUND | tells(runtime, 0, 100, False, full), budget),
            'nobody asks': (AROUND | tells(runtime, 0, 0, False, 0), set()),
            'nobody asks, after slow answers': (AROUND | tells(runtime, 0, 0, True, 0), set()),
            'nothing is known': ({}, set()),
            'slow': (AROUND | tells(runtime, 1000, 0, True, full), slow),
            'not much more than planned': (AROUND | tells(runtime, 1000, 0, False, 3 * full), set()),
            'too much to do': (AROUND | tells(runtime, 1000, 0, False, 5 * full), {'ModelSaturated'}),
        },
    )


def test_an_alert_ends_soon_after_the_errors_do(promtool: Path, tmp_path: Path) -> None:
    errors = ':tensorflow:serving:request_count{job="ml/web",status="INTERNAL"}'
    series = AROUND | tells('tensorflow-serving', 1000, 0, False, 1)
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


def spoofed(labels: str, pod: str) -> Series:
    """What a pod of another release says of model web on its own endpoint, as its PodMonitor collects it."""
    who = f'job="ml-dev/evil",endpoint="http",pod="evil-5d4f8c7b9-x2x4z",{pod}'
    return {
        f'{metric}{{{labels},{who}}}': gauge(5)
        for metric in (
            'kube_deployment_status_replicas_available',
            'rollout_info_replicas_available',
        )
    }


def test_no_other_pod_says_that_a_model_is_up(promtool: Path, tmp_path: Path) -> None:
    well, down = AROUND | tells('triton', 1000, 0, False, 0), {'ModelDown', 'ModelPodsMissing'}
    none_ready = well | {f'kube_deployment_status_replicas_available{{{DEPLOYMENT}}}': gauge(0)}
    gone = {key: values for key, values in well.items() if 'kube' not in key} | rollout(2, 0)
    stories = {}
    for pod in ('chartloom_dev_track="stable"', 'rollouts_pod_template_hash="5d4f8c7b9"'):
        near = spoofed(f'{DEPLOYMENT},name="web"', pod)
        far = spoofed('exported_namespace="ml",namespace="ml-dev",name="web"', pod)
        stories |= {f'near, {pod[:9]}': (none_ready | near, down), f'far, {pod[:9]}': (gone | far, down)}
    judge(promtool, tmp_path, 'triton', stories)


def test_alerts_of_the_state_of_pods(promtool: Path, tmp_path: Path) -> None:
    well = AROUND | tells('triton', 1000, 0, False, 0)
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
    series = AROUND | tells('tensorflow-serving', 950, 50, False, 1)
    fast = {
        'exp_labels': {'severity': 'page'},
        'exp_annotations': {
            'summary': 'web uses up its error budget 14.4 times too fast',
            'description': '5% of the requests of the last 1h failed; 0.1 % may fail. '
            'At this rate the 30-day error budget is used up in 2 days.',
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


def test_the_names_of_all_alerts_are_known() -> None:
    """Checks tell by them which alerts other models have, too."""
    assert {each['alert'] for each in rules('triton')} == alerts.OWN


def test_a_runtime_without_metrics_has_the_alerts_of_its_pods() -> None:
    assert [*alerts.state_alerts('web', {}, gpus=False)] == ['ModelDown', 'ModelPodsMissing', 'ModelRestarts']


# --- dashboards ------------------------------------------------------------------------------------------------------

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
    shown = [released(expr, 'web') for expr in exprs(board(runtime))]
    told = set().union(*(metrics_in(expr) for expr in [*shown, *(rule['expr'] for rule in found)]))
    known = {name.partition('{')[0].removesuffix('_sum') for name in SERVERS[runtime].metrics}
    assert told <= known | EVERYWHERE
    assert told >= known, 'a metric that nobody looks at'
    assert all(metrics_in(expr) for expr in shown)


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
        # A target without a source of its own has its panel's.
        assert panel['datasource'] == {'type': 'prometheus', 'uid': '${datasource}'}
        assert not any('datasource' in target for target in panel['targets'])


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


def limits(found: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """The steps above which a value is bad, by the titles of the panels that show a line there."""
    defaults = {panel['title']: panel['fieldConfig']['defaults'] for panel in found['panels']}
    lined = {title: each for title, each in defaults.items() if 'thresholds' in each}
    assert all(each['custom'] == {'thresholdsStyle': {'mode': 'line'}} for each in lined.values())
    return {title: each['thresholds']['steps'][1:] for title, each in lined.items()}


def test_the_promises_are_lines_in_the_panels() -> None:
    assert limits(board('triton')) == {
        'Latency': [{'color': 'red', 'value': 0.15}],
        'Errors': [{'color': 'red', 'value': 0.001}],
    }
    assert limits(board('triton', {})) == {}


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
    assert 'chartloom.dev/track' in pod, 'alerts tell by it what a pod says itself'
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
    assert ('registry/models/web.yaml', "port 'http' not found (used by metrics)") in [
        (file, message) for file, _, message in told(tmp_path, model, **ON)
    ]


def test_alerts_want_the_metrics_that_they_look_at(tmp_path: Path) -> None:
    message = 'monitoring.rules requires metrics of a PodMonitor, but podMonitor is off'
    environment = 'registry/environments/prod.yaml'
    assert told(tmp_path, namespace='watch', rules=True) == [(environment, '$.spec.monitoring.rules', message)]
    # A custom server's alerts look at its pods alone.
    found = resolved(tmp_path / 'custom', r.model('web'), namespace='watch', rules=True)
    assert found.values['monitoring'] == {'rules': {'enabled': True}}


def test_a_dashboard_that_there_is_not_cannot_be_shown(tmp_path: Path) -> None:
    overlay = r.release('prod', 'web', values={'monitoring': {'dashboard': {'enabled': True}}})
    found = told(tmp_path, r.model('web'), overlay, namespace='watch', podMonitor=True)
    place = ('registry/releases/prod/web.yaml', '$.spec.values.monitoring.dashboard.enabled')
    assert found == [(*place, 'this chart has no dashboard: the metrics of its runtime are unknown')]
