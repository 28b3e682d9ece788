"""`chartloom suspend` and `resume`: the agent's hands off one release, with one meaning under both agents."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import registries as r
from gitops import Checkout, chartloom, clone, new
from parts import git

VERSIONS = [r.version('1'), r.version('2')]
CANARY = {'canary': {'steps': [{'weight': 20}]}}
TEXT = """\
# the shop
apiVersion: chartloom/v1
kind: Release
metadata: {name: web}
spec:
  version: "1"
  chart: "1.0.0"
  # five of them
  values: {replicaCount: 5}
"""


def repository(top: Path, agent: str) -> Checkout:
    files = {
        **r.settings(), **r.model('web', versions=VERSIONS, route={}, strategy=CANARY), **r.model('api'),
        **r.environment('prod', agent=agent, **r.GATEWAY), **r.release('prod', 'api', version='1', chart='1.0.0'),
        'registry/releases/prod/web.yaml': TEXT.encode(),
    }  # fmt: skip
    found = new(top, files)
    assert found.commit().commit
    return found


def run(folder: Path, *arguments: str, code: int = 0) -> dict[str, Any]:
    done = chartloom(folder, *arguments, '--output', 'json')
    assert done.returncode == code, done.stderr + done.stdout
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize('agent', ['argocd', 'flux'])
def test_the_agent_lets_go_and_takes_it_back(agent: str, tmp_path: Path) -> None:
    made = repository(tmp_path, agent)
    before, others = made.read('delivery/prod/web.yaml'), made.read('delivery/prod/api.yaml')
    found = run(made.folder, 'suspend', 'prod/web', '--reason', 'load test')
    assert (found['changed'], found['result']) == (True, 'suspended')
    by = git(made.folder, 'log', '-1', '--format=%cn')
    mark = f'  chart: "1.0.0"\n  suspended:\n    reason: load test\n    by: {by}\n'
    assert made.read('registry/releases/prod/web.yaml') == TEXT.replace('  chart: "1.0.0"\n', mark)
    spec = made.read('delivery/prod/web.yaml')
    flux = agent == 'flux'
    assert ('\n  suspend: true\n' in spec, 'automated:' in spec, 'finalizers:' in spec) == (flux, False, False)
    assert made.read('delivery/prod/api.yaml') == others
    assert made.files() == ['delivery/prod/web.yaml', 'registry/releases/prod/web.yaml']
    message = git(made.folder, 'log', '-1', '--format=%B')
    assert message.startswith(f'Suspend prod/web: load test\n\nprod/web is suspended: load test ({by})\n')
    assert 'the objects stay, also if the release is removed.' in message
    assert message.endswith("Chartloom-Operation: suspend prod/web --reason 'load test'\n")
    assert run(made.folder, 'suspend', 'prod/web', '--reason', 'load test')['changed'] is False
    assert run(made.folder, 'suspend', 'prod/web', '--reason', 'another')['changed'] is True
    assert run(made.folder, 'resume', 'prod/web')['changed'] is True
    assert made.read('delivery/prod/web.yaml') == before
    assert made.read('registry/releases/prod/web.yaml') == TEXT
    assert run(made.folder, 'resume', 'prod/web')['changed'] is False


def test_a_suspended_release_does_not_move_but_rolls_back(tmp_path: Path) -> None:
    made = repository(tmp_path, 'flux')
    run(made.folder, 'rollout', 'start', 'prod/web')
    run(made.folder, 'suspend', 'prod/web', '--reason', 'load test')
    by = git(made.folder, 'log', '-1', '--format=%cn')
    place, told = 'registry/releases/prod/web.yaml', f"'prod/web' is suspended by {by} (load test): its agent"
    refused = {
        'file': place,
        'path': '$.spec.suspended',
        'message': f'{told} would not apply a move',
        'hint': "run 'chartloom resume prod/web' first",
    }
    for words in (('rollout', 'advance', 'prod/web'), ('rollout', 'start', 'prod/web')):
        assert run(made.folder, *words, code=1)['problems'] == [refused]
    found = run(made.folder, 'rollback', 'web', '--env', 'prod')
    assert (found['result'], found['warnings'][0]['message']) == ('aborted', f'{told} applies nothing')
    assert found['warnings'][0]['hint'] == "run 'chartloom resume prod/web' to let the agent apply it"
    run(made.folder, 'reinstate', 'prod/web', '2')
    assert run(made.folder, 'pin', 'prod/web', '--newest', code=1)['problems'] == [refused]
    found = run(made.folder, 'pin', '--env', 'prod', '--newest')
    assert found['skipped'] == [{'release': 'prod/web', 'reason': refused['message']}]


def test_without_a_checkout(tmp_path: Path, origin: Path) -> None:
    made = repository(tmp_path / 'here', 'argocd')
    made.git('push', '--quiet', str(origin), 'HEAD:main')
    assert run(tmp_path, 'suspend', 'prod/web', '--reason', 'load test', '--repo', str(origin))['pushed'] is True
    assert 'automated' not in clone(origin, tmp_path / 'there').read('delivery/prod/web.yaml')


def test_usage(tmp_path: Path) -> None:
    made = repository(tmp_path, 'argocd')
    done = chartloom(made.folder, 'suspend', 'prod/web', '--reason', 'a\nb')
    assert (done.returncode, '--reason is one line' in done.stderr) == (2, True)
    done = chartloom(made.folder, 'resume', 'qa/web')
    assert done.stderr.splitlines()[0] == "registry/releases: release 'qa/web' not found"
    done = chartloom(made.folder, 'resume', 'prod/web')
    assert done.stdout.splitlines() == ['nothing to do: prod/web is not suspended']


@pytest.mark.parametrize('agent', ['argocd', 'flux'])
def test_the_objects_of_a_suspended_release_stay_when_it_is_removed(agent: str, tmp_path: Path) -> None:
    made = repository(tmp_path, agent)
    made.remove('registry/releases/prod/api.yaml')
    done = chartloom(made.folder, 'generate', '--commit', '--allow-removal', 'prod/api')
    assert 'the agent uninstalls the removed releases' in done.stdout
    run(made.folder, 'suspend', 'prod/web', '--reason', 'it moves elsewhere')
    made.remove('registry/releases/prod/web.yaml')
    done = chartloom(made.folder, 'plan', '--allow-removal', 'prod/web')
    assert 'the objects of these removed releases stay in the cluster: prod/web' in done.stdout
    assert 'the agent uninstalls' not in done.stdout
    done = chartloom(made.folder, 'generate', '--commit', '--allow-removal', 'prod/web')
    assert 'the objects of these removed releases stay in the cluster: prod/web' in done.stdout
    message = git(made.folder, 'log', '-1', '--format=%B')
    assert 'Removed, and their objects stay in the cluster:\n* prod/web\n' in message
