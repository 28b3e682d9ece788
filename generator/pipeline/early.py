"""A request that moves rollouts on → warnings: it leaves a stage whose hold is not over, or that waits for an approval.

`chartloom rollout advance` waits for both; whoever edits the file, or says `--now`, does not.
"""

from __future__ import annotations

from collections.abc import Iterator

from generator.domain.problems import Problem
from generator.domain.records import Rollout
from generator.domain.strategy import Rolling
from generator.pipeline.history import file_changes
from generator.pipeline.run import Run
from generator.strategies.course import Stage, course, find_stage
from generator.tools.clock import utc_text


def early_stages(run: Run) -> Iterator[Problem]:
    """Yield a warning for each rollout that goes on before its published stage lets it, or that is gone before its end.

    Times are those of commits.
    """
    published = run.judged.published
    if not run.base.revision:
        return
    yield from run.judged.lost()
    there = run.judged.own.rollouts
    for name, rollout in sorted(run.registry.rollouts.items()):
        before = there.get(name)
        stage = _left(before, rollout) if before else None
        if before is None or stage is None:
            continue
        changes = file_changes(run.repository, published, [before.file])
        until = changes[-1][0] + stage.hold if changes else 0
        waits = [f'its hold ends at {utc_text(until)}'] if until > run.clock.now else []
        waits += ['it waits for an approval'] if stage.approval else []
        if waits:
            message = f"leaves stage '{stage.name}', and {' and '.join(waits)}"
            yield Problem(rollout.file, '$.spec.stage', message, 'approve this request only if it shall not wait')


def _left(before: Rollout, after: Rollout) -> Stage | None:
    """The stage that a rollout leaves for a later one; None if it does not."""
    if before.aborted or after.aborted or isinstance(before.strategy, Rolling):
        return None
    names = [stage.name for stage in course(before.strategy, chart_first=True)]
    if not {before.stage, after.stage}.issubset(names) or names.index(after.stage) <= names.index(before.stage):
        return None
    return find_stage(before.strategy, before.stage)
