"""Health of a rollout: verdicts from data in memory, and from a real Prometheus that scrapes a real server."""

from __future__ import annotations

import json
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import registries as r
from gitops import Checkout, chartloom, new
from scraped import Pods, until

from generator.operations.rollout_health import Ready, Verdict, judge_check, judge_ready, looks, ready_query, together
from generator.strategies.queries import Query

GOOD = Query('success-rate', 'q', '>=', Decimal('0.995'))
FAST = Query('p99', 'q', '<=', Decimal('0.150'))


def test_no_data_is_never_a_pass() -> None:
    for found in ({}, {100: []}, {100: ['NaN']}, {40: ['1']}, {100: ['NaN'], 40: ['1']}):
        assert judge_check(GOOD, found, 100, 0) == Verdict('waiting', 'successRate has no data yet')


def test_a_limit_belongs_to_what_is_allowed() -> None:
    assert judge_check(GOOD, {100: ['0.995']}, 100, 0).state == 'passed'
    assert judge_check(FAST, {100: ['0.15']}, 100, 0).state == 'passed'
    assert judge_check(FAST, {100: ['+Inf']}, 100, 0).reason == (
        'p99 was Infinity, expected <= 150ms (1 of 1 looks failed, 0 allowed)'
    )
    assert judge_check(GOOD, {100: ['0.99499']}, 100, 0) == Verdict(
        'failed', 'successRate was 99.499%, expected >= 99.5% (1 of 1 looks failed, 0 allowed)'
    )


def test_some_looks_may_fail_but_not_the_last() -> None:
    found = {40: ['0.9'], 70: ['1'], 100: ['1']}
    assert judge_check(GOOD, found, 100, 1).state == 'passed'
    assert judge_check(GOOD, found, 100, 0).state == 'failed'
    found = {40: ['1'], 70: ['1'], 100: ['0.9']}
    assert judge_check(GOOD, found, 100, 1) == Verdict(
        'waiting', 'successRate is 90%, expected >= 99.5% (1 of 3 looks failed, 1 allowed)'
    )


def test_of_several_values_each_must_hold() -> None:
    assert judge_check(GOOD, {100: ['1', '0.5']}, 100, 0).state == 'failed'
    assert judge_check(GOOD, {100: ['1', 'NaN']}, 100, 0).state == 'passed'


def test_looks_end_now_and_are_not_too_many() -> None:
    assert looks(0, 100, '30s') == (10, 30)
    assert looks(90, 100, '1m') == (100, 60)
    assert looks(200, 100, '1m') == (100, 60)  # a clock that is behind
    assert looks(0, 10**7, '1m') == (10**7 - 600_000, 60)


def test_pods_are_ready_when_as_many_are_scraped() -> None:
    ready = Ready('canary', 2, fresh=False)
    assert judge_ready(ready, ['2']).state == judge_ready(ready, ['3']).state == 'passed'
    assert judge_ready(ready, ['1']) == Verdict('waiting', "1 of 2 pods of track 'canary' are ready")
    assert judge_ready(Ready('stable', 2, fresh=True), []).reason == "0 of 2 new pods of track 'stable' are ready"
    assert ready_query(ready, 'a="b"', 60) == 'count(up{a="b"} == 1)'
    assert ready_query(Ready('stable', 2, fresh=True), 'a="b"', 0) == (
        'count(up{a="b"} == 1 unless up{a="b"} offset 1s) unless count(up{a="b"} == 1 and up{a="b"} offset 1s)'
    )


def test_one_failure_is_a_failure() -> None:
    failed, waiting, passed = Verdict('failed', 'f'), Verdict('waiting', 'w'), Verdict('passed')
    assert together([waiting, failed, passed]) == failed
    assert together([passed, waiting, Verdict('waiting', 'x')]) == Verdict('waiting', 'w; x')
    assert together([passed]) == together([]) == passed


# --- a real Prometheus -----------------------------------------------------------------------------------------------


def checkout(folder: Path, address: str, **checks: Any) -> Checkout:
    checks = {'queries': {'errors': {'query': 'max(errors{SEL})', 'limit': '<= 0.1'}}, 'interval': '1s', **checks}
    strategy = {'canary': {'steps': [{'weight': 50}], 'checks': checks}}
    monitoring = {'namespace': 'monitoring', 'podMonitor': True, 'prometheus': address}
    base = {
        **r.settings(),
        **r.model(versions=[r.version('1')], route={}, replicas=1, args=['--old']),
        **r.environment('prod', strategy=strategy, monitoring=monitoring, **r.GATEWAY),
        **r.release('prod', 'web', version='1', chart='1.0.0'),
    }
    found = new(folder, base)
    found.commit()
    found.write(r.model(versions=[r.version('1'), r.version('2')], route={}, replicas=1, args=['--new']))
    found.commit()
    assert chartloom(found.folder, 'rollout', 'start', 'prod/web').returncode == 0
    return found


