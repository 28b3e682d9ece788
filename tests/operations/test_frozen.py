"""Frozen times, soak and metrics of an environment: what they stop, also in a request, and what goes round them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import registries as r
from gitops import Checkout, answered, chartloom, new

VERSIONS = [
    r.version('1'),
    r.version('2', metrics={'recall@20': 0.27, 'auc': '0.913'}),
    r.version('3', metrics={'recall@20': 0.1}),
]
CANARY = {'canary': {'steps': [{'weight': 20}, {'weight': 50}]}}
WEEKEND = {'from': 'Fri 16:00', 'to': 'Mon 08:00', 'timeZone': 'Europe/Berlin', 'reason': 'no releases at weekends'}
FRIDAY, SATURDAY = ('--at', '2026-12-04T14:00:00Z'), ('--at', '2026-12-05T12:00:00Z')
PROD = 'registry/releases/prod/web.yaml'
START = 1796000000  # 2026-11-30T00:53:20Z


def registry(**promotion: Any) -> r.Files:
    return {
        **r.settings(),
        **r.model('web', versions=VERSIONS, route={}, strategy=CANARY),
        **r.environment('staging', **r.GATEWAY, strategy={'rolling': {}}),
        **r.environment(
            'prod', promotesFrom=['staging'], **{**r.GATEWAY, 'domain': 'prod.example'}, promotion=promotion
        ),
        **pins('1', '1.0.0'),
        **pins('1', '1.0.0', 'staging'),
    }


def pins(version: str, chart: str, environment: str = 'prod', **more: Any) -> r.Files:
    return r.release(environment, 'web', version=version, chart=chart, **more)


def made(top: Path, at: int = START, **promotion: Any) -> Checkout:
    found = new(top, registry(**promotion))
    commit(found, at)
    return found


def commit(checkout: Checkout, at: int = START) -> None:
    env = {'GIT_COMMITTER_DATE': f'{at} +0000', 'GIT_AUTHOR_DATE': f'{at} +0000'}
    done = chartloom(checkout.folder, 'generate', '--commit', env={**os.environ, **env})
    assert done.returncode == 0, done.stderr


def told(checkout: Checkout, *arguments: str, rule: str) -> list[str]:
    found = answered(checkout, *arguments, code=1)['problems']
    assert {problem.get('rule') for problem in found} == {rule}
    return [problem['message'] for problem in found]


def test_nothing_moves_in_a_frozen_time_without_a_reason(tmp_path: Path) -> None:
    checkout = made(tmp_path / 'repository', frozen=[WEEKEND])
    checkout.write(pins('2', '1.1.0', 'staging'))
    commit(checkout)
    (message,) = told(checkout, 'rollout', 'start', 'prod/web', '--version', '2', *SATURDAY, rule='frozen')
    assert message == (
        "'prod/web' must not move to 2 (chart 1.1.0): frozen until Mon 08:00 (Europe/Berlin): no releases at weekends"
    )
    checkout.write(pins('2', '1.1.0'))
    told(checkout, 'plan', *SATURDAY, rule='frozen')
    told(checkout, 'verify', *SATURDAY, rule='frozen')
    assert answered(checkout, 'plan', *FRIDAY)['changes']
    # A request that removes the frozen time does not go round it.
    checkout.write({**registry(), **pins('2', '1.1.0'), **pins('2', '1.1.0', 'staging')})
    told(checkout, 'plan', *SATURDAY, rule='frozen')
    checkout.git('checkout', '--quiet', '.')
    reason = ('--allow-frozen', 'an outage')
    answered(checkout, 'rollout', 'start', 'prod/web', '--version', '2', *reason, *SATURDAY)
    assert 'prod/web moves in a frozen time: an outage' in checkout.git('log', '-1', '--format=%B').splitlines()
    # Steps, rollbacks and aborts are never frozen.
    answered(checkout, 'rollout', 'advance', 'prod/web', '--now', *SATURDAY)
    answered(checkout, 'rollout', 'abort', 'prod/web', *SATURDAY)
    answered(checkout, 'rollout', 'finish', 'prod/web', *SATURDAY)
    # A reason counts for one change.
    checkout.write(pins('2', '1.1.0', allowFrozen='an outage'))
    found = answered(checkout, 'plan', *SATURDAY, code=1)['problems']
    assert {problem['rule'] for problem in found} == {'frozen', 'withdrawn'}


def test_a_pin_says_why_it_moves_in_a_frozen_time(tmp_path: Path) -> None:
    checkout = made(tmp_path / 'repository', frozen=[WEEKEND])
    checkout.write(pins('2', '1.1.0', 'staging'))
    commit(checkout)
    checkout.write(pins('2', '1.0.0'))  # to be completed by `pin`
    answered(checkout, 'pin', 'prod/web', '--allow-frozen', 'an outage', *SATURDAY)
    assert 'allowFrozen: "an outage"' in checkout.read(PROD)
    answered(checkout, 'rollback', 'web', '--env', 'prod', *SATURDAY)
    assert 'allowFrozen' not in checkout.read(PROD)
    skipped = answered(checkout, 'pin', '--env', 'prod', '--newest', *SATURDAY, '--dry-run')['skipped']
    assert [row['release'] for row in skipped] == ['prod/web']


def test_a_version_soaks_before_it_is_promoted(tmp_path: Path) -> None:
    checkout = made(tmp_path / 'repository', soak='24h')
    checkout.write(pins('2', '1.1.0', 'staging'))
    commit(checkout, START + 3600)
    checkout.write(pins('2', '1.1.0'))
    at = ('--at', '2026-12-01T00:53:20Z')  # 23 hours later
    (message,) = told(checkout, 'plan', *at, rule='soak')
    assert message == (
        "'prod' promotes from 'staging', where 2 (chart 1.1.0) has run for 23h, and must for 24h (promotion.soak)"
    )
    assert answered(checkout, 'plan', '--at', '2026-12-01T01:53:20Z')['changes']
    checkout.write(pins('2', '1.1.0', skipPromotion='fixes an outage of prod'))
    assert answered(checkout, 'plan', *at)['changes']
    # What ran long enough before it was replaced has soaked, too.
    checkout.git('checkout', '--quiet', '.')
    checkout.write(pins('3', '1.2.0', 'staging'))
    commit(checkout, START + 3600 + 86400)
    checkout.write(pins('2', '1.1.0'))
    assert answered(checkout, 'plan', *at)['changes']
    checkout.write(pins('3', '1.2.0'))
    told(checkout, 'plan', '--at', '2026-12-02T01:53:19Z', rule='soak')


def test_a_version_has_the_metrics_that_are_required(tmp_path: Path) -> None:
    checkout = made(tmp_path / 'repository', metrics={'recall@20': '>= 0.2', 'auc': '> 0.9'})
    checkout.write(pins('2', '1.1.0', 'staging'))
    commit(checkout)
    checkout.write(pins('3', '1.2.0', 'staging'))
    commit(checkout)
    checkout.write(pins('2', '1.1.0'))
    assert answered(checkout, 'plan')['changes']
    checkout.write(pins('3', '1.2.0'))
    assert told(checkout, 'plan', rule='metrics') == [
        "'prod' requires auc > 0.9 (promotion.metrics), and version '3' has no such metric",
        "'prod' requires recall@20 >= 0.2 (promotion.metrics), and version '3' has 0.1",
    ]
    checkout.write(pins('3', '1.2.0', skipPromotion='fixes an outage of prod'))
    assert answered(checkout, 'plan')['changes']


@pytest.mark.parametrize('follows', [False, True])
def test_a_request_chooses_neither_what_was_measured_nor_what_counts(tmp_path: Path, follows: bool) -> None:
    checkout = made(tmp_path / 'repository', metrics={'recall@20': '>= 0.2'})
    checkout.write(pins('3', '1.2.0', 'staging'))
    commit(checkout)
    checkout.git('switch', '--quiet', '--create', 'request')
    better = [*VERSIONS[:2], r.version('3', metrics={'recall@20': 0.9})]
    checkout.write(r.model('web', versions=better, route={}, strategy=CANARY) | pins('3', '1.2.0'))
    if follows:
        checkout.git('checkout', '--quiet', '.')
        checkout.write(
            r.following('prod', strategy={'rolling': {}}, **{**r.GATEWAY, 'domain': 'prod.example'})
            | r.release('prod', 'web')
        )
    refused = ["'prod' requires recall@20 >= 0.2 (promotion.metrics), and version '3' has 0.1"]
    assert told(checkout, 'plan', rule='metrics') == refused
    checkout.git('switch', '--quiet', '--force', 'main')
    checkout.write(r.model('web', versions=better, route={}, strategy=CANARY))
    commit(checkout)
    checkout.write(pins('3', '1.2.0'))
    assert answered(checkout, 'plan')['changes']


@pytest.mark.parametrize('promotion', [{}, {'soak': '1h'}])
def test_an_environment_that_requires_less_is_told(tmp_path: Path, promotion: dict[str, str]) -> None:
    checkout = made(tmp_path / 'repository', soak='24h')
    checkout.write(registry(**promotion))
    (warning,) = answered(checkout, 'generate', '--commit')['warnings']
    after = promotion.get('soak', 'nothing')
    assert warning['message'] == f"'prod' no longer requires what is published: promotion.soak: 24h → {after}"
