"""Environment → layers of network policies: DNS, the cloud identity of the pods, and Istio's control plane."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, assert_never

from generator.domain.choices import CloudIdentity, Dns
from generator.domain.environments import Environment
from generator.domain.generated import Layer
from generator.domain.places import Path

Exceptions = dict[str, dict[str, Any]]

_NODE_LOCAL = ('169.254.20.10',)
AMBIENT_PORT = 15008
# Ambient gives the kubelet's probes these source addresses, which no network policy of nodes permits.
_KUBELET = {'kubelet': '169.254.7.127/32', 'kubelet-ipv6': 'fd16:9254:7127:1337:ffff:ffff:ffff:ffff/128'}


def network_layers(environment: Environment) -> Iterator[Layer]:
    """Yield the exceptions that every release of an environment requires; it yields none for most environments."""
    spec = environment.spec
    if 'dns' in spec:
        yield _egress(environment, ('spec', 'dns'), _dns(spec['dns']))
    if kind := environment.cloud_identity:
        yield from _identity(environment, kind)
    if 'mesh' in spec:
        yield from _mesh(environment)


def _egress(environment: Environment, source: Path, exceptions: Exceptions) -> Layer:
    return Layer(environment.file, source, ('networkPolicy', 'egress'), exceptions)


def _ports(**numbers: int) -> dict[str, Any]:
    return {name: {'port': number, 'protocol': 'TCP'} for name, number in numbers.items()}


def _dns(dns: dict[str, Any]) -> Exceptions:
    kind: Dns = dns['kind']
    match kind:
        case 'kube-dns':
            return {}
        case 'node-local':
            return _node_local(dns.get('addresses', _NODE_LOCAL))
        case 'openshift':
            pods = {'dns.operator.openshift.io/daemonset-dns': 'default'}
            found = {'namespace': 'openshift-dns', 'podLabels': pods, 'ports': _both(5353)}
            return {'dns': {'enabled': False}, 'dns-openshift': found}
        case _:
            assert_never(kind)


def _node_local(addresses: Any) -> Exceptions:
    """The cache has addresses of the node; on Dataplane V2 of GKE it has pods of its own."""
    pods = {'namespace': 'kube-system', 'podLabels': {'k8s-app': 'node-local-dns'}}
    names = {f'dns-node-local{f"-{index}" if index else ""}': address for index, address in enumerate(addresses)}
    return {
        name: {**({} if index else pods), 'cidr': _one(address), 'ports': _both(53)}
        for index, (name, address) in enumerate(names.items())
    }


def _one(address: str) -> str:
    """The block of one address."""
    return f'{address}/{128 if ":" in address else 32}'


def _both(port: int) -> dict[str, Any]:
    return {name: {'port': port, 'protocol': name.upper()} for name in ('tcp', 'udp')}


def _identity(environment: Environment, kind: CloudIdentity) -> Iterator[Layer]:
    source: Path = ('spec', 'workloadIdentity')
    yield _egress(environment, source, _of_identity(kind, environment.spec['workloadIdentity'].get('cidr', '*')))
    match kind:
        case 'azure':  # its webhook looks for this label
            yield Layer(environment.file, source, ('podLabels',), {'azure.workload.identity/use': 'true'})
        case 'gke' | 'eks-pod-identity' | 'eks-irsa':
            pass
        case _:
            assert_never(kind)


def _of_identity(kind: CloudIdentity, tokens: str) -> Exceptions:
    """What pods connect to for credentials: a server of the node, or a token service of the cloud at `tokens`.

    https://cloud.google.com/kubernetes-engine/docs/how-to/network-policy, .../eks/latest/userguide/pod-id-how-it-works
    """
    match kind:
        case 'gke':
            return {
                'identity': {'cidr': '169.254.169.252/32', 'ports': _ports(metadata=988, more=987)},
                'identity-dataplane-v2': {'cidr': '169.254.169.254/32', 'ports': _ports(metadata=80, more=8080)},
            }
        case 'eks-pod-identity':
            return {
                'identity': {'cidr': '169.254.170.23/32', 'ports': _ports(agent=80)},
                'identity-ipv6': {'cidr': 'fd00:ec2::23/128', 'ports': _ports(agent=80)},
            }
        case 'eks-irsa' | 'azure':
            return {'identity': {'cidr': tokens, 'ports': _ports(tokens=443)}}
        case _:
            assert_never(kind)


def _mesh(environment: Environment) -> Iterator[Layer]:
    mesh, source = environment.mesh, ('spec', 'mesh')
    match mesh:
        case 'none':
            return
        case 'sidecar':
            istiod = environment.spec['mesh'].get('namespace', 'istio-system')
            exception = {'namespace': istiod, 'podLabels': {'app': 'istiod'}, 'ports': _ports(istiod=15012)}
            yield _egress(environment, source, {'istiod': exception})
            if 'monitoring' in environment.spec:
                ports = _ports(**{'istio-agent': 15020, 'envoy': 15090})
                place = ('networkPolicy', 'ingress', 'monitoring', 'ports')
                yield Layer(environment.file, source, place, ports)
        case 'ambient':
            exceptions: Exceptions = {name: {'cidr': cidr} for name, cidr in _KUBELET.items()}
            if environment.waypoint:
                pods = {'gateway.networking.k8s.io/gateway-name': environment.waypoint}
                waypoint = {'podLabels': pods, 'ports': _ports(tunnel=AMBIENT_PORT)}
                yield _egress(environment, source, {'waypoint': waypoint})
                exceptions |= {'waypoint': waypoint}
            yield Layer(environment.file, source, ('networkPolicy', 'ingress'), exceptions)
        case _:
            assert_never(mesh)
