"""Rules of how many pods there are: those that go, who decides it, and whether nodes can be drained."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import ceil
from typing import Any

from generator.compare.effects import WORKLOADS
from generator.compare.fields import ABSENT
from generator.domain.values import Values
from generator.review.leaves import leaves
from generator.review.records import Evidence, Rule, Touched

_METRIC = ('name', 'type', 'query', 'metricName', 'serverAddress')
_TARGETS = ('averageUtilization', 'threshold')
_SCALERS = ('HorizontalPodAutoscaler', 'ScaledObject')


def fewest(values: Mapping[str, Any]) -> int:
    """The pods of a release at their fewest, without the surplus of a rollout."""
    scaling = values['autoscaling']
    return int(scaling['minReplicas'] if scaling['enabled'] else values['replicaCount'])


def _halved(touched: Touched) -> Iterator[Evidence]:
    for old, new in touched.both:
        before, after = fewest(old.merged), fewest(new.merged)
        if after * 2 <= before and after:
            yield Evidence('pods', 'at their fewest', str(before), str(after))
    gone = any(each.id.kind in _SCALERS and each.kind == 'remove' for each in touched.found)
    kept = gone and any(each.id.kind in _SCALERS and each.kind == 'add' for each in touched.found)
    for leaf in leaves(touched, *WORKLOADS):
        # Without a number the API server takes 1, where nobody else says one.
        if leaf.path == ('spec', 'replicas') and leaf.new is ABSENT and gone and not kept:
            yield leaf.evidence()


def _zero(touched: Touched) -> Iterator[Evidence]:
    for old, new in touched.both:
        before, after = fewest(old.merged), fewest(new.merged)
        if before and not after:
            yield Evidence('pods', 'at their fewest', str(before), '0')


def _scaling(touched: Touched) -> Iterator[Evidence]:
    kinds = {each.id.kind: each.kind for each in touched.found if each.kind != 'change'}
    if {*_SCALERS} <= kinds.keys():
        yield Evidence(
            f'release {touched.name}', 'autoscaler', *sorted(_SCALERS, key=lambda kind: kinds[kind] == 'add')
        )
    for old, new in touched.both:
        yield from _headroom(old.merged, new.merged)
    for leaf in leaves(touched, *_SCALERS):
        metric = leaf.path[:2] in (('spec', 'metrics'), ('spec', 'triggers')) and leaf.key in _METRIC
        owner = leaf.path[:2] == ('spec', 'scaleTargetRef') and leaf.key in ('kind', 'name')
        later = leaf.key in _TARGETS and _is_much_more(leaf.old, leaf.new)
        if metric or owner or later:
            yield leaf.evidence()


def _headroom(was: Values, now: Values) -> Iterator[Evidence]:
    """An autoscaler that may add fewer pods, or none, whatever the load is."""
    before, after = (_most(each) for each in (was, now))
    if was['autoscaling']['enabled'] and after * 2 <= before:
        yield Evidence('pods', 'at their most', str(before), str(after))


def _most(values: Values) -> int:
    scaling = values['autoscaling']
    return int(scaling['maxReplicas'] if scaling['enabled'] else values['replicaCount'])


def _is_much_more(old: Any, new: Any) -> bool:
    try:
        return float(new) >= 2 * float(old) > 0
    except (TypeError, ValueError):
        return False


def _disruption(touched: Touched) -> Iterator[Evidence]:
    pods = fewest(touched.new.merged) if touched.new else 0
    for leaf in leaves(touched, 'PodDisruptionBudget', new=True):
        if leaf.key == 'unhealthyPodEvictionPolicy':
            blocks = leaf.old == 'AlwaysAllow'  # else a pod that never becomes ready stops a drain
        else:
            blocks = leaf.new is not ABSENT and blocks_drain({leaf.key: leaf.new}, pods)
        if blocks:
            yield leaf.evidence()


def blocks_drain(budget: Values, pods: int) -> bool:
    """Whether no pod may be evicted, though all are ready."""
    if 'minAvailable' in budget:
        return bool(pods) and _pods(budget['minAvailable'], pods) >= pods
    return 'maxUnavailable' in budget and bool(pods) and _pods(budget['maxUnavailable'], pods) == 0


def _pods(count: Any, pods: int) -> int:
    """A number of pods, or percent of them, which the controller rounds up."""
    text = str(count)
    return ceil(pods * int(text[:-1]) / 100) if text.endswith('%') else int(text)


def _unguarded(touched: Touched) -> Iterator[Evidence]:
    pods = fewest(touched.new.merged) if touched.new else 0
    if pods < 2:
        return
    for each in touched.found:
        if each.id.kind == 'PodDisruptionBudget' and each.kind == 'remove':
            yield Evidence(str(each.id), '', 'there', 'removed')
    for leaf in leaves(touched, 'PodDisruptionBudget'):
        if leaf.key == 'maxUnavailable':
            before, after = (0 if side is ABSENT else _pods(side, pods) for side in (leaf.old, leaf.new))
            if after * 2 > pods >= before * 2:
                yield leaf.evidence()
    for leaf in leaves(touched, *WORKLOADS):
        if leaf.key == 'maxUnavailable' and leaf.path[:2] == ('spec', 'strategy'):
            before, after = (ceil(pods / 4) if side is ABSENT else _pods(side, pods) for side in (leaf.old, leaf.new))
            if after * 2 > pods >= before * 2:
                yield leaf.evidence()


RULES = (
    Rule('pods-halved', 'critical', 'half of the serving pods or more go', 'lower the number in steps', _halved),
    Rule('scale-to-zero', 'high', 'no pod serves when there is no load, or none at all',
         'keep one pod, or make sure that clients wait for the first to load', _zero),
    Rule('autoscaler', 'high', 'another autoscaler, metric or target decides about the number of pods',
         'compare its target with the load', _scaling),
    Rule('disruption', 'high', 'no pod may be moved from its node', 'let one pod be unavailable', _disruption),
    Rule('unguarded', 'high', 'a drain of nodes, or an update, may end most pods at once',
         'keep a PodDisruptionBudget that leaves some', _unguarded),
)  # fmt: skip
