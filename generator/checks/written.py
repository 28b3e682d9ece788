"""Values that people write for models, environments and releases → problems: what something else decides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from generator.checks.scope import Scope
from generator.domain.places import Path, json_path
from generator.domain.problems import Problem
from generator.domain.records import Environment, Model, Registry, Release

Written = Model | Environment | Release

_BY_VERSION = 'spec.versions of the model'
_BY_GATEWAY = 'spec.router and spec.gateway of the environment'
# Values that nobody may write, and what sets them: otherwise releases would run something else than the registry
# describes, open routes elsewhere, or without the auth that is written for them.
_DECIDED: tuple[tuple[Path, str], ...] = (
    (('fullnameOverride',), 'the name of the model'),
    (('partOf',), 'the application of the model'),
    (('removed',), 'null in place of a value'),
    (('strategy',), 'spec.strategy'),
    (('tracks',), 'spec.strategy and the current rollout'),
    (('routing',), 'the routes and the strategy'),
    *(((route, key), _BY_GATEWAY) for route in ('route', 'grpcRoute') for key in ('type', 'gateway')),
    (('mesh',), 'spec.mesh of the environment'),
    (('podLabels',), 'spec.mesh and spec.workloadIdentity of the environment'),
    (('auth',), 'the application or spec.route.auth of the model, with spec.identity of the environment'),
    (('tls',), 'spec.tls of the environment'),
    (('externalSecrets', 'store'), 'spec.secretStore of the environment'),
)
_IN_MODEL: tuple[tuple[Path, str], ...] = (
    *_DECIDED,
    (('team',), 'spec.team'),
    *((('image', key), _BY_VERSION) for key in ('registry', 'repository', 'tag', 'digest')),
    *((('artifact', key), _BY_VERSION) for key in ('uri', 'sha256')),
)
_IN_OVERLAY: tuple[tuple[Path, str], ...] = (
    *_DECIDED,
    (('artifact', 'sha256'), _BY_VERSION),
)


def written(registry: Registry) -> Iterator[Written]:
    """Yield all items that may set values and a strategy."""
    yield from registry.models.values()
    yield from registry.environments.values()
    yield from registry.releases.values()


def decided_values(scope: Scope) -> Iterator[Problem]:
    """Report values that are set by another part of the registry."""
    for item in written(scope.registry):
        values, nulls = item.spec.get('values'), [path[2:] for path in item.removed if path[1] == 'values']
        if not values and not nulls:
            continue
        for path, who in _IN_MODEL if isinstance(item, Model) else _IN_OVERLAY:
            if at(values, path) is not None or any(null[: len(path)] == path for null in nulls):
                place = json_path(('spec', 'values', *path))
                yield Problem(item.file, place, f'{".".join(map(str, path))} is set by {who}', 'remove it here')


def at(values: object, path: Path) -> object:
    """Return what is at a path, or None."""
    for step in path:
        values = values.get(step) if isinstance(values, Mapping) else None
    return values
