"""A strategy as the registry says it → what a schema cannot see in it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from generator.domain.places import Path
from generator.domain.problems import Fault
from generator.domain.records import Values
from generator.domain.units import seconds

# Texts in PromQL.
TEXTS = r""""(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`"""


def strategy_faults(spec: Values) -> Iterator[Fault]:
    """What is wrong with a strategy though each of its values has the right form; places are inside the strategy."""
    ((kind, settings),) = spec.items()
    if kind == 'canary':
        yield from _step_faults(settings['steps'])
    checks = settings.get('checks', {})
    if checks and not checks.keys() & {'successRate', 'p99', 'queries'}:
        yield Fault((kind, 'checks'), 'nothing is checked', 'add successRate, p99 or queries')
    yield from _query_faults((kind, 'checks'), checks)
    for name in sorted({'success-rate', 'p99'} & checks.get('queries', {}).keys()):
        place = (kind, 'checks', 'queries', name)
        yield Fault(place, f"'{name}' is the name of a check of chartloom's own", 'choose another name')


def _step_faults(steps: list[Values]) -> Iterator[Fault]:
    above = 0
    for index, step in enumerate(steps):
        place = ('canary', 'steps', index)
        if len({name.lower() for name in step.get('headers', {})}) < len(step.get('headers', {})):
            yield Fault(
                (*place, 'headers'), 'two headers differ in case only', 'HTTP takes them for one: leave one out'
            )
        kinds = [key for key in ('weight', 'headers', 'mirror') if key in step]
        if len(kinds) != 1:
            said = ' and '.join(kinds) or 'nothing'
            yield Fault(place, f'a step says one thing, this one {said}', 'write a weight, or headers, or a mirror')
        elif 'weight' not in step and above:
            hint = 'put it before the first weight'
            yield Fault((*place, kinds[0]), f"'{kinds[0]}' stands after weight '{above}'", hint)
        weight = step.get('weight', 0)
        if weight and weight <= above:
            hint = f'write more than {above}, or leave the step out'
            yield Fault((*place, 'weight'), f"weight '{weight}' follows '{above}': weights grow", hint)
        above = max(above, weight)


def _query_faults(place: Path, checks: Values) -> Iterator[Fault]:
    """Looks that come too soon, and queries that ask for other pods, or nothing."""
    for key, least in (('interval', 1), ('window', 60)):
        if key in checks and seconds(checks[key]) < least:
            hint = f'write {least}s or more' if key == 'interval' else 'metrics come every 30s: write 60s or more'
            yield Fault((*place, key), f"'{checks[key]}' is too short", hint)
    for name, own in sorted(checks.get('queries', {}).items()):
        here, plain = (*place, 'queries', name, 'query'), re.sub(TEXTS, '', own['query'])
        if not re.search(r'\bSEL\b', plain):
            hint = 'write SEL into its selectors, for example rate(errors{SEL}[WINDOW])'
            yield Fault(here, "the query does not ask for the new version's pods", hint)
        if '{{' in own['query']:
            yield Fault(here, "'{{' means something to engines", 'leave it out')
        if any(plain.count(one) != plain.count(other) for one, other in ('()', '{}', '[]')):
            yield Fault(here, 'its brackets do not match', 'close what is open')
