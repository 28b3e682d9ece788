"""A strategy in the registry's format → frozen data: how a new version receives the traffic.

A chart, a rollout and a resolved release each contain a strategy that was parsed once, when they were created or read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar, Literal

from generator.domain.places import Path
from generator.domain.units import number, seconds

StrategyKind = Literal['rolling', 'blueGreen', 'canary']
_Spec = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Check:
    """A Prometheus query and its limit; `query` still contains the placeholders SEL and WINDOW.

    `query` is empty if the runtime's own metrics are used: `name` is then success-rate or p99.
    """

    name: str
    query: str
    comparison: str  # >= or <=
    limit: Decimal


def check_key(name: str) -> str:
    """The key of a check in the registry."""
    return 'successRate' if name == 'success-rate' else name


def check_value(name: str, value: Decimal) -> str:
    """A value of a check, in the unit that the registry uses for it."""
    match name:
        case 'success-rate':
            return f'{number(value * 100)}%'
        case 'p99':
            return f'{number(value * 1000)}ms' if value < 1 else f'{number(value)}s'
    return number(value)


@dataclass(frozen=True, slots=True)
class Checks:
    checks: tuple[Check, ...]
    interval: str
    own_interval: bool  # whether the strategy sets `interval`
    window: str
    own_window: bool
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
        """Percent of full size that the new version needs, for its weight or for mirrored requests."""
        return self.weight or self.mirror or 1


@dataclass(frozen=True, slots=True)
class Rolling:
    kind: ClassVar[StrategyKind] = 'rolling'
    settings: _Spec


@dataclass(frozen=True, slots=True)
class BlueGreen:
    kind: ClassVar[StrategyKind] = 'blueGreen'
    preview_replicas: int  # 0: as many as the old version
    approval: bool
    keep_old: int  # seconds
    checks: Checks | None


@dataclass(frozen=True, slots=True)
class Canary:
    kind: ClassVar[StrategyKind] = 'canary'
    steps: tuple[Step, ...]
    replicas: int  # 0: in proportion to the share of each step
    keep_old: int  # seconds
    finish: str  # fullSize or inPlace
    dynamic_stable_scale: bool  # old pods are removed as the weight grows
    checks: Checks | None

    @property
    def weights(self) -> tuple[int, ...]:
        return tuple(step.weight for step in self.steps if step.weight)


Strategy = Rolling | BlueGreen | Canary


@dataclass(frozen=True, slots=True)
class WrittenStrategy:
    """A strategy, its source in the registry's format, and the place that sets it; `spec` is empty if not set."""

    strategy: Strategy
    spec: _Spec
    file: str
    path: Path

    @property
    def kind(self) -> StrategyKind:
        return self.strategy.kind


def written_strategy(spec: _Spec, file: str, path: Path) -> WrittenStrategy:
    """Parse the strategy at a place; the schema has checked it."""
    return WrittenStrategy(parse_strategy(spec), spec, file, path)


def no_strategy(file: str) -> WrittenStrategy:
    """Return the default, a rolling update by Kubernetes. Its problems are reported for `file`."""
    return WrittenStrategy(Rolling({}), {}, file, ('spec',))


def parse_strategy(spec: _Spec) -> Strategy:
    """Parse a strategy; the schema has checked it."""
    ((kind, settings),) = spec.items()
    match kind:
        case 'canary':
            return Canary(
                steps=tuple(map(_step, settings['steps'])),
                replicas=settings.get('replicas', 0),
                keep_old=_whole(settings.get('keepOld', '0s')),
                finish=settings.get('finish', 'fullSize'),
                dynamic_stable_scale=settings.get('dynamicStableScale', False),
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


def _step(spec: _Spec) -> Step:
    return Step(
        weight=spec.get('weight', 0),
        headers=spec.get('headers', {}),
        mirror=spec.get('mirror', 0),
        hold=_whole(spec.get('hold', '0s')),
        approval=spec.get('approval', False),
    )


def _whole(duration: str) -> int:
    return int(seconds(duration))


def _checks(spec: _Spec | None) -> Checks | None:
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
    return Checks(tuple(found), interval, 'interval' in spec, window, 'window' in spec, spec.get('failures', 1))


def _limit(text: str) -> tuple[str, str]:
    return text[:2], text[2:].strip()
