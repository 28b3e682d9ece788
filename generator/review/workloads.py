"""Rules of workloads, their pods and what leads to them: objects that go, pods that change, images, options."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from generator.compare.effects import WORKLOADS, is_immutable, new_templates
from generator.compare.fields import ABSENT, shown
from generator.compare.told import shown_sides
from generator.domain.units import quantity
from generator.review.leaves import Leaf, leaves
from generator.review.records import Evidence, Rule, Touched

_ROUTES = ('HTTPRoute', 'GRPCRoute', 'Ingress', 'VirtualService')
_LOWER = ('memory', 'ephemeral-storage', 'sizeLimit')
# Options of servers that decide what a request is and what its answer means; the dashes of a flag are left out.
_SERVED = ('served-model-name', 'model_name', 'model-name', 'tokenizer', 'tokenizer-revision', 'chat-template')
_NUMBERS = ('quantization', 'dtype', 'max-model-len', 'max-seq-len', 'kv-cache-dtype')


def _immutable(touched: Touched) -> Iterator[Evidence]:
    for each in touched.found:
        for field in each.fields:
            if is_immutable(each, field):
                yield Evidence(str(each.id), field.place, *shown_sides(field))


def _removed(touched: Touched) -> Iterator[Evidence]:
    """A workload, Service or route of the model's own name: tracks come and go in rollouts."""
    if touched.new is None:
        yield Evidence(f'release {touched.name}', '', 'there', 'removed')
        return
    for each in touched.found:
        named = each.id.name == touched.model or each.id.kind in _ROUTES
        if each.kind == 'remove' and named and (each.id.kind in WORKLOADS or each.id.kind in ('Service', *_ROUTES)):
            yield Evidence(str(each.id), '', 'there', 'removed')


def _ports(touched: Touched) -> Iterator[Evidence]:
    """Ports of a Service that clients know by number or name, and that go or become others."""
    for leaf in leaves(touched, 'Service'):
        known = leaf.key in ('port', 'name', 'protocol', 'appProtocol') and leaf.old is not ABSENT
        if known and leaf.path[:2] == ('spec', 'ports'):
            yield leaf.evidence()


def fewest(values: Mapping[str, Any]) -> int:
    """The pods of a release at their fewest, without the surplus of a rollout."""
    scaling = values['autoscaling']
    return int(scaling['minReplicas'] if scaling['enabled'] else values['replicaCount'])


def _halved(touched: Touched) -> Iterator[Evidence]:
    for old, new in touched.both:
        before, after = fewest(old.merged), fewest(new.merged)
        if after * 2 <= before and after:
            yield Evidence('pods', 'at their fewest', str(before), str(after))


def _images(touched: Touched) -> Iterator[Leaf]:
    return (leaf for leaf in leaves(touched, *WORKLOADS) if leaf.key == 'image' and leaf.new is not ABSENT)


def _unpinned(touched: Touched) -> Iterator[Evidence]:
    yield from (leaf.evidence() for leaf in _images(touched) if '@sha256:' not in str(leaf.new))


def _origin(touched: Touched) -> Iterator[Evidence]:
    """An image from another registry or repository."""
    for leaf in _images(touched):
        if leaf.old is not ABSENT and _repository(leaf.old) != _repository(leaf.new):
            yield leaf.evidence()
    for old, new in touched.both:
        if old.artifact and new.artifact and _place(old.artifact) != _place(new.artifact):
            yield Evidence(f'model {touched.model}', 'artifact.uri', old.artifact, new.artifact)


def _repository(image: Any) -> str:
    return re.sub(r':[^:/]*$', '', str(image).partition('@')[0])


def _place(uri: str) -> str:
    """The scheme, and the host or bucket."""
    return '/'.join(uri.split('/')[:3])


def _major(touched: Touched) -> Iterator[Evidence]:
    for leaf in _images(touched):
        if leaf.old is not ABSENT and _repository(leaf.old) == _repository(leaf.new):
            before, after = (re.search(r':v?(\d+)\.', str(each)) for each in (leaf.old, leaf.new))
            if before and after and before[1] != after[1]:
                yield leaf.evidence()


def options(leaf: Leaf) -> Iterator[tuple[str, str, str]]:
    """Yield the options of a command that differ: name, old and new value, '' for none."""
    before, after = (_options(each) for each in (leaf.old, leaf.new))
    for name in dict.fromkeys([*before, *after]):
        if before.get(name) != after.get(name):
            yield name, before.get(name, ''), after.get(name, '')


