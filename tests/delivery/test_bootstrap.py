"""Bootstrap objects: what an environment may deploy and where, under both agents, and no more than that."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import registries as r
import yaml
from parts import ROOT
from resolved import problems

from generator.charts.kinds import kinds_of
from generator.charts.starter import load_templates
from generator.delivery.bootstrap import bootstrap_command, bootstrap_objects
from generator.domain.choices import TOOLS
from generator.domain.environments import Environment
from generator.domain.settings import Settings

Strict = Callable[..., None]
Object = dict[str, Any]
URL = 'https://git.example/ml.git'


def settings(**repository: Any) -> Settings:
    return Settings('registry/settings.yaml', {'repository': {'url': URL, **repository}})


def environment(**spec: Any) -> Environment:
    cluster = {'name': 'shop', 'server': 'https://kubernetes.default.svc'}
    whole = {'cluster': cluster, 'kubernetes': '1.36', 'namespace': 'ml', 'agent': 'argocd', **spec}
    return Environment('prod', 'registry/environments/prod.yaml', whole)


def made(prefix: str = '', its: Settings | None = None, **spec: Any) -> dict[tuple[str, str], Object]:
    objects = bootstrap_objects(environment(**spec), its or settings(), prefix)
    return {(obj['kind'], obj['metadata']['name']): obj for obj in json.loads(json.dumps(objects))}


MESH = {'mode': 'sidecar'}
REMOTE = {'cluster': {'name': 'shop-prod', 'server': 'https://k8s.example:6443'}}
SHAPES: list[dict[str, Any]] = [
    {},
    {'createNamespace': True},
    {'createNamespace': True, **REMOTE},
    {'agentCluster': 'hub', 'applicationNamespace': 'apps-prod', 'createNamespace': True},
    {'agent': 'flux'},
    {'agent': 'flux', 'createNamespace': True, 'agentNamespace': 'delivery'},
]


@pytest.mark.parametrize('spec', SHAPES)
def test_every_object_passes_its_strict_schema(spec: dict[str, Any], strict: Strict) -> None:
    for obj in made(**spec).values():
        strict(obj, '1.30')
        strict(obj, '1.36')


def test_the_file_holds_them_all_in_an_order_that_can_be_applied(tmp_path: Path) -> None:
    repository = r.Repository(
        tmp_path / 'repository', r.settings() | r.environment('edge', agent='flux', createNamespace=True)
    )
    repository.generate()
    documents = list(yaml.safe_load_all((repository.folder / 'bootstrap/edge.yaml').read_text()))
    kinds = [document['kind'] for document in documents]
    assert kinds[0] == 'Namespace'
    assert (
        kinds.index('ServiceAccount')
        < kinds.index('RoleBinding')
        < kinds.index('GitRepository')
        < kinds.index('Kustomization')
    )


# --- namespaces ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize('agent', ['argocd', 'flux'])
def test_a_namespace_is_made_only_on_request_and_then_a_restricted_one(agent: str) -> None:
    assert ('Namespace', 'ml') not in made(agent=agent)
    labels = made(agent=agent, createNamespace=True)['Namespace', 'ml']['metadata']['labels']
    assert {key: value for key, value in labels.items() if key.startswith('pod-security')} == {
        'pod-security.kubernetes.io/enforce': 'restricted',
        'pod-security.kubernetes.io/audit': 'restricted',
        'pod-security.kubernetes.io/warn': 'restricted',
    }


def test_one_command_begins_an_environment() -> None:
    own = {'agentCluster': 'shop-prod', 'createNamespace': True, **REMOTE}
    for spec in ({}, {'createNamespace': True}, {'agent': 'flux', 'createNamespace': True, **REMOTE}, REMOTE, own):
        assert bootstrap_command(environment(**spec)) == 'kubectl apply -f bootstrap/prod.yaml'


def selected(command: str, objects: dict[tuple[str, str], Object]) -> set[tuple[str, str]]:
    """What `kubectl apply --selector` takes of a file, by the rule of label selectors."""
    key, negated, value = command.partition("'")[2].partition("'")[0].partition('!=')
    if negated:
        return {name for name, obj in objects.items() if obj['metadata'].get('labels', {}).get(key) != value}
    key, _, value = key.partition('=')
    return {name for name, obj in objects.items() if obj['metadata'].get('labels', {}).get(key) == value}


def test_argo_cd_in_another_cluster_takes_a_command_for_each() -> None:
    """The namespace is the cluster's, projects and Applications are Argo CD's: one file, two clusters."""
    spec = {'createNamespace': True, **REMOTE}
    there, here = bootstrap_command(environment(**spec)).splitlines()
    assert there.endswith('# in shop-prod')
    objects = made(**spec)
    assert selected(there, objects) == {('Namespace', 'ml')}
    assert selected(here, objects) == objects.keys() - {('Namespace', 'ml')}


# --- Argo CD ---------------------------------------------------------------------------------------------------------


def test_the_projects_are_closed() -> None:
    objects = made(**REMOTE)
    releases, root = (
        objects['AppProject', 'chartloom-prod']['spec'],
        objects['AppProject', 'chartloom-prod-root']['spec'],
    )
    assert releases['destinations'] == [{'server': 'https://k8s.example:6443', 'namespace': 'ml'}]
    (place,) = root['destinations']
    assert place == {'name': 'in-cluster', 'server': 'https://kubernetes.default.svc', 'namespace': 'argocd'}
    assert root['namespaceResourceWhitelist'] == [{'group': 'argoproj.io', 'kind': 'Application'}]
    for project in (releases, root):
        assert project['sourceRepos'] == [URL]
        assert project['clusterResourceWhitelist'] == []
        assert 'sourceNamespaces' not in project, 'a plain Argo CD reads the Applications of its namespace only'
        assert '*' not in json.dumps(project)


def test_a_release_cannot_make_rights_secrets_or_applications_for_itself() -> None:
    allowed = {item['kind'] for item in made()['AppProject', 'chartloom-prod']['spec']['namespaceResourceWhitelist']}
    assert not allowed & {
        'Secret',
        'Role',
        'RoleBinding',
        'Application',
        'AppProject',
        'ResourceQuota',
        'LimitRange',
        'CronJob',
    }


def test_the_root_application_names_the_cluster_of_argo_cd() -> None:
    """Where Argo CD runs outside of its cluster, it has no https://kubernetes.default.svc."""
    assert made(**REMOTE)['Application', 'chartloom-prod']['spec']['destination'] == {
        'name': 'in-cluster',
        'namespace': 'argocd',
    }
    objects, own = made(agentCluster='hub', **REMOTE), {'name': 'hub', 'namespace': 'argocd'}
    assert objects['Application', 'chartloom-prod']['spec']['destination'] == own
    assert objects['AppProject', 'chartloom-prod-root']['spec']['destinations'] == [own]
    assert 'hub' not in json.dumps(objects['AppProject', 'chartloom-prod'])


