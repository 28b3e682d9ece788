"""Rules of who may do what: rights of pods, network, logins, TLS, Secrets, host names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from generator.compare.effects import WORKLOADS
from generator.compare.fields import ABSENT, Field
from generator.compare.told import sides
from generator.domain.choices import cloud_identity_of
from generator.review.leaves import Leaf, leaves
from generator.review.records import Evidence, Risk, Rule, Touched
from generator.strategies.routers.nginx import FREE, PREFIX

_BALANCED = ('externalIPs', 'loadBalancerIP', 'loadBalancerSourceRanges', 'externalName', 'nodePort')
_ROUTES = ('Ingress', 'VirtualService', 'HTTPRoute', 'GRPCRoute')
_LOGINS = ('SecurityPolicy', 'RequestAuthentication', 'AuthorizationPolicy', 'EnvoyFilter')
# Fields of pods and containers with the value that is safe.
_SAFE: dict[str, Any] = {
    'runAsNonRoot': True, 'readOnlyRootFilesystem': True, 'allowPrivilegeEscalation': False, 'privileged': False,
    'hostNetwork': False, 'hostPID': False, 'hostIPC': False, 'automountServiceAccountToken': False,
}  # fmt: skip


def _rights(touched: Touched) -> Iterator[Evidence]:
    for leaf in leaves(touched, *WORKLOADS, new=True):
        if _is_weaker(leaf):
            yield leaf.evidence()


def _is_weaker(leaf: Leaf) -> bool:
    if leaf.key in _SAFE:
        safe = _SAFE[leaf.key]
        was = leaf.old is not ABSENT and leaf.old == safe
        return (was or leaf.old is ABSENT) and not (leaf.new is not ABSENT and leaf.new == safe)
    if leaf.key in ('add', 'drop') and 'capabilities' in leaf.path:
        before, after = ({*each} if isinstance(each, list) else set() for each in (leaf.old, leaf.new))
        return bool(after - before if leaf.key == 'add' else before - after)
    if leaf.key == 'type' and 'seccompProfile' in leaf.path:
        return leaf.new is ABSENT or leaf.new == 'Unconfined'
    if leaf.key in ('runAsUser', 'hostPort'):
        return bool(leaf.new == 0 if leaf.key == 'runAsUser' else leaf.new is not ABSENT)
    return 'hostPath' in leaf.path and leaf.new is not ABSENT


def _network(touched: Touched) -> Iterator[Evidence]:
    """A policy that goes, a rule that comes, or another peer in one: each rule lets somebody in or out."""
    yield from _gone(touched, 'NetworkPolicy')
    for each in touched.found:
        for field in each.fields if each.id.kind == 'NetworkPolicy' else ():
            if _lets_more(field):
                yield Evidence(str(each.id), field.place, *sides(field))
    for leaf in leaves(touched, 'PeerAuthentication'):
        if leaf.key == 'mode' and leaf.new != 'STRICT':
            yield leaf.evidence()


def _lets_more(field: Field) -> bool:
    if field.path[:2] == ('spec', 'policyTypes'):
        return field.new is ABSENT
    if field.path[:2] not in (('spec', 'ingress'), ('spec', 'egress')):
        return False
    # A rule without peers or ports is for all of them; any other part that goes lets less through.
    return field.new is not ABSENT or field.path[-1] in ('from', 'to', 'ports', 'except')


def _closed(touched: Touched) -> Iterator[Evidence]:
    """Peers that were let in, or that the pods could reach, and are not named any more."""
    for each in touched.found:
        for field in each.fields if each.id.kind == 'NetworkPolicy' else ():
            rule = field.path[:2] in (('spec', 'ingress'), ('spec', 'egress'))
            if rule and field.new is ABSENT and not _lets_more(field):
                yield Evidence(str(each.id), field.place, *sides(field))


def _gone(touched: Touched, *kinds: str) -> Iterator[Evidence]:
    for each in touched.found:
        if each.id.kind in kinds and each.kind == 'remove' and touched.new:
            yield Evidence(str(each.id), '', 'there', 'removed')


def _logins(touched: Touched) -> Iterator[Evidence]:
    yield from _gone(touched, *_LOGINS)
    for leaf in leaves(touched, 'Ingress'):
        # ingress-nginx asks for a login by annotations, and leaves it out by others.
        if leaf.key.startswith(f'{PREFIX}/') and leaf.key not in FREE:
            yield leaf.evidence()
    for leaf in leaves(touched, 'AuthorizationPolicy'):
        if leaf.path[:2] == ('spec', 'rules') and 'paths' in leaf.path:
            yield leaf.evidence()
    for old, new in touched.both:
        before, after = old.merged['auth'], new.merged['auth']
        for key in sorted({*before, *after}):
            if before.get(key) != after.get(key):
                yield Evidence('auth', key, str(before.get(key, 'not set')), str(after.get(key, 'not set')))


def _tls(touched: Touched) -> Iterator[Evidence]:
    for leaf in leaves(touched, *_ROUTES):
        lost = 'tls' in leaf.path and leaf.new is ABSENT
        # Without its name a route is on all listeners of its gateway, also on that for plain HTTP.
        listener = leaf.key == 'sectionName' and leaf.old is not ABSENT
        if lost or listener:
            yield leaf.evidence()
    yield from _gone(touched, 'Certificate')


def _services(touched: Touched) -> Iterator[Evidence]:
    """A Service that others reach without the gateway, and what tells a load balancer whom it serves."""
    for leaf in leaves(touched, 'Service', new=True):
        opened = leaf.key == 'type' and leaf.new not in (ABSENT, 'ClusterIP')
        balanced = touched.new is not None and touched.new.merged['service']['type'] != 'ClusterIP'
        if opened or leaf.key in _BALANCED or (balanced and 'annotations' in leaf.path):
            yield leaf.evidence()


def _secrets(touched: Touched) -> Iterator[Evidence]:
    for leaf in leaves(touched, *WORKLOADS, new=True):
        reads = leaf.key == 'secretName' or {'secretKeyRef', 'secretRef', 'imagePullSecrets'} & {*leaf.path}
        # A container that comes reads what is its own: Secrets that are named after the model.
        if reads and (leaf.old is not ABSENT or _is_of_others(touched, leaf)):
            yield leaf.evidence()
    for leaf in leaves(touched, 'ExternalSecret'):
        if {'remoteRef', 'secretStoreRef', 'dataFrom'} & {*leaf.path} and leaf.old is not ABSENT:
            yield leaf.evidence()


def _is_of_others(touched: Touched, leaf: Leaf) -> bool:
    names = leaf.key in ('name', 'secretName') and leaf.new is not ABSENT
    return names and leaf.new != touched.model and not str(leaf.new).startswith(f'{touched.model}-')


def _identity(touched: Touched) -> Iterator[Evidence]:
    """Another role or account of the cloud, by annotations of the ServiceAccount."""
    for leaf in leaves(touched, 'ServiceAccount'):
        if 'annotations' in leaf.path and cloud_identity_of(leaf.key):
            yield leaf.evidence()
    for leaf in leaves(touched, *WORKLOADS):
        if leaf.key == 'serviceAccountName':
            yield leaf.evidence()


RULES = (
    Rule('weaker-pod', 'critical', 'pods get more rights', 'ask who answers for the cluster', _rights),
    Rule('weaker-network', 'critical', 'more may reach the pods, or they may reach more',
         'ask who answers for the cluster', _network),
    Rule('closed-network', 'high', 'others may not reach the pods any more, or they may not reach others',
         'make sure that nobody needs it', _closed),
    Rule('weaker-login', 'critical', 'who may send requests changes', 'ask who answers for the interface', _logins),
    Rule('weaker-tls', 'critical', 'a certificate or TLS is removed', 'make sure that clients do not need it', _tls),
    Rule('open-service', 'critical', 'a Service is reached past the gateway and its logins',
         'ask who answers for the cluster', _services),
    Rule('secret-changed', 'high', 'pods read another Secret, or one that is not named after their model',
         'make sure that it exists with these keys, and that it is for them', _secrets),
    Rule('identity-changed', 'high', 'pods are somebody else for the cloud',
         'make sure that this identity may read what the pods need, and nothing more', _identity),
)  # fmt: skip
HOST_MOVED = Rule(
    'host-moved', 'critical', 'a host name goes to somebody else', 'make sure that its clients know'
)  # fmt: skip


def moved_hosts(touched: Sequence[Touched]) -> Iterator[Risk]:
    """Yield host names that one release loses and another one, of another model or environment, gets."""
    for host, (lost, won) in sorted(host_moves(touched).items()):
        yield Risk(
            HOST_MOVED, Evidence(f'host {host}', '', ', '.join(lost), ', '.join(won)), tuple(sorted({*lost, *won}))
        )


def host_moves(touched: Sequence[Touched]) -> dict[str, tuple[list[str], list[str]]]:
    """Host names that go to somebody else, with the releases that lose and that get them."""
    lost, won = defaultdict[str, list[str]](list), defaultdict[str, list[str]](list)
    for each in sorted(touched, key=lambda one: one.name):
        before, after = _hosts(each, new=False), _hosts(each, new=True)
        for host in before - after:
            lost[host].append(each.name)
        for host in after - before:
            won[host].append(each.name)
    return {host: (lost[host], won[host]) for host in lost.keys() & won.keys()}


def _hosts(touched: Touched, *, new: bool) -> set[str]:
    side = touched.new if new else touched.old
    keys = ('route', 'grpcRoute') if side else ()
    return {host for key in keys if side and side.merged[key]['enabled'] for host in side.merged[key]['hostnames']}
