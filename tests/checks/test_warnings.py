"""What works and should be known: told on stderr or as data, and nothing stops because of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import registries as r
from gitops import chartloom
from parts import git

from generator.charts.starter import load_templates
from generator.checks.warnings import registry_warnings
from generator.domain.problems import Problem
from generator.registry.load import RegistrySchemas, load_registry

NGINX = {'router': 'nginx', 'gateway': {'name': 'nginx', 'namespace': 'ingress-nginx'}, 'domain': 'shop.example'}
TOLD = (
    'warning: registry/environments/prod.yaml::$.spec.router: '
    "router 'nginx' is ingress-nginx, which has not been maintained"
    " since March 2026\n  hint: plan the move to router 'gateway-api'\n"
)


def repository(folder: Path, **environment: object) -> r.Repository:
    files = {**r.settings(), **r.model('web'), **r.following('prod', **environment), **r.release('prod', 'web')}
    return r.Repository(folder / 'repository', files)


def test_a_warning_is_told_and_stops_nothing(tmp_path: Path) -> None:
    here = repository(tmp_path, **NGINX)
    planned = chartloom(here.folder, 'plan')
    assert (planned.returncode, planned.stderr) == (0, TOLD)
    done = chartloom(here.folder, 'generate', '--commit', '--output', 'json')
    assert (done.returncode, done.stderr) == (0, '')
    [warning] = json.loads(done.stdout)['warnings']
    assert (warning['file'], warning['path']) == ('registry/environments/prod.yaml', '$.spec.router')
    verified = chartloom(here.folder, 'verify')
    assert (verified.returncode, verified.stderr) == (0, TOLD)


def test_nothing_is_said_where_nothing_should_be_known(tmp_path: Path) -> None:
    done = chartloom(repository(tmp_path).folder, 'generate', '--commit')
    assert (done.returncode, done.stderr) == (0, '')


def test_a_runtime_that_nobody_maintains(tmp_path: Path) -> None:
    here = repository(tmp_path)
    here.write(r.model('web', runtime='torchserve', test={'path': '/ping'}))
    done = chartloom(here.folder, 'generate')
    assert done.returncode == 0
    assert done.stderr.startswith("warning: registry/models/web.yaml::$.spec.runtime: runtime 'torchserve': ")


SIGNATURE = {
    'inputs': {'x': {'dtype': 'float32', 'shape': [1, 4]}},
    'outputs': {'y': {'dtype': 'float32', 'shape': [1]}},
}


@pytest.mark.parametrize(
    ('runtime', 'signature', 'why'),
    [
        ('triton', SIGNATURE, ''),
        ('triton', None, 'its version has no signature'),
        ('triton', {**SIGNATURE, 'inputs': {'x': {'dtype': 'float32', 'shape': [3, 640, 640]}}}, 'elements'),
        (
            'triton',
            {**SIGNATURE, 'inputs': {'x': {'dtype': 'float16', 'shape': [1]}}},
            'JSON does not support its type',
        ),
        ('torchserve', SIGNATURE, 'no known protocol'),
        ('custom', None, ''),
    ],
)
def test_a_helm_test_that_makes_no_prediction(tmp_path: Path, runtime: str, signature: Any, why: str) -> None:
    version = r.version('1', **({'signature': signature} if signature else {}))
    here = repository(tmp_path)
    here.write(r.model('web', runtime=runtime, versions=[version]))
    told = chartloom(here.folder, 'generate', '--commit').stderr
    assert ('registry/models/web.yaml::$.spec: its helm test only checks whether the model is ready: ' in told) == bool(
        why
    )
    assert why in told


def test_a_name_that_removes_nothing_and_an_environment_that_goes_with_its_releases(tmp_path: Path) -> None:
    here = repository(tmp_path)
    here.publish()
    done = chartloom(here.folder, 'generate', '--allow-removal', 'prod/wbe')
    assert (done.returncode, done.stderr.splitlines()[0]) == (0, "warning: --allow-removal: 'prod/wbe' removes nothing")
    for file in ('releases/prod/web', 'environments/prod'):
        (here.folder / f'registry/{file}.yaml').unlink()
    for command in (['plan'], ['generate', '--commit']):
        refused = chartloom(here.folder, *command, '--allow-removal', 'prod')
        assert refused.returncode == 1
        assert "--allow-removal prod --allow-removal 'prod/*'" in refused.stderr
        done = chartloom(here.folder, *command, '--allow-removal', 'prod', '--allow-removal', 'prod/*')
        assert done.returncode == 0
        assert done.stderr.count('warning:') == 1
        assert "bootstrap/prod.yaml: 'prod' is removed together with its releases" in done.stderr
        assert 'uninstalls what' not in done.stdout
    assert 'uninstalled' not in git(here.folder, 'log', '-1', '--format=%B')


@pytest.mark.parametrize(
    ('agent', 'way'),
    [
        ('argocd', "delete Application 'chartloom-prod', then remove metadata.finalizers of 'prod-web'"),
        ('flux', "delete Kustomization 'chartloom-prod', then set spec.suspend: true of HelmReleases 'prod-web'"),
    ],
)
def test_a_renamed_environment_keeps_its_pods(tmp_path: Path, agent: str, way: str) -> None:
    place = {'agent': agent, 'namespace': 'ml', 'cluster': {'name': 'shop', 'server': 'https://k8s.example:6443'}}
    files = r.settings() | r.model('web') | r.following('prod', **place) | r.release('prod', 'web')
    here = r.Repository(tmp_path / 'repository', files)
    here.publish()
    for file in ('releases/prod/web', 'environments/prod'):
        (here.folder / f'registry/{file}.yaml').unlink()
    here.write(r.following('shop', **place) | r.release('shop', 'web'))
    for command in (['plan'], ['generate', '--commit']):
        done = chartloom(here.folder, *command, '--allow-removal', 'prod', '--allow-removal', 'prod/*')
        warning, hint = done.stderr.splitlines()
        assert warning.endswith("'prod' is removed, and 'shop' has its cluster and namespace: nothing is uninstalled")
        assert hint == (
            f"  hint: {way} and delete them; the objects in namespace 'ml' are those of 'shop': do not delete them"
        )


HERE, THERE = 'https://kubernetes.default.svc', 'https://k8s.example:6443'
OPEN = "its Applications may name the project of environment 'prod' of the same Argo CD"


@pytest.mark.parametrize(
    ('dev', 'told'),
    [
        ({'cluster': {'name': 'b', 'server': THERE}}, [OPEN]),
        ({'cluster': {'name': 'a', 'server': HERE}}, [OPEN]),
        ({'cluster': {'name': 'b', 'server': HERE}}, []),  # each cluster has its own Argo CD
        ({'agentNamespace': 'argocd-dev'}, []),
        ({'agentCluster': 'hub'}, []),
        ({'applicationNamespace': 'apps-dev'}, []),
        ({'agent': 'flux'}, []),
    ],
)
def test_an_environment_that_leaves_the_project_of_another_open(dev: dict[str, Any], told: list[str]) -> None:
    files = r.settings() | r.environment('prod', applicationNamespace='apps', cluster={'name': 'a', 'server': HERE})
    files |= r.environment('dev', **{'cluster': {'name': 'b', 'server': THERE}, **dev})
    templates = load_templates()
    registry = load_registry(files, files.__getitem__, RegistrySchemas(templates.schemas))
    warnings = registry_warnings(registry, templates)
    assert [warning.message for warning in warnings] == told
    assert {warning.file for warning in warnings} <= {'registry/environments/dev.yaml'}


def test_applications_that_move_to_another_namespace_are_told(tmp_path: Path) -> None:
    """Nobody deletes the old one: its root's project permits the new namespace only."""
    here = repository(tmp_path)
    here.publish()
    here.write(r.following('prod', applicationNamespace='apps-prod'))
    done = chartloom(here.folder, 'plan', '--output', 'json')
    assert done.returncode == 0, done.stderr
    (warning,) = json.loads(done.stdout)['warnings']
    assert warning['file'] == 'registry/releases/prod/web.yaml'
    assert "moves from namespace 'argocd' to 'apps-prod'" in warning['message']
    assert "remove metadata.finalizers of Application 'prod-web' in 'argocd', then delete it" in warning['hint']


