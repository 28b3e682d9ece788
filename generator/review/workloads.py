"""Rules of the objects of a release: those that go, fields that nobody can change, ports, pods that restart."""

from __future__ import annotations

from collections.abc import Iterator

from generator.compare.effects import WORKLOADS, is_immutable, new_templates
from generator.compare.fields import ABSENT
from generator.compare.told import sides
from generator.review.leaves import leaves
from generator.review.noise import is_harmless
from generator.review.records import Evidence, Rule, Touched
from generator.review.resources import load_seconds
from generator.review.scaling import fewest

ROUTES = ('HTTPRoute', 'GRPCRoute', 'Ingress', 'VirtualService')


def _immutable(touched: Touched) -> Iterator[Evidence]:
    for each in touched.found:
        for field in each.fields:
            if each.kind == 'change' and is_immutable(each, field):
                yield Evidence(str(each.id), field.place, *sides(field))


def _removed(touched: Touched) -> Iterator[Evidence]:
    """A workload, Service or route of the model's own name: tracks come and go in rollouts."""
    if touched.new is None:
        # The agent leaves the objects of a suspended release in the cluster.
        if touched.old and not touched.old.resolved.release.is_suspended:
            yield Evidence(f'release {touched.name}', '', 'there', 'removed')
        return
    for each in touched.found:
        named = each.id.name == touched.model or each.id.kind in ROUTES
        if each.kind == 'remove' and named and (each.id.kind in WORKLOADS or each.id.kind in ('Service', *ROUTES)):
            yield Evidence(str(each.id), '', 'there', 'removed')


def _ports(touched: Touched) -> Iterator[Evidence]:
    """Ports of a Service that clients know by number or name, and that go or become others."""
    for leaf in leaves(touched, 'Service'):
        known = leaf.key in ('port', 'name', 'protocol', 'appProtocol') and leaf.old is not ABSENT
        if known and leaf.path[:2] == ('spec', 'ports'):
            yield leaf.evidence()


def _restart(touched: Touched) -> Iterator[Evidence]:
    """Pods that are replaced, although the model version stays, for what nobody would expect it of."""
    if not any(old.version == new.version and not new.rollout for old, new in touched.both):
        return
    for each in new_templates(touched.found):
        places = sorted({field.place for field in each.fields if not is_harmless(each, field)})
        if each.kind == 'change' and places:
            yield Evidence(str(each.id), _cost(touched), '', ', '.join(places[:3]))


def _cost(touched: Touched) -> str:
    assert touched.new
    pods, minutes = fewest(touched.new.merged), -(-load_seconds(touched.new) // 60)
    loads = f', each loads for up to {minutes} min' if minutes else ''
    return f'pods are replaced: {pods}{loads}'


RULES = (
    Rule('immutable-field', 'critical', 'a field changes that no controller can change',
         'keep it, or plan that the object is deleted and made anew', _immutable),
    Rule('object-removed', 'critical', 'a workload, Service or route is removed',
         'make sure that nobody sends requests to it', _removed),
    Rule('service-port', 'critical', 'a port of a Service changes',
         'change its clients first, or keep both ports', _ports),
    Rule('restart', 'high', 'pods restart, and the model version stays', 'apply it at low traffic', _restart),
)  # fmt: skip
