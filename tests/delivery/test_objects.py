"""Delivery objects, rule by rule: what was seen to go wrong with the real controllers must not be generated."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import registries as r
import yaml

from generator.delivery.objects import delivery_objects
from generator.domain.generated import ResolvedRelease
from generator.pipeline.run import Run
from generator.values.merge import merge

Strict = Callable[..., None]
Object = dict[str, Any]
LONGEST = 'm' * 42

MODELS = r.model('web', values={'minReadySeconds': 5}) | r.model(
    LONGEST,
    'tensorflow-serving',
    [r.version(artifact=r.ARTIFACT)],
    autoscaling={'minReplicas': 2},
    files={'a.conf': {'content': 'x', 'mountPath': '/etc/a.conf'}},
    route={'grpc': {}},
)
ARGO = r.environment('prod', **r.GATEWAY) | r.environment(
    'abcdefghij0123456789', agentNamespace='delivery', applicationNamespace='apps'
)
FLUX = r.environment('edge', agent='flux', **r.GATEWAY)
FLUX |= r.environment('shop', agent='flux', agentNamespace='delivery')
ENVIRONMENTS = ('prod', 'abcdefghij0123456789', 'edge', 'shop')


def registry(**settings: Any) -> r.Files:
    files = r.settings(**settings) | MODELS | ARGO | FLUX
    for environment in ENVIRONMENTS:
        for model in ('web', LONGEST):
            overlay = {'replicaCount': 3, 'env': {'PLACE': {'value': environment}}}
            files |= r.release(environment, model, version='1', chart='1.0.0', values=overlay)
    return files


@pytest.fixture(scope='module')
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    repository = r.Repository(tmp_path_factory.mktemp('delivery') / 'repository', registry())
    repository.publish()
    return repository.run()


def objects(run: Run, kind: str = '', prefix: str = '') -> Iterator[tuple[ResolvedRelease, Object]]:
    """Every release with its delivery object, as plain data that was written and read again."""
    for release in run.releases:
        [obj] = json.loads(json.dumps(delivery_objects(release, run.registry.settings, prefix)))
        if kind in ('', obj['kind']):
            yield release, obj


def read(run: Run, path: str) -> Any:
    return yaml.safe_load(run.files[path])


def test_one_object_a_release(run: Run) -> None:
    kinds = {release.release.name: obj['kind'] for release, obj in objects(run)}
    assert len(kinds) == 8
    assert {name for name, kind in kinds.items() if kind == 'HelmRelease'} == {
        n for n in kinds if n.startswith(('edge/', 'shop/'))
    }
    for release, obj in objects(run):
        name = release.release.name
        assert read(run, f'delivery/{name}.yaml') == obj
        assert obj['metadata']['name'] == name.replace('/', '-')
        assert len(obj['metadata']['name']) <= 63
    names = [(obj['metadata']['namespace'], obj['metadata']['name']) for _, obj in objects(run)]
    assert len(set(names)) == len(names)


def test_every_object_passes_its_strict_schema(run: Run, strict: Strict) -> None:
    for _, obj in objects(run):
        strict(obj, '1.30')
        strict(obj, '1.36')


# --- cluster.md 1.1: Flux, one commit upgrades one release -----------------------------------------------------------


def test_flux_upgrades_a_release_only_when_its_chart_version_changes(run: Run) -> None:
    for release, obj in objects(run, 'HelmRelease'):
        chart = obj['spec']['chart']['spec']
        assert chart['reconcileStrategy'] == 'ChartVersion'
        assert chart['chart'] == f'./{release.chart.folder}'
        assert 'valuesFiles' not in chart
        assert 'valuesFrom' not in obj['spec']


# --- 1.35: an Application holds its values once more for each entry of its history ------------------------------------


def test_an_application_keeps_one_entry_of_its_history(run: Run) -> None:
    assert {obj['spec']['revisionHistoryLimit'] for _, obj in objects(run, 'Application')} == {1}


# --- 1.2: chart and values switch in one step ------------------------------------------------------------------------


def inline(obj: Object) -> Object:
    values: Object = (
        obj['spec']['values'] if obj['kind'] == 'HelmRelease' else obj['spec']['source']['helm']['valuesObject']
    )
    return values


def test_chart_and_values_stand_in_one_object(run: Run) -> None:
    for release, obj in objects(run):
        assert inline(obj) == read(run, f'values/{release.release.name}.yaml')
        assert inline(obj)['env'] == {'PLACE': {'value': release.environment.name}}
        chart = read(run, f'{release.chart.folder}/values.yaml')
        assert merge(chart, inline(obj)) == release.merged
    text = json.dumps([obj for _, obj in objects(run)])
    for other_source in ('valueFiles', 'valuesFrom', 'valuesFiles', 'fileParameters', '"sources"'):
        assert other_source not in text


def test_values_hold_what_differs_and_no_more(run: Run) -> None:
    for release, obj in objects(run):
        assert 'fullnameOverride' not in inline(obj)
        if release.release.model == 'web' and release.environment.router == 'service':
            assert inline(obj) == {'replicaCount': 3, 'env': {'PLACE': {'value': release.environment.name}}}


def test_helm_renders_the_same_from_the_object_and_from_values(run: Run, helm: Path) -> None:
    """`values/` is for people with a helm of their own: what they see is what the agent does."""
    release, obj = next(objects(run, 'HelmRelease'))
    folder = run.repository.folder
    both = []
    for values in (folder / 'values' / f'{release.release.name}.yaml', '-'):
        command = [helm, 'template', 'x', folder / release.chart.folder, '--values', values]
        both.append(subprocess.run(command, input=r.as_yaml(inline(obj)), capture_output=True, check=True).stdout)
    assert both[0] == both[1]


# --- 1.3: Argo CD, an unrelated commit renders nothing ---------------------------------------------------------------


@pytest.mark.parametrize('prefix', ['', 'teams/ml/'])
def test_argo_cd_watches_the_charts_folder_alone(run: Run, prefix: str) -> None:
    for release, obj in objects(run, 'Application', prefix):
        watched = obj['metadata']['annotations']['argocd.argoproj.io/manifest-generate-paths']
        assert watched == f'/{prefix}{release.chart.folder}'
        assert watched == '/' + obj['spec']['source']['path']


def test_a_repository_in_a_sub_folder_names_it_wherever_an_agent_looks(tmp_path: Path) -> None:
    repository = r.Repository(tmp_path / 'repository', registry(), prefix='teams/ml')
    repository.generate()
    argo, flux = repository.read('delivery/prod/web.yaml'), repository.read('delivery/edge/web.yaml')
    assert argo['spec']['source']['path'] == 'teams/ml/charts/web/1.0.0'
    assert argo['metadata']['annotations'] == {
        'argocd.argoproj.io/manifest-generate-paths': '/teams/ml/charts/web/1.0.0'
    }
    assert flux['spec']['chart']['spec']['chart'] == './teams/ml/charts/web/1.0.0'
    assert (tmp_path / 'repository' / argo['spec']['source']['path'] / 'Chart.yaml').is_file()


# --- 1.4, 1.5: a failed sync takes up its fix ------------------------------------------------------------------------


def test_a_failed_sync_takes_up_the_commit_that_mends_it(run: Run) -> None:
    for _, obj in objects(run, 'Application'):
        retry = obj['spec']['syncPolicy']['retry']
        assert retry['refresh'] is True
        assert retry['limit'] > 0
        assert set(retry['backoff']) == {'duration', 'factor', 'maxDuration'}


def test_sync_options(run: Run) -> None:
    for _, obj in objects(run, 'Application'):
        options = obj['spec']['syncPolicy']['syncOptions']
        assert {'ApplyOutOfSyncOnly=true', 'CreateNamespace=false'} == set(options)
        # It would wait for the workload's health before it prunes, and a commit made meanwhile with it.
        assert 'PruneLast=true' not in options
        assert 'RespectIgnoreDifferences=true' not in options
        assert obj['spec']['syncPolicy']['automated'] == {'prune': True, 'selfHeal': True}
        assert 'ignoreDifferences' not in obj['spec'], 'the native engine needs none'


# --- 1.16: no hooks, no waves ----------------------------------------------------------------------------------------


def rendered(run: Run, helm: Path) -> dict[str, list[Object]]:
    found = {}
    for release, obj in objects(run):
        chart = run.repository.folder / release.chart.folder
        command = [
            helm,
            'template',
            release.release.model,
            chart,
            '--namespace',
            release.environment.namespace,
            '--values',
            '-',
        ]
        done = subprocess.run(command, input=r.as_yaml(inline(obj)), capture_output=True, check=True)
        found[release.release.name] = [item for item in yaml.load_all(done.stdout, yaml.CSafeLoader) if item]
    return found


def test_nothing_that_is_rendered_is_a_hook_or_in_a_wave(run: Run, helm4: Path) -> None:
    tests = 0
    for items in rendered(run, helm4).values():
        for item in items:
            annotations = item['metadata'].get('annotations', {})
            argo = {key for key in annotations if key.startswith('argocd.argoproj.io/')}
            assert argo <= {'argocd.argoproj.io/ignore-healthcheck'}
            assert annotations.get('helm.sh/hook', 'test') == 'test'
            tests += 'helm.sh/hook' in annotations
    assert tests == 8
    for _, obj in objects(run):
        assert 'argocd.argoproj.io/sync-wave' not in json.dumps(obj)
        assert 'argocd.argoproj.io/hook' not in json.dumps(obj)


# --- 1.17: a release that waits takes no fix -------------------------------------------------------------------------


def test_flux_waits_nowhere(run: Run) -> None:
    """A wait that is cancelled loses rollbacks and leaves orphans; one that is not takes no fix until its timeout."""
    for _, obj in objects(run, 'HelmRelease'):
        for action in ('install', 'upgrade'):
            assert obj['spec'][action]['disableWait'] is True
            assert obj['spec'][action]['strategy'] == {'name': 'RetryOnFailure', 'retryInterval': '2m'}
        assert 'rollback' not in obj['spec'], 'a rollback is a commit'
        assert 'healthCheckExprs' not in obj['spec']
        assert 'remediation' not in json.dumps(obj)
        assert 'test' not in obj['spec'], 'a failed test would hold the next commit back'


def test_flux_gives_a_rollout_the_time_that_the_chart_gives_it(run: Run) -> None:
    for release, obj in objects(run, 'HelmRelease'):
        minutes = int(re.fullmatch(r'([0-9]+)m', obj['spec']['timeout'])[1])  # type: ignore[index]
        assert minutes * 60 > release.merged['progressDeadlineSeconds']


# --- 1.20: removal means the same under both agents ------------------------------------------------------------------


def test_whoever_removes_a_delivery_object_removes_what_it_deployed(run: Run) -> None:
    for _, obj in objects(run, 'Application'):
        assert obj['metadata']['finalizers'] == ['resources-finalizer.argocd.argoproj.io']
    for _, obj in objects(run, 'HelmRelease'):  # helm-controller uninstalls, unless it is told otherwise
        assert 'kustomize.toolkit.fluxcd.io/prune' not in obj['metadata'].get('annotations', {})
        assert 'suspend' not in obj['spec']


# --- where things go -------------------------------------------------------------------------------------------------


def test_every_object_says_where_its_release_goes(run: Run) -> None:
    for release, obj in objects(run):
        environment, spec = release.environment, obj['spec']
        place = {'prod': 'argocd', 'edge': 'flux-system', 'shop': 'delivery'}.get(environment.name, 'apps')
        assert obj['metadata']['namespace'] == place
        assert obj['metadata']['labels'] == {
            'app.kubernetes.io/managed-by': 'chartloom',
            'chartloom.dev/environment': environment.name,
            'chartloom.dev/model': release.release.model,
        }
        if obj['kind'] == 'Application':
            assert spec['destination'] == {
                'server': 'https://kubernetes.default.svc',
                'namespace': environment.namespace,
            }
            assert spec['project'] == f'chartloom-{environment.name}'
            assert spec['source']['repoURL'] == 'https://git.example/ml.git'
            assert spec['source']['targetRevision'] == 'main'
            assert spec['source']['helm']['releaseName'] == release.release.model
        else:
            assert spec['targetNamespace'] == spec['storageNamespace'] == environment.namespace
            assert spec['serviceAccountName'] == f'chartloom-{environment.name}'
            assert spec['releaseName'] == release.release.model
            assert spec['chart']['spec']['sourceRef'] == {
                'kind': 'GitRepository',
                'name': f'chartloom-{environment.name}',
                'namespace': place,
            }


def test_the_published_branch_is_the_one_that_agents_follow(tmp_path: Path) -> None:
    repository = r.Repository(tmp_path / 'repository', registry(repository={'branch': 'release/live'}))
    repository.generate()
    assert repository.read('delivery/prod/web.yaml')['spec']['source']['targetRevision'] == 'release/live'


# --- names at the edges of what Kubernetes and helm take -------------------------------------------------------------


def label_values(obj: Any) -> Iterator[str]:
    if isinstance(obj, Mapping):
        for key, value in obj.items():
            if key in ('labels', 'matchLabels', 'selector') and isinstance(value, Mapping):
                yield from (text for text in value.values() if isinstance(text, str))
            yield from label_values(value)
    elif isinstance(obj, list):
        for item in obj:
            yield from label_values(item)


def test_the_longest_names_fit_everywhere(run: Run, helm4: Path, strict: Strict) -> None:
    """A model of 42 characters in an environment of 20: object names, labels, helm's release name and its Secrets."""
    everything = rendered(run, helm4)[f'abcdefghij0123456789/{LONGEST}'] + rendered(run, helm4)[f'prod/{LONGEST}']
    assert {obj['kind'] for obj in everything} > {
        'Deployment',
        'HorizontalPodAutoscaler',
        'HTTPRoute',
        'GRPCRoute',
        'Pod',
    }
    names = [obj['metadata']['name'] for obj in everything]
    assert max(map(len, names)) == len(f'{LONGEST}-helm-test')
    for obj in everything:
        strict(obj, '1.36')
        assert re.fullmatch(r'[a-z]([-a-z0-9]{0,61}[a-z0-9])?', obj['metadata']['name'])
    for obj in [*everything, *(obj for _, obj in objects(run))]:
        for value in label_values(obj):
            assert re.fullmatch(r'(?=.{1,63}$)[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?', value), value
    for _, obj in objects(run):
        release_name = obj['spec'].get('releaseName') or obj['spec']['source']['helm']['releaseName']
        assert len(release_name) <= 53
        assert len(f'sh.helm.release.v1.{release_name}.v1000') <= 253
    hosts = [host for obj in everything for host in obj.get('spec', {}).get('hostnames', [])]
    assert all(len(label) <= 63 for host in hosts for label in host.split('.'))
    assert f'{LONGEST}-grpc.shop.example' in hosts
