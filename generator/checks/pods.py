"""Security contexts of a release → problems: rights over the node that only an environment may give.

Models and releases have those of the profile `restricted` of Pod Security Standards, whatever the namespace enforces:
https://kubernetes.io/docs/concepts/security/pod-security-standards/
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from generator.checks.granted import Finding, not_granted
from generator.checks.scope import Scope
from generator.domain.choices import is_meshed
from generator.domain.generated import ResolvedRelease
from generator.domain.places import Path
from generator.domain.problems import Problem
from generator.domain.values import Values
from generator.domain.words import cut
from generator.values.merge import enabled

Check = tuple[Path, Callable[[Any], bool], str]  # where, whether a value fits, and what fits; None is no value
# The group 0 is common in images that run as any user; files of volumes and further groups have no need of it.
_POD: tuple[Check, ...] = (
    (('runAsNonRoot',), lambda found: found is True, 'true'),
    (('runAsUser',), lambda found: found != 0, 'a user other than 0'),
    (('fsGroup',), lambda found: found != 0, 'a group other than 0'),
    (('supplementalGroups',), lambda found: 0 not in (found or ()), 'groups other than 0'),
    (('seccompProfile', 'type'), lambda found: bool(found == 'RuntimeDefault'), 'RuntimeDefault'),
)
# What a sidecar does not set is as in the server; an empty list replaces that of the server.
_SIDECAR: tuple[Check, ...] = (
    (('allowPrivilegeEscalation',), lambda found: found is not True, 'false'),
    (('runAsNonRoot',), lambda found: found is not False, 'true'),
    (('runAsUser',), lambda found: found != 0, 'a user other than 0'),
    (('capabilities', 'drop'), lambda found: found is None or 'ALL' in found, 'a list with ALL'),
    (('capabilities', 'add'), lambda found: {*(found or ())} <= {'NET_BIND_SERVICE'}, 'at most NET_BIND_SERVICE'),
)
_SERVER: tuple[Check, ...] = (
    (('allowPrivilegeEscalation',), lambda found: found is False, 'false'),
    (('capabilities', 'drop'), lambda found: 'ALL' in (found or ()), 'a list with ALL'),
    *(check for check in _SIDECAR if check[0] not in (('allowPrivilegeEscalation',), ('capabilities', 'drop'))),
)
_PROXY = 1337  # requests of this user and this group go past the sidecar of Istio
_OF_MESH: tuple[Check, ...] = tuple(
    ((key,), lambda found: found != _PROXY, f'a number other than {_PROXY}, which passes the sidecar of the mesh')
    for key in ('runAsUser', 'runAsGroup')
)
_USER: Check = (('runAsUser',), lambda found: found is not None, 'a user: the one of the image may pass the sidecar')


def pod_security(scope: Scope) -> Iterator[Problem]:
    """Report rights of containers that a model or a release takes."""
    for release in scope.releases:
        if found := list(_findings(release)):
            yield from not_granted(release, found)


def _findings(release: ResolvedRelease) -> Iterator[Finding]:
    values, more = release.merged, _OF_MESH if is_meshed(release.environment.mesh) else ()
    user = (_USER,) if more and values['securityContext'].get('runAsUser') is None else ()
    file = release.environment.file
    yield from _unfit(values, ('podSecurityContext',), (*_POD, *more, *user), file)
    yield from _unfit(values, ('securityContext',), (*_SERVER, *more), file)
    for name, sidecar in enabled(values['containers']).items():
        if sidecar.get('securityContext'):
            yield from _unfit(values, ('containers', name, 'securityContext'), (*_SIDECAR, *more), file)


def _unfit(values: Values, home: Path, checks: tuple[Check, ...], file: str) -> Iterator[Finding]:
    context = _value(values, home)
    for path, fits, expected in checks:
        if not fits(found := _value(context, path)):
            shown = 'nothing' if found is None else cut(json.dumps(found), 80)
            yield (*home, *path), f'expected {expected}, found {shown}', f'only values of {file} may set it so'


def _value(found: Any, path: Path) -> Any:
    """What is at a path of merged values, whose maps are dicts: this runs many times for each release."""
    for step in path:
        found = found.get(step) if found else None
    return found
