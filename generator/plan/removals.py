"""A plan → warnings about removed environments, and about --allow-removal names that remove nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import assert_never

from generator.domain.environments import Environment
from generator.domain.generated import Plan
from generator.domain.layout import bootstrap_file, bootstrap_name, delivery_name, model_name
from generator.domain.problems import Problem
from generator.plan.summary import summarize


def removal_warnings(plan: Plan, removable: Collection[str], heirs: Mapping[str, Environment]) -> Iterator[Problem]:
    """Warn about names that remove nothing, and about releases that no agent uninstalls.

    `heirs` are the environments that take over the cluster and namespace of a removed one.
    """
    summary = summarize(plan)
    groups = {f'{name.partition("/")[0]}/*' for name in summary.removed if '/' in name}
    for name in sorted({*removable} - {*summary.removed, *summary.environments, *groups, *summary.releases}):
        yield Problem('--allow-removal', '', f"'{name}' removes nothing", _REMOVABLE)
    for environment in summary.environments:
        names = [name for name in summary.removed if name.startswith(f'{environment}/')]
        if names and (new := heirs.get(environment)):
            yield _taken_over(environment, names, new)
        elif names:
            message = f"'{environment}' is removed together with its releases: no agent uninstalls them"
            hint = 'delete their objects in the cluster by hand'
            yield Problem(bootstrap_file(environment), '', message, hint)


def _taken_over(environment: str, names: Sequence[str], new: Environment) -> Problem:
    """The old delivery objects would still delete the pods, which are those of the new environment now."""
    objects = ', '.join(repr(delivery_name(environment, model_name(name))) for name in names)
    agent, root = new.agent, bootstrap_name(environment)
    match agent:
        case 'argocd':
            way = f"delete Application '{root}', then remove metadata.finalizers of {objects} and delete them"
        case 'flux':
            way = (
                f"delete Kustomization '{root}', then set spec.suspend: true of HelmReleases {objects} and delete them"
            )
        case _:
            assert_never(agent)
    message = f"'{environment}' is removed, and '{new.name}' has its cluster and namespace: nothing is uninstalled"
    hint = f"{way}; the objects in namespace '{new.namespace}' are those of '{new.name}': do not delete them"
    return Problem(bootstrap_file(environment), '', message, hint)


_REMOVABLE = 'name a release (env/model, env/*) or an environment that has generated files and no registry file'