CANARY = {'canary': {'steps': [{'weight': 20}]}}
BLUE_GREEN: dict[str, object] = {'blueGreen': {}}
KEDA = {'autoscaling': {'enabled': True, 'type': 'keda', 'keda': {'query': 'sum(x)'}}}
MONITORING = {'namespace': 'monitoring', 'prometheus': 'http://a:9090'}
RECREATED = 'its Service and its route are deleted and recreated, requests fail for'
REPLACES = 'replaces Deployment web, whose pods are deleted'
ROLLING: dict[str, object] = {'rolling': {'maxSurge': 2}}


@pytest.mark.parametrize(
    ('before', 'after', 'told'),
    [
        (
            {'strategy': ROLLING}, {'strategy': BLUE_GREEN},
            [f'changes from rolling to blueGreen by commits: Deployment web-blue or web-green {REPLACES}'],
        ),
        (
            {'strategy': CANARY}, {'strategy': CANARY, 'engine': 'argo-rollouts'},
            [f'changes from canary by commits to canary by Argo Rollouts: Rollout web {REPLACES}'],
        ),
        (
            {'strategy': ROLLING}, {'strategy': CANARY, 'engine': 'flagger'},
            [f'changes from rolling to canary by Flagger: {RECREATED} about 20 seconds and the start of a pod'],
        ),
        ({'strategy': ROLLING}, {'strategy': CANARY}, []),
        (
            {'strategy': CANARY, 'engine': 'flagger'},
            {'strategy': CANARY, 'engine': 'flagger', 'values': {'replicaCount': 5}},
            ['Flagger passes the number of pods on to those that serve with the next version only'],
        ),
        (
            {'strategy': CANARY, 'engine': 'flagger'}, {'strategy': CANARY, 'engine': 'flagger', 'values': KEDA},
            ['KEDA starts pods of the target, too: they run without requests until the next version'],
        ),
        (
            {'strategy': CANARY, 'engine': 'argo-rollouts'},
            {'strategy': CANARY, 'engine': 'argo-rollouts', 'values': {'route': {'timeout': '9s'}}},
            ['the route changes: a canary in progress gets no requests until its next step'],
        ),
        (
            {'strategy': CANARY}, {'strategy': CANARY, 'values': {'replicaCount': 3}}, [],
        ),
    ],
)  # fmt: skip
@pytest.mark.parametrize('agent', ['argocd', 'flux'])
def test_what_is_recreated_is_named(
    tmp_path: Path, before: dict[str, Any], after: dict[str, Any], told: list[str], agent: str
) -> None:
    def files(spec: dict[str, Any]) -> r.Files:
        release = {key: value for key, value in spec.items() if key != 'engine'}
        more = {'engine': spec.get('engine', 'native'), 'permits': ['argo-rollouts', 'flagger', 'keda']}
        environment = r.environment('prod', agent=agent, monitoring=MONITORING, **r.GATEWAY, **more)
        return environment | r.release('prod', 'web', version='1', chart='1.0.0', **release)

    here = r.Repository(tmp_path / 'repository', r.settings() | r.model('web', route={}) | files(before))
    here.publish()
    here.write(files(after))
    done = chartloom(here.folder, 'plan', '--output', 'json')
    assert done.returncode == 0, done.stderr
    warnings = json.loads(done.stdout)['warnings']
    assert [each['message'] for each in warnings] == told
    assert {each['file'] for each in warnings} <= {'registry/releases/prod/web.yaml'}


