"""The size of an artifact → the time that a start and a rollout may take: more than the preset's own, never less."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction

from generator.charts.artifacts import Fragment, delivery
from generator.domain.places import Path
from generator.domain.records import Values
from generator.domain.units import mebibytes

# What a rollout needs besides: a place for the pod, the image, the process itself.
_SPARE = 300
# As far as the starter's schema lets a probe count and a rollout wait.
_MOST = 2**31 - 1


def startup_fragments(artifact: Values, preset: Values, starter: Values, source: Path) -> Iterator[Fragment]:
    """The start-up budget of a model server that has to load `artifact`, where the preset's own is too short.

    `preset` is the whole document of a runtime: load.mebibytesPerSecond says how fast it loads at worst.
    """
    if 'size' not in artifact or 'load' not in preset:
        return
    seconds = load_seconds(artifact['size'], preset['load']['mebibytesPerSecond'])
    known = preset['values']
    probe = {**starter['startupProbe'], **known.get('startupProbe', {})}
    failures = math.ceil(Fraction(seconds, probe['periodSeconds']))
    if failures > probe['failureThreshold']:
        yield source, ('startupProbe', 'failureThreshold'), min(failures, _MOST)
    # The init container's download comes before the first probe, at the same speed.
    times = 2 if delivery(artifact) == 'download' else 1
    deadline = max(seconds, probe['periodSeconds'] * probe['failureThreshold']) + seconds * (times - 1) + _SPARE
    if deadline > known.get('progressDeadlineSeconds', starter['progressDeadlineSeconds']):
        yield source, ('progressDeadlineSeconds',), min(deadline, _MOST)


def load_seconds(size: str, speed: int) -> int:
    """Seconds that a size such as 640Mi takes at a speed in MiB/s."""
    return math.ceil(mebibytes(size) / speed)
