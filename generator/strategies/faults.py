"""A strategy of the registry → faults that a schema cannot find."""

from __future__ import annotations

import re
from collections.abc import Iterator

from generator.domain.places import Path
from generator.domain.problems import Fault
from generator.domain.units import seconds
from generator.domain.values import Values

# String literals of PromQL.
TEXTS = r""""(?:\\.|[^"\\])*+"?|'(?:\\.|[^'\\])*+'?|`[^`]*+`?"""


def strategy_faults(spec: Values) -> Iterator[Fault]:
    """Yield faults of a strategy that fits the schema; paths are relative to the strategy."""
    ((kind, settings),) = spec.items()
    if kind == 'canary':
        yield from _step_faults(settings['steps'])
    checks = settings.get('checks', {})
    if checks and not checks.keys() & {'successRate', 'p99', 'queries'}:
        yield Fault((kind, 'checks'), 'no check is set', 'add successRate, p99 or queries')
    yield from _query_faults((kind, 'checks'), checks)
    for name in sorted({'success-rate', 'p99'} & checks.get('queries', {}).keys()):
        place = (kind, 'checks', 'queries', name)
        yield Fault(place, f"'{name}' is the name of a built-in check", 'choose another name')


def _step_faults(steps: list[Values]) -> Iterator[Fault]:
    above = 0
    for index, step in enumerate(steps):
        place = ('canary', 'steps', index)
        if len({name.lower() for name in step.get('headers', {})}) < len(step.get('headers', {})):
            yield Fault((*place, 'headers'), 'two headers differ only in case', 'HTTP ignores case: remove one of them')
        kinds = [key for key in ('weight', 'headers', 'mirror') if key in step]
        if len(kinds) != 1:
            said = ' and '.join(kinds) or 'nothing'
            yield Fault(place, f'a step requires one of weight, headers and mirror, found {said}', 'write one of them')
        elif 'weight' not in step and above:
            hint = 'put it before the first weight'
            yield Fault((*place, kinds[0]), f"'{kinds[0]}' comes after weight '{above}'", hint)
        weight = step.get('weight', 0)
        if weight and weight <= above:
            hint = f'write more than {above}, or leave the step out'
            yield Fault((*place, 'weight'), f"weight '{weight}' after '{above}': weights must increase", hint)
        above = max(above, weight)


def _query_faults(place: Path, checks: Values) -> Iterator[Fault]:
    """Checks that run too early, and queries that select other pods or none."""
    for key, least in (('interval', 1), ('window', 60)):
        if key in checks and seconds(checks[key]) < least:
            hint = (
                f'write {least}s or more' if key == 'interval' else 'metrics are collected every 30s: write 60s or more'
            )
            yield Fault((*place, key), f"'{checks[key]}' is too short", hint)
    for name, own in sorted(checks.get('queries', {}).items()):
        here, plain = (*place, 'queries', name, 'query'), re.sub(TEXTS, '', own['query'])
        if not re.search(r'\bSEL\b', plain):
            hint = 'write SEL into its selectors, for example rate(errors{SEL}[WINDOW])'
            yield Fault(here, "the query does not select the new version's pods", hint)
        if '{{' in own['query']:
            yield Fault(here, "'{{' is not allowed: engines interpret it", 'remove it')
        if any(plain.count(one) != plain.count(other) for one, other in ('()', '{}', '[]')):
            yield Fault(here, 'the brackets of the query do not match', 'close every bracket')
