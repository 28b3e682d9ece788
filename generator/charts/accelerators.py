"""A model → the accelerators of its pods, and the taints that these pods tolerate."""

from __future__ import annotations

import re
from collections.abc import Iterator

from generator.charts.artifacts import Fragment
from generator.domain.places import Path
from generator.domain.units import quantity
from generator.domain.values import Values
from generator.values.merge import enabled


def accelerators(spec: Values) -> Iterator[tuple[Path, str]]:
    """Yield place and name of what a model asks for under accelerators, or as a limit of its server or a sidecar."""
    for name in sorted(spec.get('resources', {}).get('accelerators', {})):
        yield ('spec', 'resources', 'accelerators', name), name
    holders: list[tuple[Path, Values]] = [(('spec',), spec)]
    holders += [(('spec', 'containers', name), each) for name, each in enabled(spec.get('containers', {})).items()]
    for place, holder in holders:
        limits = holder.get('resources', {}).get('limits', {})
        # The names of other resources than accelerators and devices have no vendor in front.
        for name in sorted(name for name, count in limits.items() if '/' in name and quantity(str(count))):
            yield (*place, 'resources', 'limits', name), name


def tolerations(spec: Values) -> Iterator[Fragment]:
    """Yield a toleration for each accelerator: a taint of the same name keeps other pods off its nodes."""
    for source, name in accelerators(spec):
        taint = {'key': name, 'operator': 'Exists', 'effect': 'NoSchedule'}
        yield source, ('tolerations', re.sub(r'[^a-z0-9]+', '-', name.lower()).strip('-')), taint
