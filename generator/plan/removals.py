"""A plan → warnings about what it removes, and about what was named for removal and stays."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from generator.domain.layout import bootstrap_file
from generator.domain.problems import Problem
from generator.domain.records import Plan
from generator.plan.summary import summarize


def removal_warnings(plan: Plan, removable: Collection[str]) -> Iterator[Problem]:
    """What is not as it seems: a name that removes nothing, and releases that nobody uninstalls."""
    summary = summarize(plan)
    for name in sorted({*removable} - {*summary.removed, *summary.environments}):
        yield Problem('--allow-removal', '', f"'{name}' removes nothing", _REMOVABLE)
    for environment in summary.environments:
        if any(name.startswith(f'{environment}/') for name in summary.removed):
            message = (
                f"'{environment}' goes together with its releases: its agent finds no folder and leaves them running"
            )
            hint = 'take this back; remove its releases first, and the environment when the agent has uninstalled them'
            yield Problem(bootstrap_file(environment), '', message, hint)


_REMOVABLE = 'name a release (env/model) or an environment whose registry file is gone while its files remain'
