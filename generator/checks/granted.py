"""What a release has that only an environment may give → problems of the file that writes it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from generator.domain.generated import ResolvedRelease
from generator.domain.places import Path
from generator.domain.problems import Problem
from generator.values.blame import written_at

Finding = tuple[Path, str, str]  # where in the values, what is wrong, and a hint


def not_granted(release: ResolvedRelease, findings: Iterable[Finding]) -> Iterator[Problem]:
    """Report findings at the last file that writes or removes the value; what the environment writes is granted."""
    layers = (*release.chart.layers, *release.layers)
    for path, message, hint in findings:
        place = written_at(path, layers)
        if place is None and not release.chart.is_new:
            message = f'{".".join(map(str, path))} of the chart: {message}'
            place = release.release.file, '$.spec'
        if place and place[0] != release.environment.file:
            yield Problem(*place, message, hint)
