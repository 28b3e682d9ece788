"""Values of models, environments and releases → problems: what something else sets, and what would reach a download."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from generator.charts.stores import variable_fault
from generator.checks.scope import Scope
from generator.checks.written import Written, at, covering, written
from generator.domain.environments import Environment
from generator.domain.places import Path, json_path
from generator.domain.problems import Problem
from generator.domain.records import Model, Release
from generator.domain.values import Values

# Values that an overlay may not set, and what sets them: otherwise releases would run something else than the registry
# describes, open routes elsewhere, or without the auth that is written for them.
_VERSION = 'spec.versions of the model'
_GATEWAY = 'spec.router and spec.gateway of the environment'
_STORES = f'{_VERSION}, and by artifactStores of the environment'
_DECIDED: tuple[tuple[Path, str], ...] = (
    (('fullnameOverride',), 'the name of the model'),
    (('partOf',), 'the application of the model'),
    (('removed',), 'null in place of a value'),
    (('strategy',), 'spec.strategy'),
    (('tracks',), 'spec.strategy and the current rollout'),
    (('routing',), 'the routes and the strategy'),
    *(((route, key), _GATEWAY) for route in ('route', 'grpcRoute') for key in ('type', 'gateway')),
    (('mesh',), 'spec.mesh of the environment'),
    (('podLabels',), 'spec.mesh and spec.workloadIdentity of the environment'),
    (('auth',), 'the application or spec.route.auth of the model, with spec.identity of the environment'),
    (('tls',), 'spec.tls of the environment'),
    (('externalSecrets', 'store'), 'spec.secretStore of the environment'),
    *((('image', key), _VERSION) for key in ('repository', 'tag', 'digest')),
    *(
        (('artifact', key), _VERSION)
        for key in ('delivery', 'uri', 'sha256', 'files', 'path', 'unpack', 'claimName', 'subPath', 'reference')
    ),
    *((('artifact', 'image', key), 'the scheme of the artifact') for key in ('repository', 'tag', 'digest')),
    (('artifact', 'endpoint'), _STORES),
    *((('artifact', 'credentials', key), _STORES) for key in ('variables', 'files')),
)
# A mirror of another registry is for the platform to name; where the model server looks for its files, for the model.
_MIRRORS = 'spec.registryMirrors of the environment'
_FETCHER: tuple[Path, str] = (('artifact', 'image', 'registry'), _MIRRORS)
_SECRET: tuple[Path, str] = (('artifact', 'credentials', 'secret'), _STORES)
_PLACE: tuple[Path, str] = (('artifact', 'mountPath'), 'the runtime, or by spec.values of the model')
# Prometheus answers the autoscaler's operator, and the test's pod stands in the network beside the model server. Labels
# choose the Prometheus and the Grafana that read an object, of several in a cluster.
_PLATFORM: tuple[tuple[Path, str], ...] = (
    (('autoscaling', 'keda', 'serverAddress'), 'spec.monitoring.prometheus of the environment'),
    (('test', 'image'), 'the chart, or by spec.values of the environment'),
    *(
        (('monitoring', part, 'labels'), 'spec.monitoring.labels of the environment')
        for part in ('podMonitor', 'rules')
    ),
    (('monitoring', 'dashboard', 'labels'), 'spec.values of the environment'),
)
_TEAM: tuple[Path, str] = (('team',), 'spec.team of the model')
_IN_MODEL = (*_DECIDED, (('image', 'registry'), _VERSION), _FETCHER, _SECRET, *_PLATFORM, _TEAM)
_IN_ENVIRONMENT = (*_DECIDED, _PLACE, _SECRET)
_IN_RELEASE = (*_DECIDED, (('image', 'registry'), _MIRRORS), _FETCHER, _PLACE, *_PLATFORM, _TEAM)
_KEYS = frozenset(path[0] for path, _ in _IN_MODEL)


def decided_values(scope: Scope) -> Iterator[Problem]:
    """Report values that are set by another part of the registry."""
    for item in written(scope.registry):
        yield from decided_by(item)


def decided_by(item: Written) -> Iterator[Problem]:
    """Report what the values of one file may not set or remove."""
    values = item.spec.get('values', {})
    nulls = [path[2:] for path in item.removed if path[1] == 'values']
    if _KEYS.isdisjoint(values) and not nulls:
        return
    told: set[Path] = set()
    for path, who in _decided(item):
        found = path if at(values, path) is not None else covering(path, nulls)
        if found and found not in told:
            told.add(found)
            place = json_path(('spec', 'values', *found))
            yield Problem(item.file, place, f'{".".join(map(str, path))} is set by {who}', 'remove it here')
    yield from _variables(item.file, values)


def _decided(item: Written) -> tuple[tuple[Path, str], ...]:
    match item:
        case Model():
            return _IN_MODEL
        case Environment():
            return _IN_ENVIRONMENT
        case Release():
            return _IN_RELEASE


def _variables(file: str, values: Values) -> Iterator[Problem]:
    """Report variables that would change what a download does: its container has those of the chart."""
    artifact = values.get('artifact')
    variables = artifact.get('env') if isinstance(artifact, Mapping) else None
    for name, variable in variables.items() if isinstance(variables, Mapping) else ():
        if fault := variable_fault(name, variable):
            place = json_path(('spec', 'values', 'artifact', 'env', name))
            yield Problem(file, place, *fault)
