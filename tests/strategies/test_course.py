"""The course of a rollout: which stages a strategy gives, and what each of them sets."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from generator.domain.strategy import BlueGreen, Canary, parse_strategy
from generator.strategies.course import (
    ENDED,
    Pair,
    Stage,
    aborted,
    course,
    find_stage,
    next_stage,
    pair_of,
    tracks,
    workload_difference,
    workload_digest,
)

STEPS: list[dict[str, Any]] = [{'weight': 5, 'hold': '10m'}, {'weight': 50, 'approval': True}]
PAIR = Pair('stable', 'canary')


def canary(*steps: dict[str, Any], **more: Any) -> Canary:
    strategy = parse_strategy({'canary': {'steps': list(steps) or STEPS, **more}})
    assert isinstance(strategy, Canary)
    return strategy


def blue_green(**settings: Any) -> BlueGreen:
    strategy = parse_strategy({'blueGreen': settings})
    assert isinstance(strategy, BlueGreen)
    return strategy


def values(replicas: int = 10, most: int = 0, **more: Any) -> dict[str, Any]:
    return {'replicaCount': replicas, 'autoscaling': {'enabled': bool(most), 'maxReplicas': most or 1}, **more}


def shown(strategy: Canary | BlueGreen, size: dict[str, Any] | None = None, **options: bool) -> list[str]:
    """Each stage as `name weight pods`, with what else is special about it."""
    lines = []
    for stage in course(strategy, **options):
        sets = tracks(stage, PAIR, {'args': ['old']}, size or values())
        live, new = sets['stable'], sets['canary']
        extra = [f'live {live["replicas"]}'] if live['replicas'] else []
        extra += [f'headers {",".join(new["headers"])}'] if new['headers'] else []
        extra += [f'mirror {new["mirror"]}'] if new['mirror'] else []
        extra += [f'hold {stage.hold}'] if stage.hold else []
        extra += ['approval'] if stage.approval else []
        extra += [] if live['workload'] else ['replaced']
        extra += [] if new['enabled'] else ['off']
        lines.append(' '.join([stage.name, str(new['weight']), str(new['replicas']), *extra]))
    return lines


def test_a_canary_goes_to_full_size_before_it_takes_everything() -> None:
    assert shown(canary(keepOld='1h')) == [
        'on 0 1',
        'step-1 5 5 hold 600',
        'step-2 50 5 approval',
        'full 50 0',
        'shift 100 0 hold 3600',
        'replace 100 0 replaced',
        'return 0 0 replaced',
    ]


def test_pods_of_a_step_start_one_commit_before_its_weight() -> None:
    """They take time to be ready: else half of the requests would go to one pod of four."""
    steps = [{'weight': 10}, {'weight': 30}, {'weight': 70}]
    stages = [(stage.weight, stage.share) for stage in course(canary(*steps))]
    for (_, before), (weight, _) in pairwise(stages):
        assert weight <= before


def test_a_last_step_of_100_is_the_shift() -> None:
    assert shown(canary({'weight': 20}, {'weight': 100, 'hold': '10m', 'approval': True}, keepOld='1m')) == [
        'on 0 2',
        'step-1 20 2',
        'full 20 0',
        'step-2 100 0 hold 660 approval',
        'replace 100 0 replaced',
        'return 0 0 replaced',
    ]
    assert shown(canary({'weight': 100})) == [
        'on 0 0',
        'step-1 100 0',
        'replace 100 0 replaced',
        'return 0 0 replaced',
    ]


def test_full_size_is_a_stage_only_where_it_is_news() -> None:
    assert shown(canary({'weight': 100}, replicas=1))[:3] == ['on 0 1', 'full 0 0', 'step-1 100 0']


def test_in_place_the_old_pods_are_replaced_at_the_last_weight() -> None:
    assert shown(canary(finish='inPlace', keepOld='1h')) == [
        'on 0 1',
        'step-1 5 5 hold 600',
        'step-2 50 5 hold 3600 approval',
        'replace 50 5 replaced',
        'return 0 5 replaced',
    ]
    assert shown(canary({'weight': 100}, finish='inPlace')) == shown(canary({'weight': 100}))


def test_headers_stay_until_the_traffic_returns_and_a_mirror_lasts_its_step() -> None:
    steps = [{'headers': {'x-beta': 'yes'}}, {'mirror': 30}, {'weight': 50}]
    assert shown(canary(*steps)) == [
        'on 0 1',
        'step-1 0 3 headers x-beta',
        'step-2 0 5 headers x-beta mirror 30',
        'step-3 50 5 headers x-beta',
        'full 50 0 headers x-beta',
        'shift 100 0 headers x-beta',
        'replace 100 0 headers x-beta replaced',
        'return 0 0 replaced',
    ]


def test_while_the_load_decides_both_tracks_keep_full_size_around_the_shift() -> None:
    assert shown(canary(), values(most=8)) == [
        'on 0 1',
        'step-1 5 4 hold 600',
        'step-2 50 4 approval',
        'full 50 8',
        'shift 100 8 live 8',
        'replace 100 8 live 8 replaced',
        'return 0 8 live 8 replaced',
    ]


def test_the_number_of_a_canarys_pods_may_be_said() -> None:
    assert shown(canary({'weight': 50}, replicas=2))[:3] == ['on 0 2', 'step-1 50 2', 'full 50 0']


def test_where_templates_differ_the_chart_goes_first() -> None:
    assert shown(canary(), chart_first=True)[:2] == ['chart 0 0 off', 'on 0 1']


def test_blue_green_switches_at_once() -> None:
    assert shown(blue_green()) == ['on 0 0', 'switch 100 0']
    assert shown(blue_green(approval=True)) == ['on 0 0 approval', 'switch 100 0']
    assert shown(blue_green(previewReplicas=1, approval=True, keepOld='30m'), values(most=8)) == [
        'on 0 1',
        'full 0 8 approval',
        'switch 100 8 live 8 hold 1800',
    ]


def test_slots_change_places() -> None:
    assert pair_of(blue_green(), 'blue') == Pair('blue', 'green')
    assert pair_of(blue_green(), 'green') == Pair('green', 'blue')
    assert pair_of(canary(), 'green') == PAIR


def test_an_abort_takes_all_requests_back_and_leaves_the_pods() -> None:
    stage = Stage('step-2', 50, 50, headers={'x': 'y'}, mirror=5, hold=9, approval=True)
    assert aborted(stage) == Stage('step-2', 0, 50)
    assert not aborted(stage).serves


@pytest.mark.parametrize('name', ['chart', 'on', 'step-1', 'step-2', 'full', 'shift', 'replace'])
def test_each_stage_leads_to_the_next(name: str) -> None:
    names = [stage.name for stage in course(canary(), chart_first=True)]
    assert next_stage(canary(), name) == names[names.index(name) + 1]
    assert find_stage(canary(), name) is not None


def test_the_last_stage_leads_to_the_end() -> None:
    assert next_stage(canary(), 'return') == next_stage(blue_green(), 'switch') == ENDED
    assert find_stage(canary(), 'step-3') is None


def test_a_workload_is_told_apart_whole_value_by_whole_value() -> None:
    old = {'args': ['a'], 'env': {'A': {'value': '1'}, 'B': {'value': '2'}}, 'replicaCount': 1, 'command': []}
    new = {'args': ['a'], 'env': {'A': {'value': '1'}}, 'replicaCount': 2, 'files': {}}
    assert workload_difference(old, new) == {'env': old['env']}
    assert workload_difference({'minReadySeconds': 1}, {'minReadySeconds': True}) == {'minReadySeconds': 1}


def test_a_digest_sees_what_pods_are_made_of_and_nothing_else() -> None:
    assert workload_digest({'args': ['a'], 'replicaCount': 1}) == workload_digest({'replicaCount': 2, 'args': ['a']})
    assert workload_digest({'args': ['a']}) != workload_digest({'args': ['b']})
