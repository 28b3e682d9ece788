"""Merged values and an environment → faults: features that its Kubernetes version does not have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from generator.domain.environments import Environment
from generator.domain.places import Path
from generator.domain.problems import Fault
from generator.domain.values import Values


@dataclass(frozen=True, slots=True)
class Feature:
    """A feature that a chart uses if its merged values have `value` at `path`, or always if `path` is empty."""

    name: str
    since: tuple[int, int]
    path: Path = ()
    value: object = None
    instead: str = ''

    def is_in(self, environment: Environment) -> bool:
        return _version(environment) >= self.since

    @property
    def shown_since(self) -> str:
        return '.'.join(map(str, self.since))


NEWEST = (1, 37)
NEWEST_SHOWN = '.'.join(map(str, NEWEST))

# Enabled by default since that version; general availability came later (preStop.sleep: Kubernetes 1.34).
FEATURES = (
    Feature('preStop.sleep', (1, 30)),
    Feature(
        'image volumes', (1, 35), ('artifact', 'delivery'), 'image',
        "write delivery: download, or bake the model into the server's image ('chartloom dockerfile')",
    ),
)  # fmt: skip


def is_unknown(environment: Environment) -> bool:
    """Whether the charts were not tested with this version of Kubernetes, because it is newer."""
    return _version(environment) > NEWEST


def _version(environment: Environment) -> tuple[int, ...]:
    return tuple(map(int, environment.kubernetes.split('.')[:2]))


def feature_faults(values: Values, environment: Environment, features: Iterable[Feature] = FEATURES) -> Iterator[Fault]:
    """Yield a fault for each feature that the values use and the environment's Kubernetes does not have."""
    for feature in features:
        if feature.path and _at(values, feature.path) == feature.value and not feature.is_in(environment):
            message = f"Kubernetes '{environment.kubernetes}' of environment '{environment.name}' has no {feature.name}"
            yield Fault(
                feature.path,
                message,
                '; or '.join(filter(None, [f'use Kubernetes {feature.shown_since} or later', feature.instead])),
            )


def _at(values: Values, path: Path) -> object:
    found: object = values
    for step in path:
        found = found.get(step) if isinstance(found, Mapping) else None
    return found
