"""Rules of who is told that a model is down: alerts that go or ask something else, and what Prometheus looks for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from generator.domain.values import Values
from generator.review.gpus import gpu_count
from generator.review.records import Evidence, Rule, Side, Touched
from generator.values.merge import enabled

_OBJECTS = {'rules': 'PrometheusRule', 'podMonitor': 'PodMonitor'}
_OF_GPUS = 'ModelGpuErrors'
_LIMIT = re.compile(r'([=!<>]=|[<>])\s*(-?\d+(?:\.\d+)?(?:e[-+]?\d+)?)(?![\w.])', re.IGNORECASE)
_LATER = 3  # a time after which somebody is told that is so many times another one
_MORE = 10  # a limit or a time that is so many times another one is no adjustment any more
# Prometheus has longer units than routers.
_TIME = re.compile(r'(\d+)(ms|[smhdwy])')
_SECONDS = {'ms': 0, 's': 1, 'm': 60, 'h': 3600, 'd': 86400, 'w': 7 * 86400, 'y': 365 * 86400}


def _blind(touched: Touched) -> Iterator[Evidence]:
    for old, new in touched.both:
        was, now = (each.merged['monitoring'] for each in (old, new))
        for part, kind in _OBJECTS.items():
            if was[part]['enabled']:
                yield from _of_object(touched, kind, was[part], now[part])
        if was['podMonitor']['enabled'] and now['podMonitor']['enabled']:
            yield from _of_series(touched, old.merged, new.merged)
        if was['rules']['enabled'] and now['rules']['enabled']:
            yield from _of_alerts(touched, enabled(was['rules']['alerts']), enabled(now['rules']['alerts']), new)


def _of_object(touched: Touched, kind: str, was: Values, now: Values) -> Iterator[Evidence]:
    """An object that goes, or labels by which a Prometheus finds it. One that had none may be found by a new one."""
    place = f'{kind} {touched.model}'
    if not now['enabled']:
        yield Evidence(place, '', 'there', 'removed')
        return
    for label, value in sorted(was['labels'].items()):
        if now['labels'].get(label) != value:
            yield Evidence(place, f'metadata.labels.{label}', str(value), str(now['labels'].get(label, 'not set')))


def _of_series(touched: Touched, was: Values, now: Values) -> Iterator[Evidence]:
    """Metrics that nobody collects any more, or so rarely that an alert of minutes has none."""
    place = f'PodMonitor {touched.model}'
    for key in ('port', 'path'):
        if was['metrics'][key] != now['metrics'][key]:
            yield Evidence(place, f'spec.podMetricsEndpoints.{key}', was['metrics'][key], now['metrics'][key])
    before, after = (each['monitoring']['podMonitor']['interval'] for each in (was, now))
    if _seconds(after) >= _MORE * max(_seconds(before), 1):
        yield Evidence(place, 'spec.podMetricsEndpoints.interval', before, after)


def _of_alerts(touched: Touched, was: Mapping[str, Any], now: Mapping[str, Any], new: Side) -> Iterator[Evidence]:
    place = f'PrometheusRule {touched.model}'
    for name, alert in sorted(was.items()):
        if name in now:
            for key, *both in _weaker(alert, now[name]):
                yield Evidence(place, f'{name}.{key}', *both)
        elif name != _OF_GPUS or gpu_count(new.merged):
            yield Evidence(place, name, 'there', 'removed')


def _weaker(old: Values, new: Values) -> Iterator[tuple[str, str, str]]:
    if not same_question(old['expr'], new['expr']):
        yield 'expr', old['expr'], new['expr']
    before, after = (_seconds(each['for']) for each in (old, new))
    if after >= _LATER * max(before, _SECONDS['m']):
        yield 'for', old['for'], new['for']
    if old['severity'] != new['severity']:
        yield 'severity', old['severity'], new['severity']


def _seconds(time: str) -> int:
    return sum(int(number) * _SECONDS[unit] for number, unit in _TIME.findall(time))


def same_question(old: str, new: str) -> bool:
    """Whether two queries differ at most in their limits, and by little."""
    if _LIMIT.sub(r'\1', old) != _LIMIT.sub(r'\1', new):
        return False
    pairs = zip(_LIMIT.findall(old), _LIMIT.findall(new), strict=True)
    return all(_near(sign, float(before), float(after)) for (sign, before), (_, after) in pairs)


def _near(sign: str, before: float, after: float) -> bool:
    return before == after or (sign not in ('==', '!=') and before * after > 0 and 1 / _MORE < after / before < _MORE)


RULES = (
    Rule('blind-alerts', 'high', 'alerts of a model go, ask for something else, or are not found any more',
         'make sure that somebody is told when it is down', _blind),
)  # fmt: skip
