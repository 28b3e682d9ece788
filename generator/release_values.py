"""Environment, applications and release → the layers of values on top of a pinned chart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from generator.domain import DOMAIN, Application, Chart, Environment, Layer, Registry, Release, Values
from generator.images import mirrored
from generator.model_values import route_rule
from generator.paths import Path


def release_layers(release: Release, environment: Environment, chart: Chart, registry: Registry) -> list[Layer]:
    """The layers over the chart's own values, the release's last; what a chart needs to tell, its annotations tell."""
    applications = registry.applications_of.get(release.model, ())
    layers = [
        *_application_layers(release, environment, chart, applications, registry),
        *_environment_layers(environment, chart),
    ]
    for place in (environment, release):
        if 'values' in place.spec:
            layers.append(Layer(place.file, ('spec', 'values'), (), place.spec['values']))
    layers += _strategy_layers(release, environment)
    return layers


def _strategy_layers(release: Release, environment: Environment) -> Iterator[Layer]:
    """The release's strategy over the environment's, as one piece."""
    for place in (release, environment):
        if 'strategy' in place.spec:
            ((kind, settings),) = place.spec['strategy'].items()
            yield Layer(place.file, ('spec', 'strategy'), ('strategy', 'type'), kind)
            if settings:
                yield Layer(place.file, ('spec', 'strategy', kind), ('strategy', kind), settings)
            return


def mirror_layers(environment: Environment, values: Values) -> Iterator[Layer]:
    for path, mirror in mirrored(values, environment.spec['registryMirrors']):
        yield Layer(environment.file, ('spec', 'registryMirrors'), path, mirror)


def _environment_layers(environment: Environment, chart: Chart) -> Iterator[Layer]:
    file, spec = environment.file, environment.spec
    if 'monitoring' in spec:
        exception = {'namespace': spec['monitoring']['namespace'], 'metrics': True}
        yield Layer(file, ('spec', 'monitoring'), ('networkPolicy', 'ingress', 'monitoring'), exception)
    if 'artifactStore' in spec and chart.values['artifact']['delivery'] == 'download':
        yield Layer(
            file, ('spec', 'artifactStore'), ('networkPolicy', 'egress', 'artifact-store'), spec['artifactStore']
        )


def _application_layers(
    release: Release, environment: Environment, chart: Chart, applications: Sequence[Application], registry: Registry
) -> Iterator[Layer]:
    for application in applications:
        yield from _peer_layers(release, chart, application, registry)
    if applications:
        yield Layer(applications[0].file, ('metadata', 'name'), ('partOf',), applications[0].name)
    if environment.router == 'gateway-api':
        yield from _route_layers(release, environment, chart, applications, registry)


def _peer_layers(release: Release, chart: Chart, application: Application, registry: Registry) -> Iterator[Layer]:
    """Members of an application that run in the same environment let each other in."""
    ports = _service_ports(chart.values['ports'])
    for index, peer in enumerate(application.members):
        if peer == release.model or f'{release.environment}/{peer}' not in registry.release_names:
            continue
        pods = {'podLabels': {'app.kubernetes.io/name': peer, 'app.kubernetes.io/instance': peer}}
        source: Path = ('spec', 'members', index)
        yield Layer(application.file, source, ('networkPolicy', 'ingress', peer), {**pods, 'ports': ports})
        yield Layer(application.file, source, ('networkPolicy', 'egress', peer), pods)


def _service_ports(ports: Values) -> dict[str, Any]:
    return {
        name: {'port': name, 'protocol': 'TCP'}
        for name, port in ports.items()
        if port.get('enabled', True) and 'servicePort' in port
    }


def _route_layers(
    release: Release, environment: Environment, chart: Chart, applications: Iterable[Application], registry: Registry
) -> Iterator[Layer]:
    """Routes on the shared host name of an application, else on the model's own where it has one."""
    http, grpc = _application_routes(release.model, applications)
    own_rules, own_methods = chart.values['route']['rules'], chart.values['grpcRoute']['methods']
    grpc_port = chart.values['grpcRoute']['port']
    if http:
        application, rules = http
        yield Layer(application.file, ('spec', 'routes'), ('route', 'rules'), _instead(own_rules, rules, 'rewrite'))
        yield from _gateway(environment, 'route', _shared_host(application), _ports(rules))
    elif host := _own_host(release, chart, registry, 'hostname', ('spec', 'route', 'hostname')):
        yield from _gateway(environment, 'route', host, _ports(own_rules))
    if grpc:
        application, methods = grpc
        yield Layer(
            application.file, ('spec', 'routes'), ('grpcRoute', 'methods'), _instead(own_methods, methods, 'method')
        )
        yield from _gateway(environment, 'grpcRoute', _shared_host(application, '-grpc'), [grpc_port])
    elif host := _own_host(release, chart, registry, 'grpc-hostname', ('spec', 'route', 'grpc', 'hostname')):
        yield from _gateway(environment, 'grpcRoute', host, [grpc_port])


