"""A rendered NetworkPolicy → what it permits, by the rules of Kubernetes; selectors match pods, blocks addresses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Any

Values = Mapping[str, Any]
HERE = 'models'  # the namespace that tests render into


@dataclass(frozen=True)
class Pod:
    namespace: str = HERE
    labels: Mapping[str, str] = field(default_factory=dict)


Peer = Pod | str  # a pod, or an address


def permits(policy: Values, pod: Values, side: str, peer: Peer, port: int, protocol: str = 'TCP') -> bool:
    """Whether the policy of a pod (its template) permits a connection; `side` is ingress or egress."""
    assert selects(policy['spec']['podSelector'], pod['metadata']['labels']), 'the policy is for other pods'
    assert side.capitalize() in policy['spec']['policyTypes']
    peers = {'ingress': 'from', 'egress': 'to'}[side]
    rules = policy['spec'].get(side, [])
    return any(
        _is_port(rule, pod, port, protocol) and any(_is_peer(each, peer) for each in rule[peers]) for rule in rules
    )


def selects(selector: Values, labels: Mapping[str, str]) -> bool:
    for expression in selector.get('matchExpressions', []):
        assert expression['operator'] == 'In'
        if labels.get(expression['key']) not in expression['values']:
            return False
    return all(labels.get(key) == value for key, value in selector.get('matchLabels', {}).items())


def _is_peer(rule: Values, peer: Peer) -> bool:
    if isinstance(peer, str):
        return 'ipBlock' in rule and _is_in(rule['ipBlock'], peer)
    if 'ipBlock' in rule:
        return False
    namespaces = rule.get('namespaceSelector', {'matchLabels': {'kubernetes.io/metadata.name': HERE}})
    return selects(namespaces, {'kubernetes.io/metadata.name': peer.namespace}) and selects(
        rule.get('podSelector', {}), peer.labels
    )


def _is_in(block: Values, address: str) -> bool:
    found, whole = ip_address(address), ip_network(block['cidr'])
    for each in block.get('except', []):
        assert ip_network(each).subnet_of(whole), 'the API server refuses an exception outside of its block'
    return found in whole and not any(found in ip_network(each) for each in block.get('except', []))


def _is_port(rule: Values, pod: Values, port: int, protocol: str) -> bool:
    named = {each['name']: each['containerPort'] for c in pod['spec']['containers'] for each in c.get('ports', [])}
    ports = [(named.get(each['port'], each['port']), each['protocol']) for each in rule.get('ports', [])]
    return not ports or (port, protocol) in ports