@pytest.mark.parametrize('agent', ['argocd', 'flux'])
def test_a_release_that_goes_elsewhere_is_told(tmp_path: Path, agent: str) -> None:
    files = r.settings() | r.model('web') | r.release('prod', 'web', version='1', chart='1.0.0')
    here = r.Repository(tmp_path / 'repository', files | r.environment('prod', agent=agent, namespace='ml'))
    here.publish()
    other = 'flux' if agent == 'argocd' else 'argocd'
    for changes in ({'agent': agent, 'namespace': 'ml2'}, {'agent': other, 'namespace': 'ml'}):
        here.write(r.environment('prod', **changes))
        told = chartloom(here.folder, 'plan').stderr
        assert "registry/releases/prod/web.yaml: moves from namespace 'ml'" in told
        assert 'its pods are removed there, and start anew here' in told


@pytest.mark.parametrize('strategy', [CANARY, BLUE_GREEN])
def test_a_pin_that_is_moved_past_the_strategy_is_told(tmp_path: Path, strategy: dict[str, Any]) -> None:
    versions = [r.version('1'), r.version('2')]
    files = r.settings() | r.model('web', route={}, versions=versions, strategy=strategy)
    files |= r.environment('prod', **r.GATEWAY) | r.release('prod', 'web', version='1', chart='1.0.0')
    here = r.Repository(tmp_path / 'repository', files)
    here.publish()
    here.write(r.release('prod', 'web', version='2', chart='1.1.0'))
    done = chartloom(here.folder, 'plan')
    assert done.returncode == 0
    assert f'gets all requests at once, although the strategy is {next(iter(strategy))}' in done.stderr
    assert 'chartloom rollout start' in done.stderr
    # A rollback moves them at once on purpose.
    here.write(r.release('prod', 'web', version='2', chart='1.1.0', rollback='1.1.0'))
    assert 'at once' not in chartloom(here.folder, 'plan').stderr


def test_a_rollback_by_a_controller_says_how_its_steps_come_back(tmp_path: Path) -> None:
    files = r.settings() | r.model('web', route={}, strategy=CANARY)
    files |= r.environment('prod', engine='argo-rollouts', **r.GATEWAY)
    files |= r.release('prod', 'web', version='1', chart='1.0.0', rollback='1.0.0')
    told = chartloom(r.Repository(tmp_path / 'repository', files).folder, 'plan').stderr
    assert 'its pin is a rollback: Argo Rollouts skips steps and checks' in told
    assert "run 'chartloom pin prod/web' before other changes: it ends that, steps and checks count again" in told