def test_applications_in_a_namespace_of_their_own_can_name_one_project() -> None:
    """Argo CD processes an Application outside of its namespace only if the project admits that namespace."""
    objects = made(applicationNamespace='apps-prod')
    projects = [objects['AppProject', f'chartloom-prod{ending}'] for ending in ('', '-root')]
    assert [project['metadata']['namespace'] for project in projects] == ['argocd', 'argocd']
    releases, root = (project['spec'] for project in projects)
    assert releases['sourceNamespaces'] == ['apps-prod']
    assert 'sourceNamespaces' not in root
    assert [item['namespace'] for item in root['destinations']] == ['apps-prod']
    application = objects['Application', 'chartloom-prod']
    assert application['metadata']['namespace'] == 'argocd', 'nobody who commits may change it'
    assert application['spec']['destination'] == {'name': 'in-cluster', 'namespace': 'apps-prod'}
    assert ('Namespace', 'apps-prod') not in objects


def test_their_namespace_is_made_in_the_cluster_of_argo_cd() -> None:
    spec = {'createNamespace': True, 'applicationNamespace': 'apps-prod'}
    objects = made(**spec)
    assert [name for kind, name in objects if kind == 'Namespace'] == ['ml', 'apps-prod']
    assert bootstrap_command(environment(**spec)) == 'kubectl apply -f bootstrap/prod.yaml'
    there, here = bootstrap_command(environment(**spec, **REMOTE)).splitlines()
    objects = made(**spec, **REMOTE)
    assert selected(there, objects) == {('Namespace', 'ml')}
    assert ('Namespace', 'apps-prod') in selected(here, objects)


