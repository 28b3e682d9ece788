"""Metrics of a runtime → time series per minute, in the notation of promtool; and a call of promtool."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from runtimes import SERVERS

from generator.charts.starter import load_templates

Values = dict[str, Any]
Series = dict[str, str]

_PRESETS = {runtime.name: runtime.spec for runtime in load_templates().runtimes.values()}
QUERIES: dict[str, Values] = {name: spec['queries'] for name, spec in _PRESETS.items() if 'queries' in spec}
MINUTES = 8 * 60  # the length of all series


def counts(each: float) -> str:
    return f'0+{each:g}x{MINUTES}'


def gauge(value: float) -> str:
    return f'{value:g}x{MINUTES}'


def tells(runtime: str, good: float, bad: float, slow: bool, load: float) -> Series:
    """The series of model web with `good` and `bad` requests per minute and `load` requests in progress."""
    found: Series = {}
    for metric, what in SERVERS[runtime].metrics.items():
        name, _, labels = metric.rstrip('}').partition('{')
        found |= _TOLD[what](name, labels and f',{labels}', good, bad, slow, load)
    return found


def _counter(of: Callable[[float, float], float], *, from_zero: bool = True) -> Callable[..., Series]:
    def told(name: str, labels: str, good: float, bad: float, slow: bool, load: float) -> Series:
        each = of(good, bad)
        return {f'{name}{{job="ml/web"{labels}}}': counts(each)} if each or from_zero else {}

    return told


def _gauge(of: Callable[[bool, float], str]) -> Callable[..., Series]:
    return lambda name, labels, good, bad, slow, load: {f'{name}{{job="ml/web"{labels}}}': of(slow, load)}


def _histogram(scale: float, *, probes: bool = False) -> Callable[..., Series]:
    """Requests take between 10 and 100 ms, or between 0.1 and 1 s; probes a tenth of that."""

    def told(name: str, labels: str, good: float, bad: float, slow: bool, load: float) -> Series:
        each, unit, least = (100_000, scale / 10, 0.01) if probes else (good + bad, scale, 0.1 if slow else 0.01)
        bounds = {f'{bound * unit:g}': bound > least for bound in (0.01, 0.1, 1.0)} | {'+Inf': True}
        return {
            f'{name}_bucket{{job="ml/web"{labels},le="{le}"}}': counts(each if held else 0)
            for le, held in bounds.items()
        }

    return told


_TOLD: dict[str, Any] = {
    'good': _counter(lambda good, bad: good),
    'bad': _counter(lambda good, bad: bad),
    'all': _counter(lambda good, bad: good + bad),
    'good, from the first on': _counter(lambda good, bad: good, from_zero=False),
    'bad, from the first on': _counter(lambda good, bad: bad, from_zero=False),
    'half of bad, from the first on': _counter(lambda good, bad: bad / 2, from_zero=False),
    'probes': _counter(lambda good, bad: 100_000),
    'load': _gauge(lambda slow, load: gauge(load)),
    'microseconds of load': _gauge(lambda slow, load: counts(load * 60e6)),
    'microseconds of the slowest': _gauge(lambda slow, load: gauge(900_000 if slow else 90_000)),
    'seconds of all': _histogram(1),
    'microseconds of all': _histogram(1e6),
    'seconds of probes': _histogram(1, probes=True),
}


def ask(promtool: Path, folder: Path, rules: list[Values], series: Series, **expected: list[Values]) -> None:
    """Run promtool's test of rules, with `expected` results."""
    (folder / 'rules.yaml').write_text(yaml.safe_dump({'groups': [{'name': 'web', 'rules': rules}]}))
    inputs = [{'series': key, 'values': values} for key, values in series.items()]
    test = {'interval': '1m', 'input_series': inputs, **expected}
    # An evaluation each minute would be more exact, but takes half a minute.
    whole = {'rule_files': ['rules.yaml'], 'evaluation_interval': '20m', 'tests': [test]}
    (folder / 'tests.yaml').write_text(yaml.safe_dump(whole))
    for what, file in (('check', 'rules.yaml'), ('test', 'tests.yaml')):
        done = subprocess.run([promtool, what, 'rules', folder / file], capture_output=True, encoding='utf-8')
        assert done.returncode == 0, done.stdout + done.stderr
