"""Rules of versions and of the way to them: what the registry says, engines, strategies, autoscaling, disruption."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from generator.plan.weaker import weaker
from generator.review.leaves import leaves
from generator.review.records import Evidence, Risk, Rule, Touched, as_text

_ROUTES = ('HTTPRoute', 'GRPCRoute', 'Ingress', 'VirtualService')


def _signature(touched: Touched) -> Iterator[Evidence]:
    for old, new in touched.both:
        before, after = (side.version_spec.get('signature') for side in (old, new))
        if before and before != after:
            for part in ('inputs', 'outputs'):
                one, other = ((each or {}).get(part, {}) for each in (before, after))
                for name in sorted({*one, *other}):
                    if one.get(name) != other.get(name):
                        yield Evidence(
                            f'model {touched.model}',
                            f'signature.{part}.{name}',
                            as_text(one.get(name)),
                            as_text(other.get(name)),
                        )


def _engine(touched: Touched) -> Iterator[Evidence]:
    for old, new in touched.both:
        before, after = (side.resolved.release.engine(side.resolved.environment) for side in (old, new))
        if before != after and 'rolling' not in (old.resolved.strategy.kind, new.resolved.strategy.kind):
            yield Evidence(f'release {touched.name}', 'engine', before, after)


def _strategy(touched: Touched) -> Iterator[Evidence]:
    for old, new in touched.both:
        for lost in weaker(old.resolved.strategy, new.resolved.strategy):
            yield Evidence(f'release {touched.name}', 'strategy loses', '', lost)


def _routes(touched: Touched) -> Iterator[Evidence]:
    """Routes that change under a rollout, but for the weights, which are its steps."""
    for old, new in touched.both:
        if old.rollout and new.rollout:
            for leaf in leaves(touched, *_ROUTES):
                if leaf.key != 'weight' and 'annotations' not in leaf.path:
                    yield leaf.evidence()


def _scaling(touched: Touched) -> Iterator[Evidence]:
    kinds = {each.id.kind: each.kind for each in touched.found if each.kind != 'change'}
    if {'HorizontalPodAutoscaler', 'ScaledObject'} <= kinds.keys():
        yield Evidence(
            f'release {touched.name}', 'autoscaler', *sorted(kinds, key=lambda kind: kinds[kind] == 'add')[:2]
        )
    for leaf in leaves(touched, 'HorizontalPodAutoscaler', 'ScaledObject'):
        if leaf.path[:2] in (('spec', 'metrics'), ('spec', 'triggers')) and leaf.key in (
            'name',
            'type',
            'query',
            'metricName',
        ):
            yield leaf.evidence()


def _disruption(touched: Touched) -> Iterator[Evidence]:
    for leaf in leaves(touched, 'PodDisruptionBudget'):
        zero = leaf.key == 'maxUnavailable' and str(leaf.new) in ('0', '0%')
        if zero or (leaf.key == 'minAvailable' and str(leaf.new) == '100%'):
            yield leaf.evidence()


def _skipped(touched: Touched) -> Iterator[Evidence]:
    for key in ('skipPromotion', 'allowFrozen') if touched.new else ():
        before = touched.old.resolved.release.spec.get(key) if touched.old else None
        after = touched.new.resolved.release.spec.get(key) if touched.new else None
        if after and after != before:
            yield Evidence(f'release {touched.name}', key, as_text(before), str(after))


def _draft(touched: Touched) -> Iterator[Evidence]:
    for old, new in touched.both:
        chart = new.resolved.chart.version
        pinned = new.resolved.release.chart == chart
        if old.resolved.chart.version == chart and pinned and old.resolved.chart.values != new.resolved.chart.values:
            yield Evidence(f'release {touched.name}', f'chart {chart}', 'pinned', 'rewritten under the pin')


def _metrics(touched: Touched) -> Iterator[Evidence]:
    """Metrics that are worse than those of the version that runs, by what the environment requires, or not there."""
    for old, new in touched.both:
        if old.version == new.version:
            continue
        before, after = (side.version_spec.get('metrics', {}) for side in (old, new))
        wanted: Mapping[str, str] = new.resolved.environment.promotion.get('metrics', {})
        for name, value in before.items():
            if name not in after or _is_worse(value, after[name], wanted.get(name, '')):
                yield Evidence(f'model {touched.model}', f'metrics.{name}', str(value), as_text(after.get(name)))


def _is_worse(before: Any, after: Any, wanted: str) -> bool:
    try:
        one, other = Decimal(str(before)), Decimal(str(after))
    except InvalidOperation:
        return bool(before != after)
    return other < one if wanted.startswith('>') else other > one if wanted.startswith('<') else False


def _order(touched: Touched) -> Iterator[Evidence]:
    for old, new in touched.both:
        versions = [each.version for each in new.model.versions] if new.model else []
        if old.version in versions and new.version in versions and old.version != new.version:
            step = versions.index(new.version) - versions.index(old.version)
            if step < 0:
                yield Evidence(f'release {touched.name}', 'version, back', old.version, new.version)
            elif step > 1:
                yield Evidence(f'release {touched.name}', f'version, {step - 1} skipped', old.version, new.version)


RULES = (
    Rule('signature', 'critical', 'what the model takes or gives changes',
         'make sure that all clients know', _signature),
    Rule('engine-changed', 'critical', 'somebody else moves the traffic',
         'change it between two rollouts, in a request of its own', _engine),
    Rule('weaker-strategy', 'high', 'a new version gets requests with less care',
         'change the strategy alone', _strategy),
    Rule('route-in-rollout', 'high', 'a route changes while a rollout is in progress', 'wait for its end', _routes),
    Rule('autoscaler', 'high', 'another autoscaler, or another metric, decides about the number of pods',
         'compare its target with the load', _scaling),
    Rule('disruption', 'high', 'no pod may be moved from its node', 'let one pod be unavailable', _disruption),
    Rule('gate-skipped', 'high', 'a gate is skipped', 'ask whether the reason is good', _skipped),
    Rule('draft-rewritten', 'high', 'a chart changes under the pin of a release', 'look at its objects again', _draft),
    Rule('worse-metrics', 'medium', 'a metric of the model is worse, or missing',
         'ask who released the model', _metrics),
    Rule('order', 'medium', 'the version goes back, or leaves some out', 'make sure that this is wanted', _order),
)  # fmt: skip
SEVERAL = Rule(
    'several-production', 'critical', 'versions move in several production environments at once',
    'move them one after the other'
)  # fmt: skip


def several_productions(touched: Sequence[Touched]) -> Iterator[Risk]:
    moved = {
        each.environment: each.name for each in touched
        if each.old and each.new and each.old.resolved.chart.version != each.new.resolved.chart.version
        and each.new.resolved.environment.is_production
    }  # fmt: skip
    if len(moved) > 1:
        evidence = Evidence('environments', '', '', ', '.join(sorted(moved)))
        yield Risk(SEVERAL, evidence, tuple(sorted(moved.values())))
