"""Rollouts by the command line in real git repositories: commit by commit, to the end, and back."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path
from typing import Any

import pytest
import registries as r
import yaml
from gitops import Checkout, chartloom, clone, new, published_at, signing
from parts import git

from generator.documents.read import read_yaml
from generator.tools.helm.binary import HelmRelease, find_helm, template

ROLLOUT, VALUES, DELIVERY = (f'{folder}/prod/web.yaml' for folder in ('registry/rollouts', 'values', 'delivery'))
CANARY = {'canary': {'steps': [{'weight': 20, 'hold': '10m'}, {'weight': 50, 'approval': True}], 'keepOld': '1h'}}
BLUE_GREEN = {'blueGreen': {'previewReplicas': 1, 'approval': True}}
OLD: dict[str, Any] = {'args': ['--old'], 'env': {'LEVEL': {'value': 'old'}}}
NEW: dict[str, Any] = {'args': ['--new'], 'env': {'LEVEL': {'value': 'new'}}}


def made(ago: int = 0) -> dict[str, str]:
    """When a commit is made: the tests' git lives in the past, so that holds are over."""
    return {'GIT_COMMITTER_DATE': f'{int(time.time()) - ago} +0000'}


def files(strategy: dict[str, Any], model: dict[str, Any] | None = None, **more: Any) -> r.Files:
    return {
        **r.settings(),
        **r.model(versions=[r.version('1')], route={}, replicas=4, **OLD, **(model or {})),
        **r.environment('prod', strategy=strategy, **r.GATEWAY, **more),
        **r.release('prod', 'web', version='1', chart='1.0.0'),
    }


def new_version(**more: Any) -> r.Files:
    return r.model(versions=[r.version('1'), r.version('2')], route={}, replicas=4, **NEW, **more)


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """Two published charts, and the release on the first."""
    return prepared(tmp_path / 'repository', files(CANARY))


def prepared(top: Path, registry: r.Files, **more: Any) -> Checkout:
    found = new(top, registry)
    assert found.commit().commit
    found.write(new_version(**more))
    assert found.commit().commit
    return found


def rollout(checkout: Checkout, *arguments: str, code: int = 0, **env: str) -> dict[str, Any]:
    """Run a subcommand; its answer as data."""
    verb, *rest = arguments
    done = chartloom(checkout.folder, 'rollout', verb, *rest, '--output', 'json', env=env)
    assert done.returncode == code, (done.stdout, done.stderr)
    return json.loads(done.stdout)


def tracks(checkout: Checkout) -> dict[str, Any]:
    """The tracks that run: weight, pods and whether they have something of their own."""
    delivery = read_yaml(checkout.read(DELIVERY).encode(), '')['spec']['source']
    chart = checkout.folder / delivery['path'] / 'values.yaml'
    found = read_yaml(chart.read_bytes(), '')['tracks']
    for name, track in delivery['helm']['valuesObject'].get('tracks', {}).items():
        found[name] = {**found.get(name, {}), **track}
    return {
        name: (track['weight'], track['replicas'], *track.get('workload', {}).get('args', []))
        for name, track in found.items()
        if track['enabled']
    }


