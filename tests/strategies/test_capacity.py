"""Room for rollouts, against a small model of all that controllers may do: no deadlock accepted, no way refused."""

from __future__ import annotations

from itertools import product

import pytest

from generator.domain.strategy import Canary, parse_strategy
from generator.strategies.capacity import Size, canary_pods, extra_pods, plans_that_fit, sized
from generator.strategies.course import course

# Pods of a set: ready old ones, ready new ones, and new ones without a place.
State = tuple[tuple[int, int, int], ...]


def steps(state: State, index: int, size: Size, room: int) -> set[State]:
    """What the controller of a set and the scheduler may do next, while its pods are replaced."""
    old, new, waiting = state[index]
    free = room - sum(o + n for o, n, _ in state)
    found = set()
    if old + new + waiting < size.pods + size.surge and new + waiting < size.pods:
        found.add((old, new, waiting + 1))
    if waiting and free > 0:
        found.add((old, new + 1, waiting - 1))
    if old and old + new - 1 >= size.pods - size.unavailable:
        found.add((old - 1, new, waiting))
    return {(*state[:index], each, *state[index + 1 :]) for each in found}


def replaced(state: State, index: int, size: Size, room: int) -> bool:
    """Whether a set gets new pods whatever happens first: nothing stands still before all are new."""
    seen, todo = {state}, [state]
    while todo:
        here = todo.pop()
        following = steps(here, index, size, room) - seen
        if not steps(here, index, size, room) and here[index] != (0, size.pods, 0):
            return False
        seen |= following
        todo += following
    return True


def fits(pods: int, room: int) -> bool:
    return pods <= room


SIZES = [Size(pods, surge, away) for pods, surge, away in product((1, 2, 3, 4), (0, 1, 2), (0, 1, 2)) if surge or away]
ROOMS = range(10)


def rolls(size: Size, beside: int, room: int) -> bool:
    """Whether pods are replaced while others stand beside them."""
    return replaced(((beside, 0, 0), (size.pods, 0, 0)), 1, size, room)


def agrees(strategy: object, engine: str, router: str, size: Size, possible: list[bool]) -> None:
    """`possible` tells for each number of extra pods whether the model gets through."""
    needed = extra_pods(strategy, engine, router, size)  # type: ignore[arg-type]
    assert [room >= needed for room in ROOMS] == possible, (strategy, engine, router, size, needed)


@pytest.mark.parametrize('size', SIZES, ids=str)
def test_rolling(size: Size) -> None:
    possible = [rolls(size, 0, size.pods + room) for room in ROOMS]
    agrees(parse_strategy({'rolling': {}}), 'native', 'service', size, possible)
    # Argo Rollouts without a router replaces pods in the same way.
    canary = parse_strategy({'canary': {'steps': [{'weight': 20}]}})
    agrees(canary, 'argo-rollouts', 'service', size, possible)


@pytest.mark.parametrize('size', SIZES, ids=str)
@pytest.mark.parametrize('replicas', [0, 1])
def test_native_canary(size: Size, replicas: int) -> None:
    spec = {'steps': [{'weight': 5}, {'weight': 50}], **({'replicas': replicas} if replicas else {})}
    canary = parse_strategy({'canary': spec})
    assert isinstance(canary, Canary)
    possible = []
    for room in ROOMS:
        every = size.pods + room
        grows = all(fits(size.pods + pods, every) for pods in (*canary_pods(canary, size.pods), size.pods))
        possible.append(grows and rolls(size, size.pods, every))
    agrees(canary, 'native', 'gateway-api', size, possible)


@pytest.mark.parametrize('size', SIZES, ids=str)
@pytest.mark.parametrize('replicas', [0, 1, 2])
def test_native_canary_in_place(size: Size, replicas: int) -> None:
    more = {'replicas': replicas} if replicas else {}
    canary = parse_strategy({'canary': {'steps': [{'weight': 5}, {'weight': 50}], 'finish': 'inPlace', **more}})
    assert isinstance(canary, Canary)
    # With traffic on the pods none may be missing.
    careful = Size(size.pods, max(1, size.surge), 0)
    most = max(canary_pods(canary, size.pods))
    possible = [rolls(careful, most, size.pods + room) for room in ROOMS]
    agrees(canary, 'native', 'gateway-api', size, possible)


@pytest.mark.parametrize('size', SIZES, ids=str)
@pytest.mark.parametrize('kind', ['canary', 'blueGreen'])
def test_both_versions_at_full_size(size: Size, kind: str) -> None:
    strategy = parse_strategy({kind: {'steps': [{'weight': 5}]} if kind == 'canary' else {}})
    beside = [fits(2 * size.pods, size.pods + room) for room in ROOMS]
    agrees(strategy, 'argo-rollouts', 'gateway-api', size, beside)
    if kind == 'blueGreen':
        agrees(strategy, 'native', 'service', size, beside)
    # Flagger replaces its primary while the new version stands beside it.
    both = [fits(2 * size.pods, size.pods + room) and rolls(size, size.pods, size.pods + room) for room in ROOMS]
    agrees(strategy, 'flagger', 'gateway-api', size, both)


@pytest.mark.parametrize('size', SIZES, ids=str)
@pytest.mark.parametrize('engine', ['native', 'argo-rollouts', 'flagger'])
@pytest.mark.parametrize('kind', ['rolling', 'canary', 'blueGreen'])
def test_the_plan_that_is_named_fits(size: Size, engine: str, kind: str) -> None:
    settings = {'canary': {'steps': [{'weight': 50}], 'replicas': 2}}.get(kind, {})
    strategy = parse_strategy({kind: settings})
    for room in range(extra_pods(strategy, engine, 'istio', size)):
        plans = list(plans_that_fit(strategy, engine, 'istio', size, room))
        assert plans
        for plan in plans:
            assert extra_pods(plan.strategy, engine, 'istio', plan.size) <= room, plan


def test_old_pods_make_room_as_the_weight_grows() -> None:
    """Argo Rollouts starts the new pods of a step before it removes the old ones of the step before."""
    steps = [{'weight': 25}, {'weight': 50}, {'weight': 75}]
    canary = parse_strategy({'canary': {'steps': steps, 'dynamicStableScale': True}})
    assert extra_pods(canary, 'argo-rollouts', 'istio', Size(8, 1, 0)) == 2
    assert extra_pods(canary, 'argo-rollouts', 'istio', Size(3, 1, 0)) == 2
    plain = parse_strategy({'canary': {'steps': steps}})
    (plan, *_) = plans_that_fit(plain, 'argo-rollouts', 'istio', Size(8, 1, 0), 2)
    assert plan.text == 'canary with dynamicStableScale: true'
    assert 'dynamicStableScale' not in next(plans_that_fit(plain, 'argo-rollouts', 'service', Size(8, 1, 0), 2)).text


def test_percentages_are_rounded_as_the_controller_does() -> None:
    assert sized(5, '25%', '25%') == Size(5, 2, 1)
    assert sized(3, '0', '10%') == Size(3, 0, 1)


def test_copies_of_requests_want_pods_as_the_requests_do() -> None:
    """The same as the rollout in git gives them, or it would wait for accelerators that nobody counted."""
    canary = parse_strategy({'canary': {'steps': [{'mirror': 50}, {'weight': 5}], 'finish': 'inPlace'}})
    assert isinstance(canary, Canary)
    assert list(canary_pods(canary, 8)) == [4, 1]
    given = {stage.name: stage.share for stage in course(canary)}
    assert [given['step-1'], given['step-2']] == [50, 5]
    assert extra_pods(canary, 'native', 'istio', Size(8, 1, 0)) == 5
