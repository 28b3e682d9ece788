"""A runtime's queries → a Grafana dashboard as JSON, with the same queries as the alerts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from generator.charts import alerts
from generator.documents.compact import compact
from generator.domain.units import seconds
from generator.domain.values import Values

_SOURCE = {'type': 'prometheus', 'uid': '${datasource}'}
_WIDTH, _HEIGHT, _COLUMNS = 12, 8, 2
_DATASOURCE = {'name': 'datasource', 'label': 'Data source', 'type': 'datasource', 'query': 'prometheus'}

Panel = dict[str, Any]


def dashboard(runtime: str, queries: Values, slo: Values, *, gpus: bool) -> str:
    """Return the dashboard.json of a chart; the chart's templates fill in $UID and the names in its queries."""
    return _text(runtime, json.dumps([queries, slo]), gpus)


@lru_cache(maxsize=256)
def _text(runtime: str, queries_and_slo: str, gpus: bool) -> str:
    # The text names no model, so that models share it.
    queries, slo = json.loads(queries_and_slo)
    panels = [
        {'id': number, 'gridPos': _place(number - 1), **panel}
        for number, panel in enumerate(_panels(queries, slo, gpus), start=1)
    ]
    whole = {
        'uid': '$UID',
        'title': '$NAME in $NAMESPACE',
        'tags': ['chartloom', runtime],
        'schemaVersion': 39,
        'editable': False,
        'graphTooltip': 1,
        'refresh': '1m',
        'time': {'from': 'now-6h', 'to': 'now'},
        'timezone': 'browser',
        'templating': {'list': [_DATASOURCE]},
        'panels': panels,
    }
    return compact(whole, ('panels',))


def _place(index: int) -> dict[str, int]:
    row, column = divmod(index, _COLUMNS)
    return {'x': column * _WIDTH, 'y': row * _HEIGHT, 'w': _WIDTH, 'h': _HEIGHT}


def _panels(queries: Values, slo: Values, gpus: bool) -> Iterator[Panel]:
    if queries.keys() >= {'success', 'total'}:
        yield _panel('Requests', 'reqps', {'requests': alerts.filled(queries['total'])})
        allowed = float(alerts.budget(slo['availability'])) if 'availability' in slo else None
        yield _panel('Errors', 'percentunit', {'share of requests': alerts.error_ratio(queries)}, allowed)
    if 'latency' in queries:
        promised = float(seconds(slo['p99'])) if 'p99' in slo else None
        yield _panel('Latency', 's', {'p99': alerts.filled(queries['latency'])}, promised)
    if 'load' in queries:
        what, query = queries['load']['name'], alerts.filled(queries['load']['query'])
        # Per pod, like the alert: the total grows with the number of pods.
        yield _panel('Saturation', 'short', {f'{what} per pod': f'({query}) / {alerts.UP}'})
    yield _panel('Pods', 'short', {'desired': alerts.DESIRED, 'ready': alerts.AVAILABLE, 'with metrics': alerts.UP})
    if gpus:
        yield _panel('GPU use', 'percent', {'GPU {{gpu}} of {{pod}}': alerts.of_gpus('DCGM_FI_DEV_GPU_UTIL')})
        yield _panel('GPU errors', 'short', {'last XID, GPU {{gpu}}': alerts.of_gpus('DCGM_FI_DEV_XID_ERRORS')})


def _panel(title: str, unit: str, series: dict[str, str], limit: float | None = None) -> Panel:
    """A panel without what Grafana sets by default: the source of its targets, the legend below."""
    targets = [
        {'refId': chr(ord('A') + number), 'expr': expr, 'legendFormat': legend}
        for number, (legend, expr) in enumerate(series.items())
    ]
    return {
        'type': 'timeseries',
        'title': title,
        'datasource': _SOURCE,
        'fieldConfig': {'defaults': {'unit': unit, 'min': 0, **_limited(limit)}, 'overrides': []},
        'targets': targets,
    }


def _limited(limit: float | None) -> dict[str, Any]:
    """A line at the limit, if any."""
    if limit is None:
        return {}
    steps = [{'color': 'green', 'value': None}, {'color': 'red', 'value': limit}]
    return {'custom': {'thresholdsStyle': {'mode': 'line'}}, 'thresholds': {'mode': 'absolute', 'steps': steps}}
