"""Rules of who may do what: rights of pods, network, logins, TLS, host names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from generator.compare.effects import WORKLOADS
from generator.compare.fields import ABSENT
from generator.review.leaves import Leaf, leaves
from generator.review.records import Evidence, Risk, Rule, Touched

_LOGINS = ('SecurityPolicy', 'RequestAuthentication', 'AuthorizationPolicy', 'EnvoyFilter')
# Fields of pods and containers with the value that is safe.
_SAFE: dict[str, Any] = {
    'runAsNonRoot': True, 'readOnlyRootFilesystem': True, 'allowPrivilegeEscalation': False, 'privileged': False,
    'hostNetwork': False, 'hostPID': False, 'hostIPC': False, 'automountServiceAccountToken': False,
}  # fmt: skip


def _rights(touched: Touched) -> Iterator[Evidence]:
    for leaf in leaves(touched, *WORKLOADS):
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
    return leaf.key == 'type' and 'seccompProfile' in leaf.path and leaf.new == 'Unconfined'


def _network(touched: Touched) -> Iterator[Evidence]:
    """A policy that goes, or a rule that comes: each rule lets somebody in or out."""
    for each in touched.found:
        if each.id.kind == 'NetworkPolicy' and each.kind == 'remove' and touched.new:
            yield Evidence(str(each.id), '', 'there', 'removed')
    for leaf in leaves(touched, 'NetworkPolicy'):
        came = leaf.path[:2] in (('spec', 'ingress'), ('spec', 'egress')) and leaf.old is ABSENT
        if came or (leaf.path[:2] == ('spec', 'policyTypes') and leaf.new is ABSENT):
            yield leaf.evidence()


def _logins(touched: Touched) -> Iterator[Evidence]:
    for each in touched.found:
        if each.id.kind in _LOGINS and each.kind == 'remove' and touched.new:
            yield Evidence(str(each.id), '', 'there', 'removed')
    for old, new in touched.both:
        before, after = old.merged['auth'], new.merged['auth']
        for key in sorted({*before, *after}):
            if before.get(key) != after.get(key):
                yield Evidence('auth', key, str(before.get(key, 'not set')), str(after.get(key, 'not set')))


def _tls(touched: Touched) -> Iterator[Evidence]:
    for leaf in leaves(touched, 'Ingress', 'VirtualService', 'HTTPRoute', 'GRPCRoute'):
        if 'tls' in leaf.path and leaf.new is ABSENT:
            yield leaf.evidence()
    for each in touched.found:
        if each.id.kind == 'Certificate' and each.kind == 'remove' and touched.new:
            yield Evidence(str(each.id), '', 'there', 'removed')


RULES = (
    Rule('weaker-pod', 'critical', 'pods get more rights', 'ask who answers for the cluster', _rights),
    Rule('weaker-network', 'critical', 'more may reach the pods, or they may reach more',
         'ask who answers for the cluster', _network),
    Rule('weaker-login', 'critical', 'who may send requests changes', 'ask who answers for the interface', _logins),
    Rule('weaker-tls', 'critical', 'a certificate or TLS is removed', 'make sure that clients do not need it', _tls),
)  # fmt: skip
HOST_MOVED = Rule(
    'host-moved', 'critical', 'a host name goes to somebody else', 'make sure that its clients know'
)  # fmt: skip


def moved_hosts(touched: Sequence[Touched]) -> Iterator[Risk]:
    """Yield host names that one release loses and another one, of another model or environment, gets."""
    lost, won = defaultdict[str, list[str]](list), defaultdict[str, list[str]](list)
    for each in touched:
        before, after = _hosts(each, new=False), _hosts(each, new=True)
        for host in before - after:
            lost[host].append(each.name)
        for host in after - before:
            won[host].append(each.name)
    for host in sorted(lost.keys() & won.keys()):
        evidence = Evidence(f'host {host}', '', ', '.join(sorted(lost[host])), ', '.join(sorted(won[host])))
        yield Risk(HOST_MOVED, evidence, tuple(sorted({*lost[host], *won[host]})))


def _hosts(touched: Touched, *, new: bool) -> set[str]:
    side = touched.new if new else touched.old
    keys = ('route', 'grpcRoute') if side else ()
    return {host for key in keys if side and side.merged[key]['enabled'] for host in side.merged[key]['hostnames']}
