"""An environment of Argo CD → its projects and its root Application."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, assert_never

from generator.charts.kinds import children_of, kinds_of
from generator.delivery.applications import sync_policy
from generator.domain.environments import IN_CLUSTER, Environment
from generator.domain.layout import bootstrap_name
from generator.domain.settings import Settings

IN_CLUSTER_SERVER = 'https://kubernetes.default.svc'


def argocd_objects(environment: Environment, settings: Settings, path: str) -> list[dict[str, Any]]:
    """Two projects: one for the releases, one for the root application, which may only create Applications."""
    name, namespace = bootstrap_name(environment.name), environment.agent_namespace
    cluster = {'server': environment.server, 'namespace': environment.namespace}
    root_project = f'{name}-root'
    charts = list(_chart_sources(environment, settings))
    releases = _project(name, environment, f'Releases of {environment.name}', charts, cluster)
    releases['spec']['namespaceResourceWhitelist'] = [
        {'group': kind.group, 'kind': kind.name} for kind in (*kinds_of(environment), *children_of(environment))
    ]
    if environment.application_namespace:
        # No other project admits it, so that an Application there cannot name another project.
        releases['spec']['sourceNamespaces'] = [environment.application_namespace]
    # By name: where Argo CD runs outside of its cluster, the address `IN_CLUSTER_SERVER` does not exist.
    own = {'name': environment.agent_cluster, 'namespace': environment.delivery_namespace}
    # A cluster Secret may give the address another name, by which the project would not permit it.
    permitted = {**own, 'server': IN_CLUSTER_SERVER} if environment.agent_cluster == IN_CLUSTER else own
    root = _project(root_project, environment, f'The list of releases of {environment.name}', [settings.url], permitted)
    root['spec']['namespaceResourceWhitelist'] = [{'group': 'argoproj.io', 'kind': 'Application'}]
    application = {
        'apiVersion': 'argoproj.io/v1alpha1',
        'kind': 'Application',
        'metadata': {
            'name': name,
            'namespace': namespace,
            'annotations': {'argocd.argoproj.io/manifest-generate-paths': f'/{path}'},
        },
        'spec': {
            'project': root_project,
            'source': {
                'repoURL': settings.url,
                'targetRevision': settings.branch,
                'path': path,
                'directory': {'recurse': False},
            },
            'destination': own,
            # Otherwise Argo CD never removes the last release.
            'syncPolicy': sync_policy(allow_empty=True),
        },
    }
    return [releases, root, application]


def _project(
    name: str, environment: Environment, description: str, sources: list[str], destination: dict[str, Any]
) -> dict[str, Any]:
    return {
        'apiVersion': 'argoproj.io/v1alpha1',
        'kind': 'AppProject',
        'metadata': {'name': name, 'namespace': environment.agent_namespace},
        'spec': {
            'description': description,
            'sourceRepos': sources,
            'destinations': [destination],
            'clusterResourceWhitelist': [],
        },
    }


def _chart_sources(environment: Environment, settings: Settings) -> Iterator[str]:
    """Yield what releases may get charts from: also the registry that they may move to, so that a move needs no
    change of the project."""
    source = environment.chart_source(settings)
    match source:
        case 'git':
            yield settings.url
        case 'oci':
            pass
        case _:
            assert_never(source)
    if settings.registry:
        yield f'{settings.registry}/*'
