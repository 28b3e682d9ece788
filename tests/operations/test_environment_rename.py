"""`chartloom environment rename`: all that names it follows, and the values of its releases stay as they are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import registries as r
from gitops import Checkout, chartloom, published, published_at
from parts import git

from generator.documents.read import read_yaml

BLUE_GREEN = {'blueGreen': {'keepOld': '1m'}}
PROD = b"""\
apiVersion: chartloom/v1
kind: Environment
metadata:
  name: prod
spec:
  cluster: {name: prod, server: "https://prod.example"}
  kubernetes: "1.36"
  namespace: staging   # an old name
  agent: %s
  # What ran in staging.
  promotesFrom:
  - staging
"""
EU = {'cluster': {'name': 'eu', 'server': 'https://eu.example'}, 'namespace': 'ml', 'promotesFrom': ['staging', 'prod']}


def files(agent: str = 'argocd') -> r.Files:
    owners = {'/registry/releases/staging/': ['@a/b'], '/bootstrap/staging.yaml': ['@a/b'], '/staging/': ['@c/d']}
    return {
        **r.settings(owners=owners),
        **r.model('web', versions=[r.version('1'), r.version('2')]),
        **r.environment('staging', agent=agent),
        'registry/environments/prod.yaml': PROD % agent.encode(),
        'registry/environments/eu.yaml': r.document('Environment', 'eu', {'inherits': 'staging', **EU}),
        **r.release('staging', 'web', version='1', chart='1.0.0', strategy=BLUE_GREEN),
        **r.release('prod', 'web', version='1', chart='1.0.0'),
        **r.release('eu', 'web', version='1', chart='1.0.0'),
    }


def rename(here: Checkout, *names: str) -> dict[str, Any]:
    done = chartloom(here.folder, 'environment', 'rename', *names, '--output', 'json')
    assert done.returncode == 0, done.stderr + done.stdout
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize('agent', ['argocd', 'flux'])
def test_all_that_names_it_follows(tmp_path: Path, agent: str) -> None:
    here = published(tmp_path / 'repository', files(agent))
    values = here.read('values/staging/web.yaml').splitlines()[2:]
    told = rename(here, 'staging', 'test')
    assert here.read('values/test/web.yaml').splitlines()[2:] == values, 'nothing restarts'
    assert here.read('registry/environments/prod.yaml').encode() == (PROD % agent.encode()).replace(
        b'- staging', b'- test'
    )
    eu = read_yaml(here.read('registry/environments/eu.yaml').encode(), '')['spec']
    assert (eu['inherits'], eu['promotesFrom']) == ('test', ['test', 'prod'])
    owners = read_yaml(here.read('registry/settings.yaml').encode(), '')['spec']['owners']
    assert list(owners) == ['/registry/releases/test/', '/bootstrap/test.yaml', '/staging/']
    assert not [path for path in here.git('ls-files').split() if '/staging' in path]
    assert {each['file'] for each in told['warnings']} == {'bootstrap/staging.yaml', 'bootstrap/test.yaml'}, (
        'and nobody is told that a gate became weaker'
    )
    message = here.git('log', '-1', '--format=%B')
    assert message.startswith('Rename environment staging to test\n\n1 release: staging/… → test/…\n')
    assert message.rstrip().endswith('Chartloom-Operation: environment rename staging test')
    assert (here.status(), here.generate().changed) == ([], False)
    verified = chartloom(here.folder, 'verify')
    assert verified.returncode == 0, verified.stderr
    again = rename(here, 'staging', 'test')
    assert (again['changed'], again['commit']) == (False, '')
    # The next promotion is judged by the new name.
    pinned = chartloom(here.folder, 'pin', '--newest', 'prod/web')
    assert "'prod' promotes from 'test', where no published commit ended with 2" in pinned.stderr


def test_it_is_refused_while_a_rollout_runs(tmp_path: Path) -> None:
    here = published(tmp_path / 'repository', files())
    started = chartloom(here.folder, 'rollout', 'start', 'staging/web', '--version', '2')
    assert started.returncode == 0, started.stderr
    before = here.everything()
    done = chartloom(here.folder, 'environment', 'rename', 'staging', 'test')
    assert done.returncode == 1
    assert done.stderr == (
        'registry/rollouts/staging/web.yaml: a rollout to 2 is in progress: its stages are counted by this name\n'
        "  hint: run 'chartloom rollout finish staging/web' or 'chartloom rollout abort staging/web' first\n"
    )
    assert here.everything() == before
    other = chartloom(here.folder, 'environment', 'rename', 'prod', 'production')
    assert other.returncode == 0, other.stderr


@pytest.mark.parametrize(
    ('names', 'told'),
    [
        (('stagin', 'test'), "registry/environments: environment 'stagin' not found\n  hint: did you mean 'staging'?"),
        (('staging', 'prod'), "registry/environments/prod.yaml: environment 'prod' is there already"),
        (('staging', 'Test'), "registry/environments/staging.yaml::$.metadata.name: invalid name 'Test'"),
    ],
)
def test_names_that_do_not_do(tmp_path: Path, names: tuple[str, str], told: str) -> None:
    here = published(tmp_path / 'repository', files())
    done = chartloom(here.folder, 'environment', 'rename', *names)
    assert done.returncode == 1
    assert told in done.stderr


def test_on_a_remote(tmp_path: Path) -> None:
    origin = tmp_path / 'origin'
    git(tmp_path, 'init', '--quiet', '--bare', '--initial-branch=main', str(origin))
    here = published_at(origin, tmp_path / 'repository', files=files())
    arguments = ('environment', 'rename', 'staging', 'test', '--repo', str(origin))
    dry = chartloom(tmp_path, *arguments, '--dry-run')
    assert dry.returncode == 0, dry.stderr
    assert git(origin, 'rev-parse', 'main') == here.head()
    done = chartloom(tmp_path, *arguments)
    assert done.returncode == 0, done.stderr
    assert [path for path in git(origin, 'ls-tree', '-r', '--name-only', 'main').split() if '/staging' in path] == []
    here.git('pull', '--quiet')
    assert here.generate().changed is False
