"""Differences of objects → what they do in a cluster: pods that restart, objects that cannot be updated."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from generator.compare.difference import Difference
from generator.compare.fields import Field, Path
from generator.domain.generated import Pods

# Where objects hold the template of their pods.
_TEMPLATE: Path = ('spec', 'template')
WORKLOADS = frozenset(['Deployment', 'StatefulSet', 'DaemonSet', 'Rollout'])
# Fields that the API server does not change.
IMMUTABLE: dict[str, tuple[Path, ...]] = {
    'Deployment': (('spec', 'selector'),),
    'DaemonSet': (('spec', 'selector'),),
    'Rollout': (('spec', 'selector'),),  # it does, and the controller loses its pods
    'StatefulSet': (('spec', 'selector'), ('spec', 'serviceName'), ('spec', 'volumeClaimTemplates')),
    'Job': (('spec', 'selector'), ('spec', 'template')),
    'PersistentVolumeClaim': (('spec', 'accessModes'), ('spec', 'storageClassName'), ('spec', 'volumeName')),
    'Secret': (('type',),),
}


def is_immutable(difference: Difference, field: Field) -> bool:
    """Whether an object must be deleted and made anew to change a field."""
    return any(field.path[: len(place)] == place for place in IMMUTABLE.get(difference.id.kind, ()))


def new_templates(found: Sequence[Difference]) -> list[Difference]:
    """Return the workloads whose pods are replaced: by another template, or because the workload itself is another."""
    return [each for each in found if each.id.kind in WORKLOADS and _replaces(each)]


def _replaces(each: Difference) -> bool:
    if each.kind != 'change':
        return each.kind == 'remove'
    return any(field.path[:2] == _TEMPLATE or is_immutable(each, field) for field in each.fields)


def pods(found: Sequence[Difference]) -> Pods:
    """Return what happens to the pods: nothing, a restart one after the other, or all end before others come."""
    moved = new_templates(found)
    if any(each.kind == 'remove' or any(_immutable(each)) for each in moved):
        return 'recreate'
    return 'restart' if moved else 'none'


def _immutable(each: Difference) -> Iterator[Field]:
    return (field for field in each.fields if is_immutable(each, field))