def test_a_canary_walks_to_its_end(checkout: Checkout) -> None:
    before = checkout.head()
    assert rollout(checkout, 'start', 'prod/web')['stage'] == 'on'
    seen = [(read_yaml(checkout.read(ROLLOUT).encode(), '')['spec']['stage'], tracks(checkout))]
    while (checkout.folder / ROLLOUT).exists():
        answer = rollout(checkout, 'advance', 'prod/web', '--now', '--approve')
        assert answer['result'] == 'advanced'
        seen.append((answer['stage'], tracks(checkout)))
    assert seen == [
        ('on', {'stable': (100, 0, '--old'), 'canary': (0, 1)}),
        ('step-1', {'stable': (80, 0, '--old'), 'canary': (20, 2)}),
        ('step-2', {'stable': (50, 0, '--old'), 'canary': (50, 2)}),
        ('full', {'stable': (50, 0, '--old'), 'canary': (50, 0)}),
        ('shift', {'stable': (0, 0, '--old'), 'canary': (100, 0)}),
        ('replace', {'stable': (0, 0), 'canary': (100, 0)}),
        ('return', {'stable': (100, 0), 'canary': (0, 0)}),
        ('end', {'stable': (100, 0)}),
    ]
    assert read_yaml(checkout.read('registry/releases/prod/web.yaml').encode(), '')['spec'] == {
        'version': '2', 'chart': '1.1.0',
    }  # fmt: skip
    # Each stage is one commit that touches this release alone, and names its operation.
    commits = checkout.git('rev-list', '--reverse', f'{before}..HEAD').split()
    assert len(commits) == len(seen)
    for commit in commits:
        assert set(checkout.files(commit)) <= {ROLLOUT, VALUES, DELIVERY, 'registry/releases/prod/web.yaml'}
    subjects = checkout.git(
        'log', '--reverse', '--format=%s|%(trailers:key=Chartloom-Operation,valueonly)', f'{before}..'
    )
    assert [line for line in subjects.splitlines() if line][:2] == [
        'Start the rollout of prod/web: 1 → 2 (chart 1.1.0)|rollout start prod/web',
        'Roll out prod/web 2: on → step-1|rollout advance --approve --now prod/web',
    ]
    assert_rebuilt(checkout, commits)


def assert_rebuilt(checkout: Checkout, commits: list[str]) -> None:
    """At any commit a fresh clone holds what its registry says, byte for byte: without what stands there, too."""
    top = checkout.top.parent / 'again'
    again = clone(checkout.top, top)
    for commit in commits:
        again.git('checkout', '--quiet', commit)
        assert again.generate().changed is False
        held = again.tree()
        for folder in ('values', 'delivery'):
            shutil.rmtree(again.folder / folder)
        again.generate()
        assert again.tree() == held


def test_an_abort_brings_back_what_was_before(checkout: Checkout) -> None:
    before = checkout.tree()
    rollout(checkout, 'start', 'prod/web')
    for _ in range(3):
        rollout(checkout, 'advance', 'prod/web', '--now', '--approve')
    answer = rollout(checkout, 'abort', 'prod/web')
    assert (answer['result'], answer['stage'], answer['remaining']) == ('aborted', 'full', ['end'])
    assert tracks(checkout) == {'stable': (100, 0, '--old'), 'canary': (0, 0)}
    assert rollout(checkout, 'finish', 'prod/web')['stage'] == 'end'
    assert_back(checkout, before)
    assert_rebuilt(checkout, checkout.git('rev-list', 'HEAD', '-6').split())


def test_before_it_gets_requests_an_abort_is_one_commit(checkout: Checkout) -> None:
    before = checkout.tree()
    rollout(checkout, 'start', 'prod/web')
    assert rollout(checkout, 'abort', 'prod/web')['remaining'] == []
    assert_back(checkout, before)


def assert_back(checkout: Checkout, before: r.Files) -> None:
    """Everything is as before, but that the release gave up the version."""
    file, now = 'registry/releases/prod/web.yaml', checkout.tree()
    assert b'withdrawn' in now[file]
    assert now == {**before, file: now[file]}


def test_blue_and_green_change_places_and_back(tmp_path: Path) -> None:
    checkout = prepared(tmp_path / 'repository', files(BLUE_GREEN))
    rollout(checkout, 'start', 'prod/web')
    seen = [tracks(checkout)]
    while (checkout.folder / ROLLOUT).exists():
        rollout(checkout, 'advance', 'prod/web', '--approve')
        seen.append(tracks(checkout))
    assert seen == [
        {'blue': (100, 0, '--old'), 'green': (0, 1)},
        {'blue': (100, 0, '--old'), 'green': (0, 0)},
        {'blue': (0, 0, '--old'), 'green': (100, 0)},
        {'green': (100, 0)},
    ]
    assert 'slot: "green"' in checkout.read('registry/releases/prod/web.yaml').replace("'", '"')
    rollout(checkout, 'start', 'prod/web', '--version', '1')
    assert tracks(checkout) == {'green': (100, 0, '--new'), 'blue': (0, 1)}
    assert rollout(checkout, 'advance', 'prod/web', code=0)['stage'] == 'full'
    assert rollout(checkout, 'advance', 'prod/web', code=4)['reasons'] == ['requires approval: --approve']


