"""Every generated query of a check, judged by Prometheus' own tool: passing, failing, and no data, which is neither."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from series import QUERIES, Series, ask, tells

from generator.domain.generated import Chart
from generator.domain.strategy import Canary, Checks, parse_strategy
from generator.strategies.argo_rollouts import _HASH
from generator.strategies.flagger import _PODS
from generator.strategies.queries import QUERIES as ANNOTATION
from generator.strategies.queries import Query, queries, untold

CHECKS = {'successRate': '>= 99.5%', 'p99': '<= 150ms'}
NAMES = {'successRate': 'success-rate', 'p99': 'p99'}
# How an engine tells the new version's pods: its selector as Prometheus reads it, and labels of new and of old pods.
SELECTORS = {
    'native': ('chartloom_dev_track="canary"', 'chartloom_dev_track="canary"', 'chartloom_dev_track="stable"'),
    'argo-rollouts': (
        _HASH.replace('{{args.hash}}', 'b2'), 'rollouts_pod_template_hash="b2"', 'rollouts_pod_template_hash="a1"'
    ),
    'flagger': (_PODS.replace('{{ target }}', 'web'), 'pod="web-b2-x2x4z"', 'pod="web-primary-a1-x2x4z"'),
}  # fmt: skip
# What the new pods do, and what the old ones do at the same time: they are never taken for each other.
STORIES = {
    'well': ((1000, 0, False), (0, 1000, True), {'success-rate': 1, 'p99': 1}),
    'errors': ((900, 100, False), (1000, 0, False), {'success-rate': 0, 'p99': 1}),
    'nothing but errors': ((0, 1000, False), (1000, 0, False), {'success-rate': 0, 'p99': 1}),
    'slow': ((1000, 0, True), (1000, 0, False), {'success-rate': 1, 'p99': 0}),
    'nobody asks': ((0, 0, False), (1000, 0, False), {}),
    'nobody asks, after slow answers': ((0, 0, True), (1000, 0, False), {}),
    'not there': (None, (1000, 0, False), {}),
}


def chart(runtime: str) -> Chart:
    known = {key: QUERIES[runtime][key] for key in ('success', 'total', 'latency') if key in QUERIES[runtime]}
    return Chart('web', '1.0.0', '1', {}, b'', {ANNOTATION: json.dumps(known)}, None)


def checks(spec: dict[str, str]) -> Checks:
    strategy = parse_strategy({'canary': {'steps': [{'weight': 5}], 'checks': spec}})
    assert isinstance(strategy, Canary)
    assert strategy.checks
    return strategy.checks


def mute(runtime: str) -> set[str]:
    return set(untold(checks(CHECKS), chart(runtime)))


def wanted(runtime: str, selector: str) -> list[Query]:
    spec = {key: CHECKS[key] for key, name in NAMES.items() if name not in mute(runtime)}
    return queries(checks(spec), chart(runtime), f'job="ml/web",{selector}')


def told(runtime: str, does: tuple[float, float, bool] | None, labels: str) -> Series:
    if does is None:
        return {}
    good, bad, slow = does
    found = tells(runtime, good, bad, slow, 1)
    return {key.replace('job="ml/web"', f'job="ml/web",{labels}'): values for key, values in found.items()}


@pytest.mark.parametrize('engine', SELECTORS)
@pytest.mark.parametrize('runtime', QUERIES)
def test_a_check_passes_fails_or_knows_nothing(
    promtool: Path,
    tmp_path: Path,
    runtime: str,
    engine: str,
) -> None:
    selector, new, old = SELECTORS[engine]
    expected: list[dict[str, Any]] = []
    series: Series = {}
    for number, (does, did, results) in enumerate(STORIES.values()):
        # Each story is a release of its own: none takes another's data for its own.
        name = f'web{number}'
        both = told(runtime, does, new) | told(runtime, did, old)
        series |= {key.replace('web', name): values for key, values in both.items()}
        for query in wanted(runtime, selector):
            promql = query.promql.replace('web', name)
            # NaN is unequal to itself: only what is known is left.
            known = [{'labels': '{}', 'value': results[query.name]}] if query.name in results else []
            judged = f'(({promql}) == ({promql})) {query.comparison} bool {query.limit}'
            expected.append({'expr': judged, 'eval_time': '60m', 'exp_samples': known})
    rule = {'record': 'nothing', 'expr': 'vector(0)'}
    ask(promtool, tmp_path, [rule], series, promql_expr_test=expected)


@pytest.mark.parametrize('runtime', QUERIES)
def test_a_runtime_answers_the_checks_that_its_metrics_tell(runtime: str) -> None:
    needed = {'success-rate': 'success', 'p99': 'latency'}
    assert mute(runtime) == {name for name, query in needed.items() if query not in QUERIES[runtime]}
