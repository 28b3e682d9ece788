"""Releases and rollouts → problems: versions that the release gave up before."""

from __future__ import annotations

from collections.abc import Iterator

from generator.domain.problems import Problem
from generator.domain.records import Registry, Release


def withdrawn_problems(registry: Registry) -> Iterator[Problem]:
    """Yield the problems of pins and of rollouts that go on."""
    for release in registry.releases.values():
        if release.version:
            yield from gave_up(release, release.version, release.chart, release.file, '$.spec.version')
        rollout = registry.rollouts.get(release.name)
        if rollout and not rollout.aborted:
            to = rollout.spec['to']
            yield from gave_up(release, to['version'], to['chart'], rollout.file, '$.spec.to.version')


def gave_up(release: Release, version: str, chart: str, file: str, path: str) -> Iterator[Problem]:
    """Yield the problem of a version that a release gave up, at the place that asks for it."""
    if entry := release.gave_up(version, chart):
        what = f'{version} (chart {entry["chart"]})' if 'chart' in entry else version
        message = f"'{release.name}' gave up {what} on {entry['date']}: {entry['reason']}"
        back = f'chartloom reinstate {release.name} {version}'
        hint = f"use another version, or run '{back}' first, on the published branch"
        yield Problem(file, path, message, hint, 'withdrawn')