IN_PLACE = {'canary': {'steps': [{'weight': 25}], 'finish': 'inPlace'}}
COURSES = {'canary': (CANARY, {}), 'inPlace': (IN_PLACE, {}), 'blueGreen': (BLUE_GREEN, {})}
COURSES['scaled'] = (
    CANARY,
    {
        'autoscaling': {'minReplicas': 2, 'maxReplicas': 6},
        'resources': {'requests': {'cpu': '1', 'memory': '1Gi'}},
    },
)


@pytest.mark.parametrize('name', COURSES)
def test_pods_are_there_before_they_get_requests_and_stay_as_they_are(name: str, tmp_path: Path, helm: Path) -> None:
    """As helm renders it, commit by commit: whoever has requests had the same pods a commit before."""
    strategy, more = COURSES[name]
    checkout = prepared(tmp_path / 'repository', files(strategy, model=more), **more)
    last = rendered(checkout, helm)
    rollout(checkout, 'start', 'prod/web')
    stage = ''
    while True:
        now = rendered(checkout, helm)
        assert sum(now['weights'].values()) == 100
        for service, weight in now['weights'].items():
            in_place = name == 'inPlace' and stage == 'replace' and service == 'web-stable'
            if weight and not in_place:
                pods = now['pods'][service]
                assert pods in last['deployments'], f'{service} at {stage}'
        last = now
        if stage == 'end':
            break
        stage = rollout(checkout, 'advance', 'prod/web', '--now', '--approve')['stage']
    # All that is left is of the new version, at the size that the values say.
    (deployment,) = now['deployments']
    assert '--new' in str(deployment['template'])
    assert now['sizes'] == [('autoscaled', 2 if name == 'scaled' else 4)]


def rendered(checkout: Checkout, helm: Path) -> dict[str, Any]:
    """Weights of the route by Service, the Deployments, which of them each Service selects, and their sizes."""
    source = read_yaml(checkout.read(DELIVERY).encode(), '')['spec']['source']
    chart, values = checkout.folder / source['path'], source['helm']['valuesObject']
    release = HelmRelease('web', 'ml-prod', '1.36', chart, values, 'digest', VALUES)
    (found,) = template(find_helm({'HELM': str(helm), 'PATH': ''}), [release])
    assert found.problem is None, found.problem
    documents = [each for each in yaml.safe_load_all(found.text) if each]
    of = {kind: [d for d in documents if d['kind'] == kind] for kind in ('HTTPRoute', 'Service', 'Deployment')}
    services = {d['metadata']['name']: d['spec'].get('selector') for d in of['Service']}
    deployments = [{key: d['spec'][key] for key in ('selector', 'template')} for d in of['Deployment']]
    (route,) = of['HTTPRoute']
    backends = route['spec']['rules'][0]['backendRefs']
    weights = {backend['name']: backend['weight'] if backends[1:] else 100 for backend in backends}
    pods = {}
    for name in weights:
        selected = [d for d in deployments if services[name].items() <= d['template']['metadata']['labels'].items()]
        assert len(selected) <= 1, f'{name} selects the pods of two tracks'
        pods[name] = selected[0] if selected else None
    sizes = [('fixed', d['spec']['replicas']) for d in of['Deployment'] if 'replicas' in d['spec']]
    sizes += [('autoscaled', d['spec']['minReplicas']) for d in documents if d['kind'] == 'HorizontalPodAutoscaler']
    return {'weights': weights, 'pods': pods, 'deployments': deployments, 'sizes': sizes}


