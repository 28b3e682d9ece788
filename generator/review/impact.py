"""A release on both sides → the numbers of its move: pods, accelerators, requests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generator.compare.effects import pods
from generator.domain.choices import Engine, by_commits
from generator.domain.units import quantity
from generator.review.facts import facts, granted
from generator.review.impacts import Impact
from generator.review.records import Side, Touched
from generator.review.requests import pods_beside, traffic
from generator.review.scaling import fewest
from generator.review.ways import way
from generator.strategies.capacity import extra_pods, size_of
from generator.strategies.context import router_of
from generator.values.merge import enabled


def impact(touched: Touched) -> Impact:
    old, new = touched.old, touched.new
    happens = pods(touched.found) if old and new else 'none' if new else 'recreate'
    if old and new and old.resolved.place != new.resolved.place:
        happens = 'recreate'
    moves = happens != 'none' or any(side.rollout for side in (old, new) if side)
    before, now = (way(side.resolved.strategy) if side and moves else () for side in (old, new))
    names = sorted({*_each(old), *_each(new)})
    numbers = {name: _accelerators(old, new, name, moves=moves) for name in names}
    return Impact(
        happens,
        fewest(old.merged) if old else 0,
        fewest(new.merged) if new else 0,
        numbers,
        tuple(traffic(old, new)) if moves else (),
        before,
        now,
        facts(touched),
        tuple(granted(new)) if new else (),
        _beside(new) - _beside(old) if old and new else 0,
        bool(new and new.resolved.strategy.kind != 'rolling' and not by_commits(_engine(new))),
    )


def _engine(side: Side) -> Engine:
    return side.resolved.release.engine(side.resolved.environment)


def _beside(side: Side) -> int:
    """The pods of the new version beside those that have the requests, at a stage of a rollout in git."""
    return pods_beside(side.rollout, side.merged) if side.rollout else 0


def _each(side: Side | None) -> dict[str, int]:
    """The accelerators of one pod, by name."""
    found: dict[str, int] = {}
    holders = [side.merged, *enabled(side.merged['containers']).values()] if side else []
    for holder in holders:
        limits: Mapping[str, Any] = holder.get('resources', {}).get('limits', {})
        for name, count in limits.items():
            if '/' in name:
                found[name] = found.get(name, 0) + int(quantity(str(count)))
    return found


def _accelerators(old: Side | None, new: Side | None, name: str, *, moves: bool) -> tuple[int, int, int]:
    """Before, at their most, and after; of pods at their most."""
    before, after = (size_of(side.merged).pods * _each(side).get(name, 0) if side else 0 for side in (old, new))
    extra = 0
    if old and new and moves:
        resolved = new.resolved
        engine = resolved.release.engine(resolved.environment)
        router = router_of(resolved.environment, resolved.merged)
        extra = extra_pods(resolved.strategy, engine, router, size_of(new.merged)) * _each(new).get(name, 0)
    return before, max(before, after) + extra, after
