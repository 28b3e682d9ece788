"""A release on both sides → how its requests come to the new version, in words."""

from __future__ import annotations

import math
from collections.abc import Iterator

from generator.domain.choices import by_commits
from generator.domain.records import Rollout
from generator.domain.values import Values
from generator.domain.words import quoted
from generator.review.records import Side
from generator.strategies.controller_picture import course_lines
from generator.strategies.course import CHART, full_size
from generator.strategies.during import rollout_stage


def traffic(old: Side | None, new: Side | None) -> Iterator[str]:
    before, now = (side.rollout if side else None for side in (old, new))
    if not new:
        yield 'nothing serves any more'
    elif now:
        yield from _in_git(before, now, new)
    elif before:
        yield f'its rollout ends at {before.stage}: {new.version} gets all requests'
    elif new.resolved.release.is_rollback and not (old and old.resolved.release.is_rollback and old.chart == new.chart):
        yield f'a rollback: {new.version} gets all requests as its pods are ready, without steps, checks and approvals'
    elif new.resolved.strategy.kind == 'rolling' or by_commits(new.resolved.release.engine(new.resolved.environment)):
        yield 'ready pods get the requests as they come'
    else:
        yield from (line.strip() for line in course_lines(new.resolved))


def _in_git(before: Rollout | None, now: Rollout, side: Side) -> Iterator[str]:
    """A stage of a rollout that commits move."""
    to, from_ = now.spec['to']['version'], now.spec['from']['version']
    old, new = _share(before), _share(now)
    gets = f'of the requests {to} gets {_way(old, new)} and {from_} {_way(100 - old, 100 - new)}'
    back = f"'chartloom rollback {now.model} --env {now.environment}' gives all back to {from_}"
    if before is None:
        yield f'a rollout {from_} → {to} starts at its stage {quoted(now.stage)}'
        yield gets if new else f'{to} gets no requests yet'
        yield back
    elif now.aborted and not before.aborted:
        yield f'the rollout to {to} is aborted at its stage {quoted(now.stage)}: {gets}'
        yield f"the pods of {to} stay until 'chartloom rollout finish {now.name}'"
    else:
        yield f'the rollout goes from its stage {quoted(before.stage)} to {quoted(now.stage)}: {gets}'
        yield back


def _way(old: int, new: int) -> str:
    return f'{new} %' if old == new else f'{old} → {new} %'


def _share(rollout: Rollout | None) -> int:
    return rollout_stage(rollout).requests if rollout else 0


def pods_beside(rollout: Rollout, values: Values) -> int:
    """The pods of the track that has not all requests yet, or not any more."""
    stage = rollout_stage(rollout)
    return 0 if stage.name == CHART else stage.pods or math.ceil(stage.share * full_size(values) / 100)
