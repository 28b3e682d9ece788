"""`chartloom environment copy`: another place, the same releases; what two environments cannot share is asked for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import registries as r
from gitops import Checkout, chartloom, published, published_at
from parts import git

from generator.documents.read import read_yaml

ENVIRONMENT = b"""\
# Production; see the wiki.
apiVersion: chartloom/v1
kind: Environment
metadata:
  name: prod
spec:
  cluster: {name: prod, server: "https://prod.example"}   # three zones
  kubernetes: "1.36"
  namespace: ml
  agent: argocd
  promotesFrom: [staging]
  capacity:
    accelerators: {nvidia.com/gpu: 8}
  router: gateway-api
  gateway: {name: public, namespace: gateways}
  domain: shop.example
"""
FILES = {
    **r.settings(owners={'/registry/releases/prod/': ['@shop/on-call'], '/registry/models/': ['@shop/ml']}),
    **r.model('web', route={}),
    **r.model('api'),
    **r.environment('staging'),
    'registry/environments/prod.yaml': ENVIRONMENT,
    **{k: v for name in ('staging', 'prod') for k, v in r.release(name, 'web', version='1', chart='1.0.0').items()},
    **r.release(
        'prod',
        'api',
        version='1',
        chart='1.0.0',
        skipPromotion='nothing like it runs in staging',
        values={'replicaCount': 3},
    ),
}
# In block style, as people write it: a copy of an entry stands below the first.
FILES['registry/settings.yaml'] = b"""\
apiVersion: chartloom/v1
kind: Settings
metadata: {name: ml}
spec:
  repository: {url: "https://git.example/ml.git"}
  owners:
    /registry/releases/prod/:
    - "@shop/on-call"
    /registry/models/:
    - "@shop/ml"
