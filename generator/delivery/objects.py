"""A resolved release → the object by which its agent deploys it: the chart's place and the values together.

The settings follow from tests with the real controllers: values are inline, so that chart and values change in one
step; one chart folder or digest is named, so that a commit triggers only its release; retries use a fix; no hooks, no
waves.
"""

from __future__ import annotations

from typing import Any, assert_never

from generator.delivery.applications import application
from generator.delivery.helm_releases import flux_objects
from generator.documents.write import Dumped, dump_yaml, seal
from generator.domain.choices import Agent, agent_title
from generator.domain.environments import Environment
from generator.domain.generated import ResolvedRelease
from generator.domain.layout import release_file
from generator.domain.settings import Settings
from generator.domain.values import Values


def dump_readme(environment: Environment) -> bytes:
    """Write the README that keeps the agent's folder in git while it has no release."""
    agent = agent_title(environment.agent)
    command = 'generate --commit' if environment.follows_newest else 'pin'
    body = (
        f'\n# Releases of {environment.name}\n\n{agent} follows this folder: each file is one release,'
        ' and a release without a file is removed.\n'
        f'Add a release with `{release_file(f"{environment.name}/<model>")}` and `chartloom {command}`.\n'
    )
    return seal(environment.file, body, '<!-- {} -->')


def delivery_objects(release: ResolvedRelease, settings: Settings, prefix: str) -> list[dict[str, Any]]:
    """Return the Application, or the HelmRelease with the source of its chart if that is not the environment's.

    `prefix` is the folder of this repository in git.
    """
    return _objects(release, settings, prefix, release.values)


def dump_release(release: ResolvedRelease, settings: Settings, prefix: str) -> tuple[bytes, bytes]:
    """Return the values file of a release and its delivery object, which contains the same values."""
    values = dump_yaml(release.values)
    held = Dumped(values) if release.values else release.values
    delivery = '---\n'.join(dump_yaml(each) for each in _objects(release, settings, prefix, held))
    return seal(release.release.file, values), seal(release.release.file, delivery)


def _objects(
    release: ResolvedRelease, settings: Settings, prefix: str, values: Values | Dumped
) -> list[dict[str, Any]]:
    environment = release.environment
    agent = environment.agent
    match agent:
        case 'argocd':
            return [application(release, settings, prefix, values)]
        case 'flux':
            return list(flux_objects(release, settings, prefix, values))
        case _:
            assert_never(agent)


def values_indent(agent: Agent) -> int:
    """Return how far the values of a release are indented in its delivery object."""
    match agent:
        case 'argocd':  # spec.source.helm.valuesObject
            return 8
        case 'flux':  # spec.values
            return 4
        case _:
            assert_never(agent)
