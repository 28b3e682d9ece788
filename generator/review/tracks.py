"""Workloads that come beside those of a release, of a new version → what their pods have other than the old ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from generator.compare.difference import Difference
from generator.compare.effects import WORKLOADS
from generator.compare.fields import differing
from generator.compare.objects import Object, objects, plain

_PODS = ('spec', 'template', 'spec')


def beside(found: Iterable[Difference], old: Sequence[bytes], model: str) -> Iterator[Difference]:
    """Give workloads that come the fields of their pods that differ from those of the one that was there before.

    `old` are all documents of the old side: what a rollout by commits begins with is unchanged, thus not in `found`.
    """
    before: dict[str, Object] | None = None
    for each in found:
        if each.kind != 'add' or each.id.kind not in WORKLOADS or not each.new:
            yield each
            continue
        if before is None:
            before = _workloads(old, model)
        stable = before.get(each.id.name) or before.get(model) or next(iter(before.values()), None)
        fields = differing(_pods(stable), _pods(each.new), _PODS) if stable else ()
        yield replace(each, fields=tuple(fields))


def _workloads(documents: Sequence[bytes], model: str) -> dict[str, Object]:
    """Those of a release by name; a slot has its name after that of the model."""
    kinds = tuple(f'kind: {kind}'.encode() for kind in WORKLOADS)
    texts = [plain(each) for each in documents if any(kind in each for kind in kinds)]
    found = objects(texts)
    return {key.name: item for key, item in found.items() if key.kind in WORKLOADS and key.name.startswith(model)}


def _pods(workload: Object) -> Object:
    found: Object = workload['spec']['template']['spec']
    return found