"""
PLACE = ('--cluster', 'eu', '--server', 'https://eu.example', '--domain', 'eu.shop.example')
EU = 'registry/environments/eu.yaml'


@pytest.fixture
def here(tmp_path: Path) -> Checkout:
    return published(tmp_path / 'repository', FILES)


def copy(here: Checkout, *options: str) -> dict[str, Any]:
    done = chartloom(here.folder, 'environment', 'copy', 'prod', 'eu', *options, '--output', 'json')
    assert done.returncode == 0, done.stderr + done.stdout
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_copy_has_the_releases_and_the_owners_of_the_first(here: Checkout) -> None:
    told = copy(here, *PLACE)
    assert told['commit']
    assert [each['release'] for each in told['pins']] == ['eu/api', 'eu/web']
    said = {
        'name: prod\n': 'name: eu\n',
        'name: prod,': 'name: eu,',
        'prod.example': 'eu.example',
        ': shop.': ': eu.shop.',
    }
    text = ENVIRONMENT.decode()
    for old, new in said.items():
        text = text.replace(old, new)
    assert here.read(EU) == text
    for model in ('web', 'api'):
        assert here.read(f'registry/releases/eu/{model}.yaml') == here.read(f'registry/releases/prod/{model}.yaml')
    assert '/registry/releases/prod/ @shop/on-call\n/registry/releases/eu/ @shop/on-call\n' in here.read('CODEOWNERS')
    assert {'delivery/eu/web.yaml', 'values/eu/api.yaml', 'bootstrap/eu.yaml'} <= {*here.files()}
    message = here.git('log', '-1', '--format=%B')
    assert message.startswith('Copy environment prod to eu: 2 releases\n')
    assert '* spec.domain: shop.example → eu.shop.example\n' in message
    assert f'Chartloom-Operation: environment copy prod eu {" ".join(PLACE)}' in message
    assert {each['message'] for each in told['warnings']} >= {
        "the capacity is that of 'prod': 8 nvidia.com/gpu", "nothing of 'eu' runs until its agent knows it",
    }  # fmt: skip
    assert here.status() == []
    again = copy(here, *PLACE)
    assert (again['changed'], again['commit']) == (False, '')


def test_a_copy_may_inherit_the_rest(here: Checkout) -> None:
    copy(here, *PLACE, '--inherits', '--promotes-from', 'prod')
    assert read_yaml(here.read(EU).encode(), EU)['spec'] == {
        'inherits': 'prod', 'cluster': {'name': 'eu', 'server': 'https://eu.example'}, 'namespace': 'ml',
        'domain': 'eu.shop.example', 'promotesFrom': ['prod'], 'capacity': {'accelerators': {'nvidia.com/gpu': 8}},
    }  # fmt: skip
    assert here.read('values/eu/api.yaml').splitlines()[2:] == here.read('values/prod/api.yaml').splitlines()[2:]
    assert here.generate().changed is False


def test_other_origins_stand_in_a_whole_copy_too(here: Checkout) -> None:
    copy(here, *PLACE, '--promotes-from', 'prod', '--skip-promotion', 'a new region')
    spec = read_yaml(here.read(EU).encode(), EU)['spec']
    assert spec['promotesFrom'] == ['prod']
    release = 'registry/releases/eu/web.yaml'
    assert read_yaml(here.read(release).encode(), release)['spec']['skipPromotion'] == 'a new region'
    message = here.git('log', '-1', '--format=%B')
    assert '* spec.promotesFrom: staging → prod\nPromotion is skipped: a new region\n' in message
    assert "--skip-promotion 'a new region'" in message


def test_what_cannot_be_shared_is_asked_for_at_once(here: Checkout) -> None:
    before = here.everything()
    done = chartloom(here.folder, 'environment', 'copy', 'prod', 'eu', '--cluster', 'eu')
    assert done.returncode == 1
    assert done.stderr.splitlines()[::2] == [
        "--domain: 'prod' has the host names below 'shop.example'",
        "--server: 'prod' has the API server https://prod.example of cluster 'prod'",
    ]
    done = chartloom(here.folder, 'environment', 'copy', 'prod', 'eu', '--cluster', 'prod', '--domain', 'eu.example')
    assert "--namespace: 'prod' has namespace 'ml' of cluster 'prod'" in done.stderr
    done = chartloom(here.folder, 'environment', 'copy', 'prod', 'staging', *PLACE)
    assert "environment 'staging' is there already, and is no such copy of 'prod'" in done.stderr
    done = chartloom(here.folder, 'environment', 'copy', 'prd', 'eu', *PLACE)
    assert "environment 'prd' not found\n  hint: did you mean 'prod'?" in done.stderr
    done = chartloom(here.folder, 'environment', 'copy', 'prod', 'prod', *PLACE)
    assert 'a copy needs another name' in done.stderr
    assert here.everything() == before


def test_secrets_and_applications_have_a_place_of_their_own(tmp_path: Path) -> None:
    text = ENVIRONMENT.replace(
        b'  promotesFrom: [staging]\n', b'  applicationNamespace: apps\n  secretStore: {name: vault, path: ml/prod}\n'
    )
    here = published(tmp_path / 'repository', FILES | {'registry/environments/prod.yaml': text})
    done = chartloom(here.folder, 'environment', 'copy', 'prod', 'eu', *PLACE)
    assert done.stderr.splitlines()[::2] == [
        "--application-namespace: 'prod' has its Applications in 'apps'",
        "--store-path: 'prod' has its secrets in store 'vault'",
    ]
    copy(here, *PLACE, '--application-namespace', 'apps-eu', '--store-path', 'ml/eu')
    spec = read_yaml(here.read(EU).encode(), EU)['spec']
    assert (spec['applicationNamespace'], spec['secretStore']) == ('apps-eu', {'name': 'vault', 'path': 'ml/eu'})


def test_states_of_the_first_are_left_behind(tmp_path: Path) -> None:
    """A rollback skips steps and checks, and nothing was rolled back in the copy."""
    versions = [r.version('1'), r.version('2')]
    strategy = {'canary': {'steps': [{'weight': 50, 'hold': '1m'}]}}
    files = FILES | r.model('web', versions=versions, route={})
    files |= r.release('prod', 'web', version='1', chart='1.0.0', strategy=strategy)
    files['registry/environments/prod.yaml'] = ENVIRONMENT.replace(b'  promotesFrom: [staging]\n', b'')
    here = published(tmp_path / 'repository', files)
    started = chartloom(here.folder, 'rollout', 'start', 'prod/web', '--version', '2')
    assert started.returncode == 0, started.stderr
    told = copy(here, *PLACE)
    assert told['rollouts'] == ['prod/web']
    assert not (here.folder / 'registry/rollouts/eu').exists()
    assert here.read('registry/releases/eu/web.yaml') == here.read('registry/releases/prod/web.yaml')
    assert 'Rollouts are not copied, only what they started from: prod/web' in here.git('log', '-1', '--format=%B')


def test_on_a_remote_and_without_writing(tmp_path: Path) -> None:
    origin = tmp_path / 'origin'
    git(tmp_path, 'init', '--quiet', '--bare', '--initial-branch=main', str(origin))
    here = published_at(origin, tmp_path / 'repository', files=FILES)
    head = git(origin, 'rev-parse', 'main')
    arguments = ('environment', 'copy', 'prod', 'eu', *PLACE, '--repo', str(origin))
    dry = chartloom(tmp_path, *arguments, '--dry-run', '--output', 'json')
    assert dry.returncode == 0, dry.stderr
    assert (json.loads(dry.stdout)['changed'], git(origin, 'rev-parse', 'main')) == (True, head)
    done = chartloom(tmp_path, *arguments)
    assert done.returncode == 0, done.stderr
    here.git('pull', '--quiet')
    assert (EU in here.files(), here.generate().changed) == (True, False)