def advance(found: Checkout, *options: str, **env: str) -> tuple[int, str, str]:
    done = chartloom(
        found.folder, 'rollout', 'advance', 'prod/web', '--if-healthy', '--output', 'json', *options, env=env
    )
    answer = json.loads(done.stdout)
    return done.returncode, answer.get('result', str(answer)), '; '.join(answer.get('reasons', []))


def test_a_rollout_goes_on_when_prometheus_says_so(tmp_path: Path, pods: Pods, prometheus: str) -> None:
    found = checkout(tmp_path / 'repository', prometheus, failures=0)
    pods.run(stable=['old'], canary=['new'])
    pods.say('old', 'errors 0.5\n')  # of the old version, whom nobody asks
    until(lambda: advance(found), (4, 'waiting', "0 of 1 pods of track 'canary' are ready"))
    pods.say('new', '')
    until(lambda: advance(found), (0, 'advanced', ''))
    assert advance(found) == (4, 'waiting', 'errors has no data yet')
    pods.say('new', 'errors NaN\n')
    time.sleep(1)
    assert advance(found) == (4, 'waiting', 'errors has no data yet')
    pods.say('new', 'errors 0.1\n')
    until(lambda: advance(found), (0, 'advanced', ''))  # step-1 → full
    assert advance(found)[:2] == (0, 'advanced')  # full → shift
    # The pods that 'replace' waits for are others than those that there were when it began.
    assert advance(found, GIT_COMMITTER_DATE=f'{int(time.time())} +0000')[:2] == (0, 'advanced')
    time.sleep(1.5)
    assert advance(found) == (4, 'waiting', "0 of 1 new pods of track 'stable' are ready")
    pods.say('newer', 'errors 0\n')
    pods.run(stable=['newer'], canary=['new'])
    until(lambda: advance(found), (0, 'advanced', ''))  # replace → return
    assert advance(found)[:2] == (0, 'advanced')
    assert not (found.folder / 'registry/rollouts/prod/web.yaml').exists()


def test_a_rollout_that_fails_is_told_or_taken_back(tmp_path: Path, pods: Pods, prometheus: str) -> None:
    found = checkout(tmp_path / 'repository', 'http://127.0.0.1:1', failures=0)
    before = found.head()
    done = chartloom(found.folder, 'rollout', 'advance', 'prod/web', '--if-healthy')
    assert done.returncode == 3, done.stderr
    assert 'http://127.0.0.1:1/api/v1/query' in done.stderr
    pods.run(stable=['old'], canary=['new'])
    pods.say('old', '')
    pods.say('new', 'errors 0.3\n')
    until(lambda: advance(found, '--prometheus', prometheus), (0, 'advanced', ''))
    reason = 'errors was 0.3, expected <= 0.1'
    head = found.head()
    until(lambda: advance(found, '--prometheus', prometheus)[:2], (1, 'failed'))
    done = chartloom(found.folder, 'rollout', 'advance', 'prod/web', '--prometheus', prometheus)
    assert done.returncode == 1
    assert done.stderr.startswith(f'registry/rollouts/prod/web.yaml::$.spec.stage: {reason}')
    assert "hint: run 'chartloom rollout abort prod/web'" in done.stderr
    assert found.head() == head != before
    code, result, said = advance(found, '--prometheus', prometheus, '--abort-on-failure')
    assert (code, result, said.startswith(reason)) == (1, 'aborted', True)
    assert '  aborted: true\n' in found.read('registry/rollouts/prod/web.yaml')
    # An aborted one asks nobody before it goes.
    assert advance(found, '--prometheus', 'http://127.0.0.1:1') == (0, 'advanced', '')


def test_a_question_that_prometheus_does_not_understand_fails(tmp_path: Path, prometheus: str) -> None:
    queries = {'odd': {'query': 'max(errors{SEL}) of', 'limit': '<= 1'}}
    found = checkout(tmp_path / 'repository', prometheus, queries=queries)
    chartloom(found.folder, 'rollout', 'advance', 'prod/web')
    done = chartloom(found.folder, 'rollout', 'advance', 'prod/web', '--if-healthy')
    assert done.returncode == 3
    assert 'parse error' in done.stderr
