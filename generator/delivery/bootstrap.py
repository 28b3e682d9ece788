"""An environment → the objects that the platform team applies once, outside the folder of the agent.

They limit what the repository may deploy and where, so that a commit cannot extend its own rights.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, assert_never

from generator.delivery.bootstrap_argocd import IN_CLUSTER_SERVER, argocd_objects
from generator.delivery.bootstrap_flux import flux_objects
from generator.documents.write import dump_yaml, seal
from generator.domain.choices import reaches_other_clusters
from generator.domain.environments import Environment
from generator.domain.layout import bootstrap_file, delivery_folder
from generator.domain.settings import Settings
from generator.domain.values import DOMAIN

_PLACE = f'{DOMAIN}/place'


def dump_bootstrap(environment: Environment, settings: Settings, prefix: str) -> bytes:
    objects = bootstrap_objects(environment, settings, prefix)
    return seal(environment.file, '---\n'.join(dump_yaml(item) for item in objects))


def bootstrap_command(environment: Environment) -> str:
    """Return the command that starts an environment, or one for each of two clusters."""
    command = f'kubectl apply -f {bootstrap_file(environment.name)}'
    if not _has_two_places(environment):
        return command
    name = ' '.join(environment.spec['cluster']['name'].split())
    there = f"{command} --selector '{_PLACE}=cluster'   # in {name}"
    return f"{there}\n{command} --selector '{_PLACE}!=cluster'  # in Argo CD's own cluster"


def bootstrap_objects(environment: Environment, settings: Settings, prefix: str) -> list[dict[str, Any]]:
    objects = list(_namespaces(environment)) if environment.spec.get('createNamespace') else []
    agent, path = environment.agent, f'{prefix}{delivery_folder(environment.name)}'
    match agent:
        case 'argocd':
            return [*objects, *argocd_objects(environment, settings, path)]
        case 'flux':
            return [*objects, *flux_objects(environment, settings, path)]
        case _:
            assert_never(agent)


def _has_two_places(environment: Environment) -> bool:
    """Whether the namespace is created in another cluster than the one of Argo CD and its objects."""
    name = environment.spec['cluster']['name']
    remote = environment.server != IN_CLUSTER_SERVER and name != environment.agent_cluster
    return reaches_other_clusters(environment.agent) and remote and bool(environment.spec.get('createNamespace'))


def _namespaces(environment: Environment) -> Iterator[dict[str, Any]]:
    """The namespace of the releases; that of the Applications, which is in Argo CD's own cluster."""
    two = _has_two_places(environment)
    yield _namespace(environment.namespace, {_PLACE: 'cluster'} if two else {})
    if (name := environment.application_namespace) and (two or name != environment.namespace):
        yield _namespace(name, {})


def _namespace(name: str, more: dict[str, str]) -> dict[str, Any]:
    labels = {f'pod-security.kubernetes.io/{mode}': 'restricted' for mode in ('enforce', 'audit', 'warn')} | more
    return {'apiVersion': 'v1', 'kind': 'Namespace', 'metadata': {'name': name, 'labels': labels}}
