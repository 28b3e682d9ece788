"""`chartloom lock` and `unlock`: what a lock stops, also in a request made by hand, and what it never stops."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import registries as r
from gitops import Checkout, answered, chartloom, new

from generator.operations.hold import reach
from generator.pipeline.run import open_run

VERSIONS = [r.version('1'), r.version('2'), r.version('3')]
CANARY = {'canary': {'steps': [{'weight': 20}, {'weight': 50}]}}
PROD = 'registry/releases/prod/web.yaml'
TEXT = """\
# the shop
apiVersion: chartloom/v1
kind: Release
metadata: {name: web}
spec:
  version: "1"
  chart: "1.0.0"
  # five of them
  values: {replicaCount: 5}
"""


def made(top: Path, files: r.Files) -> Checkout:
    found = new(top, files)
    assert found.commit().commit
    return found


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    files = {
        **r.settings(),
        **r.model('web', versions=VERSIONS, route={}, strategy=CANARY),
        **r.model('api', versions=VERSIONS),
        **r.environment('prod', **r.GATEWAY),
        **r.application('shop', ['web']),
        **r.release('prod', 'api', version='1', chart='1.0.0'),
        PROD: TEXT.encode(),
    }
    return made(tmp_path / 'repository', files)


def told(checkout: Checkout, *arguments: str) -> list[str]:
    """The messages of problems that the rule of locks stops."""
    found = answered(checkout, *arguments, code=1)['problems']
    assert {problem.get('rule') for problem in found} == {'locked'}
    return [problem['message'] for problem in found]


def test_a_lock_is_a_commit_with_comments_kept(checkout: Checkout) -> None:
    arguments = ('lock', 'prod/web', '--reason', 'audit: wait', '--until', '2026-12-24T19:00:00+01:00')
    found = answered(checkout, *arguments, '--at', '2026-12-01T00:00:00Z')
    lock = {'reason': 'audit: wait', 'by': checkout.git('var', 'GIT_COMMITTER_IDENT').partition(' <')[0]}
    lock['until'] = '2026-12-24T18:00:00Z'
    assert (found['result'], found['lock'], found['registry']) == ('locked', lock, [PROD])
    lines = ''.join(f'    {key}: {json.dumps(value) if key != "by" else value}\n' for key, value in lock.items())
    assert checkout.read(PROD) == TEXT.replace('"1.0.0"\n', f'"1.0.0"\n  lock:\n{lines}')
    assert checkout.git('log', '-1', '--format=%s') == 'Lock prod/web: audit: wait'
    assert checkout.status() == []
    again = answered(checkout, *arguments, '--at', '2026-12-02T00:00:00Z')
    assert (again['changed'], again['commit']) == (False, '')
    other = answered(checkout, 'lock', 'prod/web', '--reason', 'still the audit')
    assert other['changed']
    assert checkout.git('log', '-1', '--format=%s') == 'Change the lock of prod/web: still the audit'
    assert answered(checkout, 'unlock', 'prod/web')['changed']
    assert checkout.read(PROD) == TEXT
    assert not answered(checkout, 'unlock', 'prod/web')['changed']


@pytest.mark.parametrize('scope', [('prod/web',), ('--env', 'prod'), ('--application', 'shop')])
def test_what_is_locked_does_not_move(checkout: Checkout, scope: tuple[str, ...]) -> None:
    assert answered(checkout, 'lock', *scope, '--reason', 'audit', '--until', '2030-01-01T00:00:00Z')['changed']
    (message,) = told(checkout, 'rollout', 'start', 'prod/web', '--version', '2')
    assert message.startswith("'prod/web' must not move to 2 (chart 1.1.0): locked by ")
    assert message.endswith(' until 2030-01-01T00:00:00Z: audit')
    told(checkout, 'pin', 'prod/web', '--newest')
    skipped = answered(checkout, 'pin', '--env', 'prod', '--newest', '--dry-run')['skipped']
    assert [row['release'] for row in skipped] == (['prod/api', 'prod/web'] if scope[0] == '--env' else ['prod/web'])
    # By hand, and together with the removal of the lock.
    checkout.write({PROD: TEXT.replace('"1"', '"2"').replace('1.0.0', '1.1.0')})
    told(checkout, 'plan')
    told(checkout, 'verify')
    assert answered(checkout, 'plan', '--at', '2030-01-01T00:00:00Z')['changes']
    # What stays on its version may change.
    checkout.git('checkout', '--quiet', PROD)
    checkout.write({PROD: checkout.read(PROD).replace('replicaCount: 5', 'replicaCount: 6')})
    assert answered(checkout, 'generate', '--commit')['commit']


def test_a_lock_stops_a_rollout_and_not_its_abort(checkout: Checkout) -> None:
    answered(checkout, 'rollout', 'start', 'prod/web')
    answered(checkout, 'rollout', 'advance', 'prod/web', '--now', '--approve')
    answered(checkout, 'lock', '--env', 'prod', '--reason', 'an incident')
    # CI that advances every few minutes waits; it does not fail.
    (message,) = answered(checkout, 'rollout', 'advance', 'prod/web', '--now', code=4)['reasons']
    assert message.startswith("'prod/web' must not go on to 'step-2': locked")
    file = 'registry/rollouts/prod/web.yaml'
    checkout.write({file: re.sub('stage: .*', 'stage: step-2', checkout.read(file))})
    told(checkout, 'plan')
    checkout.git('checkout', '--quiet', file)
    answered(checkout, 'rollout', 'abort', 'prod/web')
    answered(checkout, 'rollout', 'finish', 'prod/web')
    assert checkout.read(PROD).startswith(TEXT.partition('  # five')[0])


def test_a_lock_never_stops_a_rollback(checkout: Checkout) -> None:
    checkout.write(r.release('prod', 'web', version='2', chart='1.1.0'))
    assert checkout.commit().commit
    answered(checkout, 'lock', 'prod/web', '--reason', 'an incident')
    answered(checkout, 'rollback', 'web', '--env', 'prod')
    assert '"version": "1"' in checkout.read(PROD)
    # What never ran here is no rollback, whatever the file says.
    checkout.write(r.release('prod', 'web', version='3', chart='1.2.0', rollback='1.2.0', lock={'reason': 'kept'}))
    rules = {problem.get('rule', '') for problem in answered(checkout, 'plan', code=1)['problems']}
    assert rules == {'promotion', 'locked'}


def test_an_environment_that_follows_does_not_go_round(tmp_path: Path) -> None:
    files = r.settings() | r.model(versions=VERSIONS) | r.following('dev') | r.release('dev', 'web')
    checkout = made(tmp_path / 'repository', files)
    answered(checkout, 'lock', '--env', 'dev', '--reason', 'a demo')
    checkout.write(r.model(versions=[*VERSIONS, r.version('4')]))
    assert told(checkout, 'plan')[0].startswith("'dev/web' must not move to chart 1.3.0: locked")


def test_a_branch_that_is_behind_is_not_judged_by_what_it_lacks(checkout: Checkout) -> None:
    checkout.git('branch', 'request')
    checkout.write({PROD: TEXT.replace('"1"', '"2"').replace('1.0.0', '1.1.0')})
    assert checkout.commit().commit
    answered(checkout, 'rollback', 'web', '--env', 'prod')
    answered(checkout, 'reinstate', 'prod/web', '2')
    checkout.write(r.release('prod', 'web', version='2', chart='1.1.0', lock={'reason': 'kept'}))
    assert checkout.commit().commit
    checkout.git('switch', '--quiet', 'request')
    checkout.write({PROD: TEXT.replace('replicaCount: 5', 'replicaCount: 6')})
    assert answered(checkout, 'plan')['changes']


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (('prod/web', '--env', 'prod', '--reason', 'audit'), 'expected one of ENV/MODEL, --env and --application'),
        (('prod/web', '--reason', ' '), '--reason is empty'),
        (('prod/web', '--reason', 'a\nb'), 'a reason is one line of 2 to 300 characters'),
        (('prod/web', '--reason', 'audit', '--until', 'tomorrow'), "found 'tomorrow'"),
        (('prod/web', '--reason', 'audit', '--until', '2020-01-01T00:00:00Z'), '--until is in the past'),
    ],
)
def test_usage(checkout: Checkout, arguments: tuple[str, ...], message: str) -> None:
    done = chartloom(checkout.folder, 'lock', *arguments)
    assert (done.returncode, message in done.stderr) == (2, True), done.stderr


def test_an_unknown_scope(checkout: Checkout) -> None:
    (found,) = answered(checkout, 'lock', '--application', 'shpo', '--reason', 'audit', code=1)['problems']
    assert (found['message'], found['hint']) == ("application 'shpo' not found", "did you mean 'shop'?")


def test_a_new_version_does_not_reach_what_is_locked(tmp_path: Path) -> None:
    """What `chartloom bump` asks: who takes the version, and which releases get a pin, or lose one."""
    files = r.settings() | r.model(versions=VERSIONS[:1])
    for name in ('dev', 'qa', 'own'):
        files |= r.following(name) | r.release(name, 'web')
    checkout = made(tmp_path / 'repository', files | r.release('own', 'web', version='1', chart='1.0.0'))
    answered(checkout, 'lock', '--env', 'dev', '--reason', 'a demo', '--until', '2030-01-01T00:00:00Z')
    before = open_run(checkout.repository())
    reached = reach(before, ['web'])
    assert (reached.takes, list(reached.stays)) == (('qa/web',), ['dev/web', 'own/web'])
    held = {'version': '1', 'chart': '1.0.0', 'held': '1.0.0'}
    checkout.write({path: data for path, data in reached.files.items() if data})
    checkout.write(r.model(versions=VERSIONS[:2]))
    assert [row['release'] for row in answered(checkout, 'generate', '--commit')['releases']] == ['qa/web']
    assert open_run(checkout.repository()).registry.releases['dev/web'].spec == held
    later = reach(open_run(checkout.repository(), at=1900000000), ['web'])
    assert (later.takes, list(later.stays)) == (('dev/web', 'qa/web'), ['own/web'])
    checkout.write({path: data for path, data in later.files.items() if data})
    checkout.write(r.model(versions=VERSIONS))
    found = answered(checkout, 'plan', '--at', '2030-03-17T00:00:00Z')
    assert [row['release'] for row in found['releases']] == ['dev/web', 'qa/web']


def test_a_bump_pins_what_a_lock_holds_until_the_next_version(tmp_path: Path) -> None:
    files = r.settings() | r.model(versions=VERSIONS[:1]) | r.following('dev') | r.release('dev', 'web')
    checkout = made(tmp_path / 'repository', files)
    answered(checkout, 'lock', '--env', 'dev', '--reason', 'a demo')
    image = f'registry.example/server@{r.DIGEST}'
    (row,) = answered(checkout, 'bump', 'web', '2', '--image', image)['bumps']
    assert (row['environments'], row['held']) == ([], [{'environment': 'dev', 'reason': 'a lock holds it at 1'}])
    assert open_run(checkout.repository()).registry.releases['dev/web'].is_held
    answered(checkout, 'unlock', '--env', 'dev')
    (row,) = answered(checkout, 'bump', 'web', '3', '--image', image.replace('1' * 64, '3' * 64))['bumps']
    assert (row['environments'], row['held']) == (['dev'], [])
    assert open_run(checkout.repository()).registry.releases['dev/web'].spec == {}
