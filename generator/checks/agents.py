"""Environments → problems: settings that the agent does not have, or by which a release could get more rights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from generator.domain.choices import agent_title, has_projects
from generator.domain.environments import Environment
from generator.domain.problems import Problem

_PLACE = '$.spec.applicationNamespace'


def agent_problems(environments: Mapping[str, Environment]) -> Iterator[Problem]:
    """Report settings that the agent does not have, and namespaces in which Applications may name another project."""
    owners: dict[str, str] = {}
    with_projects = [item for item in environments.values() if has_projects(item.agent)]
    installed = {item.agent_namespace: item.name for item in reversed(with_projects)}
    for environment in environments.values():
        if not has_projects(environment.agent):
            yield from _without_projects(environment)
        elif namespace := environment.application_namespace:
            if namespace in installed:
                message = f"Argo CD of environment '{installed[namespace]}' is in '{namespace}': Applications there may"
                yield Problem(environment.file, _PLACE, f'{message} name any project', 'choose another namespace')
            if (owner := owners.setdefault(namespace, environment.name)) != environment.name:
                message = f"environment '{owner}' has the same namespace '{namespace}': Applications there may name"
                hint = 'give each environment its own applicationNamespace'
                yield Problem(environment.file, _PLACE, f'{message} the projects of both', hint)


def _without_projects(environment: Environment) -> Iterator[Problem]:
    for key in ('agentCluster', 'applicationNamespace'):
        if key in environment.spec:
            message = f"'{key}' is a setting of Argo CD, the agent is {agent_title(environment.agent)}"
            yield Problem(environment.file, f'$.spec.{key}', message, 'remove it')