def test_one_namespace_for_both_is_made_once_in_each_cluster() -> None:
    def namespaces(**spec: Any) -> list[Object]:
        whole = environment(createNamespace=True, applicationNamespace='ml', **spec)
        return [obj for obj in bootstrap_objects(whole, settings(), '') if obj['kind'] == 'Namespace']

    assert len(namespaces()) == 1
    assert len(namespaces(agentCluster='shop-prod', **REMOTE)) == 1
    there, here = namespaces(**REMOTE)
    assert there['metadata']['name'] == here['metadata']['name'] == 'ml'
    assert 'chartloom.dev/place' in there['metadata']['labels']
    assert 'chartloom.dev/place' not in here['metadata']['labels']


@pytest.mark.parametrize('prefix', ['', 'teams/ml/'])
def test_the_root_application_follows_its_folder_and_takes_up_fixes(prefix: str) -> None:
    root = made(prefix)['Application', 'chartloom-prod']
    assert root['spec']['project'] == 'chartloom-prod-root'
    assert root['spec']['source'] == {
        'repoURL': URL,
        'targetRevision': 'main',
        'path': f'{prefix}delivery/prod',
        'directory': {'recurse': False},
    }
    assert root['metadata']['annotations'] == {'argocd.argoproj.io/manifest-generate-paths': f'/{prefix}delivery/prod'}
    assert root['spec']['syncPolicy']['retry']['refresh'] is True
    assert root['spec']['syncPolicy']['automated'] == {'prune': True, 'selfHeal': True, 'allowEmpty': True}
    assert 'ApplyOutOfSyncOnly=true' in root['spec']['syncPolicy']['syncOptions']


def test_taking_the_root_away_takes_no_release_away() -> None:
    """The same under both agents: a list that is gone is no order to remove everything."""
    assert 'finalizers' not in made()['Application', 'chartloom-prod']['metadata']
    assert made(agent='flux')['Kustomization', 'chartloom-prod']['spec']['deletionPolicy'] == 'Orphan'


# --- Flux ------------------------------------------------------------------------------------------------------------


def test_the_kustomization_lets_no_sick_release_delay_another() -> None:
    spec = made('teams/ml/', agent='flux')['Kustomization', 'chartloom-prod']['spec']
    assert spec['wait'] is False
    assert 'healthChecks' not in spec
    assert spec['prune'] is True
    assert spec['path'] == './teams/ml/delivery/prod'
    assert spec['serviceAccountName'] == 'chartloom-prod'
    assert 'targetNamespace' not in spec, 'delivery objects say their namespace themselves'


@pytest.mark.parametrize(
    ('url', 'seen'),
    [
        (URL, URL),
        ('ssh://git@git.example/ml.git', 'ssh://git@git.example/ml.git'),
        ('git@git.example:shop/ml.git', 'ssh://git@git.example/shop/ml.git'),
    ],
)
def test_the_source_is_the_published_branch(url: str, seen: str) -> None:
    its = settings(url=url, branch='live', secret='read-only')
    spec = made(its=its, agent='flux')['GitRepository', 'chartloom-prod']['spec']
    assert spec['url'] == seen
    assert spec['ref'] == {'branch': 'live'}
    assert spec['secretRef'] == {'name': 'read-only'}
    assert 'secretRef' not in made(agent='flux')['GitRepository', 'chartloom-prod']['spec']


def test_roles_bind_the_one_account_where_it_works() -> None:
    objects = made(agent='flux')
    account = {'kind': 'ServiceAccount', 'name': 'chartloom-prod', 'namespace': 'flux-system'}
    for name, namespace in (('chartloom-prod', 'ml'), ('chartloom-prod-delivery', 'flux-system')):
        role, binding = objects['Role', name], objects['RoleBinding', name]
        assert role['metadata']['namespace'] == binding['metadata']['namespace'] == namespace
        assert binding['subjects'] == [account]
        assert binding['roleRef'] == {'apiGroup': 'rbac.authorization.k8s.io', 'kind': 'Role', 'name': name}
    assert not any(kind.startswith('Cluster') for kind, _ in objects)
    assert '*' not in json.dumps([obj.get('rules', []) for obj in objects.values()])
    (lists,) = objects['Role', 'chartloom-prod-delivery']['rules']
    assert (lists['apiGroups'], lists['resources']) == (['helm.toolkit.fluxcd.io'], ['helmreleases'])


