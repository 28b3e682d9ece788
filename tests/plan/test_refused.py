"""Ways of a release that Flagger was seen never to end, though both ends are right."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import registries as r
import strategy_cases as s
from gitops import chartloom

ENVIRONMENTS = ['fl-gw-argocd', 'fl-gw-flux']
FILE = 'registry/releases/{}/canary.yaml'
LEAVES = 'leaves engine flagger in one commit: Flagger would delete its pods while the others have 0 replicas'
WAITS = 'with leavesFlagger its Canary waits for its Deployment, which is removed first: it would never end'
each_agent = pytest.mark.parametrize('environment', ENVIRONMENTS)


def release(environment: str, **spec: Any) -> r.Files:
    return r.release(environment, 'canary', version='1', chart='1.0.0', **spec)


def published(tmp_path: Path, environment: str, **spec: Any) -> r.Repository:
    files = r.settings() | s.environment(environment) | s.model('canary') | release(environment, **spec)
    repository = r.Repository(tmp_path / 'repository', files)
    repository.publish()
    return repository


def told(repository: r.Repository, *args: str) -> list[str]:
    done = chartloom(repository.folder, *args)
    assert done.returncode == 1, done.stderr
    return [line for line in done.stderr.splitlines() if not line.startswith('warning:')]


@each_agent
def test_it_leaves_flagger_in_two_commits(tmp_path: Path, environment: str) -> None:
    repository = published(tmp_path, environment)
    repository.write(release(environment, engine='native'))
    for command in (('generate', '--commit'), ('plan',), ('verify',)):
        lines = told(repository, *command)
        place = lines.index(f'{FILE.format(environment)}: {LEAVES}')
        hint = 'write leavesFlagger: true, keep the engine, and change the engine when the agent has applied that'
        assert lines[place + 1] == f'  hint: {hint}'
    repository.write(release(environment, leavesFlagger=True))
    repository.publish()
    repository.write(release(environment, engine='native'))
    assert chartloom(repository.folder, 'generate', '--commit').returncode == 0


@each_agent
def test_a_canary_that_gives_pods_back_is_not_removed_with_them(tmp_path: Path, environment: str) -> None:
    repository = published(tmp_path, environment, leavesFlagger=True)
    (repository.folder / FILE.format(environment)).unlink()
    removal = ('generate', '--commit', '--allow-removal', f'{environment}/canary')
    assert told(repository, *removal) == [
        f'{FILE.format(environment)}: {WAITS}',
        '  hint: commit it without leavesFlagger, then remove it when that is applied',
    ]
    repository.write(release(environment))
    repository.publish()
    (repository.folder / FILE.format(environment)).unlink()
    assert chartloom(repository.folder, *removal).returncode == 0


@each_agent
def test_the_primary_keeps_its_scaledobject(tmp_path: Path, environment: str) -> None:
    keda = {'enabled': True, 'type': 'keda', 'keda': {'query': 'sum(load{job="$JOB"})'}}
    repository = published(tmp_path, environment)
    repository.write(release(environment, values={'autoscaling': keda}))
    repository.publish()  # KEDA takes over the primary's autoscaler by its name
    repository.write(release(environment))
    assert told(repository, 'generate')[0] == (
        f'{FILE.format(environment)}: scales by CPU or not at all instead of by load: '
        'Flagger keeps the ScaledObject of its primary'
    )


def test_only_flagger_is_left(tmp_path: Path) -> None:
    name = 'ar-gw-flux'
    files = r.settings() | s.environment(name) | s.model('canary') | release(name, leavesFlagger=True)
    assert told(r.Repository(tmp_path / 'repository', files), 'generate') == [
        f"{FILE.format(name)}::$.spec.leavesFlagger: leavesFlagger is for engine 'flagger', not 'argo-rollouts'",
        '  hint: remove it',
    ]
