"""Versions that a rollback or an abort withdraws: they do not come back by pins, rollouts, new versions or requests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import registries as r
from gitops import Checkout, answered, chartloom, new

VERSIONS = [r.version('1'), r.version('2'), r.version('3')]
CANARY = {'canary': {'steps': [{'weight': 20}, {'weight': 50}]}}
PROD, DEV = 'registry/releases/prod/web.yaml', 'registry/releases/dev/web.yaml'
AT = ('--at', '2026-12-01T12:00:00Z')
SINCE = '2026-12-01'


def made(top: Path, files: r.Files) -> Checkout:
    found = new(top, files)
    assert found.commit().commit
    return found


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """A release that was pinned to versions 1 and 3."""
    files = {
        **r.settings(),
        **r.model('web', versions=VERSIONS, route={}, strategy=CANARY),
        **r.environment('prod', **r.GATEWAY),
        **r.release('prod', 'web', version='1', chart='1.0.0'),
    }
    found = made(tmp_path / 'repository', files)
    found.write(r.release('prod', 'web', version='3', chart='1.2.0'))
    assert found.commit().commit
    return found


def told(checkout: Checkout, *arguments: str) -> list[str]:
    found = answered(checkout, *arguments, code=1)['problems']
    assert {problem.get('rule') for problem in found} == {'withdrawn'}
    return [problem['message'] for problem in found]


def spec(checkout: Checkout, file: str = PROD) -> dict[str, Any]:
    from generator.documents.read import read_yaml

    found: dict[str, Any] = read_yaml(checkout.read(file).encode(), file)['spec']
    return found


def test_a_rollback_withdraws_the_version_until_it_is_reinstated(checkout: Checkout) -> None:
    found = answered(checkout, 'rollback', 'web', '--env', 'prod', '--reason', 'it is slow', *AT)
    entry = {'version': '3', 'reason': 'it is slow', 'date': SINCE}
    assert found['withdrawn'] == entry
    assert spec(checkout) == {'version': '1', 'chart': '1.0.0', 'rollback': '1.0.0', 'withdrawn': [entry]}
    body = checkout.git('log', '-1', '--format=%B')
    assert "prod/web: 3 is withdrawn here until 'chartloom reinstate': it is slow" in body.splitlines()
    message = f"'prod/web' gave up 3 on {SINCE}: it is slow"
    assert told(checkout, 'rollout', 'start', 'prod/web', '--version', '3') == [message]
    # The newest that was not given up.
    (row,) = answered(checkout, 'pin', 'prod/web', '--newest', '--dry-run')['pins']
    assert (row['version'], row['chart']) == ('2', '1.1.0')
    # By hand, and together with the removal of the entry.
    checkout.write(r.release('prod', 'web', version='3', chart='1.2.0', withdrawn=[entry]))
    assert told(checkout, 'plan') == [message]
    checkout.write(r.release('prod', 'web', version='3', chart='1.2.0'))
    assert told(checkout, 'plan') == [message]
    checkout.git('checkout', '--quiet', PROD)
    assert answered(checkout, 'reinstate', 'prod/web', '3')['withdrawn'] == [entry]
    assert checkout.git('log', '-1', '--format=%s') == 'Reinstate 3 in prod/web'
    again = answered(checkout, 'reinstate', 'prod/web', '3')
    assert (again['changed'], again['commit']) == (False, '')
    assert spec(checkout) == {'version': '1', 'chart': '1.0.0', 'rollback': '1.0.0'}
    assert answered(checkout, 'pin', 'prod/web', '--newest')['commit']


def test_a_rollback_does_not_go_to_a_version_that_was_given_up(checkout: Checkout) -> None:
    answered(checkout, 'rollback', 'web', '--env', 'prod', *AT)
    (found,) = answered(checkout, 'rollback', 'web', '--env', 'prod', '--to', '3', *AT, code=1)['problems']
    assert found['message'] == '3 (chart 1.2.0) was rolled back here'
    assert found['hint'] == "to return to it, run 'chartloom reinstate prod/web 3' first"


def test_an_abort_withdraws_the_new_version(checkout: Checkout) -> None:
    checkout.write(r.release('prod', 'web', version='1', chart='1.0.0'))
    assert checkout.commit().commit
    answered(checkout, 'rollout', 'start', 'prod/web')
    answered(checkout, 'rollout', 'advance', 'prod/web', '--now')
    answered(checkout, 'rollout', 'abort', 'prod/web', *AT)
    entry = {'version': '3', 'reason': 'aborted at step-1', 'date': SINCE}
    assert spec(checkout) == {'version': '1', 'chart': '1.0.0', 'withdrawn': [entry]}
    answered(checkout, 'rollout', 'finish', 'prod/web')
    assert told(checkout, 'rollout', 'start', 'prod/web', '--version', '3')
    assert answered(checkout, 'rollout', 'start', 'prod/web')['to']['version'] == '2'


def test_another_chart_of_the_same_version_is_withdrawn_alone(checkout: Checkout) -> None:
    checkout.write(r.model('web', versions=VERSIONS, route={}, strategy=CANARY, replicas=9))
    assert checkout.commit().commit
    answered(checkout, 'pin', 'prod/web')
    answered(checkout, 'rollback', 'web', '--env', 'prod', *AT)
    (entry,) = spec(checkout)['withdrawn']
    assert (entry['version'], entry['chart']) == ('3', '1.2.1')
    assert answered(checkout, 'pin', 'prod/web', '--newest')['pins'][0]['chart'] == '1.2.0'


def test_a_release_that_follows_goes_on_with_the_version_that_mends_it(tmp_path: Path) -> None:
    files = r.settings() | r.model(versions=VERSIONS[:1]) | r.following('dev') | r.release('dev', 'web')
    checkout = made(tmp_path / 'repository', files)
    for last in (2, 3):
        checkout.write(r.model(versions=VERSIONS[:last]))
        assert checkout.commit().commit
    found = answered(checkout, 'rollback', 'web', '--env', 'dev', *AT)
    assert (found['from']['version'], found['to']['version']) == ('3', '2')
    assert spec(checkout, DEV)['rollback'] == '1.1.0'
    # Once more, and not to what was given up.
    assert answered(checkout, 'rollback', 'web', '--env', 'dev', *AT)['to']['version'] == '1'
    (found,) = answered(checkout, 'rollback', 'web', '--env', 'dev', '--to', '2', *AT, code=1)['problems']
    assert found['hint'] == "run 'chartloom reinstate dev/web 2' first"
    # A hotfix of an older version is not the newest one; its chart is made, and nothing moves.
    checkout.write(r.model(versions=[VERSIONS[0], r.version('1-fix'), *VERSIONS[1:]]))
    assert [row['release'] for row in answered(checkout, 'generate', '--commit')['releases']] == []
    checkout.write(r.model(versions=[VERSIONS[0], r.version('1-fix'), *VERSIONS[1:], r.version('4')]))
    (row,) = answered(checkout, 'generate', '--commit')['releases']
    assert row['reason'].endswith('model version 1 → 4')


def test_a_release_that_follows_takes_what_is_reinstated(tmp_path: Path) -> None:
    files = r.settings() | r.model(versions=VERSIONS[:1]) | r.following('dev') | r.release('dev', 'web')
    checkout = made(tmp_path / 'repository', files)
    checkout.write(r.model(versions=VERSIONS[:2]))
    assert checkout.commit().commit
    done = chartloom(checkout.folder, 'rollback', 'web', '--env', 'dev', '--to', '3')
    assert done.stderr.startswith(f"{DEV}::$.spec: 'dev/web' ran no older version '3'\n")
    answered(checkout, 'rollback', 'web', '--env', 'dev', *AT)
    done = chartloom(checkout.folder, 'rollback', 'web', '--env', 'dev')
    assert done.returncode == 1
    (row,) = answered(checkout, 'reinstate', 'dev/web', '2')['releases']
    assert row['reason'].endswith('model version 1 → 2')
    checkout.write(r.release('dev', 'web', withdrawn=[{'version': v, 'reason': 'bad', 'date': SINCE} for v in '12']))
    (problem,) = answered(checkout, 'plan', code=1)['problems']
    assert problem['message'] == "gave up all versions of model 'web'"


def test_a_request_that_restores_the_file_from_before_a_rollback_is_refused(tmp_path: Path) -> None:
    files = r.settings() | r.model(versions=VERSIONS[:1]) | r.following('dev') | r.release('dev', 'web')
    checkout = made(tmp_path / 'repository', files)
    checkout.write(r.model(versions=VERSIONS[:2]))
    assert checkout.commit().commit
    old = checkout.read(DEV)
    answered(checkout, 'rollback', 'web', '--env', 'dev', '--reason', 'it is slow', *AT)
    checkout.git('switch', '--quiet', '--create', 'request')
    checkout.write({DEV: old})
    message = f"'dev/web' gave up 2 on {SINCE}: it is slow"
    assert told(checkout, 'plan') == [message]
    assert told(checkout, 'verify', '--base', 'main') == [message]
    # A chart more of the same version is no other version.
    checkout.write(r.model(versions=VERSIONS[:2], replicas=9))
    assert told(checkout, 'plan') == [message]
    checkout.git('checkout', '--quiet', '.')
    assert answered(checkout, 'reinstate', 'dev/web', '2')['releases']
    assert answered(checkout, 'verify', '--base', 'main')['valid']


def test_what_the_environment_before_gave_up_is_not_promoted(checkout: Checkout) -> None:
    checkout.write(r.environment('live', promotesFrom=['prod'], **{**r.GATEWAY, 'domain': 'live.example'}))
    checkout.write(r.release('live', 'web', version='1', chart='1.0.0', values={'replicaCount': 3}))
    assert checkout.commit().commit
    answered(checkout, 'rollback', 'web', '--env', 'prod', '--reason', 'it is slow', *AT)
    for more in ({}, {'skipPromotion': 'fixes an outage of live'}):
        checkout.write(r.release('live', 'web', version='3', chart='1.2.0', **more))
        (message,) = told(checkout, 'plan')
        assert message == f"'live' promotes from 'prod', which gave up 3 (chart 1.2.0) on {SINCE}: it is slow"
    checkout.git('checkout', '--quiet', 'registry/releases/live')
    answered(checkout, 'reinstate', 'prod/web', '3')
    checkout.write(r.release('live', 'web', version='3', chart='1.2.0'))
    (problem,) = answered(checkout, 'plan', code=1)['problems']
    assert problem['rule'] == 'promotion'  # reinstated is not run again


def test_an_unknown_version_is_not_reinstated(checkout: Checkout) -> None:
    (problem,) = answered(checkout, 'reinstate', 'prod/web', '33', code=1)['problems']
    assert (problem['message'], problem['hint']) == ("version '33' of model 'web' not found", "did you mean '3'?")
