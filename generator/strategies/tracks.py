"""A canary or blue/green strategy whose steps are commits → its tracks while no rollout runs."""

from __future__ import annotations

from typing import Any, assert_never

from generator.domain.strategy import BlueGreen, Canary

Track = dict[str, Any]


def track(*, enabled: bool, weight: int = 0, replicas: int = 0, **more: Any) -> Track:
    """Return a set of pods; 0 replicas means the number in the values."""
    return {
        'enabled': enabled, 'weight': weight, 'replicas': replicas, 'headers': {}, 'mirror': 0, 'workload': {}, **more,
    }  # fmt: skip


def steady_tracks(strategy: Canary | BlueGreen, slot: str) -> dict[str, Track]:
    """Return tracks with all traffic on stable, or on the live slot."""
    match strategy:
        case Canary():
            return {'stable': track(enabled=True, weight=100), 'canary': track(enabled=False)}
        case BlueGreen():
            slots = {name: track(enabled=name == slot, weight=100 if name == slot else 0) for name in ('blue', 'green')}
            return {'stable': track(enabled=False)} | slots
        case _:
            assert_never(strategy)
