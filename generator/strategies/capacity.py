"""A strategy and the size of a release → the extra pods that a rollout requires."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from math import ceil
from typing import assert_never

from generator.domain.choices import Engine, Router, by_commits, has_routes, writes_weights
from generator.domain.strategy import BlueGreen, Canary, Rolling, Strategy
from generator.domain.values import Values


@dataclass(frozen=True, slots=True)
class Size:
    """Pods of a release at its largest, and how its Deployment replaces them."""

    pods: int
    surge: int
    unavailable: int


def size_of(values: Values) -> Size:
    """From merged values; percentages are rounded as the Deployment controller does."""
    scaling, rolling = values['autoscaling'], values['strategy']['rolling']
    pods = int(scaling['maxReplicas'] if scaling['enabled'] else values['replicaCount'])
    return sized(pods, str(rolling['maxSurge']), str(rolling['maxUnavailable']))


def sized(pods: int, surge: str, unavailable: str) -> Size:
    above = ceil(pods * int(surge[:-1]) / 100) if surge.endswith('%') else int(surge)
    below = pods * int(unavailable[:-1]) // 100 if unavailable.endswith('%') else int(unavailable)
    # If both are 0, the controller removes one pod first.
    return Size(pods, above, below if above or below else 1)


def extra_pods(strategy: Strategy, engine: Engine, router: Router, size: Size) -> int:
    """Return how many extra pods the cluster must have room for; else the rollout waits for ever."""
    if not size.pods:
        return 0
    # A pod that may be unavailable makes room for its replacement; of several extra pods all but one can wait.
    rolling = 0 if size.unavailable else 1
    if isinstance(strategy, Rolling):
        return rolling
    match engine:
        case 'native':
            return _by_commits(strategy, size.pods, rolling)
        case 'argo-rollouts':
            # Without a router the weight is the number of pods: they are replaced one by one.
            if isinstance(strategy, Canary) and not has_routes(router):
                return rolling
            if isinstance(strategy, Canary) and strategy.dynamic_stable_scale:
                return _dynamic(strategy, size.pods)
            return size.pods
        case 'flagger':
            # The primary is replaced while the canary still runs.
            return size.pods + rolling
        case _:
            assert_never(engine)


def _by_commits(strategy: Canary | BlueGreen, pods: int, rolling: int) -> int:
    match strategy:
        case BlueGreen():
            return pods
        case Canary() if strategy.finish == 'inPlace':
            # Old pods have traffic: they are removed only when new ones are ready.
            return max(canary_pods(strategy, pods)) + 1
        case Canary():
            return pods + rolling
        case _:
            assert_never(strategy)


def _dynamic(canary: Canary, pods: int) -> int:
    """The new pods of a step are ready before the old ones of the step before it are removed."""
    weights = (0, *canary.weights, 100)
    return max(ceil(new * pods / 100) + ceil((100 - old) * pods / 100) - pods for old, new in pairwise(weights))


def canary_pods(canary: Canary, pods: int) -> Iterator[int]:
    """Pods of the new version in each step below its full size."""
    for step in canary.steps:
        yield canary.replicas or ceil(step.share * pods / 100)


@dataclass(frozen=True, slots=True)
class Alternative:
    """An alternative strategy, as text of the registry, with its strategy and its size."""

    text: str
    strategy: Strategy
    size: Size


def plans_that_fit(strategy: Strategy, engine: Engine, router: Router, size: Size, room: int) -> Iterator[Alternative]:
    """Yield strategies that require at most `room` extra pods, nearest first; there is always one."""
    if isinstance(strategy, Canary) and by_commits(engine):
        for replicas in dict.fromkeys((strategy.replicas, 1)):
            in_place = replace(strategy, replicas=replicas, finish='inPlace')
            if extra_pods(in_place, engine, 'service', size) <= room:
                smaller = f'replicas: {replicas} and ' if replicas else ''
                yield Alternative(f'canary with {smaller}finish: inPlace', in_place, size)
                break
    if isinstance(strategy, Canary) and writes_weights(engine) and has_routes(router):
        dynamic = replace(strategy, dynamic_stable_scale=True, keep_old=0)
        if extra_pods(dynamic, engine, router, size) <= room:
            yield Alternative('canary with dynamicStableScale: true', dynamic, size)
    surge = min(room, 1)
    text = f'rolling: {{maxSurge: {surge}, maxUnavailable: {1 - surge}}}'
    yield Alternative(text, Rolling({}), Size(size.pods, surge, 1 - surge))
