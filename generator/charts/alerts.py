"""A model's objectives and its runtime's queries → Prometheus alerts in the values of a chart.

In queries, $JOB, $NAMESPACE, $NAME, $AVAILABLE, $DESIRED and $PODS stand for a release; the helper `query` of its chart
fills them in, also for the dashboard. No alert fires without data. Alerts about requests fire only if there are
requests: without any, a ratio is NaN, which exceeds no limit.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from generator.domain.units import number, seconds
from generator.domain.values import Values

Alert = dict[str, Any]

SELECTOR = 'job="$JOB"'
AVAILABLE, DESIRED = '$AVAILABLE', '$DESIRED'
_PODS = '"$PODS"'
_RESTARTS = f'kube_pod_container_status_restarts_total{{namespace="$NAMESPACE",pod=~{_PODS}}}'
UP = f'count(up{{{SELECTOR}}} == 1)'
# Multiple of the load at which an autoscaler adds pods: by then it should have added some.
_SATURATED = 2
# Burn rates of the 30-day error budget and their windows (Google's SRE workbook, "Alerting on SLOs"): 14.4 uses 2 % of
# it in an hour and all of it in 2 days, 6 uses 5 % in 6 hours.
_BURNS = (
    ('ModelErrorBudgetFast', Decimal('14.4'), '1h', '5m', '2m', 'page', '2 days'),
    ('ModelErrorBudgetSlow', Decimal(6), '6h', '30m', '15m', 'ticket', '5 days'),
)

# The names of all alerts of this module.
OWN = frozenset(
    """
    ModelDown ModelPodsMissing ModelRestarts ModelMetricsMissing ModelSaturated ModelGpuErrors ModelLatencyHigh
    ModelErrorBudgetFast ModelErrorBudgetSlow
    """.split()
)


def filled(query: str, window: str = '5m') -> str:
    """Fill in a query of a runtime's preset for the pods of a release."""
    return re.sub(r'\bWINDOW\b', window, re.sub(r'\bSEL\b', SELECTOR, query))


def error_ratio(queries: Values, window: str = '5m') -> str:
    """Share of failed requests; if no request succeeds, the metric of successes may not exist."""
    success, total = filled(queries['success'], window), filled(queries['total'], window)
    return f'1 - (({success}) or 0 * ({total})) / ({total})'


def load(queries: Values) -> str:
    """Load of all pods: 0 for pods without requests so far, no value for pods without metrics."""
    return f'({filled(queries["load"]["query"], "2m")}) or 0 * {UP}'


def budget(availability: Decimal | float) -> Decimal:
    """Share of requests that may fail, as an exact decimal."""
    return (100 - Decimal(str(availability))) / 100


def slo_alerts(model: str, slo: Values, queries: Values) -> dict[str, Alert]:
    """Return the alerts for a model's slo, as far as its runtime has metrics for them."""
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
        if limit >= 1:  # cannot fire, even if every request fails
            continue
        both = (f'({error_ratio(queries, window)}) > {number(limit)}' for window in (long, short))
        found[name] = _alert(
            ' and '.join(both),
            wait,
            severity,
            f'{model} uses up its error budget {number(factor)} times too fast',
            f'{{{{ $value | humanizePercentage }}}} of the requests of the last {long} failed; '
            f'{number(100 - availability)} % may fail. At this rate the 30-day error budget is used up in {gone}.',
        )
    return found


def _latency(model: str, p99: str, queries: Values) -> dict[str, Alert]:
    expr = f'({filled(queries["latency"])}) > {number(seconds(p99))} and ({filled(queries["total"])}) > 0'
    told = f'One request in 100 takes {{{{ $value | humanizeDuration }}}} or longer; the objective is {p99}.'
    return {'ModelLatencyHigh': _alert(expr, '10m', 'ticket', f'{model} misses its latency objective', told)}


def state_alerts(model: str, queries: Values, *, gpus: bool) -> dict[str, Alert]:
    """Return the alerts that require no slo: pods are missing, restart or are overloaded, or a GPU has errors."""
    found = {
        'ModelDown': _alert(
            f'sum({AVAILABLE}) == 0 and sum({DESIRED}) > 0', '5m', 'page', f'{model} is down',
            'No pod is ready. Look at the events and the logs of the pods.',
        ),
        'ModelPodsMissing': _alert(
            f'{AVAILABLE} < {DESIRED}', '15m', 'ticket', f'{model} has fewer ready pods than desired',
            '{{ $value }} pods are ready, fewer than desired. Look at the events of the others.',
        ),
        'ModelRestarts': _alert(
            f'sum by (pod, container) (increase({_RESTARTS}[1h])) > 2', '5m', 'ticket', f'{model} restarts repeatedly',
            '{{ $labels.container }} of pod {{ $labels.pod }} restarted {{ $value | humanize }} times in an hour.',
        ),
    }  # fmt: skip
    if queries:
        found['ModelMetricsMissing'] = _alert(
            f'{AVAILABLE} > 0 unless on () {UP}', '15m', 'ticket', f'{model} has no metrics',
            '{{ $value }} pods are ready, but Prometheus collects no metrics from them: other alerts cannot fire. '
            'Look at its targets, the PodMonitor and the NetworkPolicy.',
        )  # fmt: skip
    if 'load' in queries:
        found['ModelSaturated'] = _saturated(model, queries)
    if gpus:
        found['ModelGpuErrors'] = _gpu_errors(model)
    return found


def _saturated(model: str, queries: Values) -> Alert:
    what, limit = queries['load']['name'], queries['load']['threshold']
    told = f'{{{{ $value | humanize }}}} {what} per pod; the target is {number(limit)}. Add pods.'
    expr = f'({filled(queries["load"]["query"])}) / {UP} > {number(_SATURATED * limit)}'
    return _alert(expr, '15m', 'ticket', f'{model} is overloaded', told)


def of_gpus(metric: str, form: str = '{}') -> str:
    """A metric of NVIDIA's DCGM exporter. Its labels `namespace` and `pod` name the pods; Prometheus renames them to
    exported_... unless honorLabels is set."""
    found = (f'{metric}{{{how}namespace="$NAMESPACE",{how}pod=~{_PODS}}}' for how in ('exported_', ''))
    return ' or '.join(map(form.format, found))


def _gpu_errors(model: str) -> Alert:
    # The metric keeps the number of the last error, even from a pod that used the GPU before: only a new one counts.
    metric = 'DCGM_FI_DEV_XID_ERRORS'
    expr = f'({of_gpus(metric, "changes({}[1h]) > 0")}) and ({of_gpus(metric)}) > 0'
    told = 'GPU {{ $labels.gpu }} of node {{ $labels.Hostname }} had an XID error in the last hour. See its kernel log.'
    return _alert(expr, '1m', 'ticket', f'a GPU of {model} has errors', told)


def _alert(expr: str, wait: str, severity: str, summary: str, description: str) -> Alert:
    return {
        'expr': expr,
        'for': wait,
        'severity': severity,
        'summary': summary,
        'description': description,
    }
