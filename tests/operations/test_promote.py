"""`chartloom promote`: pins move along the environments, all in one commit or none; what stops one is told."""

from __future__ import annotations

from pathlib import Path

import pytest
import registries as r
from gitops import Checkout, answered, chartloom, new

from generator.tools.clock import utc_text

VERSIONS = [r.version('1'), r.version('2'), r.version('3')]
CANARY = {'canary': {'steps': [{'weight': 20}, {'weight': 50}]}}
WEB, API = 'registry/releases/prod/web.yaml', 'registry/releases/prod/api.yaml'
ONE, TWO = {'version': '1', 'chart': '1.0.0'}, {'version': '2', 'chart': '1.1.0'}


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """Staging runs version 2 of two models, prod version 1 of one; web has a canary, whose steps are commits."""
    files = {
        **r.settings(),
        **r.model('web', versions=VERSIONS, route={}, strategy=CANARY),
        **r.model('api', versions=VERSIONS),
        **r.environment('staging', strategy={'rolling': {}}, **r.GATEWAY),
        **r.environment('prod', promotesFrom=['staging'], **r.GATEWAY | {'domain': 'prod.example'}),
        **r.application('shop', ['web', 'api']),
        **r.release('staging', 'web', **TWO),
        **r.release('staging', 'api', **TWO),
        **r.release('prod', 'web', **ONE, values={'replicaCount': 5}),
    }
    found = new(tmp_path / 'repository', files)
    assert found.commit().commit
    return found


def promoted(checkout: Checkout, *arguments: str) -> list[tuple[str, str, str]]:
    rows = answered(checkout, 'promote', *arguments)['promoted']
    return [(row['release'], row['version'], row['stage']) for row in rows]


def test_an_application_moves_in_one_commit(checkout: Checkout) -> None:
    """Where commits move the traffic it starts the rollout; a first promotion writes the file."""
    head = checkout.head()
    assert promoted(checkout, '--application', 'shop', '--to', 'prod') == [
        ('prod/api', '2', ''),
        ('prod/web', '2', 'on'),
    ]
    assert checkout.git('rev-parse', 'HEAD~1') == head
    body = checkout.git('log', '-1', '--format=%B').splitlines()
    assert body[0] == 'Promote application shop to prod: 2 releases'
    assert 'prod/api: no release → 2 (chart 1.1.0), from staging/api' in body
    assert 'prod/web: 1 (chart 1.0.0) → 2 (chart 1.1.0), from staging/web' in body
    assert 'Chartloom-Operation: promote --application shop --to prod' in body
    assert checkout.read(API).splitlines()[-2:] == ['  version: "2"', '  chart: "1.1.0"']
    assert checkout.status() == []
    again = answered(checkout, 'promote', '--application', 'shop', '--to', 'prod')
    assert (again['changed'], again['commit']) == (False, '')
    assert {row['release']: row['reason'] for row in again['stays']} == {
        'prod/api': 'runs 2 (chart 1.1.0) already, as staging/api',
        'prod/web': 'its rollout to 2 (chart 1.1.0) is in progress',
    }


def test_the_commit_says_what_happens_to_pods_and_requests(checkout: Checkout) -> None:
    steps = {'canary': {'steps': [{'weight': 20, 'hold': '1h'}, {'weight': 50, 'hold': '2h'}]}}
    prod = r.GATEWAY | {'domain': 'prod.example', 'promotesFrom': ['staging'], 'engine': 'argo-rollouts'}
    checkout.write(r.environment('prod', strategy=steps, **prod))
    checkout.write(r.model('web', versions=VERSIONS, route={}))
    assert checkout.commit().commit
    answered(checkout, 'promote', 'web', '--to', 'prod')
    body = checkout.git('log', '-1', '--format=%B').splitlines()
    at = body.index('prod/web: Argo Rollouts moves the traffic:')
    assert body[at - 1 : at + 4] == [
        'prod/web: 1 (chart 1.0.0) → 2 (chart 1.1.0), from staging/web',
        'prod/web: Argo Rollouts moves the traffic:',
        '  at once: 20 % of the requests, for 1h',
        '  after 1h: 50 % of the requests, for 2h',
        '  after 3h: all requests, the old pods stay for 30s',
    ]


