"""What pods take of a node's memory and disk → problems: a pod without limits takes them from the pods of others."""

from __future__ import annotations

from collections.abc import Iterator

from generator.checks.devices import is_some
from generator.checks.granted import Finding, not_granted
from generator.checks.scope import Scope
from generator.checks.written import at
from generator.domain.generated import ResolvedRelease
from generator.domain.places import Path
from generator.domain.problems import Problem
from generator.values.merge import containers, enabled


def unlimited_shares(scope: Scope) -> Iterator[Problem]:
    """Report limits of the environment that a release removes, and volumes of any size."""
    for release in scope.releases:
        if found := [*_removed(release), *_volumes(release)]:
            yield from not_granted(release, found)


def _removed(release: ResolvedRelease) -> Iterator[Finding]:
    own, values = release.environment.spec.get('values', {}), release.merged
    for home, holder in (*containers(values), (('artifact',), values['artifact'])):
        limits = at(own, (*home, 'resources', 'limits'))
        for name in limits if isinstance(limits, dict) else ():
            path: Path = ('resources', 'limits', name)
            if not is_some(at(holder, path) or 0):  # 0 is no limit
                message = f'it removes the limit of {name}, which the environment requires'
                yield (*home, *path), message, 'write another limit, or remove this'


def _volumes(release: ResolvedRelease) -> Iterator[Finding]:
    for name, volume in enabled(release.merged['volumes']).items():
        own = at(release.environment.spec, ('values', 'volumes', name))
        is_made_so = bool(at(own, ('type',))) and not at(own, ('sizeLimit',))
        if volume['type'] == 'emptyDir' and not volume.get('sizeLimit') and not is_made_so:
            message = 'an emptyDir without sizeLimit may fill the disk or the memory of its node'
            yield ('volumes', name), message, 'add sizeLimit, for example 1Gi'