def _instead(own: Values, wanted: Mapping[str, Values], optional: str) -> dict[str, Any]:
    """Rules in place of the chart's own, which are off; one of the same name inherits nothing."""
    off = {name: {'enabled': False} for name in own if name not in wanted}
    return off | {n: {optional: '', **rule, 'enabled': True} if n in own else rule for n, rule in wanted.items()}


Host = tuple[str, str, Path]  # first label of a host name, and the file and place that say so


def _shared_host(application: Application, suffix: str = '') -> Host:
    source: Path = ('spec', 'hostname') if 'hostname' in application.spec else ('metadata', 'name')
    return f'{application.hostname}{suffix}', application.file, source


def _own_host(release: Release, chart: Chart, registry: Registry, annotation: str, source: Path) -> Host | None:
    """The model's own host, as its chart tells it: by the model's file where the chart was made from that just now."""
    key = f'{DOMAIN}/{annotation}'
    if key not in chart.annotations:
        return None
    if chart.layers:
        return chart.annotations[key], registry.models[release.model].file, source
    return chart.annotations[key], f'{chart.folder}/Chart.yaml', ('annotations', key)


def _ports(rules: Mapping[str, Values]) -> list[str]:
    return sorted({rule.get('port', 'http') for rule in rules.values() if rule.get('enabled', True)})


def _gateway(environment: Environment, key: str, host: Host, ports: list[str]) -> Iterator[Layer]:
    gateway = environment.spec['gateway']
    label, file, source = host
    yield Layer(environment.file, ('spec', 'gateway'), (key, 'gateway'), gateway)
    yield Layer(file, source, (key, 'hostnames'), [f'{label}.{environment.spec["domain"]}'])
    yield Layer(file, source, (key, 'enabled'), True)
    exception = {
        'namespace': gateway['namespace'],
        'ports': {port: {'port': port, 'protocol': 'TCP'} for port in ports},
    }
    yield Layer(environment.file, ('spec', 'gateway'), ('networkPolicy', 'ingress', 'gateway'), exception)


Routes = tuple[Application, dict[str, Any]]


def _application_routes(model: str, applications: Iterable[Application]) -> tuple[Routes | None, Routes | None]:
    """HTTP rules and gRPC methods of the first application that routes to a model."""
    http: Routes | None = None
    grpc: Routes | None = None
    for application in applications:
        routes = {n: r for n, r in sorted(application.spec.get('routes', {}).items()) if r['model'] == model}
        rules = {n: route_rule(r) for n, r in routes.items() if 'path' in r}
        methods = {n: _method(r) for n, r in routes.items() if 'grpcService' in r}
        http = http or ((application, rules) if rules else None)
        grpc = grpc or ((application, methods) if methods else None)
    return http, grpc


def _method(route: Values) -> dict[str, Any]:
    return {'service': route['grpcService']} | ({'method': route['grpcMethod']} if 'grpcMethod' in route else {})
