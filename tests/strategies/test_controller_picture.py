"""What `rollout status` says about a controller is what its object makes the controller do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import registries as r
from gitops import chartloom

MONITORED = {'namespace': 'monitoring', 'podMonitor': True, 'prometheus': 'http://prometheus.monitoring:9090'}
CHECKS = {'successRate': '>= 99%', 'p99': '<= 150ms'}
STEPS = [{'weight': 5, 'hold': '10m'}, {'weight': 25, 'hold': '10m'}]
HEADERS = [{'headers': {'x-beta': 'on'}, 'hold': '10m'}]
REVERT = "the old version gets all requests, and git still has the new version: run 'chartloom rollback web --env prod'"


def said(folder: Path, engine: str, strategy: dict[str, Any], **environment: Any) -> list[str]:
    files = r.settings() | r.model('web', runtime='triton', route={}, strategy=strategy)
    place = {'engine': engine, 'monitoring': MONITORED, **r.GATEWAY, **environment}
    files |= r.following('prod', **place) | r.release('prod', 'web')
    here = r.Repository(folder / 'repository', files)
    here.publish()
    done = chartloom(here.folder, 'rollout', 'status', 'prod/web')
    assert done.returncode == 0, done.stderr
    first, *lines, last = done.stdout.splitlines()
    assert 'moves the traffic of prod/web' in first
    assert 'watch it' in last
    return [line.strip() for line in lines]


@pytest.mark.parametrize(
    ('strategy', 'environment', 'lines'),
    [
        (
            {'canary': {'steps': STEPS, 'checks': CHECKS}}, {},
            ['at once: 5 % of the requests', 'after 10m: 25 % of the requests', 'after 20m: all requests',
             'every 10m it checks successRate >= 99%, p99 <= 150ms', f'after 2 failed checks {REVERT}'],
        ),
        (
            {'canary': {'steps': STEPS, 'checks': {**CHECKS, 'failures': 0}}}, {},
            ['at once: 5 % of the requests', 'after 10m: 25 % of the requests', 'after 20m: all requests',
             'every 10m it checks successRate >= 99%, p99 <= 150ms', f'after 1 failed check {REVERT}'],
        ),
        (
            {'canary': {'steps': HEADERS, 'checks': CHECKS}}, {},
            ['at once: requests with x-beta', 'after 10m: all requests',
             'every 1m it checks successRate >= 99%, p99 <= 150ms', f'after 2 failed checks {REVERT}'],
        ),
        (
            {'canary': {'steps': [{'mirror': 50, 'hold': '5m'}, {'weight': 20, 'hold': '5m'}]}}, {'router': 'istio'},
            ['at once: a copy of 50 %', 'after 5m: 20 % of the requests', 'after 10m: all requests'],
        ),
        (
            {'blueGreen': {'approval': True}}, {'gate': 'http://gate.shop.example/check'},
            ['at once: the new pods start, without requests',
             'after 1m: all requests, if the gate http://gate.shop.example/check is open'],
        ),
    ],
)  # fmt: skip
def test_flagger(tmp_path: Path, strategy: dict[str, Any], environment: dict[str, Any], lines: list[str]) -> None:
    assert said(tmp_path, 'flagger', strategy, **environment) == lines


@pytest.mark.parametrize(
    ('strategy', 'lines'),
    [
        (
            {'canary': {'steps': [*HEADERS, {'weight': 5, 'hold': '30m'}, {'weight': 50, 'approval': True}],
                        'checks': CHECKS}},
            ['at once: requests with x-beta, until the checks were good for 10m',
             'after 10m: 5 % of the requests, until the checks were good for 30m',
             'after 40m: 50 % of the requests, until the checks are good and somebody approves',
             'after 42m: all requests, the old pods stay for 30s',
             'it checks successRate >= 99%, p99 <= 150ms', f'if the checks fail, {REVERT}'],
        ),
        (
            {'canary': {'steps': [*HEADERS, {'weight': 50, 'hold': '1m', 'approval': True}]}},
            ['at once: requests with x-beta, for 10m',
             'after 10m: 50 % of the requests, for 1m, until somebody approves',
             'after 11m: all requests, the old pods stay for 30s'],
        ),
        (
            {'blueGreen': {'keepOld': '10m'}},
            ['at once: the new pods start', 'when they are ready: all requests, the old pods stay for 10m'],
        ),
        (
            {'blueGreen': {'approval': True}},
            ['at once: the new pods start, until somebody approves',
             'when they are ready: all requests, the old pods stay for 30s'],
        ),
    ],
)  # fmt: skip
def test_argo_rollouts(tmp_path: Path, strategy: dict[str, Any], lines: list[str]) -> None:
    assert said(tmp_path, 'argo-rollouts', strategy) == lines


@pytest.mark.parametrize('engine', ['argo-rollouts', 'flagger'])
def test_a_rollback_has_no_steps_and_no_checks(tmp_path: Path, engine: str) -> None:
    strategy = {'canary': {'steps': STEPS, 'checks': CHECKS}}
    files = r.settings() | r.model('web', runtime='triton', route={}, strategy=strategy)
    files |= r.environment('prod', engine=engine, monitoring=MONITORED, **r.GATEWAY)
    here = r.Repository(tmp_path / 'repository', files | r.release('prod', 'web', version='1', chart='1.0.0'))
    here.publish()
    here.write(r.release('prod', 'web', version='1', chart='1.0.0', rollback='1.0.0'))
    done = chartloom(here.folder, 'rollout', 'status', 'prod/web')
    assert done.stdout.splitlines()[1:-1] == ['  rollback: 1 gets all requests without checks and approvals']
