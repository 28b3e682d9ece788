"""Environments by mesh, DNS and cloud identity → what the rendered network policies permit, and what policies check."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import registries as r
from parts import git
from policies import Pod, permits
from resolved import loaded, problems, resolved
from starter import of_kind, policy_of, render, workloads

from generator.checks.metadata import obeyed_metadata
from generator.checks.scope import Scope
from generator.domain.places import json_path
from generator.strategies.course import workload_digest

DNS = Pod('kube-system', {'k8s-app': 'kube-dns'})
METADATA = ('169.254.169.254', 'fd00:ec2::254', 'fe80::1', '168.63.129.16', '100.100.100.200', 'fd20:ce::254')
STORES = ('93.184.216.34', '10.40.12.7', '2001:db8::7', 'fd12:3456::7')
PORTS = {
    'http': {'containerPort': 8080, 'servicePort': 80, 'appProtocol': 'http'},
    'admin': {'containerPort': 9090, 'appProtocol': 'http'},
}
MONITORING = {'namespace': 'monitoring', 'podMonitor': True}
IDENTITY = {'issuer': 'https://idp.example', 'jwksUri': 'https://idp.example/jwks'}
PUBLIC = {'name': 'public', 'namespace': 'istio-ingress'}
ISTIO: dict[str, Any] = {'router': 'istio', 'gateway': PUBLIC, 'domain': 'shop.example', 'identity': IDENTITY}
OF_ISTIO = {**ISTIO, 'router': 'gateway-api', 'gateway': {**PUBLIC, 'controller': 'istio'}}
NGINX = {'router': 'nginx', 'gateway': {'name': 'nginx', 'namespace': 'ingress-nginx'}, 'domain': 'shop.example'}
SIDECAR = {'mesh': {'mode': 'sidecar', 'revision': 'stable'}}
AMBIENT = {'mesh': {'mode': 'ambient', 'waypoint': 'waypoint'}}
WAYPOINT = Pod(labels={'gateway.networking.k8s.io/gateway-name': 'waypoint'})
ISTIOD = Pod('istio-system', {'app': 'istiod'})
Strict = Callable[..., None]


class Rendered:
    """What one release becomes in an environment, rendered by helm and checked strictly."""

    def __init__(self, helm: Path, strict: Strict, folder: Path, environment: dict[str, Any], **spec: Any) -> None:
        artifact = {'uri': 'https://models.example/m', 'sha256': '2' * 64, 'kind': 'saved-model'}
        model = {'ports': PORTS, **spec} if spec.get('runtime') else {'runtime': 'tensorflow-serving', **spec}
        if 'versions' not in model and model['runtime'] == 'tensorflow-serving':
            model['versions'] = [r.version(artifact=artifact)]
        engine = {'gate': 'http://gate.flagger'} if environment.get('engine') == 'flagger' else {}
        files = {**r.settings(), **r.model('web', **model), **r.release('prod', 'web')}
        files |= r.following('prod', **environment, **engine)
        repository = r.Repository(folder / 'repository', files)
        repository.publish()
        chart = repository.folder / 'charts/web/1.0.0'
        self.found = render(helm, repository.read('values/prod/web.yaml'), chart)
        for item in self.found.values():
            strict(item, '1.36')
        self.policy = policy_of(self.found)
        [workload] = workloads(self.found)
        self.pod = workload['spec']['template']
        self.test = of_kind(self.found, 'Pod')

    def to(self, peer: Pod | str, port: int, protocol: str = 'TCP') -> bool:
        return permits(self.policy, self.pod, 'egress', peer, port, protocol)

    def of(self, peer: Pod | str, port: int) -> bool:
        return permits(self.policy, self.pod, 'ingress', peer, port)

    def kind(self, kind: str) -> dict[str, Any]:
        return {name: item['spec'] for (its_kind, name), item in self.found.items() if its_kind == kind}


@pytest.fixture
def rendered(helm4: Path, strict: Strict, tmp_path: Path) -> Callable[..., Rendered]:
    return lambda environment, **spec: Rendered(helm4, strict, tmp_path, environment, **spec)


# --- downloads -------------------------------------------------------------------------------------------------------


def test_a_download_reaches_every_store_and_no_credentials_of_the_node(rendered: Callable[..., Rendered]) -> None:
    web = rendered({})
    assert [address for address in STORES if not web.to(address, 443)] == []
    assert [address for address in METADATA if web.to(address, 443)] == []
    assert not web.to('64:ff9b::a9fe:a9fe', 443)  # the same server, by NAT64
    assert not web.to(STORES[0], 80)
    assert web.to(DNS, 53, 'UDP')
    assert web.to(DNS, 53)


@pytest.mark.parametrize('cidr', ['', '10.40.12.0/24'])
def test_the_tunnel_of_a_mesh_leads_to_its_pods_only(rendered: Callable[..., Rendered], cidr: str) -> None:
    web = rendered({**AMBIENT, 'artifactStores': {'https': {'cidr': cidr}}} if cidr else AMBIENT)
    assert web.to(STORES[1], 443)
    assert not web.to(STORES[1], 15008)


@pytest.mark.parametrize('cidr', ['10.40.12.0/24', 'fd12:3456::/64'])
def test_the_environments_store_is_the_only_one(rendered: Callable[..., Rendered], cidr: str) -> None:
    web = rendered({'artifactStores': {'https': {'cidr': cidr}}})
    assert [address for address in STORES if web.to(address, 443)] == [STORES[1 if '.' in cidr else 3]]


# --- the cloud's identity --------------------------------------------------------------------------------------------

SERVERS = {
    'gke': {('169.254.169.252', 988), ('169.254.169.252', 987), ('169.254.169.254', 80), ('169.254.169.254', 8080)},
    'eks-pod-identity': {('169.254.170.23', 80), ('fd00:ec2::23', 80)},
    'eks-irsa': {(STORES[0], 443), (STORES[2], 443)},
    'azure': {(STORES[0], 443), (STORES[2], 443)},
}
ANNOTATIONS = {
    'gke': 'iam.gke.io/gcp-service-account',
    'eks-irsa': 'eks.amazonaws.com/role-arn',
    'azure': 'azure.workload.identity/client-id',
}
EVERY_SERVER = set().union(*SERVERS.values(), {(address, 80) for address in METADATA})


@pytest.mark.parametrize('mesh', [{}, SIDECAR, {'mesh': {'mode': 'ambient'}}], ids=['none', 'sidecar', 'ambient'])
@pytest.mark.parametrize('kind', SERVERS)
def test_pods_reach_the_servers_of_their_identity_and_no_others(
    rendered: Callable[..., Rendered], kind: str, mesh: dict[str, Any]
) -> None:
    web = rendered({'workloadIdentity': {'kind': kind}, **mesh}, runtime='custom')
    assert {server for server in EVERY_SERVER if web.to(*server)} == SERVERS[kind]
    assert ('azure.workload.identity/use' in web.pod['metadata']['labels']) == (kind == 'azure')


@pytest.mark.parametrize('kind', ANNOTATIONS)
def test_annotations_tell_the_identity(rendered: Callable[..., Rendered], kind: str) -> None:
    web = rendered({'workloadIdentity': {'annotations': {ANNOTATIONS[kind]: 'ml-{model}'}}}, runtime='custom')
    assert {server for server in EVERY_SERVER if web.to(*server)} == SERVERS[kind]


def test_a_private_token_service_closes_the_others(rendered: Callable[..., Rendered]) -> None:
    web = rendered({'workloadIdentity': {'kind': 'eks-irsa', 'cidr': '10.40.12.0/24'}}, runtime='custom')
    assert [address for address in STORES if web.to(address, 443)] == ['10.40.12.7']


def test_other_annotations_open_nothing(rendered: Callable[..., Rendered]) -> None:
    web = rendered({'workloadIdentity': {'annotations': {'vault.example/role': 'ml'}}}, runtime='custom')
    assert not [server for server in EVERY_SERVER if web.to(*server)]


# --- DNS -------------------------------------------------------------------------------------------------------------


def test_the_cache_on_the_node_answers(rendered: Callable[..., Rendered]) -> None:
    addresses = ['169.254.20.10', '10.96.0.10', 'fd00:10:96::a']
    web = rendered({'dns': {'kind': 'node-local', 'addresses': addresses}}, runtime='custom')
    for protocol in ('TCP', 'UDP'):
        peers = [*addresses, DNS, Pod('kube-system', {'k8s-app': 'node-local-dns'})]
        assert [peer for peer in peers if not web.to(peer, 53, protocol)] == []
    assert not web.to('169.254.20.10', 80)
    assert not web.to('169.254.20.11', 53)


def test_the_cache_has_an_address_by_default(rendered: Callable[..., Rendered]) -> None:
    assert rendered({'dns': {'kind': 'node-local'}}, runtime='custom').to('169.254.20.10', 53, 'UDP')


def test_openshift_answers_at_a_port_of_its_own(rendered: Callable[..., Rendered]) -> None:
    web = rendered({'dns': {'kind': 'openshift'}}, runtime='custom')
    pods = Pod('openshift-dns', {'dns.operator.openshift.io/daemonset-dns': 'default'})
    assert web.to(pods, 5353, 'UDP')
    assert web.to(pods, 5353)
    assert not web.to(DNS, 53)


# --- the mesh --------------------------------------------------------------------------------------------------------

GATEWAY_POD, PROMETHEUS = Pod('istio-ingress'), Pod('monitoring')
PROBES = ('169.254.7.127', 'fd16:9254:7127:1337:ffff:ffff:ffff:ffff')
CANARY = {'canary': {'steps': [{'weight': 50, 'hold': '10m'}]}}
STRATEGIES = {'native': {'rolling': {}}, 'argo-rollouts': CANARY, 'flagger': CANARY}
ROUTED = {'route': {}, 'runtime': 'custom', 'metrics': {'port': 'admin', 'path': '/stats'}}


@pytest.mark.parametrize('engine', ['native', 'argo-rollouts', 'flagger'])
@pytest.mark.parametrize('router', [ISTIO, OF_ISTIO], ids=['istio', 'gateway-api'])
def test_sidecars_get_their_configuration_and_check_tokens(
    rendered: Callable[..., Rendered], router: dict[str, Any], engine: str
) -> None:
    environment = {**router, **SIDECAR, 'monitoring': MONITORING, 'engine': engine, 'strategy': STRATEGIES[engine]}
    web = rendered(environment, **{**ROUTED, 'route': {'auth': 'jwt'}})
    labels = {'sidecar.istio.io/inject': 'true', 'istio.io/rev': 'stable'}
    native = {'sidecar.istio.io/nativeSidecar': 'true'}
    for pod in (web.pod, web.test):
        assert labels.items() <= pod['metadata']['labels'].items()
        assert native.items() <= pod['metadata']['annotations'].items()
    assert web.to(ISTIOD, 15012)
    assert not web.to(ISTIOD, 15014)
    assert not web.to(Pod('istio-system'), 15012)
    assert web.of(GATEWAY_POD, 8080)
    assert [port for port in (9090, 15020, 15090) if not web.of(PROMETHEUS, port)] == []
    assert not web.of(GATEWAY_POD, 15020)
    assert not web.of(GATEWAY_POD, 15008)
    [tokens] = web.kind('RequestAuthentication').values()
    assert tokens['selector']['matchLabels'].items() <= web.pod['metadata']['labels'].items()
    [policy] = web.kind('AuthorizationPolicy').values()
    assert policy['rules'][2] == {
        'from': [{'source': {'notNamespaces': ['istio-ingress']}}],
        'to': [{'operation': {'ports': ['9090'], 'methods': ['GET'], 'paths': ['/stats']}}],
    }
    [plain] = web.kind('PeerAuthentication').values()
    assert plain['portLevelMtls'] == {'9090': {'mode': 'PERMISSIVE'}}
    assert 'SecurityPolicy' not in {kind for kind, _ in web.found}


@pytest.mark.parametrize('router', [ISTIO, OF_ISTIO], ids=['istio', 'gateway-api'])
@pytest.mark.parametrize('engine', ['native', 'argo-rollouts', 'flagger'])
def test_a_waypoint_checks_tokens_and_nobody_goes_past_it(
    rendered: Callable[..., Rendered], router: dict[str, Any], engine: str
) -> None:
    environment = {**router, **AMBIENT, 'monitoring': MONITORING, 'engine': engine, 'strategy': STRATEGIES[engine]}
    web = rendered(environment, **{**ROUTED, 'route': {'auth': 'jwt'}})
    for pod in (web.pod, web.test):
        assert pod['metadata']['labels']['istio.io/dataplane-mode'] == 'ambient'
    assert [address for address in PROBES if not (web.of(address, 8080) and web.of(address, 9090))] == []
    test = Pod(labels=web.test['metadata']['labels'])
    assert [peer for peer in (WAYPOINT, GATEWAY_POD, PROMETHEUS, test) if not web.of(peer, 15008)] == []
    assert web.to(WAYPOINT, 15008)
    assert not web.of(Pod(), 15008)
    assert not web.of(Pod('shop'), 15008)
    assert not web.to(ISTIOD, 15012)
    labels = {'istio.io/use-waypoint': 'waypoint', 'istio.io/ingress-use-waypoint': 'true'}
    if engine == 'flagger':
        services = web.kind('Canary')['web']['service']
        assert [services[key]['labels'] for key in ('apex', 'primary', 'canary')] == [labels] * 3
        names = ['web', 'web-canary', 'web-primary']
    else:
        names = [name for kind, name in web.found if kind == 'Service']
        assert names == (['web', 'web-canary'] if engine == 'argo-rollouts' else ['web'])
        assert all(labels.items() <= web.found['Service', name]['metadata']['labels'].items() for name in names)
    targets = [{'group': '', 'kind': 'Service', 'name': name} for name in names]
    policies = web.kind('AuthorizationPolicy')
    assert web.kind('RequestAuthentication')['web']['targetRefs'] == policies['web']['targetRefs'] == targets
    # To the pods themselves: who is in this namespace, as the waypoint is. A gateway that goes past it is refused.
    assert policies['web-pods']['rules'] == [
        {'from': [{'source': {'namespaces': ['models', 'monitoring']}}]},
        {'to': [{'operation': {'ports': ['9090']}}]},
    ]


def test_metrics_on_the_port_of_requests_are_no_way_past_a_waypoint(rendered: Callable[..., Rendered]) -> None:
    environment = {**ISTIO, **AMBIENT, 'monitoring': MONITORING}
    web = rendered(environment, runtime='custom', route={'auth': 'jwt'})
    assert web.kind('AuthorizationPolicy')['web-pods']['rules'] == [
        {'from': [{'source': {'namespaces': ['models', 'monitoring']}}]}
    ]


@pytest.mark.parametrize('mesh', [SIDECAR, AMBIENT], ids=['sidecar', 'ambient'])
@pytest.mark.parametrize(
    ('router', 'ports'),
    [(r.ENVOY, ['8080', '9090']), (NGINX, ['8080', '9090']), (OF_ISTIO, ['9090']), (ISTIO, ['9090'])],
    ids=['envoy', 'nginx', 'istio-gateway', 'istio'],
)
def test_who_is_not_in_the_mesh_needs_no_tls_of_it(
    rendered: Callable[..., Rendered], router: dict[str, Any], ports: list[str], mesh: dict[str, Any]
) -> None:
    web = rendered({**router, **mesh, 'monitoring': MONITORING}, **ROUTED)
    [plain] = web.kind('PeerAuthentication').values()
    assert plain['portLevelMtls'] == {port: {'mode': 'PERMISSIVE'} for port in ports}
    assert web.kind('AuthorizationPolicy') == {}


def test_members_of_an_application_reach_each_other_through_the_tunnel(tmp_path: Path, helm4: Path) -> None:
    files = {**r.settings(), **r.following('prod', mesh={'mode': 'ambient'}), **r.application('shop', ['web', 'api'])}
    for name in ('web', 'api'):
        files |= {**r.model(name, ports=PORTS), **r.release('prod', name)}
    repository = r.Repository(tmp_path / 'repository', files)
    repository.publish()
    found = render(helm4, repository.read('values/prod/web.yaml'), repository.folder / 'charts/web/1.0.0')
    policy, pod = policy_of(found), of_kind(found, 'Deployment')['spec']['template']
    api = Pod(labels={'app.kubernetes.io/name': 'api', 'app.kubernetes.io/instance': 'api'})
    assert permits(policy, pod, 'ingress', api, 15008)
    assert permits(policy, pod, 'egress', api, 15008)
    assert not permits(policy, pod, 'ingress', Pod(), 15008)


def test_without_a_mesh_nothing_of_it_is_rendered(rendered: Callable[..., Rendered]) -> None:
    web = rendered({**ISTIO, 'mesh': {'mode': 'none'}, 'monitoring': MONITORING}, **ROUTED)
    assert {kind for kind, _ in web.found}.isdisjoint({'PeerAuthentication', 'AuthorizationPolicy'})
    assert not web.to(ISTIOD, 15012)
    assert [address for address in PROBES if web.of(address, 8080)] == []
    assert 'istio' not in str(web.pod) + str(web.test)


# --- what releases may open ------------------------------------------------------------------------------------------


def opened(exception: dict[str, Any], place: str = 'model', **environment: Any) -> list[str]:
    values = {'values': {'networkPolicy': {'egress': {'extra': exception}}}}
    spec = {key: values if key == place else {} for key in ('model', 'release', 'environment')}
    model = r.model('web', **spec['model'])
    files = {**r.settings(), **model, **r.following('prod', **environment, **spec['environment'])}
    return problems({**files, **r.release('prod', 'web', **spec['release'])})


@pytest.mark.parametrize('place', ['model', 'release'])
@pytest.mark.parametrize(
    ('exception', 'message'),
    [
        ({'cidr': '169.254.169.254/32'}, "opens '169.254.169.254/32': there containers get the credentials"),
        ({'cidr': '128.0.0.0/1'}, "opens '128.0.0.0/1': there containers get the credentials"),
        ({'cidr': '1.2.3.4/0'}, "opens '1.2.3.4/0': there containers get the credentials"),
        ({'cidr': 'fd00::/8'}, "opens 'fd00::/8': there containers get the credentials"),
        ({'cidr': '::ffff:169.254.169.254/128'}, "opens '::ffff:169.254.169.254/128': there"),
        ({'namespace': 'payments'}, "opens namespace 'payments', which environment 'prod' does not permit"),
        ({'namespace': 'kube-system'}, "opens namespace 'kube-system'"),
        ({'namespace': '*'}, 'opens all namespaces'),
    ],
)
def test_only_the_environment_opens_nodes_and_other_namespaces(
    place: str, exception: dict[str, Any], message: str
) -> None:
    [found] = opened(exception, place)
    assert found.startswith(f'registry/{place}s/')
    assert f"egress exception 'extra' {message}" in found
    assert opened(exception, 'environment') == []


WEB_PORTS = {name: {'port': port} for name, port in (('web', 443), ('plain', '80'))}


@pytest.mark.parametrize(
    'exception',
    [
        {'cidr': '8.8.8.0/24'},
        {'cidr': '2001:4860::/32', 'ports': {'db': {'port': 5432}}},
        {'cidr': '*', 'ports': WEB_PORTS},
        {'cidr': '0.0.0.0/0', 'ports': WEB_PORTS},
        {'podLabels': {'app': 'cache'}},
        {'namespace': 'ml-prod'},
        {},
        {'cidr': '10.0.0.0/8', 'enabled': False},
    ],
)
def test_models_open_public_addresses_and_their_own_namespace(exception: dict[str, Any]) -> None:
    assert opened(exception) == []


@pytest.mark.parametrize('place', ['model', 'release'])
@pytest.mark.parametrize(
    ('exception', 'what'),
    [
        ({'cidr': '*'}, 'opens all addresses on all ports'),
        ({'cidr': '::/0'}, 'opens all addresses on all ports'),
        ({'cidr': '0.0.0.0/0', 'ports': {'web': {'port': 443, 'enabled': False}}}, 'opens all addresses on all ports'),
        ({'cidr': '*', 'ports': {'kubelet': {'port': 10250}}}, 'opens all addresses on port 10250'),
        ({'cidr': '*', 'metrics': True}, 'opens all addresses on port metrics'),
        *(
            ({'cidr': cidr, 'ports': WEB_PORTS}, f"opens '{cidr}', which environment 'prod' does not permit")
            for cidr in ('10.0.0.0/8', '10.0.0.1/32', '172.20.0.0/16', '192.168.1.0/24', '100.64.0.0/16', '8.0.0.0/5')
        ),
        ({'cidr': 'fd12:3456::/64'}, "opens 'fd12:3456::/64', which environment 'prod' does not permit"),
        ({'cidr': '64:ff9b::a00:1/128'}, "opens '64:ff9b::a00:1/128', which environment"),
        ({'cidr': '64:ff9b:1::a9fe:a9fe/128'}, "opens '64:ff9b:1::a9fe:a9fe/128', which environment"),
    ],
)
def test_private_addresses_and_all_are_the_environments(place: str, exception: dict[str, Any], what: str) -> None:
    [found] = opened(exception, place)
    assert f"egress exception 'extra' {what}" in found
    assert opened(exception, 'environment') == []
    everything = ['0.0.0.0/0', '::/0']
    assert opened(exception, place, egress={'cidrs': everything}) == []


def test_the_environment_permits_blocks_of_addresses() -> None:
    inner = {'cidr': '10.40.12.0/28', 'ports': {'db': {'port': 5432}}}
    assert opened(inner, egress={'cidrs': ['10.40.12.0/24']}) == []
    assert len(opened(inner, egress={'cidrs': ['10.41.0.0/16', 'fd00::/8']})) == 1
    assert len(opened({'cidr': '10.0.0.0/8'}, egress={'cidrs': ['10.40.12.0/24']})) == 1


def test_the_environment_permits_namespaces() -> None:
    assert opened({'namespace': 'payments'}, egress={'namespaces': ['payments']}) == []


@pytest.mark.parametrize(
    ('ports', 'refused'),
    [({'tcp': False}, False), ({'tcp': False, 'udp': False}, True), ({'api': 6443}, True)],
)
def test_the_exception_of_dns_opens_no_other_ports(ports: dict[str, Any], refused: bool) -> None:
    changed = {name: {'port': port} if port else {'enabled': False} for name, port in ports.items()}
    values = {'networkPolicy': {'egress': {'dns': {'ports': changed}}}}
    files = {**r.settings(), **r.model('web'), **r.following('prod'), **r.release('prod', 'web', values=values)}
    assert bool(problems(files)) == refused


def test_metrics_are_no_dns() -> None:
    system = {'namespace': 'kube-system', 'ports': {'dns': {'port': 53}}}
    assert opened(system) == []
    assert len(opened({**system, 'metrics': True})) == 1


def test_a_store_opens_nothing_else_of_its_namespace() -> None:
    stores = {'s3': {'endpoint': 'http://minio.minio.svc:9000', 'secret': 'minio'}}
    assert len(opened({'namespace': 'minio', 'podLabels': {'app': 'db'}}, artifactStores=stores)) == 1


@pytest.mark.parametrize(
    'cidr', ['240.1.0.0/16', '198.18.0.0/16', '192.0.0.8/32', '224.0.0.1/32', 'fec0::/64', '2002:0a00:0001::/48']
)
def test_blocks_that_are_not_the_internets(cidr: str) -> None:
    assert len(opened({'cidr': cidr, 'ports': {'web': {'port': 443}}})) == 1


def test_a_release_changes_no_exception_of_the_environment() -> None:
    environment = {'workloadIdentity': {'kind': 'gke'}}
    assert opened({'podLabels': {'app': 'cache'}}, **environment) == []
    values = {'networkPolicy': {'egress': {'identity': {'ports': {'all': {'port': 1}}}}}}
    files = {**r.settings(), **r.model('web'), **r.following('prod', **environment)}
    found = problems({**files, **r.release('prod', 'web', values=values)})
    assert all(
        one.startswith('registry/releases/prod/web.yaml::$.spec.values.networkPolicy.egress.id') for one in found
    )
    assert 'networkPolicy.egress.identity is made by spec.workloadIdentity of registry/environments' in ''.join(found)


# --- who may let in, and who made an exception -----------------------------------------------------------------------

MESHED = {**ISTIO, **SIDECAR, 'monitoring': MONITORING}


def with_values(values: dict[str, Any], place: str = 'release', **environment: Any) -> list[str]:
    """The problems of a member with an artifact and these values in one of its files."""
    spec: dict[str, Any] = {
        key: {'values': values} if key == place else {} for key in ('model', 'release', 'environment')
    }
    artifact = {'uri': 'https://models.example/m', 'sha256': '2' * 64, 'kind': 'saved-model'}
    files = {**r.settings(), **r.following('prod', **{**MESHED, **environment}, **spec['environment'])}
    files |= r.model('api', ports=PORTS) | r.release('prod', 'api')
    files |= r.model('web', 'tensorflow-serving', [r.version(artifact=artifact)], **spec['model'])
    routes = {'api': {'model': 'api', 'path': '/'}, 'web': {'model': 'web', 'path': '/web'}}
    files |= r.application('shop', ['api', 'web'], routes=routes, auth='jwt') if 'router' not in environment else {}
    return problems({**files, **r.release('prod', 'web', **spec['release'])})


def of_policy(side: str, **exceptions: Any) -> dict[str, Any]:
    return {'networkPolicy': {side: exceptions}}


MADE = {
    'whom tokens are asked of': of_policy('ingress', monitoring={'namespace': 'istio-ingress'}),
    'from whom': of_policy('ingress', gateway={'namespace': 'foo'}),
    'nobody': of_policy('ingress', gateway={'namespace': ''}),
    'null of it': of_policy('ingress', gateway={'namespace': None}),
    'null of the exception': of_policy('ingress', gateway=None),
    'null of all': {'networkPolicy': {'ingress': None}},
    'ports of the gateway': of_policy('ingress', gateway={'ports': {'all': {'port': 1}}}),
    'a member': of_policy('ingress', api={'podLabels': {'app': 'other'}}),
    'null of its ports': of_policy('ingress', api={'ports': None}),
    'the store': of_policy('egress', **{'artifact-store': {'cidr': '8.8.8.0/24'}}),
    'null of the ports of the store': of_policy('egress', **{'artifact-store': {'ports': None}}),
    'the control plane': of_policy('egress', istiod={'namespace': 'ml-prod'}),
}


@pytest.mark.parametrize('place', ['model', 'release'])
@pytest.mark.parametrize('case', MADE)
def test_no_file_of_a_model_changes_an_exception_that_others_made(place: str, case: str) -> None:
    found = with_values(MADE[case], place)
    told = ' is made by ' if place == 'release' or 'null' not in case else ': '
    assert any(told in one and one.startswith(f'registry/{place}s/') for one in found), found


@pytest.mark.parametrize('name', ['gateway', 'monitoring'])
def test_the_two_names_of_the_environment_are_reserved_everywhere(name: str) -> None:
    found = with_values(
        of_policy('ingress', **{name: {'podLabels': {'app': 'x'}}}), router='service', mesh={'mode': 'none'}
    )
    assert f'networkPolicy.ingress.{name} is made by spec.{name} of registry/environments/prod.yaml' in ''.join(found)


def test_a_file_of_a_model_may_close_what_others_opened() -> None:
    assert with_values(of_policy('ingress', api={'enabled': False})) == []


def test_no_file_of_a_model_changes_an_exception_in_values_of_its_environment() -> None:
    found = with_values(of_policy('egress', traces={'namespace': 'traces'}), 'environment')
    assert found == []
    of_environment = {'values': of_policy('egress', traces={'namespace': 'ml-prod'})}
    files = {**r.settings(), **r.following('prod', **of_environment)}
    written = of_policy('egress', traces={'podLabels': {'app': 'x'}})
    [found] = problems({**files, **r.model('web'), **r.release('prod', 'web', values=written)})
    assert 'networkPolicy.egress.traces is made by spec.values of registry/environments/prod.yaml' in found
    assert len(problems({**files, **r.model('web', values=written), **r.release('prod', 'web')})) == 1
    closed = r.following('prod', values=of_policy('egress', traces={'enabled': False}))
    assert problems({**files, **closed, **r.model('web', values=written), **r.release('prod', 'web')}) == []
    reopened = r.release('prod', 'web', values=of_policy('egress', traces={'enabled': True}))
    assert len(problems({**files, **closed, **r.model('web', values=written), **reopened})) == 1


@pytest.mark.parametrize('place', ['model', 'release'])
@pytest.mark.parametrize(
    ('values', 'what'),
    [
        ({'service': {'type': 'LoadBalancer'}}, "a Service of type 'LoadBalancer' leads past the gateway"),
        ({'service': {'type': 'NodePort'}}, "a Service of type 'NodePort' leads past the gateway"),
        (of_policy('ingress', w={'cidr': '*'}), "ingress exception 'w' opens '*'"),
        (of_policy('ingress', w={'cidr': '8.8.8.8/32'}), "ingress exception 'w' opens '8.8.8.8/32'"),
        (of_policy('ingress', w={'namespace': '*'}), "ingress exception 'w' opens all namespaces"),
        (of_policy('ingress', w={'namespace': 'shop'}), "ingress exception 'w' opens namespace 'shop'"),
        ({'metrics': {'path': '/*'}}, "policies about tokens take '/*' for a pattern"),
        ({'metrics': {'path': '/{**}'}}, 'for a pattern'),
    ],
)
def test_who_may_ask_is_the_environments(place: str, values: dict[str, Any], what: str) -> None:
    [found] = with_values(values, place)
    assert what in found
    assert found.startswith(f'registry/{place}s/')
    assert with_values(values, 'environment') == []


def test_values_of_an_environment_narrow_and_open() -> None:
    narrowed = of_policy('egress', **{'artifact-store': {'cidr': '10.40.12.0/24'}})
    assert with_values(narrowed, 'environment') == []
    moved = of_policy('egress', extra={'namespace': 'traces', 'cidr': '10.1.0.0/16'})
    assert with_values(moved, 'environment') == []


def test_the_environment_permits_who_may_ask() -> None:
    granted = {'ingress': {'namespaces': ['shop'], 'cidrs': ['10.1.0.0/16']}}
    assert with_values(of_policy('ingress', w={'namespace': 'shop'}, x={'cidr': '10.1.2.0/24'}), **granted) == []
    assert with_values(of_policy('ingress', own={'podLabels': {'app': 'x'}}, same={'namespace': 'ml-prod'})) == []


@pytest.mark.parametrize(
    ('uri', 'refused'),
    [
        ('https://10.0.0.1/pods', True),
        ('https://10.0.0.1:10250/pods', True),
        ('https://[fd00::1]/m', True),
        ('https://2130706433/m', True),
        ('https://0x7f.0x1/m', True),
        ('https://127.1/m', True),
        ('https://models.example:10250/m', True),
        ('https://93.184.216.34/m', False),
        ('https://models.example/m', False),
    ],
)
def test_a_private_address_of_an_artifact_needs_a_store_of_the_environment(uri: str, refused: bool) -> None:
    artifact = {'uri': uri, 'sha256': '2' * 64, 'kind': 'saved-model'}
    files = (
        r.settings() | r.model('web', 'tensorflow-serving', [r.version(artifact=artifact)]) | r.release('prod', 'web')
    )
    assert bool(problems({**files, **r.following('prod')})) == refused
    stores = {'https': {'cidr': '10.0.0.0/24', 'port': 10250 if uri.endswith(('10250/m', '10250/pods')) else 443}}
    assert problems({**files, **r.following('prod', artifactStores=stores)}) == []


@pytest.mark.parametrize(
    ('uri', 'store', 'refused'),
    [
        ('https://models.example:10250/m', {'secret': 'login'}, True),
        ('https://10.0.0.1/m', {'secret': 'login'}, True),
        ('https://10.0.0.1/m', {'port': 443}, True),
        ('https://models.example:10250/m', {'port': 8443}, False),
        ('https://models.example/m', {'cidr': '10.0.0.0/24'}, False),
        ('https://models.example:10250/m', {'cidr': '10.0.0.0/24'}, True),
        ('https://models.example:8443/m', {'cidr': '10.0.0.0/24', 'port': 8443}, False),
        ('https://models.example:8443/m', {'cidr': '10.0.0.0/24', 'port': 443}, True),
        # Labels and a port are in every namespace: the environment names one.
        ('https://files.security.svc:6379/m', {'podLabels': {'app': 'files'}}, True),
        ('https://files.security.svc:8443/m', {'port': 8443}, True),
        ('https://files.security.svc/m', {'podLabels': {'app': 'files'}, 'namespace': 'security'}, False),
        ('https://files.security.svc:6379/m', {'namespace': 'security'}, True),
        ('https://files.security.svc:6379/m', {'namespace': 'security', 'port': 6379}, False),
    ],
)
def test_a_store_permits_what_it_says(uri: str, store: dict[str, Any], refused: bool) -> None:
    artifact = {'uri': uri, 'sha256': '2' * 64, 'kind': 'saved-model'}
    files = (
        r.settings() | r.model('web', 'tensorflow-serving', [r.version(artifact=artifact)]) | r.release('prod', 'web')
    )
    assert bool(problems({**files, **r.following('prod', artifactStores={'https': store})})) == refused


def test_a_store_permits_nothing_to_who_does_not_download() -> None:
    """The name of the exception is free then."""
    artifact = {'uri': f'oci://registry.example/m@{r.DIGEST}', 'kind': 'saved-model'}
    values = of_policy('egress', **{'artifact-store': {'cidr': '*', 'ports': {'store': {'port': 10250}}}})
    files = r.settings() | r.model('web', 'tensorflow-serving', [r.version(artifact=artifact)], values=values)
    files |= r.following('prod', artifactStores={'oci': {'cidr': '10.0.0.0/24'}}) | r.release('prod', 'web')
    assert 'opens all addresses on port 10250' in ''.join(problems(files))


def test_policies_about_tokens_know_namespaces_of_the_environment_only() -> None:
    files = {**r.settings(), **r.following('prod', **MESHED), **r.release('prod', 'web')}
    [release] = resolved({**files, **r.model('web', ports=PORTS, route={'auth': 'jwt'})})
    auth = release.merged['auth']
    assert (auth['gatewayNamespace'], auth['monitoringNamespace']) == ('istio-ingress', 'monitoring')


@pytest.mark.parametrize('place', ['model', 'release'])
def test_only_the_environment_removes_the_policy(place: str) -> None:
    off = {'values': {'networkPolicy': {'enabled': False}}}
    spec = {key: off if key == place else {} for key in ('model', 'release')}
    files = {**r.settings(), **r.model('web', **spec['model']), **r.following('prod')}
    [found] = problems({**files, **r.release('prod', 'web', **spec['release'])})
    assert 'the pods would have no network policy' in found
    files = {**r.settings(), **r.model('web'), **r.following('prod', **off), **r.release('prod', 'web')}
    assert problems(files) == []


@pytest.mark.parametrize('name', ['istio-proxy', 'istio-init', 'istio-validation'])
def test_a_release_does_not_change_the_containers_of_the_mesh(name: str) -> None:
    values = {'containers': {name: {'image': {'repository': 'a/b', 'digest': r.DIGEST}}}}
    files = {**r.settings(), **r.model('web'), **r.release('prod', 'web', values=values)}
    found, image = problems({**files, **r.following('prod', **SIDECAR)})
    assert found.startswith(f'registry/releases/prod/web.yaml::$.spec.values.containers.{name}: ')
    assert 'the mesh' in found
    assert 'a release may not set the image' in image
    assert problems({**files, **r.following('prod')}) == [image]


@pytest.mark.parametrize('key', ['traffic.sidecar.istio.io/excludeInboundPorts', 'sidecar.istio.io/nativeSidecar'])
@pytest.mark.parametrize('mesh', [{}, SIDECAR], ids=['none', 'sidecar'])
def test_a_release_stays_in_the_mesh(key: str, mesh: dict[str, Any]) -> None:
    """Without a mesh, too: it may get one later."""
    values = {'podAnnotations': {key: 'false'}}
    files = {**r.settings(), **r.model('web'), **r.release('prod', 'web', values=values)}
    registry = loaded({**files, **r.following('prod', **mesh)})
    [found] = obeyed_metadata(Scope(registry))
    assert (found.file, found.path) == (
        'registry/releases/prod/web.yaml',
        json_path(('spec', 'values', 'podAnnotations', key)),
    )
    assert key in found.message
    assert 'which only an environment may' in found.message


def test_what_a_published_chart_opens_is_told_of_its_release(tmp_path: Path) -> None:
    values = {'networkPolicy': {'egress': {'extra': {'namespace': 'payments'}}}}
    permitted = r.environment('prod', egress={'namespaces': ['payments']})
    pin = r.release('prod', 'web', version='1', chart='1.0.0')
    files = {**r.settings(), **r.model('web', values=values), **permitted, **pin}
    repository = r.Repository(tmp_path / 'repository', files)
    repository.publish()
    repository.write({**r.environment('prod'), **r.model('web', versions=[r.version(), r.version('2')])})
    with pytest.raises(Exception, match='extra of the chart: egress exception') as raised:
        repository.run().releases  # noqa: B018
    assert str(raised.value).startswith('registry/releases/prod/web.yaml::$.spec: networkPolicy.egress.extra')


def test_an_exception_of_the_environment_in_a_published_chart_is_told_of_its_release(tmp_path: Path) -> None:
    """Charts that were made before this was refused, and whose policies about tokens believe it."""
    pin = r.release('prod', 'web', version='1', chart='1.0.0')
    repository = r.Repository(
        tmp_path / 'repository', {**r.settings(), **r.model('web'), **r.environment('prod'), **pin}
    )
    repository.publish()
    chart = repository.folder / 'charts/web/1.0.0/values.yaml'
    text = chart.read_text()
    assert '  ingress: {}\n' in text
    opened = '  ingress: {monitoring: {namespace: istio-ingress}}\n'
    chart.write_text(text.replace('  ingress: {}\n', opened))
    r.vouch(repository.folder, 'web', '1.0.0')
    git(repository.folder, 'commit', '-qam', 'as if it had been published so')
    repository.write(r.model('web', versions=[r.version(), r.version('2')]))
    with pytest.raises(Exception, match=r'networkPolicy\.ingress\.monitoring of the chart: only the environment'):
        repository.run().releases  # noqa: B018


def test_labels_of_the_mesh_stop_a_rollout_that_runs() -> None:
    plain, meshed = ({**r.settings(), **r.model('web'), **r.following('prod', **each)} for each in ({}, AMBIENT))
    digests = {workload_digest(resolved({**files, **r.release()})[0].merged) for files in (plain, meshed)}
    assert len(digests) == 2
