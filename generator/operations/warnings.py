"""A run and what it changes → the warnings that an operation shows."""

from __future__ import annotations

from collections.abc import Collection

from generator.domain.layout import is_registry_yaml
from generator.domain.problems import Problem
from generator.domain.records import Plan
from generator.pipeline.run import Run
from generator.plan.removals import removal_warnings
from generator.plan.touched import about


def shown_warnings(run: Run, plan: Plan, removable: Collection[str]) -> tuple[Problem, ...]:
    """Those about what the plan changes and about registry files that differ from HEAD, and those of removals."""
    ids, held = run.source.tree.ids, run.source.tree.held
    edited = (path for path in {*ids, *held} if ids.get(path) != held.get(path))
    changed = [*(change.path for change in plan.changes), *filter(is_registry_yaml, edited)]
    shown = about(run.warnings, run.source.scope, run.registry.releases, changed)
    return (*shown, *removal_warnings(plan, removable))
