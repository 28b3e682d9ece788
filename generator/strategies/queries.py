"""Checks of a strategy → Prometheus queries for the pods of a new version; without data no check passes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from generator.domain.generated import Chart
from generator.domain.strategy import Check, Checks
from generator.domain.values import DOMAIN, Values
from generator.strategies.faults import TEXTS

# Annotation of charts: their runtime's queries for requests, as JSON of `success`, `total` and `latency`.
QUERIES = f'{DOMAIN}/queries'
_PLACES = re.compile(rf'{TEXTS}|\bSEL\b|\bWINDOW\b')
_TOLD = {'success-rate': ('success', 'total'), 'p99': ('latency', 'total')}


@dataclass(frozen=True, slots=True)
class Query:
    """A query with at most one value, which must meet `value <comparison> limit`."""

    name: str
    promql: str
    comparison: str  # >= or <=
    limit: Decimal


def runtime_queries(chart: Chart) -> Values:
    """Return the chart's queries for requests; {} if it has none."""
    found: Values = json.loads(chart.annotations.get(QUERIES, '{}'))
    return found


def queries(checks: Checks, chart: Chart, selector: str) -> list[Query]:
    """Return the queries of checks; `untold` must be empty. `selector` are the labels of the pods in PromQL."""
    told = runtime_queries(chart)
    return [
        Query(check.name, _filled(_promql(check, told), selector, checks.window), check.comparison, check.limit)
        for check in checks.checks
    ]


def untold(checks: Checks, chart: Chart) -> Iterator[str]:
    """Yield the names of checks that the metrics of the chart's runtime do not cover."""
    told = runtime_queries(chart)
    for check in checks.checks:
        if not check.query and not told.keys() >= set(_TOLD[check.name]):
            yield check.name


def _promql(check: Check, told: Values) -> str:
    if check.query:
        return check.query
    if check.name == 'p99':
        # Without requests a summary keeps its last value: the check would pass without data.
        return f'({told["latency"]}) and ({told["total"]}) > 0'
    # If no request succeeds, the metric of successes may not exist; without requests this is NaN.
    return f'(({told["success"]}) or 0 * ({told["total"]})) / ({told["total"]})'


def _filled(query: str, selector: str, window: str) -> str:
    # Not in string literals: a label may have such a value.
    return _PLACES.sub(lambda found: {'SEL': selector, 'WINDOW': window}.get(found[0], found[0]), query)