def test_what_old_pods_need_stays_until_they_are_gone(tmp_path: Path) -> None:
    """A host that only the old version asks: it is let through until the rollout has ended."""
    hosts = {'networkPolicy': {'egress': {'old-store': {'cidr': '8.8.8.0/24'}}}}
    checkout = prepared(tmp_path / 'repository', files(BLUE_GREEN, model={'values': hosts}))
    assert 'old-store' not in checkout.read(VALUES)  # the chart's own values say so
    rollout(checkout, 'start', 'prod/web')
    assert 'old-store' in checkout.read(VALUES)
    while (checkout.folder / ROLLOUT).exists():
        assert 'old-store' in checkout.read(VALUES)
        rollout(checkout, 'advance', 'prod/web', '--approve')
    assert 'old-store' not in checkout.read(VALUES)


def test_ports_of_old_pods_stay_open_to_who_is_not_in_the_mesh(tmp_path: Path) -> None:
    ports = {'ports': {'http': {'containerPort': 8000, 'servicePort': 80, 'appProtocol': 'http'}}}
    meshed = files(CANARY, model=ports, mesh={'mode': 'sidecar'}, monitoring={'namespace': 'monitoring'})
    checkout = prepared(tmp_path / 'repository', meshed)

    def opened() -> Any:
        return yaml.safe_load(checkout.read(VALUES))['mesh']['plaintextPorts']

    assert opened() == [8000]
    rollout(checkout, 'start', 'prod/web')
    while (checkout.folder / ROLLOUT).exists():
        assert opened() == [8000, 8080]
        rollout(checkout, 'advance', 'prod/web', '--approve', '--now')
    assert opened() == [8080]


def test_a_hold_counts_from_when_the_published_branch_got_the_stage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv('GIT_COMMITTER_DATE', made()['GIT_COMMITTER_DATE'])
    origin = tmp_path / 'origin'
    git(tmp_path, 'init', '--quiet', '--bare', '--initial-branch=main', str(origin))
    checkout = published_at(origin, tmp_path / 'repository', files=files(CANARY))
    checkout.write(new_version())
    checkout.commit(push=True)
    rollout(checkout, 'start', 'prod/web')
    waiting = rollout(checkout, 'advance', 'prod/web', '--now', code=4)
    assert waiting['reasons'] == ["branch 'main' does not have this stage yet: push it, or merge its pull request"]
    checkout.git('push', '--quiet')
    assert rollout(checkout, 'advance', 'prod/web', '--push', **made())['pushed'] is True
    answer = rollout(checkout, 'advance', 'prod/web', code=4)
    assert answer['result'] == 'waiting'
    assert 500 <= answer['waitSeconds'] <= 600
    # The same stage by a request: its commit is old, but the branch got it by a merge just now.
    checkout.git('reset', '--quiet', '--hard', 'HEAD~1')
    checkout.git('push', '--quiet', '--force')
    checkout.git('switch', '--quiet', '--create', 'step')
    rollout(checkout, 'advance', 'prod/web', **made(ago=7200))
    checkout.git('switch', '--quiet', 'main')
    monkeypatch.setenv('GIT_COMMITTER_DATE', made()['GIT_COMMITTER_DATE'])
    checkout.git('merge', '--quiet', '--no-ff', '--message', 'Merge', 'step')
    checkout.git('push', '--quiet')
    assert 500 <= rollout(checkout, 'advance', 'prod/web', code=4)['waitSeconds'] <= 600


def test_a_hold_ends(checkout: Checkout) -> None:
    rollout(checkout, 'start', 'prod/web')
    rollout(checkout, 'advance', 'prod/web', **made(ago=7200))
    assert rollout(checkout, 'advance', 'prod/web')['stage'] == 'step-2'


def test_signatures_that_git_is_to_show_are_no_part_of_a_time(checkout: Checkout, tmp_path: Path) -> None:
    signing(checkout, tmp_path)
    for name in ('commit.gpgSign', 'log.showSignature'):
        checkout.git('config', name, 'true')
    rollout(checkout, 'start', 'prod/web')
    status = chartloom(checkout.folder, 'rollout', 'status')
    assert "at 'on' since 20" in status.stdout, status.stderr


