"""What a strategy loses against the one before: steps, holds, approvals and checks."""

from __future__ import annotations

from typing import Any

import pytest

from generator.domain.strategy import parse_strategy
from generator.plan.weaker import weaker

CHECKS = {'successRate': '>= 99%', 'p99': '<= 500ms', 'queries': {'drift': {'query': 'a', 'limit': '<= 1'}}}
STEPS = [{'weight': 5, 'hold': '10m'}, {'weight': 50, 'hold': '5m', 'approval': True}]
CANARY = {'canary': {'steps': STEPS, 'checks': CHECKS}}
BLUE_GREEN = {'blueGreen': {'approval': True, 'checks': CHECKS}}


def canary(*steps: dict[str, Any], **checks: Any) -> dict[str, Any]:
    return {'canary': {'steps': list(steps) or STEPS, 'checks': {**CHECKS, **checks}}}


@pytest.mark.parametrize(
    ('before', 'after', 'lost'),
    [
        (CANARY, CANARY, []),
        ({'rolling': {}}, CANARY, []),
        (BLUE_GREEN, BLUE_GREEN, []),
        (CANARY, {'rolling': {}}, ['all of canary, since Kubernetes replaces its pods']),
        (BLUE_GREEN, {'rolling': {}}, ['all of blueGreen, since Kubernetes replaces its pods']),
        (
            CANARY,
            {'canary': {'steps': [{'weight': 99}]}},
            [
                'steps (2 → 1)',
                'a small first step (5 → 99 %)',
                'time of holds (900 → 0 s)',
                'approvals (1 → 0)',
                "check 'success-rate'",
                "check 'p99'",
                "check 'drift'",
            ],
        ),
        (
            CANARY,
            BLUE_GREEN,
            ['steps (2 → 1)', 'a small first step (5 → 100 %)', 'time of holds (900 → 0 s)'],
        ),
        (BLUE_GREEN, {'blueGreen': {'checks': CHECKS}}, ['approvals (1 → 0)']),
        (CANARY, canary(STEPS[0], {**STEPS[1], 'hold': '1s'}), ['time of holds (900 → 601 s)']),
        (CANARY, canary(STEPS[0], {'weight': 20}, STEPS[1]), []),
        (CANARY, canary(successRate='>= 99.9%', p99='<= 100ms'), []),
        (CANARY, canary(successRate='>= 9%'), ["the limit or the query of check 'success-rate'"]),
        (CANARY, canary(p99='<= 9s'), ["the limit or the query of check 'p99'"]),
        (
            CANARY,
            canary(queries={'drift': {'query': 'vector(0)', 'limit': '<= 1'}}),
            ["the limit or the query of check 'drift'"],
        ),
        (
            canary({'weight': 5}, {'weight': 25}, {'weight': 50}),
            canary({'weight': 5}, {'weight': 6}, {'weight': 7}),
            ['small steps (at most 50 → 93 % more at once)'],
        ),
        (
            CANARY,
            {'canary': {**CANARY['canary'], 'replicas': 1}},
            ['pods in proportion to its requests (1 at every step)'],
        ),
        # Later, or to fewer: what a new version passes before it gets more requests.
        (
            CANARY,
            canary({'weight': 5, 'hold': '1s'}, {'weight': 50, 'hold': '2h', 'approval': True}),
            ['time of holds up to 5 % (600 → 1 s)'],
        ),
        (
            canary({'weight': 5, 'hold': '1h', 'approval': True}, {'weight': 50, 'hold': '1h'}),
            canary({'weight': 5, 'hold': '1h'}, {'weight': 99, 'hold': '2h', 'approval': True}),
            ['small steps (at most 50 → 94 % more at once)', 'approvals up to 5 % (1 → 0)'],
        ),
        (
            canary({'headers': {'x': 'y'}, 'hold': '1h'}, *STEPS),
            canary({'weight': 1, 'hold': '1h'}, *STEPS),
            ['steps with headers (1 → 0)'],
        ),
        (CANARY, {'canary': {**canary()['canary'], 'keepOld': '1h'}}, []),
        (
            {'canary': {**canary()['canary'], 'keepOld': '1h'}},
            CANARY,
            ['time in which the old pods stay (3600 → 0 s)'],
        ),
        (canary(window='1h'), canary(window='1m'), ['the window of checks (1h → 1m)']),
        (canary(interval='1m'), canary(interval='119m'), ['the interval of checks (1m → 119m)']),
        (CANARY, canary(failures=99), ['checks that stop it (1 → 99 failures are allowed)']),
    ],
)
def test_what_a_strategy_loses(before: dict[str, Any], after: dict[str, Any], lost: list[str]) -> None:
    assert list(weaker(parse_strategy(before), parse_strategy(after))) == lost
