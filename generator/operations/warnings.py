"""A run and its outcome → the warnings that an operation shows."""

from __future__ import annotations

from collections.abc import Collection

from generator.domain.layout import is_registry_yaml, release_file
from generator.domain.problems import Problem
from generator.operations.operation import Outcome
from generator.pipeline.heirs import heirs
from generator.pipeline.run import Run
from generator.plan.removals import removal_warnings
from generator.plan.touched import about


def shown_warnings(run: Run, outcome: Outcome, removable: Collection[str]) -> tuple[Problem, ...]:
    """Select the warnings about changed files, about registry files that differ from HEAD, and about removals."""
    removals = removal_warnings(outcome.plan, removable, heirs(run, outcome.plan))
    if not outcome.changed:
        return tuple(removals)
    ids, held = run.source.tree.ids, run.source.tree.held
    edited = (path for path in {*ids, *held} if ids.get(path) != held.get(path))
    paths = [change.path for change in outcome.plan.changes]
    changed = [*paths, *map(release_file, outcome.reasons), *filter(is_registry_yaml, edited)]
    shown = about(run.warnings, run.source.scope, run.registry.releases, changed)
    return (*shown, *removals)