def test_status_is_a_small_picture(checkout: Checkout) -> None:
    assert chartloom(checkout.folder, 'rollout', 'status', 'prod/web').stdout.startswith(
        "prod/web: 'chartloom rollout start prod/web' would move it from 1 (chart 1.0.0) to 2 (chart 1.1.0), a commit"
    )
    assert chartloom(checkout.folder, 'rollout', 'status').stdout.splitlines() == [
        'no rollout in git is in progress',
        "for a release that Argo Rollouts or Flagger moves: 'chartloom rollout status ENV/MODEL'",
    ]
    rollout(checkout, 'start', 'prod/web')
    rollout(checkout, 'advance', 'prod/web', **made())
    lines = chartloom(checkout.folder, 'rollout', 'status').stdout.splitlines()
    assert lines[:9] == [
        'prod/web: 1 (chart 1.0.0) → 2 (chart 1.1.0)',
        '  ✓ on       ░░░░░░░░░░   0 %  the new pods start',
        '  ● step-1   ██░░░░░░░░  20 %  hold 10m',
        '  ○ step-2   █████░░░░░  50 %  approval',
        '  ○ full     █████░░░░░  50 %  the new pods at full size',
        '  ○ shift    ██████████ 100 %  hold 1h',
        '  ○ replace  ██████████ 100 %  the old pods become new ones',
        '  ○ return   ██████████ 100 %  requests go back to them',
        '  ○ end      ██████████ 100 %  the release pins the new version',
    ]
    assert lines[9].startswith("at 'step-1' since 20")
    assert lines[10].startswith("next: 'step-2'; 'step-1' holds for ")
    rollout(checkout, 'abort', 'prod/web')
    lines = chartloom(checkout.folder, 'rollout', 'status').stdout.splitlines()
    assert lines[2] == '  ✗ step-1   ░░░░░░░░░░   0 %  aborted: all requests are back, the new pods are removed next'
    (data,) = json.loads(chartloom(checkout.folder, 'rollout', 'status', '--output', 'json').stdout)['rollouts']
    assert (data['stage'], data['aborted'], data['next']) == ('step-1', True, 'end')


ENGINES = {
    'argo-rollouts': ('Argo Rollouts moves', "it: run 'kubectl argo rollouts promote web', or "),
    'flagger': ('Flagger moves', 'it: run '),
}


@pytest.mark.parametrize('engine', ENGINES)
def test_with_a_controller_the_start_is_all_there_is(engine: str, tmp_path: Path) -> None:
    says, instead = ENGINES[engine]
    steps = {'canary': {'steps': [{'weight': 20, 'hold': '10m'}, {'weight': 50, 'hold': '10m'}]}}
    checkout = prepared(tmp_path / 'repository', files(steps, engine=engine))
    done = chartloom(checkout.folder, 'rollout', 'start', 'prod/web')
    assert done.returncode == 0, done.stderr
    assert says in done.stdout
    assert 'after 10m: 50 % of the requests' in done.stdout
    assert not (checkout.folder / ROLLOUT).exists()
    assert read_yaml(checkout.read('registry/releases/prod/web.yaml').encode(), '')['spec']['version'] == '2'
    assert checkout.generate().changed is False
    hint = chartloom(checkout.folder, 'rollout', 'advance', 'prod/web').stderr.splitlines()[1]
    assert hint == f"  hint: {says} {instead}'chartloom rollback web --env prod'"


def test_where_templates_differ_the_chart_goes_first(checkout: Checkout) -> None:
    """A chart published by an older chartloom: its templates are others."""
    folder = checkout.folder / 'charts/web/1.0.0'
    (folder / 'templates/NOTES.txt').write_text('older\n')
    r.vouch(checkout.folder, 'web', '1.0.0')
    checkout.git('add', '--all')
    checkout.git('commit', '--quiet', '--message', 'As if an older chartloom had made it')
    assert rollout(checkout, 'start', 'prod/web')['stage'] == 'chart'
    assert tracks(checkout) == {'stable': (100, 0, '--old')}
    assert '  ● chart ' in chartloom(checkout.folder, 'rollout', 'status').stdout
    assert rollout(checkout, 'advance', 'prod/web')['stage'] == 'on'


