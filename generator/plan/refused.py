"""The published and the desired form of releases → problems: ways that a controller was seen never to end.

Each of the two forms is right; what an agent applies is the way between them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from generator.domain.choices import makes_routes
from generator.domain.layout import release_file
from generator.domain.problems import Problem
from generator.plan.forms import Form, Move, at

# Messages and hints.
_WAITS = (
    'with leavesFlagger its Canary waits for its Deployment, which is removed first: it would never end',
    'commit it without leavesFlagger, then remove it when that is applied',
)
_LEAVES = (
    'leaves engine flagger in one commit: Flagger would delete its pods while the others have 0 replicas',
    'write leavesFlagger: true, keep the engine, push that, and change the engine when the agent has applied it',
)
_KEEPS = (
    'scales by CPU or not at all instead of by load: Flagger keeps the ScaledObject of its primary',
    'let it leave engine flagger first (leavesFlagger), or keep the metric load',
)


def refused_ways(moves: Iterable[Move]) -> Iterator[Problem]:
    """Yield the ways of releases that engine flagger runs now, also if their files were edited by hand."""
    for move in moves:
        if makes_routes(move.before.engine) and (told := _of_flagger(move.before, move.after)):
            yield Problem(release_file(move.release), '', *told)


def _of_flagger(before: Form, after: Form | None) -> tuple[str, str] | None:
    reverts = bool(before.canary.get('revertOnDeletion'))
    if after is None:
        return _WAITS if reverts else None
    if not makes_routes(after.engine):
        return None if reverts else _LEAVES
    return _KEEPS if _scaler(before) == 'ScaledObject' != _scaler(after) else None


def _scaler(form: Form) -> str:
    return str(at(form.canary, 'autoscalerRef', 'kind'))
