"""Releases and rollouts → problems: versions that the release gave up before; warnings: the same by another name."""

from __future__ import annotations

from collections.abc import Iterator

from generator.domain.places import json_path
from generator.domain.problems import Problem
from generator.domain.records import ModelVersion, Registry, Release
from generator.domain.words import quoted
from generator.values.images import parse_image


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


def given_up_again(registry: Registry) -> Iterator[Problem]:
    """Yield a warning for each version with the image and the artifact of another one that a release gave up."""
    for release in registry.releases.values():
        model = registry.models.get(release.model)
        if 'withdrawn' not in release.spec or model is None:
            continue
        runs = next((each for each in model.versions if each.version == release.version), model.newest)
        index, names = model.versions.index(runs), {str(entry['version']) for entry in release.spec['withdrawn']}
        # What came after it was given up; an older one had its reasons to be there.
        earlier = (each for each in model.versions[:index] if each.version in names)
        if same := next((each for each in earlier if _content(each) == _content(runs)), None):
            message = f'has the image and the artifact of {same.version}, which {quoted(release.name)} gave up'
            place = json_path(('spec', 'versions', index))
            yield Problem(model.file, place, message, 'add the version with another image or artifact')


def _content(version: ModelVersion) -> tuple[str, object]:
    """What runs: the image by its digest, if it has one, and the files that are not in it."""
    image = parse_image(version.image)
    return image['digest'] or version.image, version.spec.get('artifact')
