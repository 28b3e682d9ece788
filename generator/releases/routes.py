"""Environment, applications and chart → the layers that open routes to a release through its router."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from generator.charts.layers import route_rule
from generator.domain.environments import Environment
from generator.domain.generated import Chart, Layer
from generator.domain.places import Path
from generator.domain.records import Application, Registry, Release
from generator.domain.values import DOMAIN, Values
from generator.releases.access import Access, auth_layers, tls_layers
from generator.strategies.routing import routing


def route_layers(
    release: Release, environment: Environment, chart: Chart, applications: Iterable[Application], registry: Registry
) -> Iterator[Layer]:
    """Yield routes on the shared host name of an application, else on the model's own, if any."""
    http, grpc = _application_routes(release.model, applications)
    opened: list[Host] = []
    own_rules, own_methods = chart.values['route']['rules'], chart.values['grpcRoute']['methods']
    grpc_port = chart.values['grpcRoute']['port']
    if http:
        application, rules = http
        yield Layer(application.file, ('spec', 'routes'), ('route', 'rules'), _instead(own_rules, rules, 'rewrite'))
        opened.append(_shared_host(application))
        yield from _gateway(environment, 'route', opened[-1], _ports(rules))
    elif host := _own_host(release, chart, registry, 'hostname', ('spec', 'route', 'hostname')):
        opened.append(host)
        yield from _gateway(environment, 'route', host, _ports(own_rules))
    if grpc:
        application, methods = grpc
        yield Layer(
            application.file, ('spec', 'routes'), ('grpcRoute', 'methods'), _instead(own_methods, methods, 'method')
        )
        opened.append(_shared_host(application, '-grpc'))
        yield from _gateway(environment, 'grpcRoute', opened[-1], [grpc_port])
    elif host := _own_host(release, chart, registry, 'grpc-hostname', ('spec', 'route', 'grpc', 'hostname')):
        opened.append(host)
        yield from _gateway(environment, 'grpcRoute', host, [grpc_port])
    if opened:
        shared = (http or grpc or (None,))[0]
        own = [_name(environment, host) for host in opened]
        access = _access(release, chart, shared, registry)
        yield from auth_layers(environment, access, own, chart.values['auth'])
        if shared:
            yield from _shared_certificate(release, environment, shared, registry)
        else:
            yield from tls_layers(environment, opened[0][0], own, owner=True)


def routing_layers(environment: Environment, values: Values) -> Iterator[Layer]:
    """Yield the parts of section `routing` that differ from the chart's, compiled from all other merged values."""
    if found := {key: part for key, part in routing(values).items() if part != values['routing'][key]}:
        yield Layer(environment.file, ('spec',), ('routing',), found)


def _access(release: Release, chart: Chart, shared: Application | None, registry: Registry) -> Access:
    """The auth of a release: the application's for all its members with routes, else the model's own."""
    if shared:
        return Access(shared.spec.get('auth', 'none'), shared.file, ('spec', 'auth'))
    key = f'{DOMAIN}/auth'
    kind = chart.annotations.get(key, 'none')
    if chart.is_new:
        return Access(kind, registry.models[release.model].file, ('spec', 'route', 'auth'))
    return Access(kind, f'{chart.folder}/Chart.yaml', ('annotations', key))


def _shared_certificate(
    release: Release, environment: Environment, application: Application, registry: Registry
) -> Iterator[Layer]:
    """One certificate for all host names of an application; its first member in the environment creates it."""
    routes = application.spec['routes'].values()
    suffixes = [suffix for key, suffix in (('path', ''), ('grpcService', '-grpc')) if any(key in r for r in routes)]
    hostnames = [_name(environment, _shared_host(application, suffix)) for suffix in suffixes]
    here = [r['model'] for r in routes if f'{environment.name}/{r["model"]}' in registry.release_names]
    yield from tls_layers(environment, application.hostname, hostnames, owner=release.model == min(here))


def _name(environment: Environment, host: Host) -> str:
    return f'{host[0]}.{environment.spec["domain"]}'


def _instead(own: Values, wanted: Mapping[str, Values], optional: str) -> dict[str, Any]:
    """Rules that replace the chart's own, which are disabled; a rule of the same name inherits nothing."""
    off = {name: {'enabled': False} for name in own if name not in wanted}
    return off | {n: {optional: '', **rule, 'enabled': True} if n in own else rule for n, rule in wanted.items()}


Host = tuple[str, str, Path]  # first label of a host name, and the file and path that set it


def _shared_host(application: Application, suffix: str = '') -> Host:
    source: Path = ('spec', 'hostname') if 'hostname' in application.spec else ('metadata', 'name')
    return f'{application.hostname}{suffix}', application.file, source


def _own_host(release: Release, chart: Chart, registry: Registry, annotation: str, source: Path) -> Host | None:
    """The model's own host: the release's, else that of its chart; the file is the model's if the chart is new."""
    key = f'{DOMAIN}/{annotation}'
    if key not in chart.annotations:
        return None
    if annotation == 'hostname' and (own := release.spec.get('hostname')):
        return own, release.file, ('spec', 'hostname')
    if chart.is_new:
        return chart.annotations[key], registry.models[release.model].file, source
    return chart.annotations[key], f'{chart.folder}/Chart.yaml', ('annotations', key)


def _ports(rules: Mapping[str, Values]) -> list[str]:
    return sorted({rule.get('port', 'http') for rule in rules.values() if rule.get('enabled', True)})


def _gateway(environment: Environment, key: str, host: Host, ports: list[str]) -> Iterator[Layer]:
    gateway = environment.spec['gateway']
    _, file, source = host
    place = {name: gateway[name] for name in ('name', 'namespace', 'sectionName') if name in gateway}
    yield Layer(environment.file, ('spec', 'router'), (key, 'type'), environment.router)
    yield Layer(environment.file, ('spec', 'gateway'), (key, 'gateway'), place)
    yield Layer(file, source, (key, 'hostnames'), [_name(environment, host)])
    yield Layer(file, source, (key, 'enabled'), True)
    exception = {
        'namespace': environment.proxy_namespace,
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
