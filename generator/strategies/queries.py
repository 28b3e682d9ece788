"""Checks of a strategy → queries of Prometheus for the pods of a new version; no data is never a pass."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from generator.domain.records import DOMAIN, Chart, Values
from generator.domain.strategy import Check, Checks
from generator.strategies.faults import TEXTS

# Annotation of charts: what their runtime tells of requests, as JSON of `success`, `total` and `latency`.
QUERIES = f'{DOMAIN}/queries'
_PLACES = re.compile(rf'{TEXTS}|\bSEL\b|\bWINDOW\b')
_TOLD = {'success-rate': ('success', 'total'), 'p99': ('latency', 'total')}


@dataclass(frozen=True, slots=True)
class Query:
    """A query with one value at most, and what that must be: `value <comparison> limit`."""

    name: str
    promql: str
    comparison: str  # >= or <=
    limit: Decimal


def runtime_queries(chart: Chart) -> Values:
    """What the chart's runtime tells of requests; {} where nothing is known."""
    found: Values = json.loads(chart.annotations.get(QUERIES, '{}'))
    return found


def queries(checks: Checks, chart: Chart, selector: str) -> list[Query]:
    """The queries of checks that `untold` has nothing against; `selector` are the labels of the pods, as PromQL."""
    told = runtime_queries(chart)
    return [
        Query(check.name, _filled(_promql(check, told), selector, checks.window), check.comparison, check.limit)
        for check in checks.checks
    ]


def untold(checks: Checks, chart: Chart) -> Iterator[str]:
    """Names of checks that the metrics of the chart's runtime cannot answer."""
    told = runtime_queries(chart)
    for check in checks.checks:
        if not check.query and not told.keys() >= set(_TOLD[check.name]):
            yield check.name


def _promql(check: Check, told: Values) -> str:
    if check.query:
        return check.query
    if check.name == 'p99':
        # Without requests a summary keeps its last value: that would be a pass of nobody.
        return f'({told["latency"]}) and ({told["total"]}) > 0'
    # Where nothing succeeds there may be no metric of successes at all; without requests this is NaN.
    return f'(({told["success"]}) or 0 * ({told["total"]})) / ({told["total"]})'


def _filled(query: str, selector: str, window: str) -> str:
    # Not in texts: a label may have such a value.
    return _PLACES.sub(lambda found: {'SEL': selector, 'WINDOW': window}.get(found[0], found[0]), query)
