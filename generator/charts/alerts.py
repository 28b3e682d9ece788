"""A model's objectives and its runtime's queries → alerts of Prometheus, as the values of a chart hold them.

$JOB, $NAMESPACE, $NAME, $AVAILABLE, $DESIRED and $PODS stand for a release. The helper `query` of its chart holds what
they are, once for all alerts and the dashboard. Nothing here fires where there is no data, and what is told of requests
needs requests: without any, a ratio is NaN, which is more than nothing.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from generator.domain.records import Values
from generator.domain.units import number, seconds

Alert = dict[str, Any]

SELECTOR = 'job="$JOB"'
AVAILABLE, DESIRED = '$AVAILABLE', '$DESIRED'
_PODS = '"$PODS"'
_RESTARTS = f'kube_pod_container_status_restarts_total{{namespace="$NAMESPACE",pod=~{_PODS}}}'
UP = f'count(up{{{SELECTOR}}} == 1)'
# Times what it should scale at: an autoscaler would have done something by then, if it could.
_SATURATED = 2
# How many times faster than allowed the budget of 30 days is used up, over which windows (Google's SRE workbook,
# "Alerting on SLOs"): 14.4 takes 2 % of it in an hour and all of it in 2 days, 6 takes 5 % in 6 hours.
_BURNS = (
    ('ModelErrorBudgetFast', Decimal('14.4'), '1h', '5m', '2m', 'page', '2 days'),
    ('ModelErrorBudgetSlow', Decimal(6), '6h', '30m', '15m', 'ticket', '5 days'),
)


def filled(query: str, window: str = '5m') -> str:
    """A query of a runtime's preset, for the pods of a release."""
    return re.sub(r'\bWINDOW\b', window, re.sub(r'\bSEL\b', SELECTOR, query))


def error_ratio(queries: Values, window: str = '5m') -> str:
    """Share of bad answers; where nothing succeeds there may be no metric of successes at all."""
    success, total = filled(queries['success'], window), filled(queries['total'], window)
    return f'1 - (({success}) or 0 * ({total})) / ({total})'


def load(queries: Values) -> str:
    """The load of all pods. Nothing is told of pods that do not answer; one that had no request yet has load 0."""
    return f'({filled(queries["load"]["query"], "2m")}) or 0 * {UP}'


def budget(availability: Decimal | float) -> Decimal:
    """Share of requests that may fail, exactly: 99.9 is no binary fraction."""
    return (100 - Decimal(str(availability))) / 100


def slo_alerts(model: str, slo: Values, queries: Values) -> dict[str, Alert]:
    """Alerts of the promises in a model's slo, as far as its runtime has metrics for them."""
    found: dict[str, Alert] = {}
    if 'availability' in slo and queries.keys() >= {'success', 'total'}:
        found |= _budget(model, Decimal(str(slo['availability'])), queries)
    if 'p99' in slo and 'latency' in queries:
        found |= _latency(model, slo['p99'], queries)
    return found


def _budget(model: str, availability: Decimal, queries: Values) -> dict[str, Alert]:
    found = {}
    for name, factor, long, short, wait, severity, gone in _BURNS:
        limit = factor * budget(availability)
        if limit >= 1:  # even if every request failed, so little was promised
            continue
        both = (f'({error_ratio(queries, window)}) > {number(limit)}' for window in (long, short))
        found[name] = _alert(
            ' and '.join(both),
            wait,
            severity,
            f'{model} uses up its error budget {number(factor)} times too fast',
            f'{{{{ $value | humanizePercentage }}}} of the requests of the last {long} failed, '
            f'{number(100 - availability)} % may. At this rate the budget of 30 days is gone in {gone}.',
        )
    return found


def _latency(model: str, p99: str, queries: Values) -> dict[str, Alert]:
    expr = f'({filled(queries["latency"])}) > {number(seconds(p99))} and ({filled(queries["total"])}) > 0'
    told = f'One request of 100 takes {{{{ $value | humanizeDuration }}}} or longer; {p99} were promised.'
    return {'ModelLatencyHigh': _alert(expr, '10m', 'ticket', f'{model} is slower than promised', told)}


def state_alerts(model: str, queries: Values, *, gpus: bool) -> dict[str, Alert]:
    """Alerts that need no promise: pods that are missing, restart, are overloaded or have a broken accelerator."""
    found = {
        'ModelDown': _alert(
            f'sum({AVAILABLE}) == 0 and sum({DESIRED}) > 0', '5m', 'page', f'{model} is down',
            'No pod is ready. Look at the events and the logs of the pods.',
        ),
        'ModelPodsMissing': _alert(
            f'{AVAILABLE} < {DESIRED}', '15m', 'ticket', f'{model} has fewer pods than it should have',
            '{{ $value }} pods are ready, fewer than wanted. Look at the events of those that are not.',
        ),
        'ModelRestarts': _alert(
            f'sum by (pod, container) (increase({_RESTARTS}[1h])) > 2', '5m', 'ticket', f'{model} restarts repeatedly',
            '{{ $labels.container }} of pod {{ $labels.pod }} restarted {{ $value | humanize }} times in an hour.',
        ),
    }  # fmt: skip
    if queries:
        found['ModelMetricsMissing'] = _alert(
            f'{AVAILABLE} > 0 unless on () {UP}', '15m', 'ticket', f'nothing is known of {model}',
            '{{ $value }} pods are ready, but Prometheus collects no metrics of them: other alerts are blind. '
            'Look at its targets, the PodMonitor and the NetworkPolicy.',
        )  # fmt: skip
    if 'load' in queries:
        found['ModelSaturated'] = _saturated(model, queries)
    if gpus:
        found['ModelGpuErrors'] = _gpu_errors(model)
    return found


def _saturated(model: str, queries: Values) -> Alert:
    what, limit = queries['load']['name'], queries['load']['threshold']
    told = f'{{{{ $value | humanize }}}} {what} for each pod; {number(limit)} are meant to be. More pods would help.'
    expr = f'({filled(queries["load"]["query"])}) / {UP} > {number(_SATURATED * limit)}'
    return _alert(expr, '15m', 'ticket', f'{model} has more to do than it can', told)


def of_gpus(metric: str, form: str = '{}') -> str:
    """A metric of NVIDIA's DCGM exporter. Whose labels these are is a setting of Prometheus: it renames the pods' own
    to exported_... where the exporter's do not give way (honorLabels)."""
    found = (f'{metric}{{{how}namespace="$NAMESPACE",{how}pod=~{_PODS}}}' for how in ('exported_', ''))
    return ' or '.join(map(form.format, found))


def _gpu_errors(model: str) -> Alert:
    # The metric keeps the number of the last error, be it of the pod that had the GPU before: only a new one counts.
    metric = 'DCGM_FI_DEV_XID_ERRORS'
    expr = f'({of_gpus(metric, "changes({}[1h]) > 0")}) and ({of_gpus(metric)}) > 0'
    told = (
        'GPU {{ $labels.gpu }} of node {{ $labels.Hostname }} told an XID error in the last hour. See its kernel log.'
    )
    return _alert(expr, '1m', 'ticket', f'a GPU of {model} has errors', told)


def _alert(expr: str, wait: str, severity: str, summary: str, description: str) -> Alert:
    return {
        'expr': expr,
        'for': wait,
        'severity': severity,
        'summary': summary,
        'description': description,
    }
