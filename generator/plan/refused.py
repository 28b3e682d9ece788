"""A release's published and desired delivery object → problems: ways that a controller was seen never to end.

Each of the two objects is right; what an agent applies is the way between them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from generator.documents.read import read_yaml
from generator.domain.choices import ENGINES, makes_routes
from generator.domain.layout import release_file, release_of
from generator.domain.problems import Problem, ProblemsFound
from generator.domain.records import Values
from generator.plan.transitions import at, delivered_values

FLAGGER = frozenset(filter(makes_routes, ENGINES))
# The published and the desired content of changed delivery files, by path; None: it is removed.
Redelivered = Mapping[str, tuple[bytes, bytes | None]]


def refused_ways(changed: Redelivered) -> Iterator[Problem]:
    """Yield the ways of releases that engine flagger runs now."""
    for path, (published, desired) in changed.items():
        release = release_of(path)
        if not release or b'engine: flagger' not in published:
            continue
        if before := _canary(published, path):
            after = _canary(desired, path) if desired else {}
            yield from _of_flagger(release, before, after, removed=desired is None)


def _canary(data: bytes, path: str) -> Values:
    """The specification of Flagger's Canary in a delivery object; {} if it has none, or another form."""
    try:
        strategy = at(delivered_values(read_yaml(data, path)), 'strategy')
    except ProblemsFound:  # edited by hand, or encrypted
        return {}
    canary = at(strategy, 'canary')
    return canary if at(strategy, 'engine') in FLAGGER and isinstance(canary, dict) else {}


def _of_flagger(release: str, before: Values, after: Values, *, removed: bool) -> Iterator[Problem]:
    file, reverts = release_file(release), bool(before.get('revertOnDeletion'))
    if removed and reverts:
        message = 'with leavesFlagger its Canary waits for its Deployment, which is removed first: it would never end'
        yield Problem(file, '', message, 'commit it without leavesFlagger, then remove it when that is applied')
    elif not removed and not after and not reverts:
        message = 'leaves engine flagger in one commit: Flagger would delete its pods while the others have 0 replicas'
        hint = (
            'write leavesFlagger: true, keep the engine, push that, and change the engine when the agent has applied it'
        )
        yield Problem(file, '', message, hint)
    elif after and _scaler(before) == 'ScaledObject' != _scaler(after):
        message = 'scales by CPU or not at all instead of by load: Flagger keeps the ScaledObject of its primary'
        hint = 'let it leave engine flagger first (leavesFlagger), or keep the metric load'
        yield Problem(file, '', message, hint)


def _scaler(canary: Values) -> str:
    return str(at(canary, 'autoscalerRef', 'kind'))
