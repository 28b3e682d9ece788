"""A promotion waits for the soak and the holds of the environment before, and asks its Prometheus for healthy time."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
import registries as r
from gitops import Checkout, chartloom, new
from scraped import Pods, until

from generator.tools.clock import utc_text

VERSIONS = [r.version('1'), r.version('2')]
CHECKS = {'queries': {'errors': {'query': 'max(errors{SEL})', 'limit': '<= 0.1'}}, 'interval': '1s', 'failures': 0}


def checkout(folder: Path, address: str = '', soak: str = '', engine: str = '', **canary: Any) -> Checkout:
    """Version 2 has run in staging for an hour, and prod runs version 1."""
    steps = {'steps': [{'weight': 50}], **canary}
    monitoring = {'monitoring': {'namespace': 'monitoring', 'podMonitor': True, 'prometheus': address}}
    staging = {
        **r.GATEWAY, 'strategy': {'canary': steps}, **(monitoring if address else {}),
        **({'engine': engine} if engine else {}),
    }  # fmt: skip
    prod = {**r.GATEWAY, 'domain': 'prod.example', 'promotesFrom': ['staging'], 'strategy': {'rolling': {}}}
    files = {
        **r.settings(), **r.model(versions=VERSIONS, route={}, replicas=1),
        **r.environment('staging', **staging),
        **r.environment('prod', **prod, **({'promotion': {'soak': soak}} if soak else {})),
        **r.release('staging', 'web', version='2', chart='1.1.0'),
        **r.release('prod', 'web', version='1', chart='1.0.0'),
    }  # fmt: skip
    found = new(folder, files)
    assert found.commit().commit
    return found


def promote(made: Checkout, *options: str, hours: float = 1) -> Any:
    """The row of the release, or the first problem."""
    at = utc_text(int(made.git('log', '-1', '--format=%ct')) + int(hours * 3600))
    done = chartloom(made.folder, 'promote', 'web', '--to', 'prod', '--at', at, *options, '--output', 'json')
    found = json.loads(done.stdout)
    return found['problems'][0]['message'] if done.returncode else found['promoted'][0]['version']


@pytest.mark.parametrize('engine', ['argo-rollouts', 'flagger'])
def test_the_holds_of_a_controller_count(tmp_path: Path, engine: str) -> None:
    """Git does not see the steps: the version has finished there when their time is over."""
    steps = [{'weight': 10, 'hold': '90m'}, {'weight': 50, 'hold': '90m'}]
    made = checkout(tmp_path / 'made', engine=engine, steps=steps)
    said = promote(made)
    assert said.endswith('where 2 (chart 1.1.0) has run for 1h, and must for 3h of the steps there')
    assert promote(made, hours=3) == '2'


def test_holds_and_soak_are_added(tmp_path: Path) -> None:
    steps = [{'weight': 10, 'hold': '2h'}]
    made = checkout(tmp_path / 'made', soak='2h', engine='argo-rollouts', steps=steps)
    said = promote(made, '--confirm-healthy', hours=3)
    assert said.endswith('has run for 3h, and must for 2h of the steps there and 2h (promotion.soak)')
    assert promote(made, '--confirm-healthy', hours=4) == '2'


def test_commits_carry_out_holds_themselves(tmp_path: Path) -> None:
    made = checkout(tmp_path / 'made', steps=[{'weight': 10, 'hold': '2h'}])
    assert promote(made) == '2', 'the pin moved at the end of the rollout'


def test_an_approval_that_a_controller_asks_for_is_confirmed(tmp_path: Path) -> None:
    made = checkout(tmp_path / 'made', engine='argo-rollouts', steps=[{'weight': 10, 'approval': True}])
    assert promote(made).startswith("'staging/web' has a step that wants an approval, which argo-rollouts asks for")
    assert promote(made, '--confirm-healthy') == '2'


def asked(made: Checkout) -> set[str]:
    """Promote now: Prometheus has no other data."""
    done = chartloom(made.folder, 'promote', 'web', '--to', 'prod', '--output', 'json')
    said = (each['message'] for each in json.loads(done.stdout).get('problems', ()))
    return {each.removeprefix("'staging/web' was not seen healthy over the last 1s: ") for each in said}


def test_prometheus_says_whether_it_was_healthy(
    tmp_path: Path, pods: Pods, prometheus: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv('GIT_COMMITTER_DATE', f'{int(time.time()) - 60} +0000')
    made = checkout(tmp_path / 'made', prometheus, '1s', checks=CHECKS)
    monkeypatch.delenv('GIT_COMMITTER_DATE')
    few, no_data = "track 'stable' had its 1 ready pods at 0 of 1 looks", 'errors has no data'
    until(lambda: asked(made), {few, no_data})
    server = pods.server.server_address[1]
    job = {'job': 'ml-staging/web', 'chartloom_dev_track': 'stable', 'instance': 'one', '__metrics_path__': '/one'}
    pods.file.write_text(json.dumps([{'targets': [f'127.0.0.1:{server}'], 'labels': job}]))
    pods.say('one', '')
    until(lambda: asked(made), {no_data})
    pods.say('one', 'errors 0.5\n')
    until(lambda: asked(made), {'errors was not <= 0.1 at 2 of 2 looks, 0 allowed'})
    pods.say('one', 'errors 0.05\n')
    until(lambda: asked(made), set())


def test_a_prometheus_that_does_not_answer_stops_it(tmp_path: Path) -> None:
    made = checkout(tmp_path / 'made', 'http://127.0.0.1:1', '30m')
    assert 'no response from Prometheus' in promote(made)
    assert promote(made, '--confirm-healthy') == '2'