# --- rights and what charts render -----------------------------------------------------------------------------------

ALWAYS = {
    'Service', 'ServiceAccount', 'Pod', 'Deployment', 'HorizontalPodAutoscaler', 'PodDisruptionBudget', 'NetworkPolicy',
}  # fmt: skip
CHILDREN = {'ReplicaSet', 'EndpointSlice'}
IDENTITY = {'identity': {'issuer': 'https://id.example', 'jwksUri': 'https://id.example/keys'}}
USES: list[tuple[dict[str, Any], set[str]]] = [
    ({}, set()),
    (r.GATEWAY, {'HTTPRoute', 'GRPCRoute'}),
    ({**r.GATEWAY, **IDENTITY}, {'HTTPRoute', 'GRPCRoute'}),
    ({**r.ENVOY, **IDENTITY}, {'HTTPRoute', 'GRPCRoute', 'SecurityPolicy'}),
    ({**r.GATEWAY, 'router': 'istio'}, {'VirtualService', 'DestinationRule'}),
    (
        {**r.GATEWAY, 'router': 'istio', **IDENTITY, 'mesh': {'mode': 'sidecar'}},
        {
            'VirtualService',
            'DestinationRule',
            'RequestAuthentication',
            'AuthorizationPolicy',
            'PeerAuthentication',
        },
    ),
    ({**r.GATEWAY, 'router': 'nginx'}, {'Ingress'}),
    ({**r.GATEWAY, 'router': 'nginx', 'tls': {'issuer': {'name': 'le'}}}, {'Ingress', 'Certificate'}),
    ({**r.GATEWAY, 'tls': {'issuer': {'name': 'le'}}}, {'HTTPRoute', 'GRPCRoute'}),
    ({'engine': 'argo-rollouts'}, {'Rollout', 'AnalysisTemplate'}),
    ({'engine': 'flagger'}, {'Canary', 'MetricTemplate'}),
    ({'secretStore': {'name': 'vault'}}, {'ExternalSecret'}),
    ({'monitoring': {'namespace': 'm'}}, set()),
    ({'monitoring': {'namespace': 'm', 'podMonitor': True}}, {'PodMonitor', 'PrometheusRule'}),
    ({'monitoring': {'namespace': 'm', 'rules': True}}, {'PodMonitor', 'PrometheusRule'}),
    ({'monitoring': {'namespace': 'm', 'dashboards': True}}, {'ConfigMap'}),
    ({'monitoring': {'namespace': 'm', 'prometheus': 'http://p'}}, {'ScaledObject'}),
    ({'permits': ['argo-rollouts', 'keda']}, {'Rollout', 'AnalysisTemplate', 'ScaledObject'}),
]


def permitted(**spec: Any) -> set[str]:
    """Kinds that Argo CD may create, without those that controllers create from them."""
    project = made(**spec)['AppProject', 'chartloom-prod']['spec']
    found = {item['kind'] for item in project['namespaceResourceWhitelist']}
    children = CHILDREN | ({'AnalysisRun'} if 'Rollout' in found else set())
    assert children <= found
    return found - children


@pytest.mark.parametrize(('spec', 'more'), USES)
def test_argo_cd_may_make_the_kinds_that_an_environment_uses_and_no_others(
    spec: dict[str, Any], more: set[str]
) -> None:
    assert permitted(**spec) == ALWAYS | more


@pytest.mark.parametrize('spec', [{}, {'mesh': {'mode': 'none'}}, {'agent': 'flux'}])
def test_only_a_mesh_has_exceptions_of_its_tls(spec: dict[str, Any]) -> None:
    assert 'peerauthentication' not in json.dumps([*made(**spec).values()]).lower()


def plural(kind: str) -> str:
    word = kind.lower()
    if word.endswith('y'):
        return f'{word[:-1]}ies'
    return f'{word}es' if word.endswith('s') else f'{word}s'


