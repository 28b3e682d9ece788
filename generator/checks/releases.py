"""Resolved releases → problems: of one, what its environment requires; of several, what they may not share."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache

from generator.charts import monitoring
from generator.charts.contradictions import ASKED_IN, TOLD_IN, differ, request_faults, serving_faults
from generator.charts.serving import SERVES
from generator.checks.capacity import accelerators
from generator.checks.gateways import gateway_faults
from generator.checks.kubernetes import feature_faults
from generator.checks.limits import limit_problems
from generator.checks.local import local_problems
from generator.checks.network import cidr_faults
from generator.checks.rules import broken
from generator.checks.scope import Scope
from generator.checks.sizes import size_problems
from generator.domain.generated import ResolvedRelease
from generator.domain.problems import Fault, Problem
from generator.domain.records import Registry
from generator.domain.values import Values
from generator.values.blame import to_problems
from generator.values.images import images, show_image

# The values that rules about several releases look at; `_SIZES` only if the environment limits accelerators.
_ALWAYS = ('route', 'grpcRoute', 'autoscaling', 'externalSecrets', 'tls', 'artifact', 'volumes')
_SIZES = ('containers', 'replicaCount', 'resources', 'strategy', 'tracks')


def outline(release: ResolvedRelease) -> ResolvedRelease:
    """Reduce a release to what `shared_problems` needs, without the places that set the values."""
    chart = replace(release.chart, values={}, schema=b'', annotations={}, strategy=None, files={}, layers=())
    keys = (*_ALWAYS, *_SIZES) if accelerators(release.environment) else _ALWAYS
    merged = {key: release.merged[key] for key in keys}
    return replace(release, chart=chart, values={}, merged=merged, layers=())


def shared_problems(
    releases: Sequence[ResolvedRelease],
    registry: Registry,
    *,
    whole: bool = True,
    changed: frozenset[str] = frozenset(),
) -> list[Problem]:
    """Return the problems between releases; `whole` if these are all of the repository; `changed` as of a scope."""
    return list(broken(Scope(registry, releases, changed), 'releases', *(('repository',) if whole else ())))


def release_problems(release: ResolvedRelease, registry: Registry) -> list[Problem]:
    """Return the problems of a release whose values match the schema of its chart, each with a registry file."""
    faults = [
        *_images(release),
        *feature_faults(release.merged, release.environment),
        *gateway_faults(release.merged, release.environment),
        *cidr_faults(release.merged),
        *monitoring.faults(release),
        *_serving(release),
    ]
    problems = to_problems(faults, (*release.chart.layers, *release.layers), release.release.file)
    return [
        *problems,
        *broken(Scope(registry, (release,)), 'release'),
        *monitoring.monitoring_problems(release),
        *limit_problems(release),
        *local_problems(release),
        *size_problems(release),
    ]


def _serving(release: ResolvedRelease) -> Iterator[Fault]:
    """Contradictions in values that the release changes: those of the chart were checked when it was made."""
    chart, merged, model = release.chart.values, release.merged, release.release.model
    for keys, faults in ((TOLD_IN, serving_faults), (ASKED_IN, request_faults)):
        if differ(merged, chart, keys):
            yield from faults(_served(release.chart.annotations.get(SERVES, '')), merged, model)


@lru_cache(maxsize=256)
def _served(annotation: str) -> Values:
    found: Values = json.loads(annotation) if annotation else {}
    return found


def stage_problems(release: ResolvedRelease, stage: str) -> list[Problem]:
    """Return what a release in a rollout would have too much or too many of, at its stage or at a later one."""
    return [*limit_problems(release, stage), *size_problems(release, stage)]


def _images(release: ResolvedRelease) -> Iterator[Fault]:
    requires_digest = release.environment.spec.get('requireDigest', True)
    for path, image in images(release.merged):
        if not image['repository']:
            yield Fault((*path, 'repository'), 'the image has no repository', 'write the repository of the image')
        elif requires_digest and not image.get('digest'):
            message = (
                f"image '{show_image(image)}' has no digest, which environment '{release.environment.name}' requires"
            )
            hint = "add digest: sha256:…; 'docker buildx imagetools inspect' shows it"
            if path == ('image',):
                hint = 'write the image as <repository>:<tag>@sha256:<digest>'
            of_chart = f'use a version with a digest, or set requireDigest: false in {release.environment.file}'
            yield Fault(path, message, hint, of_chart=of_chart)
