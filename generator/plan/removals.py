"""A plan → warnings about removed environments, and about --allow-removal names that remove nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from generator.domain.generated import Plan
from generator.domain.layout import bootstrap_file
from generator.domain.problems import Problem
from generator.plan.summary import summarize


def removal_warnings(plan: Plan, removable: Collection[str]) -> Iterator[Problem]:
    """Warn about names that remove nothing, and about releases that no agent uninstalls."""
    summary = summarize(plan)
    groups = {f'{name.partition("/")[0]}/*' for name in summary.removed if '/' in name}
    for name in sorted({*removable} - {*summary.removed, *summary.environments, *groups, *summary.releases}):
        yield Problem('--allow-removal', '', f"'{name}' removes nothing", _REMOVABLE)
    for environment in summary.environments:
        if any(name.startswith(f'{environment}/') for name in summary.removed):
            message = f"'{environment}' is removed together with its releases: no agent uninstalls them"
            hint = 'delete their objects in the cluster by hand'
            yield Problem(bootstrap_file(environment), '', message, hint)


_REMOVABLE = 'name a release (env/model, env/*) or an environment that has generated files and no registry file'