def test_pods_that_have_requests_and_go_are_told(tmp_path: Path) -> None:
    """A rollout's file that is deleted, and a slot that is: what they left is not what the traffic is used to."""
    files = r.settings() | r.model('web', route={}, versions=[r.version('1'), r.version('2')], strategy=CANARY)
    files |= r.environment('prod', **r.GATEWAY) | r.release('prod', 'web', version='1', chart='1.0.0')
    here = r.Repository(tmp_path / 'repository', files)
    here.publish()
    for move in (['start', 'prod/web'], ['advance', 'prod/web']):
        assert chartloom(here.folder, 'rollout', *move).returncode == 0
    (here.folder / 'registry/rollouts/prod/web.yaml').unlink()
    for command in (['plan'], ['generate', '--commit']):
        done = chartloom(here.folder, *command)
        assert done.returncode == 1
        assert 'the pods of track canary are removed at once, and they serve 20 % of the requests' in done.stderr
        assert 'or lose them: --allow-removal prod/web' in done.stderr
    # Another strategy in the same edit is no way around it.
    here.write(r.release('prod', 'web', version='1', chart='1.0.0', strategy=ROLLING))
    assert 'they serve 20 % of the requests' in chartloom(here.folder, 'generate', '--commit').stderr
    here.write(r.release('prod', 'web', version='1', chart='1.0.0'))
    done = chartloom(here.folder, 'generate', '--commit', '--allow-removal', 'prod/web')
    assert (done.returncode, done.stderr) == (0, '')
    assert chartloom(here.folder, 'plan').returncode == 0
    model = r.model('web', versions=[r.version('1')], strategy=BLUE_GREEN)
    slots = (
        r.settings()
        | model
        | r.environment('prod')
        | r.release('prod', 'web', version='1', chart='1.0.0', slot='green')
    )
    here = r.Repository(tmp_path / 'slots', slots)
    here.publish()
    here.write(r.release('prod', 'web', version='1', chart='1.0.0'))
    done = chartloom(here.folder, 'plan')
    assert done.returncode == 1
    assert 'the pods of track green are removed at once, and they serve 100 % of the requests' in done.stderr


def test_a_kubernetes_version_that_was_not_tested(tmp_path: Path) -> None:
    done = chartloom(repository(tmp_path, kubernetes='1.45').folder, 'generate')
    assert done.returncode == 0
    assert done.stderr == (
        "warning: registry/environments/prod.yaml::$.spec.kubernetes: Kubernetes '1.45' is newer than 1.37, the newest"
        " that was tested\n  hint: compare it with 'kubectl version'; 'chartloom verify --schema-location' checks"
        ' objects against it\n'
    )


def test_a_server_that_is_older_than_what_it_is_told(tmp_path: Path) -> None:
    artifact = {**r.ARTIFACT, 'kind': 'huggingface'}
    for tag, old in (('v0.11.0', True), ('v0.18.0', False), ('0.9', True), ('nightly', False), ('v1.0', False)):
        image = f'docker.io/vllm/vllm-openai:{tag}@{r.DIGEST}'
        files = r.settings() | r.model('web', 'vllm', [r.version('1', artifact=artifact) | {'image': image}])
        warned = warnings_of(files)
        message = f"runtime 'vllm' is for servers from 0.18.0 on, the image has tag '{tag}'"
        assert [each.message for each in warned if each.path == '$.spec.versions[0].image'] == (
            [message] if old else []
        )


def warnings_of(files: r.Files) -> list[Problem]:
    templates = load_templates()
    found = load_registry(files, files.__getitem__, RegistrySchemas(templates.schemas))
    return registry_warnings(found, templates)


@pytest.mark.parametrize(('image', 'told'), [('a' * 64, True), ('b' * 64, False)])
@pytest.mark.parametrize('pinned', ['', '3'])
def test_the_image_of_a_version_that_was_given_up_comes_back_by_another_name(
    image: str, told: bool, pinned: str
) -> None:
    versions = [('1', 'c' * 64), ('2', 'a' * 64), ('3', image)]
    listed = [{'version': name, 'image': f'web:{name}@sha256:{digest}'} for name, digest in versions]
    withdrawn = [{'version': '2', 'date': '2026-11-30', 'reason': 'slow'}]
    files = r.settings() | r.model('web', versions=listed) | r.following('prod')
    files |= r.release('prod', 'web', withdrawn=withdrawn, **({'version': pinned, 'chart': '1.2.0'} if pinned else {}))
    found = [each for each in warnings_of(files) if 'gave up' in each.message]
    place = ('registry/models/web.yaml', '$.spec.versions[2]')
    assert [(each.file, each.path) for each in found] == ([place] if told else [])
    assert all(each.message == "has the image and the artifact of 2, which 'prod/web' gave up" for each in found)
