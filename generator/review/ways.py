"""A strategy → the way of the requests to a new version, as points."""

from __future__ import annotations

from generator.domain.strategy import BlueGreen, Canary, Strategy
from generator.review.impacts import Point


def way(strategy: Strategy) -> tuple[Point, ...]:
    """The points in order, up to all requests; () where pods get requests as they come."""
    match strategy:
        case Canary():
            steps = [Point(step.weight, step.hold, step.approval) for step in strategy.steps]
            return (*steps, *(() if steps and steps[-1].weight == 100 else (Point(100),)))
        case BlueGreen():
            return (Point(0, approval=strategy.approval), Point(100))
        case _:
            return ()
