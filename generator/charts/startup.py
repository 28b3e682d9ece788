"""The size of an artifact → the time limits of a start and of a rollout, if longer than the preset's own."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction

from generator.charts.artifacts import Fragment, delivery
from generator.domain.places import Path
from generator.domain.units import mebibytes
from generator.domain.values import Values

# Further seconds of a rollout: scheduling the pod, pulling the image, starting the process.
_SPARE = 300
# The maximum in the starter's schema.
_MOST = 2**31 - 1


def startup_fragments(artifact: Values, preset: Values, starter: Values, source: Path) -> Iterator[Fragment]:
    """Yield the start-up budget of a model server that loads `artifact`, if the preset's own is too short.

    `preset` is the complete document of a runtime; load.mebibytesPerSecond is the speed at worst.
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
    """Return the seconds to load a size such as 640Mi at a speed in MiB/s."""
    return math.ceil(mebibytes(size) / speed)