def test_a_region_waits_for_the_one_before(checkout: Checkout) -> None:
    checkout.write(r.environment('prod-eu', promotesFrom=['prod']))
    assert checkout.commit().commit
    (found,) = answered(checkout, 'promote', 'web', '--to', 'prod', '--to', 'prod-eu', '--together', code=1)['problems']
    assert found['message'] == "'prod-eu' promotes from 'prod', which would be promoted in the same commit"


def test_a_moment_is_for_trials(checkout: Checkout) -> None:
    at = ('--at', '2030-01-01T00:00:00Z')
    done = chartloom(checkout.folder, 'promote', 'api', '--to', 'prod', *at, '--push')
    assert done.returncode == 2
    assert '--at with --push or --repo requires --dry-run' in done.stderr
    answered(checkout, 'promote', 'api', '--to', 'prod', *at)
    body = checkout.git('log', '-1', '--format=%B').splitlines()
    assert 'Chartloom-Operation: promote api --to prod --at 2030-01-01T00:00:00Z' in body


def test_all_makes_no_releases(checkout: Checkout) -> None:
    found = answered(checkout, 'promote', '--all', '--to', 'prod')
    assert [row['release'] for row in found['promoted']] == ['prod/web']
    assert found['stays'] == [
        {'release': 'prod/api',
         'reason': "has no release here, and --all makes none: 'chartloom promote api --to prod' does"},
    ]  # fmt: skip


def test_what_follows_a_hotfix_is_promoted(checkout: Checkout) -> None:
    """A hotfix has a newer chart than the version that follows it in the list."""
    image = r.version('1.1')['image']
    answered(checkout, 'bump', 'api', '1.1', '--after', '1', '--image', image)
    answered(checkout, 'promote', 'api', '--to', 'prod')
    made = {path.name for path in (checkout.folder / 'charts/api').iterdir() if path.is_dir()}
    (chart,) = made.difference(('1.0.0', '1.1.0', '1.2.0'))
    checkout.write(r.release('prod', 'api', version='1.1', chart=chart, skipPromotion='mends an outage'))
    assert checkout.commit().commit
    assert promoted(checkout, 'api', '--to', 'prod') == [('prod/api', '2', '')]
    assert 'prod/api: its pods are replaced one after the other' in checkout.git('log', '-1', '--format=%B')


def test_ci_is_named_in_trailers(checkout: Checkout) -> None:
    github = {'GITHUB_SERVER_URL': 'https://git.example', 'GITHUB_REPOSITORY': 'ml/ops', 'GITHUB_RUN_ID': '7'}
    env = {**github, 'GITHUB_ACTOR': 'mara'}
    assert chartloom(checkout.folder, 'promote', 'api', '--to', 'prod', env=env).returncode == 0
    assert checkout.git('log', '-1', '--format=%B').splitlines()[-3:] == [
        'Chartloom-Operation: promote api --to prod',
        'Chartloom-Actor: mara',
        'Chartloom-Run: https://git.example/ml/ops/actions/runs/7',
    ]
    (newest, *_) = answered(checkout, 'history', 'api')['history']
    assert (newest['actor'], newest['run']) == ('mara', 'https://git.example/ml/ops/actions/runs/7')
    env = {'CI_JOB_URL': 'https://bot:word@git.example/1', 'GITLAB_USER_LOGIN': 'two\nlines'}
    assert chartloom(checkout.folder, 'lock', 'prod/api', '--reason', 'an audit', env=env).returncode == 0
    body = checkout.git('log', '-1', '--format=%B')
    assert 'Chartloom-Actor' not in body
    assert 'word' not in body
    assert body.splitlines()[-1].startswith('Chartloom-Run: https://')


