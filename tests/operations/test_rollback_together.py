"""`chartloom rollback --application`: the members that moved last, and together, go back in one commit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import registries as r
from gitops import Checkout, answered, chartloom, clone, new

VERSIONS = [r.version('1'), r.version('2'), r.version('3')]
CANARY = {'canary': {'steps': [{'weight': 20}, {'weight': 50}]}}
ONE, TWO = {'version': '1', 'chart': '1.0.0'}, {'version': '2', 'chart': '1.1.0'}


@pytest.fixture
def made(tmp_path: Path) -> Checkout:
    """In prod, web has a canary whose steps are commits, api and db do not; db is as it was at first."""
    files = {
        **r.settings(),
        **r.model('web', versions=VERSIONS, route={}, strategy=CANARY),
        **r.model('api', versions=VERSIONS), **r.model('db', versions=VERSIONS), **r.model('top', versions=VERSIONS),
        **r.environment('staging', strategy={'rolling': {}}, **r.GATEWAY),
        **r.environment('prod', promotesFrom=['staging'], **r.GATEWAY | {'domain': 'prod.example'}),
        **r.application('shop', ['web', 'api', 'db']),
        **r.release('staging', 'web', **TWO), **r.release('staging', 'api', **TWO), **r.release('staging', 'db', **ONE),
        **{path: data for name in ('web', 'api', 'db', 'top') for path, data in r.release('prod', name, **ONE).items()},
    }  # fmt: skip
    found = new(tmp_path / 'made', files)
    assert found.commit().commit
    answered(found, 'promote', '--application', 'shop', '--to', 'prod')
    return found


def back(made: Checkout, *options: str, code: int = 0) -> dict[str, Any]:
    return answered(made, 'rollback', '--application', 'shop', '--env', 'prod', *options, code=code)


def told(found: dict[str, Any]) -> dict[str, tuple[str, str, str]]:
    return {
        row['release']: (row['result'], row['from']['version'], row['to']['version']) for row in found['rolledBack']
    }


def test_a_pin_and_a_rollout_go_back_together(made: Checkout) -> None:
    head = made.head()
    # Trouble elsewhere does not stop it, nor do moves of others.
    made.write(r.release('prod', 'top', **TWO, skipPromotion='it is in no staging'))
    assert made.commit().commit
    made.write({'registry/releases/staging/api.yaml': b'spec: ['})
    made.git('commit', '--quiet', '--all', '--message', 'broken')
    found = back(made, '--reason', 'orders were lost')
    assert told(found) == {'prod/api': ('rolled back', '2', '1'), 'prod/web': ('aborted', '2', '1')}
    assert found['stays'] == [{'release': 'prod/db', 'reason': 'it did not move with the others'}]
    assert made.git('rev-parse', 'HEAD~3') == head
    body = made.git('log', '-1', '--format=%B').splitlines()
    assert body[0] == 'Roll back application shop in prod: 2 releases'
    assert 'prod/api: 2 → 1 (chart 1.0.0)' in body
    assert 'prod/web: 2 → 1 (chart 1.0.0), the rollout is aborted' in body
    assert "prod/api: 2 is withdrawn here until 'chartloom reinstate': orders were lost" in body
    why = "--reason 'orders were lost'"
    assert f'Chartloom-Operation: rollback --application shop --env prod {why}' in body
    assert not (made.folder / 'registry/rollouts/prod/web.yaml').exists(), 'it had no requests yet'


def test_the_end_of_a_rollout_is_no_move(made: Checkout) -> None:
    """The rollout of web ends days later; what it moved with goes back with it."""
    for _ in range(9):
        if not (made.folder / 'registry/rollouts/prod/web.yaml').exists():
            break
        answered(made, 'rollout', 'advance', 'prod/web', '--now', '--approve')
    assert told(back(made)) == {'prod/api': ('rolled back', '2', '1'), 'prod/web': ('rolled back', '2', '1')}


def test_all_or_none_unless_the_others_suffice(made: Checkout) -> None:
    answered(made, 'rollout', 'abort', 'prod/web')
    for name in ('api', 'web'):
        made.write(r.release('staging', name, version='3', chart='1.2.0'))
    made.write({**r.release('staging', 'cache', **ONE), **r.model('cache', versions=VERSIONS)})
    made.write(r.application('shop', ['web', 'api', 'cache']))
    assert made.commit().commit
    answered(made, 'promote', '--application', 'shop', '--to', 'prod')
    (found,) = back(made, code=1)['problems']
    assert found['message'] == "'prod/cache' had no other pin under this name"
    outcome = back(made, '--skip-blocked')
    assert told(outcome)['prod/api'] == ('rolled back', '3', '2')
    assert [row['release'] for row in outcome['blocked']] == ['prod/cache']


def test_a_shallow_clone_and_wrong_names(made: Checkout, tmp_path: Path) -> None:
    shallow = clone(f'file://{made.top}', tmp_path / 'shallow', '--depth', '1')
    (found,) = back(shallow, code=1)['problems']
    assert found['hint'] == "fetch the history with 'git fetch --unshallow', or use --repo URL"
    for arguments, message in (
        (('--application', 'shpo', '--env', 'prod'), "registry/applications: application 'shpo' not found"),
        (('--application', 'shop', '--env', 'prd'), "registry/environments: environment 'prd' not found"),
    ):
        assert chartloom(made.folder, 'rollback', *arguments).stderr.startswith(message)
    for usage in (('web', '--application', 'shop'), ('--application', 'shop', '--to', '1'), ('web', '--skip-blocked')):
        assert chartloom(made.folder, 'rollback', *usage, '--env', 'prod').returncode == 2


def test_on_a_remote_without_a_checkout(made: Checkout, tmp_path: Path) -> None:
    clone(made.top, tmp_path / 'origin.git', '--bare')
    arguments = ('rollback', '--application', 'shop', '--env', 'prod', '--repo', f'file://{tmp_path}/origin.git')
    found = answered(made, *arguments)
    assert found['pushed']
    assert set(told(found)) == {'prod/api', 'prod/web'}
