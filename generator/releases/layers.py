"""Environment, applications and release → the layers of values on top of a pinned chart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from generator.charts import monitoring
from generator.charts.stores import store_values
from generator.domain.choices import has_routes
from generator.domain.environments import Environment
from generator.domain.generated import Chart, Layer
from generator.domain.places import Path
from generator.domain.records import Application, Registry, Release
from generator.domain.strategy import WrittenStrategy
from generator.domain.values import Values
from generator.releases.access import identity_layers
from generator.releases.mesh import pod_layers
from generator.releases.network import network_layers
from generator.releases.routes import route_layers
from generator.strategies.compile import kind_layers
from generator.strategies.flagger import primary_name
from generator.values.images import mirrored
from generator.values.removed import removal_layers


def release_layers(
    release: Release, environment: Environment, chart: Chart, written: WrittenStrategy, registry: Registry
) -> list[Layer]:
    """Return the layers over the chart's own values, the release's last; facts of a chart are in its annotations."""
    applications = registry.applications_of.get(release.model, ())
    layers = [
        *_application_layers(release, environment, chart, applications, registry),
        *_environment_layers(release, environment, chart),
        *identity_layers(environment, release.model),
        *network_layers(environment),
        *pod_layers(environment),
    ]
    # All that an environment inherits is its own: who wrote it is told with a problem.
    for part in reversed(environment.parts):
        layers += _written_layers(environment.file, part.spec, part.removed)
    layers += _written_layers(release.file, release.spec, release.removed)
    return [*layers, *kind_layers(release, environment, written)]


def _written_layers(file: str, spec: Values, removed: Iterable[Path]) -> Iterator[Layer]:
    yield from removal_layers(file, (path for path in removed if path[1] == 'values'))
    if 'values' in spec:
        yield Layer(file, ('spec', 'values'), (), spec['values'])


def mirror_layers(environment: Environment, values: Values) -> Iterator[Layer]:
    for path, mirror in mirrored(values, environment.spec.get('registryMirrors', {})):
        yield Layer(environment.file, ('spec', 'registryMirrors'), path, mirror)


def _environment_layers(release: Release, environment: Environment, chart: Chart) -> Iterator[Layer]:
    file, spec = environment.file, environment.spec
    if 'monitoring' in spec:
        yield from monitoring.layers(release, environment, chart)
    if 'artifactStores' in spec and chart.values['artifact']['delivery'] == 'download':
        before = chart.values['networkPolicy']['egress'].get('artifact-store', {})
        for key, target, value in store_values(chart.values['artifact'], before, spec['artifactStores']):
            yield Layer(file, ('spec', 'artifactStores', *key), target, value)


def _application_layers(
    release: Release, environment: Environment, chart: Chart, applications: Sequence[Application], registry: Registry
) -> Iterator[Layer]:
    for application in applications:
        yield from _peer_layers(release, environment, chart, application, registry)
    if applications:
        yield Layer(applications[0].file, ('metadata', 'name'), ('partOf',), applications[0].name)
    if has_routes(environment.router):
        yield from route_layers(release, environment, chart, applications, registry)


def _peer_layers(
    release: Release, environment: Environment, chart: Chart, application: Application, registry: Registry
) -> Iterator[Layer]:
    """Members of an application in the same environment may connect to each other."""
    ports = _service_ports(chart.values['ports'])
    for index, peer in enumerate(application.members):
        if peer == release.model or f'{release.environment}/{peer}' not in registry.release_names:
            continue
        pods = {'podLabels': {'app.kubernetes.io/name': peer, 'app.kubernetes.io/instance': peer}}
        source: Path = ('spec', 'members', index)
        yield Layer(application.file, source, ('networkPolicy', 'ingress', peer), {**pods, 'ports': ports})
        yield Layer(application.file, source, ('networkPolicy', 'egress', peer), pods)
        if target := primary_name(peer, environment.engine):
            primary = {'podLabels': {**pods['podLabels'], 'app.kubernetes.io/name': target}}
            yield Layer(application.file, source, ('networkPolicy', 'ingress', target), {**primary, 'ports': ports})
            yield Layer(application.file, source, ('networkPolicy', 'egress', target), primary)


def _service_ports(ports: Values) -> dict[str, Any]:
    return {
        name: {'port': name, 'protocol': 'TCP'}
        for name, port in ports.items()
        if port.get('enabled', True) and 'servicePort' in port
    }
