"""The rules of bumps: what differs between two charts of a model → the class of the newer one's version, and why.

One table, from Semantic Versioning and the conventions of chart repositories: whoever upgrades to a minor or a patch
version does so without reading anything.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from generator.compare import schemas
from generator.compare.difference import Difference
from generator.compare.effects import WORKLOADS, is_immutable
from generator.compare.fields import ABSENT, differing
from generator.compare.schemas import Step, schema_steps
from generator.compare.told import changed
from generator.domain.generated import BumpClass
from generator.domain.tree import Tree
from generator.domain.values import Values
from generator.values.merge import enabled


@dataclass(frozen=True, slots=True)
class Facts:
    """What a chart says of itself: its model version, signature and runtime, its values and their schema.

    `served` is the name that clients ask for, '' if the runtime has none.
    """

    model_version: str
    signature: Values | None
    runtime: str
    served: str
    kube_version: str
    values: Values
    schema: bytes
    texts: Callable[[], Tree]  # all files without the version of the chart


@dataclass(frozen=True, slots=True)
class Evidence:
    """Two charts, and the differences of their objects with the same sets of values."""

    old: Facts
    new: Facts
    objects: tuple[Difference, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """`why` completes: the version is major, since …"""

    id: str
    bump: BumpClass
    why: str
    check: Callable[[Evidence], Iterator[str]]


def _signature(about: Evidence) -> Iterator[str]:
    old, new = about.old.signature, about.new.signature
    if old is not None and new is not None and _as_compared(old) != _as_compared(new):
        for field in differing(_as_compared(old), _as_compared(new)):
            yield f'signature: {changed(field)}'


def _new_signature(about: Evidence) -> Iterator[str]:
    if (about.old.signature is None) is not (about.new.signature is None):
        yield f'signature {"is not told any more" if about.new.signature is None else "is told"}'


def _as_compared(signature: Values) -> Any:
    """Shapes as texts: one value each."""
    return {
        side: {
            name: {key: each if isinstance(each, str) else json.dumps(each) for key, each in tensor.items()}
            for name, tensor in tensors.items()
        }
        for side, tensors in signature.items()
    }


def _runtime(about: Evidence) -> Iterator[str]:
    if about.old.runtime != about.new.runtime:
        yield f'runtime {about.old.runtime} → {about.new.runtime}'


def _served_name(about: Evidence) -> Iterator[str]:
    if about.old.served and about.old.served != about.new.served:
        yield f'served name {about.old.served} → {about.new.served or "none"}'


def _removed_path(about: Evidence) -> Iterator[str]:
    old, new = (_paths(side.values) for side in (about.old, about.new))
    yield from (f'{path} is not routed any more' for path in old if path not in new)


def _new_path(about: Evidence) -> Iterator[str]:
    old, new = (_paths(side.values) for side in (about.old, about.new))
    yield from (f'{path} is routed' for path in new if path not in old)


def _paths(values: Values) -> list[str]:
    """What the routes of a chart match, whether or not an environment enables them."""
    found = [f'path {rule["path"]}' for rule in enabled(values.get('route', {}).get('rules', {})).values()]
    methods = enabled(values.get('grpcRoute', {}).get('methods', {})).values()
    return [*found, *(f'method {each.get("service", "*")}/{each.get("method", "*")}' for each in methods)]


def _kubernetes(about: Evidence) -> Iterator[str]:
    old, new = (_lowest(side.kube_version) for side in (about.old, about.new))
    if new > old:
        yield f'kubeVersion {about.old.kube_version or "any"} → {about.new.kube_version}'


def _older_kubernetes(about: Evidence) -> Iterator[str]:
    old, new = (_lowest(side.kube_version) for side in (about.old, about.new))
    if new < old:
        yield f'kubeVersion {about.old.kube_version} → {about.new.kube_version or "any"}'


def _lowest(constraint: str) -> tuple[int, ...]:
    found = re.search(r'(\d+)\.(\d+)', constraint)
    return (int(found[1]), int(found[2])) if found else ()


def _immutable(about: Evidence) -> Iterator[str]:
    for each in about.objects:
        for field in each.fields:
            if is_immutable(each, field):
                yield f'{each.id}: {changed(field)}'


def _workload_kind(about: Evidence) -> Iterator[str]:
    gone = {each.id.name: each.id.kind for each in about.objects if each.kind == 'remove' and each.id.kind in WORKLOADS}
    for each in about.objects:
        if each.kind == 'add' and each.id.kind in WORKLOADS and each.id.name in gone:
            yield f'{gone[each.id.name]} {each.id.name} becomes a {each.id.kind}'


def _removed_object(about: Evidence) -> Iterator[str]:
    for each in about.objects:
        if each.kind == 'remove':
            yield f'{each.id} is removed'


def _new_object(about: Evidence) -> Iterator[str]:
    for each in about.objects:
        if each.kind == 'add':
            yield f'{each.id} is new'


# What clients of a Service know; where its ports lead to in pods they do not.
_OF_CLIENTS = ('port', 'protocol', 'appProtocol', 'name', 'nodePort')


def _service_port(about: Evidence) -> Iterator[str]:
    for each in about.objects:
        for field in each.fields if each.id.kind == 'Service' else ():
            of_port = field.path[:2] == ('spec', 'ports')
            if field.path == ('spec', 'type') or (of_port and len(field.path) > 3 and field.path[3] in _OF_CLIENTS):
                yield f'{each.id}: {changed(field)}'
            elif of_port and field.new is ABSENT:
                yield f'{each.id}: {field.place} is removed'


def _new_port(about: Evidence) -> Iterator[str]:
    for each in about.objects:
        for field in each.fields if each.id.kind == 'Service' else ():
            if field.path[:2] == ('spec', 'ports') and len(field.path) == 3 and field.old is ABSENT:
                yield f'{each.id}: {field.place} is new'


def _of_schema(rule: str) -> Callable[[Evidence], Iterator[str]]:
    def check(about: Evidence) -> Iterator[str]:
        if about.old.schema != about.new.schema:
            yield from (step.text for step in _steps(about.old.schema, about.new.schema) if step.rule == rule)

    return check


@lru_cache(maxsize=16)  # the charts of a starter have one schema
def _steps(old: bytes, new: bytes) -> tuple[Step, ...]:
    return tuple(schema_steps(json.loads(old), json.loads(new)))


def _model_version(*, patch: bool) -> Callable[[Evidence], Iterator[str]]:
    def check(about: Evidence) -> Iterator[str]:
        old, new = about.old.model_version, about.new.model_version
        if old != new and _is_patch(old, new) is patch:
            yield f'model version {old} → {new}'

    return check


def _is_patch(old: str, new: str) -> bool:
    """Whether two model versions of the form 1.2.3 differ in the last number only."""
    forms = [re.fullmatch(r'v?(\d+)\.(\d+)\.\d+(?:[-+].*)?', text) for text in (old, new)]
    return all(forms) and len({found.groups() for found in forms if found}) == 1


# What chartloom derives from other values: the reason is in those.
_DERIVED = frozenset(['routing', 'removed'])


def _value(about: Evidence) -> Iterator[str]:
    for field in differing(about.old.values, about.new.values):
        if field.path[0] not in _DERIVED and not (field.old is ABSENT and len(field.path) == 1):
            yield changed(field)


def _documentation(about: Evidence) -> Iterator[str]:
    old, new = about.old.texts(), about.new.texts()
    for name in sorted({*old, *new}):
        if old.get(name) != new.get(name):
            yield f'only the text of {name} differs'


RULES = (
    Rule('signature', 'major', 'clients send and read other tensors', _signature),
    Rule('runtime', 'major', 'clients speak another protocol', _runtime),
    Rule('served-name', 'major', 'clients ask for another name', _served_name),
    Rule('removed-path', 'major', 'requests of clients are not routed', _removed_path),
    Rule('kube-version', 'major', 'clusters that it ran on refuse it', _kubernetes),
    Rule('immutable-field', 'major', 'the object must be deleted and made anew', _immutable),
    Rule('workload-kind', 'major', 'another controller runs the pods', _workload_kind),
    Rule('removed-object', 'major', 'whoever uses the object does not find it', _removed_object),
    Rule('service-port', 'major', 'clients connect to another port or protocol', _service_port),
    Rule(schemas.REMOVED, 'major', 'values that set the key are refused', _of_schema(schemas.REMOVED)),
    Rule(schemas.RETYPED, 'major', 'values of the old kind are refused', _of_schema(schemas.RETYPED)),
    Rule(schemas.TIGHTENED, 'major', 'values that were valid are refused', _of_schema(schemas.TIGHTENED)),
    Rule('model-version', 'minor', 'a new model with the same signature', _model_version(patch=False)),
    Rule('new-signature', 'minor', 'what clients send and read is documented', _new_signature),
    Rule('new-object', 'minor', 'there is something new to use', _new_object),
    Rule('new-path', 'minor', 'there is something new to use', _new_path),
    Rule('new-port', 'minor', 'there is something new to use', _new_port),
    Rule(schemas.ADDED, 'minor', 'there is something new to set', _of_schema(schemas.ADDED)),
    Rule('older-kubernetes', 'minor', 'more clusters take it', _older_kubernetes),
    Rule(schemas.WIDENED, 'minor', 'there is something new to set', _of_schema(schemas.WIDENED)),
    Rule('model-patch', 'patch', 'the same model, trained or packed again', _model_version(patch=True)),
    Rule('changed-value', 'patch', 'another default', _value),
    Rule('documentation', 'patch', 'nothing in the cluster changes', _documentation),
)  # fmt: skip
