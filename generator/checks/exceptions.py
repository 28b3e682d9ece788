"""Named exceptions of network policies → problems: files of models and releases that change what others made.

An exception has its maker: the environment, an application or the artifact of the model. Whoever needs another way
writes an exception of another name, which is judged by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from generator.checks.scope import Scope
from generator.checks.written import at, covering
from generator.domain.environments import Environment
from generator.domain.generated import ResolvedRelease
from generator.domain.places import Path, json_path
from generator.domain.problems import Problem
from generator.domain.records import Model, Registry, Release
from generator.domain.values import Values
from generator.values.merge import placed

_POLICY = 'networkPolicy'
_VALUES: Path = ('spec', 'values')
# Older charts take the namespaces of these two for those that need a token or none.
OF_ENVIRONMENT: dict[str, Path] = {'gateway': ('spec', 'gateway'), 'monitoring': ('spec', 'monitoring')}
_OFF = {'enabled': False}
_OF_CHART = ('dns', 'artifact-store')  # each chart has them, which an environment may change


class _Maker(NamedTuple):
    file: str
    source: Path

    def __str__(self) -> str:
        return f'{json_path(self.source)[2:]} of {self.file}'


def changed_exceptions(scope: Scope) -> Iterator[Problem]:
    """Report exceptions that a file of a model or a release writes or removes, although somebody else made them."""
    for release in scope.releases:
        written = [item for item in _files(release, scope.registry) if _has_exceptions(item)]
        makers = _makers(release) if written else {}
        for item in written:
            yield from _changed(item, makers, release.environment)
        if not release.chart.is_new:
            yield from _of_chart(release)


def _files(release: ResolvedRelease, registry: Registry) -> Iterator[Model | Release]:
    yield release.release
    if release.chart.is_new:
        yield registry.models[release.release.model]


def _has_exceptions(item: Model | Release) -> bool:
    return _POLICY in item.spec.get('values', ()) or any(path[2:3] == (_POLICY,) for path in item.removed)


def _makers(release: ResolvedRelease) -> dict[Path, _Maker]:
    """Who made which exception, by its side and name; a model's or a release's own values are no maker."""
    file = release.environment.file
    found: dict[Path, _Maker] = {('ingress', name): _Maker(file, place) for name, place in OF_ENVIRONMENT.items()}
    if not release.chart.is_new and release.chart.values['artifact']['delivery'] == 'download':
        found['egress', 'artifact-store'] = _Maker(f'{release.chart.folder}/values.yaml', ('spec', 'artifact'))
    for layer in (*release.chart.layers, *release.layers):
        if layer.target[:1] == (_POLICY,) or (layer.target == () and layer.source == _VALUES and layer.file == file):
            for exception in _exceptions(placed(layer).get(_POLICY, {}) if layer.values is not None else {}):
                found[exception] = _Maker(layer.file, layer.source)
    return found


def _exceptions(policy: Values) -> Iterator[tuple[str, str]]:
    """Side and name of each exception that values of a policy set."""
    for side in ('ingress', 'egress'):
        for name in policy.get(side, ()):
            yield side, name


def _changed(item: Model | Release, makers: dict[Path, _Maker], environment: Environment) -> Iterator[Problem]:
    nulls = [path[2:] for path in item.removed if path[1] == 'values']
    for exception, maker in makers.items():
        path = (_POLICY, *exception)
        # Values of an environment lie over those of a model: it may close what a model opens, and nulls remove nothing.
        over = isinstance(item, Model) and maker == _Maker(environment.file, _VALUES)
        if over and _closes(environment, path):
            continue
        set_here = at(item.spec.get('values'), path)
        null = None if over else covering(path, nulls)
        if null or set_here not in (None, _OFF):
            place = json_path((*_VALUES, *(path if set_here is not None else null or path)))
            message = f'{".".join(map(str, path))} is made by {maker}'
            hint = 'remove it here, or choose another name; {enabled: false} closes it'
            yield Problem(item.file, place, message, hint)


def _closes(environment: Environment, path: Path) -> bool:
    return at(environment.spec.get('values'), path) == _OFF


def _of_chart(release: ResolvedRelease) -> Iterator[Problem]:
    """Report what values of a model put into a published chart."""
    policy, own = release.chart.values[_POLICY], release.environment.spec.get('values', {}).get(_POLICY, {})
    made = [('ingress', name) for name in OF_ENVIRONMENT]
    made += [
        (side, name)
        for side, name in _exceptions(own)
        if name not in _OF_CHART and not _closes(release.environment, (_POLICY, side, name))
    ]
    for side, name in made:
        if name in policy[side]:
            message = f'{_POLICY}.{side}.{name} of the chart: only the environment makes this exception'
            yield Problem(release.release.file, '$.spec', message, 'use a chart without it')
