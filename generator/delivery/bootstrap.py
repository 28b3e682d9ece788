"""An environment → the objects that the platform team applies once, outside the folder of the agent.

They limit what the repository may deploy and where, so that a commit cannot extend its own rights.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, assert_never

from generator.delivery.objects import sync_policy
from generator.documents.write import dump_yaml, seal
from generator.domain.choices import reaches_other_clusters
from generator.domain.layout import CHARTS, bootstrap_file, bootstrap_name, delivery_folder
from generator.domain.records import DOMAIN, IN_CLUSTER, Environment, Settings

_IN_CLUSTER = 'https://kubernetes.default.svc'
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
            return [*objects, *_argocd(environment, settings, path)]
        case 'flux':
            return [*objects, *_flux(environment, settings, path)]
        case _:
            assert_never(agent)


def _has_two_places(environment: Environment) -> bool:
    """Whether the namespace is created in another cluster than the one of Argo CD and its objects."""
    name = environment.spec['cluster']['name']
    remote = environment.server != _IN_CLUSTER and name != environment.agent_cluster
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


def _argocd(environment: Environment, settings: Settings, path: str) -> list[dict[str, Any]]:
    """Two projects: one for the releases, one for the root application, which may only create Applications."""
    name, namespace = bootstrap_name(environment.name), environment.agent_namespace
    cluster = {'server': environment.server, 'namespace': environment.namespace}
    root_project = f'{name}-root'
    releases = _project(name, environment, f'Releases of {environment.name}', settings, cluster)
    releases['spec']['namespaceResourceWhitelist'] = [
        {'group': group, 'kind': kind} for group, kinds in (*_KINDS, *_CHILDREN) for kind in kinds
    ]
    if environment.application_namespace:
        # No other project admits it, so that an Application there cannot name another project.
        releases['spec']['sourceNamespaces'] = [environment.application_namespace]
    # By name: where Argo CD runs outside of its cluster, the address `_IN_CLUSTER` does not exist.
    own = {'name': environment.agent_cluster, 'namespace': environment.delivery_namespace}
    # A cluster Secret may give the address another name, by which the project would not permit it.
    permitted = {**own, 'server': _IN_CLUSTER} if environment.agent_cluster == IN_CLUSTER else own
    root = _project(root_project, environment, f'The list of releases of {environment.name}', settings, permitted)
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
    name: str, environment: Environment, description: str, settings: Settings, destination: dict[str, Any]
) -> dict[str, Any]:
    return {
        'apiVersion': 'argoproj.io/v1alpha1',
        'kind': 'AppProject',
        'metadata': {'name': name, 'namespace': environment.agent_namespace},
        'spec': {
            'description': description,
            'sourceRepos': [settings.url],
            'destinations': [destination],
            'clusterResourceWhitelist': [],
        },
    }


def _flux(environment: Environment, settings: Settings, path: str) -> list[dict[str, Any]]:
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
    return [*_service_account(name, namespace, environment.namespace), source, kustomization]


def _as_pattern(path: str) -> str:
    return re.sub(r'([\\*?\[\]])', r'\\\1', path)


_ALL = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete']
# The kinds that charts render: releases may create only these, under both agents.
_KINDS: tuple[tuple[str, dict[str, str]], ...] = (
    ('', {'ConfigMap': 'configmaps', 'Service': 'services', 'ServiceAccount': 'serviceaccounts', 'Pod': 'pods'}),
    ('apps', {'Deployment': 'deployments'}),
    ('autoscaling', {'HorizontalPodAutoscaler': 'horizontalpodautoscalers'}),
    ('policy', {'PodDisruptionBudget': 'poddisruptionbudgets'}),
    ('networking.k8s.io', {'NetworkPolicy': 'networkpolicies', 'Ingress': 'ingresses'}),
    ('gateway.networking.k8s.io', {'HTTPRoute': 'httproutes', 'GRPCRoute': 'grpcroutes'}),
    ('gateway.envoyproxy.io', {'SecurityPolicy': 'securitypolicies'}),
    ('networking.istio.io', {'VirtualService': 'virtualservices', 'DestinationRule': 'destinationrules'}),
    (
        'security.istio.io',
        {'RequestAuthentication': 'requestauthentications', 'AuthorizationPolicy': 'authorizationpolicies'},
    ),
    ('cert-manager.io', {'Certificate': 'certificates'}),
    ('external-secrets.io', {'ExternalSecret': 'externalsecrets'}),
    ('monitoring.coreos.com', {'PodMonitor': 'podmonitors', 'PrometheusRule': 'prometheusrules'}),
    ('keda.sh', {'ScaledObject': 'scaledobjects'}),
    ('argoproj.io', {'Rollout': 'rollouts', 'AnalysisTemplate': 'analysistemplates'}),
    ('flagger.app', {'Canary': 'canaries', 'MetricTemplate': 'metrictemplates'}),
)
# Kinds that controllers create from them: Argo CD shows no pods or logs below a kind that the project does not permit.
_CHILDREN = (
    ('apps', {'ReplicaSet': 'replicasets'}),
    ('discovery.k8s.io', {'EndpointSlice': 'endpointslices'}),
    ('argoproj.io', {'AnalysisRun': 'analysisruns'}),
)


def _service_account(name: str, namespace: str, target: str) -> list[dict[str, Any]]:
    rules = [{'apiGroups': [group], 'resources': [*kinds.values()], 'verbs': _ALL} for group, kinds in _KINDS]
    # Helm keeps its releases in Secrets; to wait for a Deployment it reads its ReplicaSets.
    rules.append({'apiGroups': [''], 'resources': ['secrets'], 'verbs': _ALL})
    rules.append({'apiGroups': ['apps'], 'resources': ['replicasets'], 'verbs': ['get', 'list', 'watch']})
    objects: list[dict[str, Any]] = [
        {'apiVersion': 'v1', 'kind': 'ServiceAccount', 'metadata': {'name': name, 'namespace': namespace}}
    ]
    lists = [{'apiGroups': ['helm.toolkit.fluxcd.io'], 'resources': ['helmreleases'], 'verbs': _ALL}]
    for place, role, allowed in ((namespace, f'{name}-delivery', lists), (target, name, rules)):
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
