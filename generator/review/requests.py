"""A release on both sides → how its requests come to the new version, in words."""

from __future__ import annotations

import math
from collections.abc import Iterator

from generator.domain.choices import by_commits
from generator.domain.records import Rollout
from generator.review.records import Side
from generator.strategies.controller_picture import course_lines
from generator.strategies.course import full_size
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
    gets = f'{to} gets {old} → {new} % of the requests, {from_} the others'
    if before is None:
        stage = rollout_stage(now)
        pods = stage.pods or math.ceil(stage.share * full_size(side.merged) / 100)
        come = f'{pods} pod of {to} comes' if pods == 1 else f'{pods} pods of {to} come'
        yield f'a rollout {from_} → {to} starts at {now.stage}: {come} beside'
        yield gets
    elif now.aborted and not before.aborted:
        yield f'the rollout to {to} is aborted at {now.stage}: {from_} gets all requests, and {to} {old} → {new} %'
    else:
        yield f'the rollout moves from {before.stage} to {now.stage}: {gets}'


def _share(rollout: Rollout | None) -> int:
    return rollout_stage(rollout).requests if rollout else 0