REFUSED = [
    (('start', 'dev/web'), "registry/releases: release 'dev/web' not found"),
    (
        ('start', 'prod/web', '--version', '3'),
        "registry/models/web.yaml::$.spec.versions: version '3' of model 'web' not found",
    ),
    (('start', 'prod/web', '--chart', '9.0.0'), "charts/web/versions.yaml: chart '9.0.0' not found"),
    (('start', 'prod/web', '--version', '1', '--chart', '1.1.0'), "chart '1.1.0' serves version '2', not '1'"),
    (('start', 'prod/web', '--version', '1'), 'the release already runs 1 (chart 1.0.0)'),
    (('advance', 'prod/web'), 'no rollout of this release is in progress'),
    (('abort', 'prod/web'), "hint: to return to the version before, run 'chartloom rollback web --env prod'"),
    (('finish', 'prod/web'), "hint: run 'chartloom rollout start prod/web'"),
]


@pytest.mark.parametrize(('arguments', 'said'), REFUSED, ids=[' '.join(arguments) for arguments, _ in REFUSED])
def test_what_cannot_be_done_is_told(arguments: tuple[str, ...], said: str, checkout: Checkout) -> None:
    before = checkout.everything()
    done = chartloom(checkout.folder, 'rollout', *arguments)
    assert done.returncode == 1
    assert said in done.stderr
    assert checkout.everything() == before


def test_what_cannot_be_done_in_the_middle_is_told(checkout: Checkout) -> None:
    rollout(checkout, 'start', 'prod/web')
    before = checkout.everything()
    for verb, said in (
        ('start', 'a rollout to 2 is in progress'),
        ('finish', "stage 'step-2' must come first"),
    ):
        done = chartloom(checkout.folder, 'rollout', verb, 'prod/web')
        assert (done.returncode, said in done.stderr) == (1, True), done.stderr
        assert checkout.everything() == before
    for _ in range(5):
        rollout(checkout, 'advance', 'prod/web', '--now', '--approve')
    done = chartloom(checkout.folder, 'rollout', 'abort', 'prod/web')
    assert "at 'replace' the live track already runs 2" in done.stderr
    hint = "run 'chartloom rollout finish prod/web' twice, then 'chartloom rollback web --env prod'"
    assert hint in done.stderr
    for _ in range(2):
        rollout(checkout, 'finish', 'prod/web')
    newest = 'prod/web already runs the newest version, 2 (chart 1.1.0); '
    assert chartloom(checkout.folder, 'rollout', 'status', 'prod/web').stdout.startswith(newest)
    done = chartloom(checkout.folder, 'rollback', 'web', '--env', 'prod')
    assert done.stdout.splitlines()[-1] == 'prod/web: 2 → 1 (chart 1.0.0)'


def test_a_rollout_that_finds_no_room_does_not_begin(tmp_path: Path) -> None:
    """Three GPUs run, and one more is for the rollout: four, not five."""
    gpus = {'resources': {'limits': {'nvidia.com/gpu': '1', 'memory': '1Gi'}}, 'replicas': 1}
    capacity = {'capacity': {'accelerators': {'nvidia.com/gpu': 4}}}
    names, one, two = ('web', 'api', 'other'), [r.version('1')], [r.version('1'), r.version('2')]
    registry = files(BLUE_GREEN, **capacity)
    for name in names:
        registry |= {**r.model(name, versions=one, **gpus), **r.release('prod', name, version='1', chart='1.0.0')}
    checkout = new(tmp_path / 'repository', registry)
    checkout.commit()
    checkout.write({path: data for name in names for path, data in r.model(name, versions=two, **gpus).items()})
    checkout.commit()
    rollout(checkout, 'start', 'prod/web')
    before = checkout.everything()
    done = chartloom(checkout.folder, 'rollout', 'start', 'prod/api')
    assert done.returncode == 1
    assert done.stderr.startswith("registry/environments/prod.yaml::$.spec.capacity.accelerators['nvidia.com/gpu']: ")
    assert checkout.everything() == before
    rollout(checkout, 'abort', 'prod/web')
    assert rollout(checkout, 'start', 'prod/api')['stage'] == 'on'