@pytest.mark.parametrize(('spec', 'more'), USES)
def test_flux_may_make_the_same_kinds_and_what_helm_needs(spec: dict[str, Any], more: set[str]) -> None:
    rules = made(agent='flux', **spec)['Role', 'chartloom-prod']['rules']
    needed = {'get', 'list', 'watch', 'create', 'update', 'patch', 'delete'}
    makes = {kind for rule in rules if set(rule['verbs']) == needed for kind in rule['resources']}
    assert makes == {plural(kind) for kind in ALWAYS | more} | {'secrets'}
    reads = [rule for rule in rules if set(rule['verbs']) != needed]
    assert reads == [{'apiGroups': ['apps'], 'resources': ['replicasets'], 'verbs': ['get', 'list', 'watch']}]


def test_all_tools_together_are_what_charts_render(helm4: Path) -> None:
    """The starter's own test values take every branch."""
    starter = ROOT / 'chart_templates' / 'model-server'
    rendered = set()
    for values in sorted((starter / 'ci').glob('*-values.yaml')):
        done = subprocess.run([helm4, 'template', 'x', starter, '--values', values], capture_output=True, check=True)
        for obj in yaml.load_all(done.stdout, yaml.CSafeLoader):
            if obj:
                rendered.add((obj['apiVersion'].rpartition('/')[0], obj['kind']))
    assert {(kind.group, kind.name) for kind in kinds_of(environment(permits=list(TOOLS)))} == rendered


def test_the_schema_knows_every_tool() -> None:
    schema = json.loads(load_templates().schemas['environment.json'])
    assert schema['properties']['spec']['properties']['permits']['items']['enum'] == list(TOOLS)


# --- what a release may switch on ------------------------------------------------------------------------------------

KEDA = {'enabled': True, 'type': 'keda', 'keda': {'query': 'sum(load)', 'serverAddress': 'http://p:9090'}}
SWITCHED: dict[str, dict[str, Any]] = {
    'argo-rollouts': {'engine': 'argo-rollouts', 'strategy': {'blueGreen': {}}},
    'keda': {'values': {'autoscaling': KEDA}},
    'prometheus-operator': {'values': {'monitoring': {'podMonitor': {'enabled': True}}}},
    'dashboards': {'values': {'monitoring': {'podMonitor': {'enabled': True}, 'dashboard': {'enabled': True}}}},
}


@pytest.mark.parametrize('tool', SWITCHED)
def test_a_release_switches_on_what_its_environment_permits(tool: str) -> None:
    files = r.settings() | r.model('web', 'triton', [r.version(artifact={**r.ARTIFACT, 'kind': 'model-repository'})])
    files |= r.release('prod', 'web', version='1', chart='1.0.0', **SWITCHED[tool])
    found = problems(files | r.environment('prod'))
    assert any(f"this requires {tool}, which environment 'prod' does not permit" in each for each in found)
    assert all(each.startswith('registry/releases/prod/web.yaml::') for each in found)
    assert problems(files | r.environment('prod', permits=sorted({tool, 'prometheus-operator'}))) == []


@pytest.mark.parametrize('agent', ['argocd', 'flux'])
def test_a_change_of_rights_is_told_before_it_is_applied(tmp_path: Path, agent: str) -> None:
    def environment(**spec: Any) -> r.Files:
        return r.environment('prod', agent=agent, **spec)

    repository = r.Repository(tmp_path / 'repository', r.settings() | environment(engine='flagger'))
    repository.publish()
    assert repository.run().warnings == []
    repository.write(environment(engine='argo-rollouts', permits=['flagger']))
    (more,) = repository.run().warnings
    kinds = {'argocd': 'AnalysisRun, AnalysisTemplate, Rollout', 'flux': 'analysistemplates, rollouts'}[agent]
    assert more.file == 'bootstrap/prod.yaml'
    assert more.message == f'permits {kinds} now: the agent cannot create them before'
    repository.publish()
    repository.write(environment(engine='argo-rollouts'))
    (less,) = repository.run().warnings
    kinds = {'argocd': 'Canary, MetricTemplate', 'flux': 'canaries, metrictemplates'}[agent]
    assert less.message == f'does not permit {kinds} any more: the agent cannot remove those that are left'
    assert 'permits in registry/environments/prod.yaml' in less.hint
