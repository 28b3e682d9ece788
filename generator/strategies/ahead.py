"""A resolved release → its merged values in the stages of a rollout that are ahead."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from generator.domain.choices import by_commits
from generator.domain.generated import ResolvedRelease
from generator.domain.strategy import Rolling
from generator.strategies.course import CHART, Stage, course, pair_of, tracks
from generator.strategies.routing import routing


def stages_ahead(release: ResolvedRelease, now: str = '') -> Iterator[Stage]:
    """Yield the stages from `now` on, by default from the first; none if no commits move the traffic.

    Of stages with the same headers, the same number of pods, and copies or none, only the first: they are as large.
    """
    strategy = release.strategy
    if isinstance(strategy, Rolling) or not by_commits(release.merged['strategy']['engine']):
        return
    stages = list(course(strategy, chart_first=now == CHART))
    names = [stage.name for stage in stages]
    seen = set()
    for stage in stages[names.index(now) if now else 0 :]:
        kind = (frozenset(stage.headers.items()), bool(stage.mirror), stage.pods)
        if kind not in seen:
            seen.add(kind)
            yield stage


def merged_at(release: ResolvedRelease, stage: Stage) -> dict[str, Any]:
    """Return the merged values at a stage; the live track keeps the workload that it overrides now, if any."""
    merged = release.merged
    pair = pair_of(release.strategy, release.release.slot)
    found = tracks(stage, pair, merged['tracks'][pair.live]['workload'], merged)
    values = {**merged, 'tracks': {**merged['tracks'], **found}}
    return {**values, 'routing': {**merged['routing'], **routing(values)}}
