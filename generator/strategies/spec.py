"""A strategy as the registry says it → frozen data, and what a schema cannot see in it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from generator.domain.places import Path
from generator.domain.problems import Fault
from generator.domain.records import Values
from generator.domain.units import seconds

# Texts in PromQL.
TEXTS = r""""(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`"""


@dataclass(frozen=True, slots=True)
class Check:
    """One value of Prometheus and its limit; SEL and WINDOW in `query` are still to be filled in.

    `query` is empty for what the runtime's own metrics tell: `name` is success-rate or p99 then.
    """

    name: str
    query: str
    comparison: str  # >= or <=
    limit: Decimal


@dataclass(frozen=True, slots=True)
class Checks:
    checks: tuple[Check, ...]
    interval: str
    own_interval: bool  # whether somebody says so
    window: str
    failures: int


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a canary: exactly one of a weight (percent), headers and a mirror (percent)."""

    weight: int
    headers: Mapping[str, str]
    mirror: int
    hold: int  # seconds
    approval: bool

    @property
    def share(self) -> int:
        """Percent of full size that the new version needs, be it for copies."""
        return self.weight or self.mirror or 1


@dataclass(frozen=True, slots=True)
class Rolling:
    settings: Values


@dataclass(frozen=True, slots=True)
class BlueGreen:
    preview_replicas: int  # 0: as many as the old version has
    approval: bool
    keep_old: int  # seconds
    checks: Checks | None


@dataclass(frozen=True, slots=True)
class Canary:
    steps: tuple[Step, ...]
    replicas: int  # 0: its share
    keep_old: int  # seconds
    finish: str  # fullSize or inPlace
    checks: Checks | None

    @property
    def weights(self) -> tuple[int, ...]:
        return tuple(step.weight for step in self.steps if step.weight)


Strategy = Rolling | BlueGreen | Canary


def parse_strategy(spec: Values) -> Strategy:
    """A strategy that its schema has let through."""
    ((kind, settings),) = spec.items()
    match kind:
        case 'canary':
            return Canary(
                steps=tuple(map(_step, settings['steps'])),
                replicas=settings.get('replicas', 0),
                keep_old=_whole(settings.get('keepOld', '0s')),
                finish=settings.get('finish', 'fullSize'),
                checks=_checks(settings.get('checks')),
            )
        case 'blueGreen':
            return BlueGreen(
                preview_replicas=settings.get('previewReplicas', 0),
                approval=settings.get('approval', False),
                keep_old=_whole(settings.get('keepOld', '0s')),
                checks=_checks(settings.get('checks')),
            )
    return Rolling(settings)


def _step(spec: Values) -> Step:
    return Step(
        weight=spec.get('weight', 0),
        headers=spec.get('headers', {}),
        mirror=spec.get('mirror', 0),
        hold=_whole(spec.get('hold', '0s')),
        approval=spec.get('approval', False),
    )


def _whole(duration: str) -> int:
    return int(seconds(duration))


def _checks(spec: Values | None) -> Checks | None:
    if spec is None:
        return None
    found = []
    if 'successRate' in spec:
        comparison, text = _limit(spec['successRate'])
        found.append(Check('success-rate', '', comparison, Decimal(text.removesuffix('%')) / 100))
    if 'p99' in spec:
        comparison, text = _limit(spec['p99'])
        found.append(Check('p99', '', comparison, seconds(text)))
    for name, own in sorted(spec.get('queries', {}).items()):
        comparison, text = _limit(own['limit'])
        found.append(Check(name, own['query'], comparison, Decimal(text)))
    window, interval = spec.get('window', '2m'), spec.get('interval', '1m')
    return Checks(tuple(found), interval, 'interval' in spec, window, spec.get('failures', 1))


def _limit(text: str) -> tuple[str, str]:
    return text[:2], text[2:].strip()


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
