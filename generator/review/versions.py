"""Rules of versions: what the registry says of them, in which order they come, and which gates they pass."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from generator.review.impacts import as_text
from generator.review.records import Evidence, Rule, Side, Touched

# Words in names of metrics by which everybody knows what is better; a requirement of the environment says it, too.
_LOWER = re.compile(
    r'error|loss|wer|cer|mae|mse|rmse|mape|smape|wape|perplexity|latency|p\d+|ms|seconds|toxicity|hallucinations?|brier|ece'
)
_HIGHER = re.compile(
    r'accuracy|acc|recall|precision|f1|f2|auc|auroc|auprc|map|ap|ndcg|mrr|hits?|hitrate|bleu|rouge|rougel|meteor|chrf|comet|r2|iou'
    r'|miou|dice|bertscore|mmlu|em|pass|grounded|coverage|ctr|lift|gini|ks'
)


def _moved(touched: Touched) -> Iterator[tuple[Side, Side]]:
    """Both sides, but of a rollout that was given up: its end brings back what has had all requests since."""
    return ((old, new) for old, new in touched.both if not (old.rollout and old.rollout.aborted))


def _signature(touched: Touched) -> Iterator[Evidence]:
    for old, new in _moved(touched):
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


def _withdrawn(touched: Touched) -> Iterator[Evidence]:
    """Versions that were given up here, and may come back."""
    for old, new in touched.both:
        before, after = (
            {_given_up(each) for each in side.resolved.release.spec.get('withdrawn', ())} for side in (old, new)
        )
        for gone in sorted(before - after):
            if gone[0] == new.version:
                yield Evidence(f'release {touched.name}', 'withdrawn', gone[0], 'taken back')


def _given_up(entry: Mapping[str, Any]) -> tuple[str, str]:
    return str(entry['version']), str(entry.get('chart', ''))


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
    """Metrics that are worse than those of the version that runs, or not there. What is better says the environment,
    or the name; of another metric only that it is missing."""
    for old, new in _moved(touched):
        if old.version == new.version or new.resolved.release.is_rollback:  # who goes back knows that
            continue
        before, after = (side.version_spec.get('metrics', {}) for side in (old, new))
        wanted: Mapping[str, str] = new.resolved.environment.promotion.get('metrics', {})
        for name, value in before.items():
            if name not in after or _is_worse(name, value, after[name], wanted.get(name, '')):
                yield Evidence(f'model {touched.model}', f'metrics.{name}', str(value), as_text(after.get(name)))


def _is_worse(name: str, before: Any, after: Any, wanted: str) -> bool:
    try:
        one, other = Decimal(str(before)), Decimal(str(after))
    except InvalidOperation:
        return False  # a text, for example who approved it
    match wanted[:1] or _direction(name):
        case '>':
            return other < one
        case '<':
            return other > one
    return False  # nobody says what is better


def _direction(name: str) -> str:
    words = re.findall(r'[a-z]+\d*', name.lower())
    if any(_LOWER.fullmatch(word) for word in words):
        return '<'
    return '>' if any(_HIGHER.fullmatch(word) for word in words) else ''


def _order(touched: Touched) -> Iterator[Evidence]:
    for old, new in _moved(touched):
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
    Rule('gate-skipped', 'high', 'a gate is skipped', 'ask whether the reason is good', _skipped),
    Rule('withdrawn-back', 'high', 'a version that was given up here comes back',
         'ask what has changed since it was given up', _withdrawn),
    Rule('draft-rewritten', 'high', 'a chart changes under the pin of a release', 'look at its objects again', _draft),
    Rule('worse-metrics', 'medium', 'a metric of the model is worse, or missing',
         'ask who released the model', _metrics),
    Rule('order', 'medium', 'the version goes back, or leaves some out', 'make sure that this is wanted', _order),
)  # fmt: skip
