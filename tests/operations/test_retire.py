"""`chartloom retire`: a proof that nothing leads to a model, then its removal, with one meaning under both agents."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import registries as r
from gitops import Checkout, answered, chartloom, clone, new
from parts import git

RELEASE = 'registry/releases/prod/web.yaml'
GENERATED = ['delivery/prod/web.yaml', 'values/prod/web.yaml']


def repository(top: Path, more: r.Files | None = None, **environment: Any) -> Checkout:
    files = {
        **r.settings(), **r.model('web', values={'replicaCount': 2}), **r.model('api'),
        **r.environment('staging', **environment),
        **r.environment('prod', promotesFrom=['staging'], **environment),
        **{path: data for env in ('staging', 'prod') for name in ('web', 'api')
           for path, data in r.release(env, name, version='1', chart='1.0.0', values={'replicaCount': 2}).items()},
        **(more or {}),
    }  # fmt: skip
    found = new(top, files)
    assert found.commit().commit
    return found


def refused(made: Checkout, *arguments: str) -> list[tuple[str, str, str, str]]:
    before = made.head()
    found = answered(made, 'retire', *arguments, code=1)['problems']
    assert (made.head(), made.status()) == (before, [])
    return [(p['file'], p['path'], p['message'], p['hint']) for p in found]


def test_one_environment(tmp_path: Path) -> None:
    made = repository(tmp_path)
    found = answered(made, 'retire', 'web', '--env', 'prod')
    assert (found['retired'], found['changed'], found['kept']) == (['prod/web'], True, False)
    assert made.files() == sorted([*GENERATED, RELEASE])
    message = git(made.folder, 'log', '-1', '--format=%B')
    assert message.startswith('Retire prod/web\n\nprod/web ran 1 (chart 1.0.0); its agent uninstalls it.\n')
    assert 'Removed, and uninstalled by the agent:\n* prod/web\n' in message
    assert message.rstrip().endswith('Chartloom-Operation: retire web --env prod')
    assert answered(made, 'retire', 'web', '--env', 'prod')['changed'] is False
    done = chartloom(made.folder, 'retire', 'web', '--env', 'prod')
    assert done.stdout.splitlines() == ['nothing to do: prod/web has no release']


def test_everywhere(tmp_path: Path) -> None:
    made = repository(tmp_path)
    found = answered(made, 'retire', 'web', '--all')
    assert (found['retired'], found['model']) == (['prod/web', 'staging/web'], True)
    left = [path for path in made.tree() if 'web' in path and not path.startswith('charts/')]
    assert left == []
    assert (made.folder / 'charts/web/1.0.0/Chart.yaml').exists()
    message = git(made.folder, 'log', '-1', '--format=%B')
    assert message.startswith('Retire web everywhere\n')
    assert "Its published charts stay until 'chartloom prune'." in message
    assert chartloom(made.folder, 'plan', '--exit-code').returncode == 0
    assert answered(made, 'retire', 'web', '--all')['changed'] is False


def test_a_scope_is_asked_for(tmp_path: Path) -> None:
    made = repository(tmp_path)
    for words in (('retire', 'web'), ('retire', 'web', '--all', '--env', 'prod')):
        done = chartloom(made.folder, *words)
        assert (done.returncode, 'expected --env ENV, or --all' in done.stderr) == (2, True)
    assert refused(made, 'wep', '--all') == [('registry/models', '', "model 'wep' not found", "did you mean 'web'?")]
    assert refused(made, 'web', '--env', 'prot')[0][2] == "environment 'prot' not found"


@pytest.mark.parametrize('agent', ['argocd', 'flux'])
def test_objects_are_kept_in_two_commits(agent: str, tmp_path: Path, origin: Path) -> None:
    made = repository(tmp_path / 'here', agent=agent)
    made.git('remote', 'add', 'origin', str(origin))
    made.git('push', '--quiet', '--set-upstream', 'origin', 'main')
    found = answered(made, 'retire', 'web', '--env', 'prod', '--keep')
    assert (found['result'], found['again']) == ('suspended', 'chartloom retire web --env prod --keep')
    assert made.files() == ['delivery/prod/web.yaml', RELEASE]
    assert git(made.folder, 'log', '-1', '--format=%s') == 'Retire prod/web, 1 of 2: suspend it'
    # The agent does not know it yet.
    done = chartloom(made.folder, 'retire', 'web', '--env', 'prod', '--keep')
    assert done.stdout.splitlines() == ['nothing to do yet: prod/web must be published as suspended first: push it']
    made.git('push', '--quiet')
    assert refused(made, 'web', '--env', 'prod') == [
        (
            RELEASE,
            '$.spec.suspended',
            "'prod/web' is suspended: its objects would stay in the cluster",
            "run 'chartloom resume prod/web' first, or say --keep",
        )
    ]
    found = answered(made, 'retire', 'web', '--env', 'prod', '--keep')
    assert (found['result'], found['kept']) == ('retired', True)
    message = git(made.folder, 'log', '-1', '--format=%B')
    assert message.startswith(
        "Retire prod/web, 2 of 2: remove it\n\nprod/web ran 1 (chart 1.0.0); its objects stay in namespace 'ml-prod'.\n"
    )
    assert 'Removed, and their objects stay in the cluster:\n* prod/web\n' in message


def test_open_routes_are_closed_first(tmp_path: Path) -> None:
    made = repository(tmp_path, {**r.model('web', route={}), **r.application('shop', ['api'], routes={
        'all': {'model': 'api', 'path': '/'}
    })}, **r.GATEWAY)  # fmt: skip
    assert refused(made, 'web', '--env', 'prod') == [
        (
            'registry/models/web.yaml',
            '$.spec.route.hostname',
            "the HTTP route of 'prod/web' is open: web.shop.example",
            f'close it first (route: {{enabled: false}} under spec.values of {RELEASE}), or say --with-routes',
        )
    ]
    assert refused(made, 'web', '--env', 'prod', '--keep') == refused(made, 'web', '--env', 'prod')
    assert refused(made, 'api', '--env', 'prod')[0][2] == "the HTTP route of 'prod/api' is open: shop.shop.example"
    assert refused(made, 'api', '--all', '--with-routes')[0] == (
        'registry/applications/shop.yaml',
        '$.spec.members[0]',
        "'api' is a member of application 'shop'",
        'remove it there first, with the routes that lead to it',
    )
    made.write(r.release('prod', 'web', version='1', chart='1.0.0', values={'route': {'enabled': False}}))
    made.commit()
    assert answered(made, 'retire', 'web', '--env', 'prod')['changed'] is True
    assert answered(made, 'retire', 'web', '--env', 'staging', '--with-routes')['changed'] is True


def test_who_calls_it_is_told(tmp_path: Path) -> None:
    def calling(text: str, environment: str = 'prod') -> r.Files:
        values = {'env': {'WEB': {'value': text}}, 'replicaCount': 2}
        return r.release(environment, 'api', version='1', chart='1.0.0', values=values)

    made = repository(tmp_path, calling('http://web:8080/v1'))
    assert refused(made, 'web', '--env', 'prod') == [
        (
            'registry/releases/prod/api.yaml',
            '$.spec.values.env.WEB.value',
            "names the Service of 'prod/web'",
            'let it call another one first, or remove it',
        )
    ]
    found = answered(made, 'retire', 'web', '--env', 'staging')
    assert found['changed'] is True
    message = git(made.folder, 'log', '-1', '--format=%B')
    assert "'prod' promotes from 'staging': its next version of the model has no predecessor." in message


def test_another_predecessor_stays(tmp_path: Path) -> None:
    edge = r.environment('edge', promotesFrom=['staging', 'prod']) | r.release(
        'edge', 'web', version='1', chart='1.0.0'
    )
    made = repository(tmp_path, edge)
    assert answered(made, 'retire', 'web', '--env', 'staging', '--with-routes')['changed'] is True
    message = git(made.folder, 'log', '-1', '--format=%B')
    assert "'prod' promotes from 'staging': its next" in message
    assert "'edge' promotes" not in message


def test_a_rollout_ends_first(tmp_path: Path) -> None:
    canary = {'canary': {'steps': [{'weight': 20}]}}
    web = r.model('web', versions=[r.version('1'), r.version('2')], route={}, strategy=canary)
    made = repository(tmp_path, web, **r.GATEWAY)
    answered(made, 'rollout', 'start', 'staging/web')
    assert refused(made, 'web', '--env', 'staging', '--with-routes')[0] == (
        'registry/rollouts/staging/web.yaml',
        '',
        'a rollout is in progress',
        "run 'chartloom rollout abort staging/web' or 'chartloom rollout finish staging/web' first",
    )


def test_without_a_checkout(tmp_path: Path, origin: Path) -> None:
    made = repository(tmp_path / 'here')
    made.git('push', '--quiet', str(origin), 'HEAD:main')
    done = chartloom(tmp_path, 'retire', 'web', '--env', 'prod', '--repo', str(origin))
    assert done.returncode == 0, done.stderr
    assert clone(origin, tmp_path / 'there').files() == sorted([*GENERATED, RELEASE])
