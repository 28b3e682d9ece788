"""`promote --values` carries values, but for `spec.local`; versions move in one production environment a commit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import registries as r
from gitops import Checkout, answered, chartloom, new

from generator.documents.read import read_yaml
from generator.operations.carried import carried, with_values

FILE = 'registry/releases/eu/web.yaml'
VERSIONS = [r.version('1'), r.version('2')]
WRITTEN = """\
apiVersion: chartloom/v1
kind: Release
metadata: {name: web}
spec:
  version: "1"
  chart: 1.0.0
  local: [replicaCount, nodeSelector]
  values:
    replicaCount: 9 # the region is small
    # Measured there.
    resources: {requests: {cpu: "1"}}
    nodeSelector: {zone: eu}
    terminationGracePeriodSeconds: 60
"""


def spec(text: str) -> dict[str, Any]:
    found: dict[str, Any] = read_yaml(text.encode(), '')['spec']
    return found


@pytest.mark.parametrize(
    ('there', 'here', 'local', 'changes'),
    [
        ({'a': 1}, {'a': 1}, [], []),
        ({'a': 1}, {'a': 2}, ['a'], []),
        ({}, {'a': 2}, [], ['a: 2 → nothing']),
        ({'a': {'b': 1, 'c': 2}}, {'a': {'b': 3}}, ['a.b'], ['a.c: nothing → 2']),
        ({'a': {'b': 1}}, {}, ['a.b'], []),
        ({'a': {'b': 1}}, {}, [], ['a: nothing → {b: 1}']),
        ({'a': 'text'}, {'a': {'b': 1, 'c': 2}}, ['a.c'], ['a.b: 1 → nothing']),
        ({}, {'a': {'b': 1, 'c': 2}}, ['a.c'], ['a.b: 1 → nothing']),
        ({'a': {'x.y/z': 1}}, {'a': {'x.y/z': 2, 'w': 1}}, ["a['x.y/z']"], ['a.w: 1 → nothing']),
        ({'a': None}, {'a': 1}, [], ['a: 1 → null']),
        ({'a': True}, {'a': 1}, [], ['a: 1 → true']),
        ({'a': [1, 2]}, {'a': [1]}, [], ['a: [1] → [1, 2]']),
        ({'a': {}}, {'a': {'b': 1}}, ['a.b'], []),
    ],
)
def test_what_is_carried(there: Any, here: Any, local: list[str], changes: list[str]) -> None:
    source, target = (
        json.dumps({'spec': each}).encode() for each in ({'values': there}, {'values': here, 'local': local})
    )
    found = carried(source, target, 'registry/releases/eu/web.yaml')
    assert list(map(str, found)) == changes
    after = with_values(target, 'registry/releases/eu/web.yaml', found)
    assert carried(source, after, 'registry/releases/eu/web.yaml') == ()


@pytest.fixture
def made(tmp_path: Path) -> Checkout:
    """Two regions promote from prod, which runs version 2; each on a cluster of its own."""
    values = {'replicaCount': 3, 'resources': {'requests': {'cpu': '2'}}, 'preStopSeconds': 7}
    region = {'promotesFrom': ['prod'], 'inherits': 'prod'}
    files = {
        **r.settings(), **r.model('web', versions=VERSIONS), **r.model('api', versions=VERSIONS),
        **r.environment('prod', production=True),
        **{path: data for name in ('eu', 'us') for path, data in r.environment(name, **region).items()},
        **r.release('prod', 'web', version='2', chart='1.1.0', values=values),
        **r.release('prod', 'api', version='2', chart='1.1.0'),
        **r.release('us', 'web', version='1', chart='1.0.0'),
        FILE: WRITTEN.encode(),
    }  # fmt: skip
    found = new(tmp_path / 'made', files)
    assert found.commit().commit
    return found


def run(made: Checkout, *arguments: str, code: int = 0) -> dict[str, Any]:
    return answered(made, 'promote', *arguments, code=code)


def test_values_come_along_and_local_ones_stay(made: Checkout) -> None:
    (row,) = run(made, 'web', '--to', 'eu', '--values')['promoted']
    assert {each['key'] for each in row['values']} == {
        'resources.requests.cpu', 'preStopSeconds', 'terminationGracePeriodSeconds',
    }  # fmt: skip
    text = made.read(FILE)
    assert 'replicaCount: 9 # the region is small\n' in text
    assert '    # Measured there.\n    resources: {requests: {cpu: "2"}}\n' in text
    assert spec(text)['values'] == {
        'replicaCount': 9, 'resources': {'requests': {'cpu': '2'}}, 'nodeSelector': {'zone': 'eu'},
        'preStopSeconds': 7,
    }  # fmt: skip
    body = made.git('log', '-1', '--format=%B').splitlines()
    assert body[0] == 'Promote eu/web: 1 → 2 (chart 1.1.0)'
    assert 'eu/web: values.resources.requests.cpu: "1" → "2"' in body
    assert 'eu/web: values.terminationGracePeriodSeconds: 60 → nothing' in body
    assert body[-1] == 'Chartloom-Operation: promote web --to eu --values'
    assert run(made, 'web', '--to', 'eu', '--values')['changed'] is False
    # Later, the values alone.
    prod = 'registry/releases/prod/web.yaml'
    made.write({prod: made.read(prod).replace('"cpu": "2"', '"cpu": "4"')})
    assert made.commit().commit
    assert run(made, 'web', '--to', 'eu')['changed'] is False
    assert run(made, 'web', '--to', 'eu', '--values')['commit']
    assert made.git('log', '-1', '--format=%s') == 'Carry values to eu/web from prod/web'
    assert 'cpu: "4"' in made.read('values/eu/web.yaml')


def test_a_first_promotion_carries_them_too(made: Checkout) -> None:
    run(made, 'web', '--to', 'us', '--values')
    assert spec(made.read('registry/releases/us/web.yaml'))['values']['replicaCount'] == 3
    made.write(r.release('prod', 'api', version='2', chart='1.1.0', values={'replicaCount': 4}))
    assert made.commit().commit
    run(made, 'api', '--to', 'us', '--values')
    assert spec(made.read('registry/releases/us/api.yaml')) == {
        'version': '2', 'chart': '1.1.0', 'values': {'replicaCount': 4},
    }  # fmt: skip


def test_one_production_environment_a_commit(made: Checkout) -> None:
    (found,) = run(made, 'web', '--to', 'eu', '--to', 'us', code=1)['problems']
    assert found['rule'] == 'together'
    assert found['message'] == "versions would move in 2 production environments in one commit: 'eu', 'us'"
    assert found['hint'] == 'move them one after the other, or add --together'
    head = made.head()
    rows = run(made, 'web', '--to', 'eu', '--to', 'us', '--together')['promoted']
    assert [row['release'] for row in rows] == ['eu/web', 'us/web']
    assert made.git('rev-parse', 'HEAD~1') == head
    body = made.git('log', '-1', '--format=%B').splitlines()
    assert body[0] == 'Promote web to eu, us: 2 releases'
    assert body[-1] == 'Chartloom-Operation: promote web --to eu --to us --together'


def test_pins_and_bumps_keep_to_it(made: Checkout) -> None:
    done = chartloom(made.folder, 'pin', '--newest', 'eu/web', 'us/web', '--allow-frozen', 'x y')
    assert 'versions would move in 2 production environments' in done.stderr
    files = {path: data for name in ('eu', 'us') for path, data in r.following(name, production=True).items()}
    made.write({**files, **r.release('eu', 'web'), **r.release('us', 'web')})
    assert made.commit().commit
    bump = ('bump', 'web', '3', '--image', r.version('3')['image'])
    done = chartloom(made.folder, *bump)
    assert 'versions would move in 2 production environments' in done.stderr
    assert chartloom(made.folder, *bump, '--together').returncode == 0
    assert made.git('log', '-1', '--format=%B').rstrip().endswith(' --together')


def test_a_rollout_in_git_takes_no_values_along(made: Checkout) -> None:
    made.write(r.environment('eu', promotesFrom=['prod'], strategy={'blueGreen': {}}))
    assert made.commit().commit
    (found,) = run(made, 'web', '--to', 'eu', '--values', code=1)['problems']
    assert found['message'].startswith('its rollout starts, and new values would reach the old version at once: ')
    assert found['hint'].endswith("when the rollout has ended, 'chartloom promote web --to eu --values'")