def test_what_stops_one_stops_all_unless_it_is_skipped(checkout: Checkout) -> None:
    answered(checkout, 'lock', 'prod/web', '--reason', 'an audit')
    arguments = ('promote', '--application', 'shop', '--to', 'prod')
    (found,) = answered(checkout, *arguments, code=1)['problems']
    assert (found['rule'], found['message'].startswith("'prod/web' must not move to 2 (chart 1.1.0)")) == (
        'locked',
        True,
    )
    outcome = answered(checkout, *arguments, '--skip-blocked')
    assert [row['release'] for row in outcome['promoted']] == ['prod/api']
    (row,) = outcome['blocked']
    assert (row['release'], row['problems'][0]['rule']) == ('prod/web', 'locked')
    body = checkout.git('log', '-1', '--format=%B')
    assert body.startswith('Promote prod/api: new → 2 (chart 1.1.0)\n')
    assert "\nNot promoted: prod/web: 'prod/web' must not move to 2" in body
    assert answered(checkout, *arguments, '--skip-blocked', code=1)['problems'], 'nothing is left to promote'


def test_the_gates_of_the_published_branch_are_told_by_release(checkout: Checkout) -> None:
    prod = r.GATEWAY | {'domain': 'prod.example', 'promotesFrom': ['staging'], 'promotion': {'soak': '24h'}}
    checkout.write(r.environment('prod', **prod))
    assert checkout.commit().commit
    soon, late = (utc_text(int(checkout.git('log', '-1', '--format=%ct')) + hours * 3600) for hours in (1, 25))
    found = answered(checkout, 'promote', '--application', 'shop', '--to', 'prod', '--at', soon, code=1)['problems']
    assert [(problem['rule'], problem['file']) for problem in found] == [('soak', API), ('soak', WEB)]
    (found,) = answered(checkout, 'promote', 'api', '--to', 'prod', '--at', late, code=1)['problems']
    assert found['message'] == "a soak is healthy time, and 'staging' has no Prometheus that can be asked"
    done = answered(checkout, 'promote', 'api', '--to', 'prod', '--at', late, '--confirm-healthy')
    assert done['commit']
    body = checkout.git('log', '-1', '--format=%B').splitlines()
    assert f'Chartloom-Operation: promote api --to prod --confirm-healthy --at {late}' in body
    assert 'Confirmed as healthy by whoever promotes: staging/api' in body


def test_older_versions_are_not_promoted(checkout: Checkout) -> None:
    checkout.write(r.release('prod', 'web', version='3', chart='1.2.0', skipPromotion='fixes an outage of prod'))
    assert checkout.commit().commit
    (row,) = answered(checkout, 'promote', 'web', '--to', 'prod')['stays']
    assert row['reason'] == 'runs 3 (chart 1.2.0), and staging/web the older 2 (chart 1.1.0)'


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (('wbe', '--to', 'prod'), "registry/models: model 'wbe' not found"),
        (('--application', 'shpo', '--to', 'prod'), "registry/applications: application 'shpo' not found"),
        (('web', '--to', 'prd'), "registry/environments: environment 'prd' not found"),
        (
            ('web', '--to', 'staging'),
            "registry/environments/staging.yaml::$.spec: 'staging' promotes from no environment",
        ),
        (
            ('web', '--to', 'prod', '--from', 'prod'),
            "registry/environments/prod.yaml::$.spec.promotesFrom: 'prod' promotes from 'staging', not from 'prod'",
        ),
    ],
)
def test_what_cannot_be_promoted(checkout: Checkout, arguments: tuple[str, ...], message: str) -> None:
    done = chartloom(checkout.folder, 'promote', *arguments)
    assert (done.returncode, done.stderr.splitlines()[0]) == (1, message)


def test_usage(checkout: Checkout) -> None:
    for arguments in ((), ('web', '--all')):
        done = chartloom(checkout.folder, 'promote', *arguments, '--to', 'prod')
        assert done.returncode == 2
        assert done.stderr.endswith('Error: expected one of MODEL, --application and --all\n')


def test_a_suspended_release_does_not_move(checkout: Checkout) -> None:
    answered(checkout, 'promote', 'api', '--to', 'prod')
    answered(checkout, 'suspend', 'prod/api', '--reason', 'a load test')
    checkout.write(r.release('staging', 'api', version='3', chart='1.2.0'))
    assert checkout.commit().commit
    (problem,) = answered(checkout, 'promote', 'api', '--to', 'prod', code=1)['problems']
    assert 'suspended' in problem['message']
    assert 'its agent would not apply a move' in problem['message']
    assert (problem['file'], problem['path']) == (API, '$.spec.suspended')
