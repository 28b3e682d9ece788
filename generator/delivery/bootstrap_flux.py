"""An environment of Flux → its source, its Kustomization, and the service account that applies releases."""

from __future__ import annotations

import re
from typing import Any

from generator.charts.kinds import kinds_of
from generator.domain.environments import Environment
from generator.domain.layout import CHARTS, bootstrap_name, delivery_folder
from generator.domain.settings import Settings

_ALL = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete']


def flux_objects(environment: Environment, settings: Settings, path: str) -> list[dict[str, Any]]:
    """The source, the Kustomization, and a service account with only the rights that releases need."""
    name, namespace = bootstrap_name(environment.name), environment.agent_namespace
    secret = settings.spec['repository'].get('secret')
    charts = f'{path.removesuffix(delivery_folder(environment.name))}{CHARTS}'
    source = {
        'apiVersion': 'source.toolkit.fluxcd.io/v1',
        'kind': 'GitRepository',
        'metadata': {'name': name, 'namespace': namespace},
        'spec': {
            'interval': '1m',
            'timeout': '60s',
            'url': settings.standard_url,
            'ref': {'branch': settings.branch},
            # These come after the patterns of a .sourceignore in the repository, and the last one that matches counts.
            'ignore': ''.join(f'!/{_as_pattern(folder)}\n' for folder in (charts, path)),
            **({'secretRef': {'name': secret}} if secret else {}),
        },
    }
    kustomization = {
        'apiVersion': 'kustomize.toolkit.fluxcd.io/v1',
        'kind': 'Kustomization',
        'metadata': {'name': name, 'namespace': namespace},
        'spec': {
            'interval': '10m',
            'retryInterval': '1m',
            'timeout': '5m',
            'path': f'./{path}',
            'prune': True,
            # One failing release must not delay the others.
            'wait': False,
            'deletionPolicy': 'Orphan',
            'serviceAccountName': name,
            'sourceRef': {'kind': 'GitRepository', 'name': name},
        },
    }
    account = _service_account(name, namespace, environment, oci=bool(settings.registry))
    return [*account, source, kustomization]


def _as_pattern(path: str) -> str:
    return re.sub(r'([\\*?\[\]])', r'\\\1', path)


def _service_account(name: str, namespace: str, environment: Environment, *, oci: bool) -> list[dict[str, Any]]:
    groups: dict[str, list[str]] = {}
    for kind in kinds_of(environment):
        groups.setdefault(kind.group, []).append(kind.plural)
    rules = [{'apiGroups': [group], 'resources': plurals, 'verbs': _ALL} for group, plurals in groups.items()]
    # Helm keeps its releases in Secrets; to wait for a Deployment it reads its ReplicaSets.
    rules.append({'apiGroups': [''], 'resources': ['secrets'], 'verbs': _ALL})
    rules.append({'apiGroups': ['apps'], 'resources': ['replicasets'], 'verbs': ['get', 'list', 'watch']})
    objects: list[dict[str, Any]] = [
        {'apiVersion': 'v1', 'kind': 'ServiceAccount', 'metadata': {'name': name, 'namespace': namespace}}
    ]
    lists = [{'apiGroups': ['helm.toolkit.fluxcd.io'], 'resources': ['helmreleases'], 'verbs': _ALL}]
    if oci:  # each release has the source of its chart
        lists.append({'apiGroups': ['source.toolkit.fluxcd.io'], 'resources': ['ocirepositories'], 'verbs': _ALL})
    for place, role, allowed in ((namespace, f'{name}-delivery', lists), (environment.namespace, name, rules)):
        rbac = 'rbac.authorization.k8s.io'
        metadata = {'name': role, 'namespace': place}
        objects.append({'apiVersion': f'{rbac}/v1', 'kind': 'Role', 'metadata': metadata, 'rules': allowed})
        objects.append(
            {
                'apiVersion': f'{rbac}/v1',
                'kind': 'RoleBinding',
                'metadata': metadata,
                'roleRef': {'apiGroup': rbac, 'kind': 'Role', 'name': role},
                'subjects': [{'kind': 'ServiceAccount', 'name': name, 'namespace': namespace}],
            }
        )
    return objects