def test_rolling_has_no_rollout_and_nothing_pinned_none_either(tmp_path: Path) -> None:
    checkout = prepared(tmp_path / 'one', files({'rolling': {}}))
    done = chartloom(checkout.folder, 'rollout', 'start', 'prod/web')
    assert "strategy 'rolling' has no rollout" in done.stderr
    assert "strategy 'rolling'" in chartloom(checkout.folder, 'rollout', 'status', 'prod/web').stdout
    checkout = prepared(tmp_path / 'two', {**files({'rolling': {}}, follow='newest'), **r.release('prod', 'web')})
    done = chartloom(checkout.folder, 'rollout', 'start', 'prod/web')
    assert done.stderr.splitlines()[1] == "  hint: 'prod' follows the newest version: run 'chartloom generate --commit'"
    registry = {
        **files({'canary': {'steps': [{'weight': 20, 'hold': '10m'}]}}, follow='newest', engine='argo-rollouts'),
        **r.release('prod', 'web'),
    }
    checkout = prepared(tmp_path / 'three', registry)
    done = chartloom(checkout.folder, 'rollout', 'start', 'prod/web')
    assert 'a rollout requires a pin, and this release has none' in done.stderr


def test_another_kind_of_strategy_wants_new_pods_first(checkout: Checkout) -> None:
    """Version 2 alone is released by canary, as its model says."""
    checkout.write(r.environment('prod', **r.GATEWAY))
    checkout.write(r.model(versions=[r.version('1'), r.version('2')], route={}, replicas=4, strategy=CANARY, **NEW))
    checkout.commit()
    done = chartloom(checkout.folder, 'rollout', 'start', 'prod/web')
    assert "the release has strategy 'rolling', and 2 (chart 1.1.1) has 'canary'" in done.stderr


def test_a_pin_stays_until_the_rollout_has_ended(checkout: Checkout) -> None:
    rollout(checkout, 'start', 'prod/web')
    before = checkout.everything()
    done = chartloom(checkout.folder, 'pin', '--newest', 'prod/web')
    assert done.returncode == 1
    assert 'a rollout to 2 is in progress and moves the pin when it ends' in done.stderr
    assert checkout.everything() == before
    # Everything else works as ever.
    assert chartloom(checkout.folder, 'verify').returncode == 0
    explained = chartloom(checkout.folder, 'explain', 'release/prod/web', 'tracks.stable.workload.args')
    assert 'registry/rollouts/prod/web.yaml' in explained.stdout


def test_a_version_may_be_released_and_rolled_out_at_once(tmp_path: Path) -> None:
    checkout = new(tmp_path / 'repository', files(CANARY))
    checkout.commit()
    checkout.write(new_version())
    assert rollout(checkout, 'start', 'prod/web')['to'] == {'version': '2', 'chart': '1.1.0'}
    assert 'charts/web/1.1.0/Chart.yaml' in checkout.files()
    assert checkout.status() == []
    assert checkout.generate().changed is False


@pytest.mark.parametrize('verb', ['advance', 'abort'])
def test_what_somebody_else_has_begun_is_no_part_of_a_stage(checkout: Checkout, verb: str) -> None:
    rollout(checkout, 'start', 'prod/web')
    checkout.append('registry/models/web.yaml', '# not ready yet\n')
    before = checkout.everything()
    done = chartloom(checkout.folder, 'rollout', verb, 'prod/web')
    assert (done.returncode, done.stderr.splitlines()[0]) == (
        1, 'registry/models/web.yaml: changed, and not part of this operation',
    )  # fmt: skip
    assert checkout.everything() == before


def test_comments_in_the_files_are_kept(checkout: Checkout) -> None:
    rollout(checkout, 'start', 'prod/web')
    checkout.append(ROLLOUT, '# ask the search team before the last step\n')
    checkout.commit()
    rollout(checkout, 'advance', 'prod/web')
    rollout(checkout, 'advance', 'prod/web', '--now')
    rollout(checkout, 'abort', 'prod/web')
    assert '# ask the search team' in checkout.read(ROLLOUT)
    assert '  aborted: true\n' in checkout.read(ROLLOUT)
