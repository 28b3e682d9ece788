"""Every feature × engine × router × agent: what is supported makes valid objects on both helms, the rest is told."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import registries as r
import strategy_cases as s
import yaml
from gitops import chartloom
from parts import ROOT

from generator.pipeline.run import Run, open_run
from generator.pipeline.verify import helm_releases
from generator.strategies.capabilities import REFUSALS, combinations, refusal
from generator.strategies.features import FEATURES
from generator.strategies.gateways import gateway_combinations
from generator.strategies.table import gateway_markdown, markdown
from generator.tools.git.opening import open_repository
from generator.tools.helm.binary import find_helm, template

Objects = dict[tuple[str, str], Any]
Strict = Callable[..., None]
SUPPORTED = [(f, name) for f in FEATURES for name, (e, r_, _) in s.ENVIRONMENTS.items() if refusal(f, e, r_) is None]
REFUSED = [(f, name) for f in FEATURES for name, (e, r_, _) in s.ENVIRONMENTS.items() if refusal(f, e, r_)]


@pytest.fixture(scope='module')
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    files = {**r.settings()}
    for name in s.ENVIRONMENTS:
        files |= s.environment(name)
    for feature in FEATURES:
        files |= s.model(feature)
    for feature, name in SUPPORTED:
        files |= s.release(name, feature)
    repository = r.Repository(tmp_path_factory.mktemp('strategies') / 'repository', files)
    done = chartloom(repository.folder, 'generate', '--commit')
    assert done.returncode == 0, done.stderr
    return open_run(open_repository(repository.folder))


@pytest.fixture(scope='module')
def made(run: Run, helms: list[Path]) -> dict[tuple[str, str], Objects]:
    """The objects of each release (environment, model), the same from both helms."""
    found: list[dict[tuple[str, str], Objects]] = []
    for binary in helms:
        releases: dict[tuple[str, str], Objects] = {}
        for rendered in template(find_helm({'HELM': str(binary), 'PATH': ''}), helm_releases(run)):
            assert rendered.problem is None, rendered.problem
            documents = [each for each in yaml.load_all(rendered.text, yaml.CSafeLoader) if each]
            objects = {(each['kind'], each['metadata']['name']): each for each in documents}
            assert len(objects) == len(documents), 'two objects have one name'
            _, environment, model = rendered.release.file.removesuffix('.yaml').split('/')
            releases[environment, model] = objects
        found.append(releases)
    assert found[0] == found[-1], 'the helms differ'
    return found[0]


def nameless(item: Any) -> str:
    name = item['metadata']['labels']['app.kubernetes.io/instance']
    return json.dumps(item, sort_keys=True).replace(name, 'name')


def test_every_supported_combination_makes_valid_objects(
    run: Run, made: dict[tuple[str, str], Objects], strict: Strict
) -> None:
    assert len(made) == len(SUPPORTED)
    objects = [item for release in made.values() for item in release.values()]
    for item in {nameless(item): item for item in objects}.values():
        strict(item, '1.36')
    counts = Counter(item['kind'] for item in objects)
    table = Counter(found is None for *_, found in combinations())
    print(f'{table[True]} supported, {table[False]} refused; {len(objects)} objects: {dict(sorted(counts.items()))}')
    assert table == {True: len(SUPPORTED), False: len(REFUSED)}
    for path, data in run.files.items():
        if path.startswith('delivery/') and path.endswith('.yaml'):
            strict(yaml.load(data, yaml.CSafeLoader))


@pytest.mark.parametrize(('name', 'table'), [('strategies', markdown), ('gateways', gateway_markdown)])
def test_the_readme_shows_the_tables(name: str, table: Callable[[], str], update_golden: bool) -> None:
    file, begin, end = ROOT / 'README.md', f'<!-- {name}: generated -->', f'<!-- /{name} -->'
    before, found, rest = file.read_text(encoding='utf-8').partition(begin)
    _, ended, after = rest.partition(end)
    assert found, f'no {begin}'
    assert ended, f'no {end}'
    wanted = f'{before}{begin}\n{table()}\n{end}{after}'
    if update_golden:
        file.write_text(wanted, encoding='utf-8')
    assert file.read_text(encoding='utf-8') == wanted, f'run pytest {Path(__file__).name} --update-golden'


def test_strategies_prints_every_combination(tmp_path: Path) -> None:
    done = chartloom(tmp_path, 'strategies', '--output', 'json')
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)['combinations']
    assert Counter(each['supported'] for each in found) == {True: len(SUPPORTED), False: len(REFUSED)}
    assert all(each['supported'] or (each['reason'] and each['instead']) for each in found)
    gateways = json.loads(done.stdout)['gateways']
    assert len(gateways) == len(list(gateway_combinations()))
    assert all(each['supported'] or (each['reason'] and each['instead']) for each in gateways)
    text = chartloom(tmp_path, 'strategies').stdout
    assert 'nginx-gateway-fabric' in text
    for refused in {each['instead'] for each in found if not each['supported']}:
        assert refused in text


@pytest.mark.parametrize('name', sorted({name for _, name in REFUSED}))
def test_what_is_not_supported_is_refused_with_its_reason(name: str, tmp_path: Path, update_golden: bool) -> None:
    """Each alone, for only one reason is told of a release at a time."""
    engine, router, _ = s.ENVIRONMENTS[name]
    features = [feature for feature, environment in REFUSED if environment == name]
    files = r.settings() | s.environment(name)
    for feature in features:
        files |= s.model(feature) | s.release(name, feature)
    done = chartloom(r.Repository(tmp_path / 'repository', files).folder, 'generate')
    assert done.returncode == 1
    told = done.stderr.splitlines()
    for feature in features:
        found = refusal(feature, engine, router)
        assert found
        place = f'registry/models/{s.model_name(feature)}.yaml::$.spec.strategy.{feature.partition(".")[0]}: '
        index = next(n for n, line in enumerate(told) if line.startswith(f'{place}{found.reason} ('))
        assert told[index + 1] == f'  hint: {found.without([feature.partition(".")[2]])}'


def test_rules_that_refuse_nothing_are_not_in_the_table() -> None:
    assert set(REFUSALS) == {found for *_, found in combinations() if found}


def test_objects_that_a_controller_owns_are_absent(made: dict[tuple[str, str], Objects]) -> None:
    for (name, model), objects in made.items():
        engine, router, _ = s.ENVIRONMENTS[name]
        kinds = {kind for kind, _ in objects}
        rolling = model == 'rolling'
        if engine == 'flagger' and not rolling:
            # Flagger's own: the Service of this name and its two copies, the route, the primary and its scaler.
            assert {
                kind for kind in kinds if kind in ('Service', 'HTTPRoute', 'VirtualService', 'DestinationRule')
            } == set()
            assert objects['Deployment', model]['spec'].keys().isdisjoint({'replicas'})
            assert ('Ingress' in kinds) == (router == 'nginx')
        if engine == 'argo-rollouts' and not rolling:
            assert 'Deployment' not in kinds
            assert 'workloadRef' not in objects['Rollout', model]['spec']
            assert ('Ingress', f'{model}-canary') not in objects
        if engine == 'native':
            assert kinds.isdisjoint({'Rollout', 'Canary', 'AnalysisTemplate', 'MetricTemplate'})


def test_both_services_of_the_tracks_are_always_there(made: dict[tuple[str, str], Objects]) -> None:
    for (name, model), objects in made.items():
        engine, router, _ = s.ENVIRONMENTS[name]
        services = {service for kind, service in objects if kind == 'Service'}
        canary, blue_green = model.startswith('canary'), model.startswith('blue-green')
        match engine:
            case 'native' if canary:
                assert services == {model, f'{model}-stable', f'{model}-canary'}
            case 'argo-rollouts' if canary and router != 'service':
                assert services == {model, f'{model}-canary'}
            case 'native' | 'argo-rollouts' if blue_green:
                assert services == {model, f'{model}-preview'}


def test_rollouts_write_their_arguments_as_argo_reads_them(made: dict[tuple[str, str], Objects]) -> None:
    objects = made['ar-gw-argocd', 'canary-checks']
    templates = [objects['AnalysisTemplate', f'canary-checks-{name}'] for name in ('holds', 'background')]
    metrics = [metric for each in templates for metric in each['spec']['metrics']]
    queries = [metric['provider']['prometheus']['query'] for metric in metrics]
    assert len(queries) == 6
    assert all('rollouts_pod_template_hash="{{args.hash}}"' in query for query in queries)
    metrics = made['fl-gw-flux', 'canary-checks']['MetricTemplate', 'canary-checks-p99']
    assert 'pod=~"{{ target }}-[0-9a-zA-Z]+(-[0-9a-zA-Z]+)"' in metrics['spec']['query']


def test_flagger_serves_the_port_that_the_route_names_be_it_a_sidecars(tmp_path: Path) -> None:
    proxy = {'image': {'repository': 'envoy', 'digest': r.DIGEST}}
    proxy |= {'ports': {'proxy': {'containerPort': 9901, 'servicePort': 80, 'appProtocol': 'http'}}}
    ports = {'http': {'containerPort': 8080, 'servicePort': 8080, 'appProtocol': 'http'}}
    route = {'rules': {'all': {'path': '/', 'port': 'proxy'}}}
    files = r.model('web', ports=ports, containers={'proxy': proxy}, route=route, **s.canary())
    files |= r.settings() | s.environment('fl-gw-flux') | r.release('fl-gw-flux', 'web', version='1', chart='1.0.0')
    (release,) = r.Repository(tmp_path / 'repository', files).run().releases
    service = release.merged['strategy']['canary']['service']
    assert (service['port'], service['targetPort'], service['portName']) == (80, 'proxy', 'proxy')


@pytest.mark.parametrize(
    ('steps', 'checks', 'window', 'interval'),
    [
        (s.WEIGHTS, {}, '10m', '10m'),
        (s.WEIGHTS, {'window': '3m'}, '3m', '10m'),
        ([{'weight': 5, 'hold': '30s'}], {}, '2m', '30s'),
        ([{'mirror': 5, **s.TEN}], {}, '10m', '10m'),
        ([s.HEADERS], {}, '2m', '1m'),
    ],
)
def test_flagger_looks_at_all_of_a_step(
    tmp_path: Path, steps: list[dict[str, Any]], checks: dict[str, str], window: str, interval: str
) -> None:
    """It looks once, at its end; without weights it looks each minute."""
    own = {'queries': {'errors': {'query': 'sum(rate(errors_total{SEL}[WINDOW]))', 'limit': '<= 3'}}}
    model = r.model('web', route=s.EVERYWHERE, **s.canary(steps, checks={**own, **checks}))
    files = (
        r.settings() | s.environment('fl-istio-flux') | r.release('fl-istio-flux', 'web', version='1', chart='1.0.0')
    )
    (release,) = r.Repository(tmp_path / 'repository', files | model).run().releases
    strategy = release.merged['strategy']
    assert strategy['canary']['analysis']['interval'] == interval
    assert strategy['metrics']['errors']['query'].endswith(f'[{window}]))')


def test_flagger_is_told_how_many_pods_there_are(made: dict[tuple[str, str], Objects]) -> None:
    """It would make do with one."""
    objects = made['fl-gw-argocd', 'canary']
    scaler = objects['HorizontalPodAutoscaler', 'canary']['spec']
    assert (scaler['minReplicas'], scaler['maxReplicas']) == (2, 2)
    reference = objects['Canary', 'canary']['spec']['autoscalerRef']
    assert (reference['kind'], reference['name']) == ('HorizontalPodAutoscaler', 'canary')
    assert 'replicas' not in objects['Deployment', 'canary']['spec']


@pytest.mark.parametrize('name', list(s.ENVIRONMENTS))
@pytest.mark.parametrize('feature', ['canary', 'canary.grpc', 'canary.headers', 'blueGreen', 'rolling'])
def test_companion_settings(run: Run, name: str, feature: str) -> None:
    """What the agents leave alone and how they apply: as the controllers were measured."""
    engine, router, agent = s.ENVIRONMENTS[name]
    if (feature, name) not in SUPPORTED:
        return
    spec = yaml.load(run.files[f'delivery/{name}/{s.model_name(feature)}.yaml'], yaml.CSafeLoader)['spec']
    moved = engine if feature != 'rolling' else 'native'
    routes = {'gateway-api': ['HTTPRoute', 'GRPCRoute'], 'istio': ['VirtualService']}.get(router, [])
    routes = [kind for kind in routes if kind != 'GRPCRoute' or feature == 'canary.grpc']
    weighed = routes if moved == 'argo-rollouts' and feature != 'blueGreen' else []
    groups = {'HTTPRoute': 'gateway.networking.k8s.io', 'GRPCRoute': 'gateway.networking.k8s.io'}
    if agent == 'argocd':
        ignored = spec.get('ignoreDifferences', [])
        assert [each['kind'] for each in ignored] == weighed
        for each in ignored:
            assert each['group'] == groups.get(each['kind'], 'networking.istio.io')
            assert each['jqPathExpressions'][0].endswith('.weight')
            named = [path for path in each['jqPathExpressions'] if 'select(.name == "canary-headers-headers")' in path]
            assert bool(named) == (feature == 'canary.headers')
        options = spec['syncPolicy']['syncOptions']
        assert set(options) == {'CreateNamespace=false', 'ApplyOutOfSyncOnly=true'}, (
            'from the client, nothing respected'
        )
        return
    ignored = [(each['target']['kind'], each['paths']) for each in spec['driftDetection'].get('ignore', [])]
    paths = {'VirtualService': ['/spec/http']}
    services = [('Service', ['/spec/selector'])] if moved == 'argo-rollouts' else []
    assert ignored == [*services, *((kind, paths.get(kind, ['/spec/rules'])) for kind in weighed)]
    client = moved == 'argo-rollouts'
    assert spec['install'].get('serverSideApply', True) is not client
    assert spec['upgrade'].get('serverSideApply') == ('disabled' if client else None)
    assert 'healthCheckExprs' not in spec, 'nothing waits'
    assert [spec[action]['disableWait'] for action in ('install', 'upgrade')] == [True, True]


@pytest.mark.parametrize('router', ['gw', 'istio', 'nginx', 'service'])
def test_a_rollout_with_checks_waits_for_good_results_after_each_weight(
    made: dict[tuple[str, str], Objects], router: str
) -> None:
    """Without data nothing fails and nothing is good: a background analysis alone would be over, and steps go on."""
    objects = made[f'ar-{router}-argocd', 'canary-checks']
    canary = objects['Rollout', 'canary-checks']['spec']['strategy']['canary']
    kinds = [next(iter(step)) for step in canary['steps']]
    assert kinds == ['setWeight', 'analysis'] * 3
    waits = [step['analysis'] for step in canary['steps'] if 'analysis' in step]
    assert {each['templates'][0]['templateName'] for each in waits} == {'canary-checks-holds'}
    # 10 minutes of hold: the first look after the window of 2, then one a minute.
    assert [each['args'][1] for each in waits] == [{'name': 'looks', 'value': '9'}] * 3
    assert canary['analysis']['templates'] == [{'templateName': 'canary-checks-background'}]
    assert 'rollbackWindow' not in objects['Rollout', 'canary-checks']['spec']
    for metric in objects['AnalysisTemplate', 'canary-checks-holds']['spec']['metrics']:
        assert metric['consecutiveSuccessLimit'] == '{{args.looks}}'
        assert metric['count'] == metric['inconclusiveLimit'] == 1000000
        assert metric['successCondition'].startswith('len(result) > 0 && !isNaN(result[0]) && ')
    for metric in objects['AnalysisTemplate', 'canary-checks-background']['spec']['metrics']:
        assert metric['successCondition'] == f'!({metric["failureCondition"]})'
        assert not metric.keys() & {'count', 'inconclusiveLimit', 'consecutiveSuccessLimit'}
    blue_green = made[f'ar-{router}-argocd', 'blue-green-checks']
    switch = blue_green['Rollout', 'blue-green-checks']['spec']['strategy']['blueGreen']
    assert 'scaleDownDelaySeconds' not in switch, 'old pods stay until the analysis is successful'
    assert switch['postPromotionAnalysis']['args'][1] == {'name': 'looks', 'value': '5'}


def test_a_hold_is_longer_than_the_window(tmp_path: Path) -> None:
    steps = [{'weight': 5, 'hold': '2m'}, {'weight': 25, 'hold': '121s'}, {'weight': 50, 'approval': True}]
    files = r.settings() | s.environment('ar-gw-argocd') | s.release('ar-gw-argocd', 'canary')
    files |= r.model('canary', 'tensorflow-serving', route={}, **s.canary(steps, checks=s.CHECKS))
    done = chartloom(r.Repository(tmp_path / 'repository', files).folder, 'generate')
    assert done.returncode == 1
    place = 'registry/models/canary.yaml::$.spec.strategy.canary.steps[0].hold'
    assert done.stderr.splitlines() == [
        f"{place}: hold '2m' is not longer than the window of the checks, '2m'",
        '  hint: write a hold longer than 2m, or a shorter window',
    ]


def rolled_back(tmp_path: Path, environment: str, feature: str, **more: Any) -> Any:
    """The compiled strategy of a release whose pin is a rollback."""
    pin = {'version': '1', 'chart': '1.0.0', 'rollback': '1.0.0', **more}
    files = r.settings() | s.environment(environment) | s.model(feature)
    files |= r.release(environment, s.model_name(feature), **pin)
    (release,) = r.Repository(tmp_path / 'repository', files).run().releases
    return release.merged['strategy']


def test_a_rollback_gets_all_pods_and_then_all_requests(tmp_path: Path) -> None:
    both = [{'setCanaryScale': {'weight': 100}}, {'setWeight': 100}]
    for number, (router, steps) in enumerate({'gw': both, 'istio': both, 'nginx': both, 'service': both[1:]}.items()):
        found = rolled_back(tmp_path / str(number), f'ar-{router}-flux', 'canary.checks')
        assert found['rollout']['canary']['steps'] == steps
        assert 'analysis' not in found['rollout']['canary']
        assert found['analysis'] == {}
    switch = rolled_back(tmp_path / 'switch', 'ar-service-flux', 'blueGreen.checks')['rollout']['blueGreen']
    assert switch['autoPromotionEnabled'] is True
    assert not switch.keys() & {'postPromotionAnalysis', 'previewReplicaCount'}
    back = {'interval': '10s', 'threshold': 1000000}
    flagger = rolled_back(tmp_path / 'flagger', 'fl-gw-flux', 'canary.checks')
    assert (flagger['canary']['analysis'], flagger['metrics']) == ({**back, 'stepWeights': [100]}, {})
    assert 'skipAnalysis' not in flagger['canary'], 'the primary would get all requests with the bad version'
    flagger = rolled_back(tmp_path / 'both', 'fl-service-flux', 'blueGreen.approval')
    assert flagger['canary']['analysis'] == {**back, 'iterations': 1}
    found = rolled_back(tmp_path / 'scarce', 'ar-gw-flux', 'canary.dynamicStableScale')
    assert found['rollout']['canary']['steps'] == [{'setWeight': 5}, {'setWeight': 25}, {'setWeight': 50}]
    # A key that names another chart is of an earlier pin.
    found = rolled_back(tmp_path / 'later', 'ar-gw-flux', 'canary.checks', rollback='1.0.9')
    assert len(found['rollout']['canary']['steps']) == 6


def test_flagger_gives_pods_back_only_on_request(tmp_path: Path) -> None:
    """A Canary that is deleted with its target would wait for ever; one that is deleted alone leaves no pods else."""
    found = rolled_back(tmp_path / 'kept', 'fl-gw-flux', 'canary')
    assert found['canary']['revertOnDeletion'] is False
    found = rolled_back(tmp_path / 'left', 'fl-gw-flux', 'canary', leavesFlagger=True)
    assert found['canary']['revertOnDeletion'] is True


def test_old_pods_go_as_the_weight_grows_on_request(made: dict[tuple[str, str], Objects]) -> None:
    name = 'canary-dynamic-stable-scale'
    canary = made['ar-gw-argocd', name]['Rollout', name]['spec']['strategy']['canary']
    assert canary['dynamicStableScale'] is True
    assert 'scaleDownDelaySeconds' not in canary, 'Argo Rollouts refuses both'


def test_workloads_contain_no_zero_that_a_controller_drops(made: dict[tuple[str, str], Objects]) -> None:
    for objects in made.values():
        for (kind, _), item in objects.items():
            if kind in ('Rollout', 'Deployment'):
                assert not item['spec'].keys() & {'minReadySeconds', 'replicas', 'paused'}


def test_metrics_tell_pods_apart(made: dict[tuple[str, str], Objects]) -> None:
    labels = {
        name: made[name, 'canary']['PodMonitor', 'canary']['spec']['podTargetLabels']
        for name in ('na-gw-flux', 'ar-gw-flux', 'fl-gw-flux')
    }
    track = 'chartloom.dev/track'
    assert labels == {
        'na-gw-flux': [track], 'ar-gw-flux': [track, 'rollouts-pod-template-hash'], 'fl-gw-flux': [track],
    }  # fmt: skip