def _options(words: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    given = [str(word) for word in words] if isinstance(words, list) else []
    for number, word in enumerate(given):
        if word.startswith('-'):
            name, equals, value = word.lstrip('-').partition('=')
            following = given[number + 1] if number + 1 < len(given) else ''
            found[name] = value if equals else '' if following.startswith('-') else following or 'on'
            found[name] = found[name] or 'on'
    return found


def _option(touched: Touched, *names: str) -> Iterator[Evidence]:
    for leaf in leaves(touched, *WORKLOADS):
        if leaf.key in ('args', 'command'):
            for name, before, after in options(leaf):
                if name in names:
                    yield Evidence(str(leaf.object.id), name, before or 'not set', after or 'not set')


def _remote_code(touched: Touched) -> Iterator[Evidence]:
    yield from (each for each in _option(touched, 'trust-remote-code', 'trust_remote_code') if each.new != 'not set')
    for leaf in leaves(touched, *WORKLOADS):
        if 'TRUST_REMOTE_CODE' in shown(leaf.path).upper() and leaf.key == 'value' and leaf.new is not ABSENT:
            yield leaf.evidence()
    for old, new in touched.both:
        if old.artifact != new.artifact and re.search(r'\.(pkl|pickle|joblib|pt|pth)$', new.artifact):
            yield Evidence(f'model {touched.model}', 'artifact.uri', old.artifact, new.artifact)


def _parallel(touched: Touched) -> Iterator[Evidence]:
    for each in _option(touched, 'tensor-parallel-size'):
        given = touched.new.merged['resources'].get('limits', {}) if touched.new else {}
        gpus = sum(int(quantity(str(count))) for name, count in given.items() if 'gpu' in name or 'mig-' in name)
        if each.new.isdigit() and gpus and int(each.new) != gpus:
            yield Evidence(each.object, f'tensor-parallel-size, with {gpus} GPUs a pod', each.old, each.new)


def _lower(touched: Touched) -> Iterator[Evidence]:
    for leaf in leaves(touched, *WORKLOADS):
        limit = leaf.path[-2:-1] == ('limits',) or leaf.key == 'sizeLimit'
        both = leaf.key in _LOWER and limit and ABSENT not in (leaf.old, leaf.new)
        if both and quantity(str(leaf.new)) < quantity(str(leaf.old)):
            yield leaf.evidence()


def _devices(touched: Touched) -> Iterator[Evidence]:
    for leaf in leaves(touched, *WORKLOADS):
        resource = '/' in leaf.key and leaf.path[-2:-1] == ('limits',)
        node = leaf.path[-2:-1] == ('nodeSelector',) and re.search('gpu|accelerator|tpu', leaf.key)
        if resource or node or leaf.key == 'runtimeClassName':
            yield leaf.evidence()


def _restart(touched: Touched) -> Iterator[Evidence]:
    """Pods that are replaced, although the model version stays."""
    if not any(old.version == new.version and not new.rollout for old, new in touched.both):
        return
    for each in new_templates(touched.found):
        if each.kind == 'change':
            places = sorted({field.place for field in each.fields})
            yield Evidence(str(each.id), 'pods are replaced', '', ', '.join(places[:3]))


def _secrets(touched: Touched) -> Iterator[Evidence]:
    for leaf in leaves(touched, *WORKLOADS):
        if leaf.key == 'secretName' or {'secretKeyRef', 'secretRef', 'imagePullSecrets'} & {*leaf.path}:
            yield leaf.evidence()


def _grace(touched: Touched) -> Iterator[Evidence]:
    for old, new in touched.both:
        before, after = _drain(old.merged), _drain(new.merged)
        if before != after and after[0] <= after[1]:
            now = f'{after[0]}, preStopSeconds {after[1]}'
            yield Evidence('pods', 'terminationGracePeriodSeconds', str(before[0]), now)


def _drain(values: Mapping[str, Any]) -> tuple[int, int]:
    return int(values['terminationGracePeriodSeconds']), int(values['preStopSeconds'])


RULES = (
    Rule('immutable-field', 'critical', 'a field changes that no controller can change',
         'keep it, or plan that the object is deleted and made anew', _immutable),
    Rule('object-removed', 'critical', 'a workload, Service or route is removed',
         'make sure that nobody sends requests to it', _removed),
    Rule('service-port', 'critical', 'a port of a Service changes',
         'change its clients first, or keep both ports', _ports),
    Rule('pods-halved', 'critical', 'half of the serving pods or more go', 'lower the number in steps', _halved),
    Rule('unpinned-image', 'critical', 'an image has no digest', 'write it with @sha256:…', _unpinned),
    Rule('new-origin', 'critical', 'an image or artifact comes from another place',
         'ask who answers for that place', _origin),
    Rule('remote-code', 'critical', 'code that comes with the model is run',
         'review that code as a program', _remote_code),
    Rule('served-name', 'critical', 'the name or the tokens of what is served change',
         'make sure that all clients know', lambda touched: _option(touched, *_SERVED)),
    Rule('parallel-gpus', 'critical', 'the server expects another number of GPUs than its pod has',
         'make the two numbers equal', _parallel),
    Rule('less-memory', 'high', 'memory or storage gets less', 'compare it with what the server uses', _lower),
    Rule('other-devices', 'high', 'the accelerators of the pods change',
         'load the model on such a device first', _devices),
    Rule('major-image', 'high', 'the major version of an image changes', 'read its release notes', _major),
    Rule('restart', 'high', 'pods restart, and the model version stays', 'apply it at low traffic', _restart),
    Rule('secret-changed', 'high', 'pods read another Secret', 'make sure that it exists with these keys', _secrets),
    Rule('grace', 'high', 'pods are killed before they have drained',
         'let terminationGracePeriodSeconds exceed preStopSeconds and the longest request', _grace),
    Rule('model-options', 'high', 'options change what the model computes or how long a request may be',
         'measure quality and memory again', lambda touched: _option(touched, *_NUMBERS)),
)  # fmt: skip
