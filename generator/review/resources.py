"""Rules of what pods have and how long they may take: memory, storage, devices, time to start, to stop, to answer."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator

from generator.compare.effects import WORKLOADS
from generator.compare.fields import ABSENT
from generator.domain.units import mebibytes, quantity, seconds
from generator.domain.values import Values
from generator.review.gpus import gpu_count
from generator.review.leaves import Leaf, leaves
from generator.review.options import number, options_of
from generator.review.records import Evidence, Rule, Side, Touched
from generator.review.states import Told, artifact_size, became, gibibytes, is_baked, limit
from generator.values.merge import enabled

_LOWER = ('memory', 'ephemeral-storage', 'sizeLimit')
_SPEED = 50  # MiB/s, at which presets expect a model to load at worst
_DEVICE = re.compile(r'gpu|accelerator|tpu|neuron|instance-type|instance-family|machine-family', re.IGNORECASE)
# How long servers finish requests after SIGTERM, by their option.
_DRAINS = ('shutdown-timeout', 'graceful-termination-timeout', 'exit-timeout-secs')


def _lower(touched: Touched) -> Iterator[Evidence]:
    for leaf in leaves(touched, *WORKLOADS):
        limited = leaf.path[-2:-1] == ('limits',) or leaf.key == 'sizeLimit'
        both = leaf.key in _LOWER and limited and ABSENT not in (leaf.old, leaf.new)
        if both and quantity(str(leaf.new)) < quantity(str(leaf.old)) and not _fits(touched, leaf):
            yield leaf.evidence()


def _fits(touched: Touched, leaf: Leaf) -> bool:
    """Whether it is the volume of an artifact that became smaller, too."""
    size = artifact_size(touched.new) if touched.new else None
    return '[artifact]' in leaf.path and size is not None and quantity(str(leaf.new)) >= size


def _room(touched: Touched) -> Iterator[Evidence]:
    for wrong in (_memory, _shared_memory, _storage):
        yield from became(touched, wrong)


def _memory(side: Side) -> Told | None:
    """The whole model in memory; with a GPU it is there instead."""
    size, given = artifact_size(side), limit(side.merged, 'memory')
    if size is None or given is None or gpu_count(side.merged):
        return None
    return Told('pods', 'limits.memory', f'{gibibytes(given)}, {gibibytes(size)} to load', given < size)


def _shared_memory(side: Side) -> Told | None:
    """Volumes in memory count against the limit of a container."""
    given = limit(side.merged, 'memory')
    held = [each for each in enabled(side.merged['volumes']).values() if each.get('medium') == 'Memory']
    need = sum(quantity(str(each.get('sizeLimit', '0'))) for each in held)
    if given is None or not need:
        return None
    what = f'{gibibytes(given)}, {gibibytes(need)} for volumes in memory'
    return Told('pods', 'limits.memory', what, need >= given)


def _storage(side: Side) -> Told | None:
    size, artifact = artifact_size(side), side.merged['artifact']
    if size is None or artifact['delivery'] != 'download':
        return None
    rooms = {'artifact.sizeLimit': quantity(str(artifact['sizeLimit']))}
    for name, holder in (('resources', side.merged), ('artifact.resources', artifact)):
        if (given := limit(holder, 'ephemeral-storage')) is not None:
            rooms[f'{name}.limits.ephemeral-storage'] = given
    room, name = min((room, name) for name, room in rooms.items())
    return Told('pods', name, f'{gibibytes(room)}, {gibibytes(size)} to hold', room < size)


def _devices(touched: Touched) -> Iterator[Evidence]:
    for leaf in leaves(touched, *WORKLOADS):
        resource = '/' in leaf.key and leaf.path[-2:-1] == ('limits',)
        node = leaf.path[-2:-1] == ('nodeSelector',) and _DEVICE.search(leaf.key)
        texts = (json.dumps(one) for one in (leaf.old, leaf.new) if one is not ABSENT)
        wanted = 'nodeAffinity' in leaf.path and any(map(_DEVICE.search, texts))
        if resource or node or wanted or leaf.key == 'runtimeClassName':
            yield leaf.evidence()


def load_seconds(side: Side) -> int:
    """How long a pod loads its model at worst, 0 if its size is not known."""
    size = artifact_size(side)
    return 0 if size is None or is_baked(side) else math.ceil(mebibytes(str(int(size))) / _SPEED)


def _start(side: Side) -> Told | None:
    values, need = side.merged, load_seconds(side)
    if not need:
        return None
    probe = values['startupProbe']
    budget = int(probe['periodSeconds']) * int(probe['failureThreshold'])
    deadline = int(values['progressDeadlineSeconds'])
    given, name = min((budget, 'startupProbe'), (deadline, 'progressDeadlineSeconds'))
    return Told('pods', name, f'{given} s, loading takes {need} s', given < need)


def _grace(touched: Touched) -> Iterator[Evidence]:
    for old, new in touched.both:
        before, after = _drain(old), _drain(new)
        if before != after and after[0] <= after[1]:
            now = f'{after[0]}, {after[1]} to drain'
            yield Evidence('pods', 'terminationGracePeriodSeconds', str(before[0]), now)


def _drain(side: Side) -> tuple[int, int]:
    """The seconds that pods get, and those that they need: before SIGTERM, and what the server takes after it."""
    values = side.merged
    own = number(options_of(side), *_DRAINS) or 0
    return int(values['terminationGracePeriodSeconds']), int(values['preStopSeconds']) + int(own)


def _timeout(side: Side) -> Told | None:
    slo = side.model.spec.get('slo', {}) if side.model else {}
    if 'p99' not in slo:
        return None
    given = [(seconds(text), key, text) for key, text in _timeouts(side.merged) if text]
    if not given:
        return None
    least, key, text = min(given)
    name = side.resolved.release.name
    return Told(f'release {name}', key, f'{text}, p99 {slo["p99"]}', least < seconds(slo['p99']))


def _timeouts(values: Values) -> Iterator[tuple[str, str]]:
    if values['route']['enabled']:
        yield 'route.timeout', values['route']['timeout']
        if values['route']['retries']['attempts']:
            yield 'route.retries.perTryTimeout', values['route']['retries']['perTryTimeout']


RULES = (
    Rule('less-memory', 'high', 'memory or storage gets less', 'compare it with what the server uses', _lower),
    Rule('artifact-room', 'high', 'memory or storage is smaller than what it has to hold',
         'give it more than the unpacked artifact', _room),
    Rule('other-devices', 'high', 'the accelerators of the pods change',
         'load the model on such a device first', _devices),
    Rule('start-up', 'high', 'pods are killed, or the rollout fails, before the model is loaded',
         'raise failureThreshold of the startupProbe, or progressDeadlineSeconds',
         lambda touched: became(touched, _start)),
    Rule('grace', 'high', 'pods are killed before they have drained',
         'let terminationGracePeriodSeconds exceed preStopSeconds and the longest request', _grace),
    Rule('timeout', 'high', 'requests end before the model has to answer',
         'let the time limit exceed the p99 of the SLO', lambda touched: became(touched, _timeout)),
)  # fmt: skip
