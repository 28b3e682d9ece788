"""An operation and a run → the change of the registry and the plan that follows, despite problems elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from generator.domain.generated import Plan
from generator.domain.problems import Problem, ProblemsFound
from generator.operations.members import check_width
from generator.operations.operation import Operation, Options, RegistryChange
from generator.pipeline.elsewhere import left_out, touched
from generator.pipeline.run import Run

T = TypeVar('T')


@dataclass(frozen=True, slots=True)
class Decided:
    """What an operation does: `run` is that over the changed registry; `plan` None: there is nothing to do."""

    run: Run
    change: RegistryChange
    plan: Plan | None


class Superseded(ProblemsFound):
    """The change itself is not possible any more: what it was for has been done, or undone, by others."""


def decide(operation: Operation, run: Run, options: Options, *, again: bool = False) -> Decided:
    """Apply an operation; `again`: it was possible before, at an earlier head of the branch. Problems in what it does
    not touch are warnings of the change."""

    def work(run: Run) -> Decided:
        change = _change(operation, run, again=again)
        if operation.change and not (change.files or operation.prune):
            return Decided(run, change, None)
        laid = change.on(run)
        check_width(laid)
        removable = options.permitting(change).removable
        plan = laid.plan(discard=options.discard, removable=removable, adopted=change.adopted)
        return Decided(laid, change, plan)

    done, elsewhere = despite(operation, run, work)
    change = replace(done.change, warnings=(*done.change.warnings, *elsewhere))
    return replace(done, change=change)


def _change(operation: Operation, run: Run, *, again: bool) -> RegistryChange:
    if not again or operation.urgent:
        return operation.change_of(run)
    _ = run.charts  # its problems are those of the repository, not of the change
    try:
        return operation.change_of(run)
    except ProblemsFound as error:
        raise Superseded(error.problems) from None


def despite(operation: Operation, run: Run, work: Callable[[Run], T]) -> tuple[T, tuple[Problem, ...]]:
    """Do the work of an operation, and return the problems in what it does not touch, which is left out."""
    elsewhere: list[Problem] = []
    while True:
        try:
            return work(run), tuple(elsewhere)
        except ProblemsFound as error:
            if not operation.change:
                raise
            about = touched(run.source, operation.releases, operation.environments)
            more = left_out(error.problems, run.source, about)
            if more <= run.left_out:
                raise
            elsewhere += error.problems
            run = replace(run, left_out=run.left_out | more)
