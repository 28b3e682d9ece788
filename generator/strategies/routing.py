"""Merged values → the section `routing`: Services, rules and shares in the form that the templates insert.

The rules are in the router's own field names and final order. Three things are left to the templates, so that each
is in one place of the values: names (`suffix` follows `fullnameOverride`), the weight of a target with a `track`
(`tracks.<track>.weight`; a step of a canary changes nothing else), and what the API adds to every rule.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, assert_never

from generator.domain.choices import RouteType, by_commits, is_ingress
from generator.domain.values import Values
from generator.strategies.routers import gateway_api, istio, nginx
from generator.strategies.routers.split import Backend, Split
from generator.values.merge import enabled

Rule = dict[str, Any]


def routing(values: Values) -> dict[str, Any]:
    """Return the section `routing` of values that are merged and checked."""
    ports, split = _service_ports(values), _split(values)
    types: tuple[RouteType, ...] = (values['route']['type'], values['grpcRoute']['type'])
    return {
        'services': list(_services(values))[: None if ports else 1],
        'ingresses': list(nginx.ingresses(split)) if any(map(is_ingress, types)) else [],
        'route': _http_rules(values['route'], ports, split),
        'grpcRoute': _grpc_rules(values['grpcRoute'], ports, split),
    }


def _http_rules(route: Values, ports: Mapping[str, int], split: Split) -> list[Rule]:
    """Rules of `route`. A rule whose port is not in the Service is left out; an enabled route has no such rule."""
    rules = {name: rule for name, rule in sorted(enabled(route['rules']).items()) if rule['port'] in ports}
    kind: RouteType = route['type']
    match kind:
        case 'gateway-api':
            return list(gateway_api.http_rules(route, rules, ports, split))
        case 'istio':
            return list(istio.http_rules(route, rules, ports, split))
        case 'nginx':
            return nginx.http_paths(rules, ports)
        case _:
            assert_never(kind)


def _grpc_rules(route: Values, ports: Mapping[str, int], split: Split) -> list[Rule]:
    if route['port'] not in ports:
        return []
    methods = [method for _, method in sorted(enabled(route['methods']).items())]
    port = ports[route['port']]
    kind: RouteType = route['type']
    match kind:
        case 'gateway-api':
            return list(gateway_api.grpc_rules(methods, port, split))
        case 'istio':
            return list(istio.grpc_rules(methods, port, split))
        case 'nginx':
            return nginx.grpc_paths(methods, port)
        case _:
            assert_never(kind)


def _service_ports(values: Values) -> dict[str, int]:
    """Numbers of the Service's ports, by name."""
    containers = [values, *enabled(values['containers']).values()]
    return {
        name: int(port['servicePort'])
        for container in containers
        for name, port in enabled(container.get('ports', {})).items()
        if port.get('servicePort')
    }


def _moved_by_commits(values: Values) -> bool:
    """Whether tracks share the traffic; otherwise all pods of a release are one set."""
    strategy = values['strategy']
    return by_commits(strategy['engine']) and strategy['type'] != 'rolling'


def _live_track(values: Values) -> str:
    """The track with all traffic; stable while it is shared; '' means all pods."""
    if not _moved_by_commits(values):
        return ''
    return next((name for name, track in sorted(values['tracks'].items()) if track['weight'] == 100), 'stable')


def _services(values: Values) -> Iterator[dict[str, str]]:
    """The first Service is for all clients. The others always exist: a route to a missing Service answers with errors.

    Argo Rollouts adds the hash of its pods to their selectors.
    """
    yield {'suffix': '', 'track': _live_track(values)}
    rollout = values['strategy']['rollout']
    if _moved_by_commits(values):
        if values['strategy']['type'] == 'canary':
            yield {'suffix': '-canary', 'track': 'canary'}
            yield {'suffix': '-stable', 'track': 'stable'}
        else:
            yield {'suffix': '-preview', 'track': 'blue' if _live_track(values) == 'green' else 'green'}
    elif _is_shared_by_argo_rollouts(values):
        yield {'suffix': '-canary', 'track': ''}
    elif rollout.get('blueGreen', {}).get('previewService'):
        yield {'suffix': '-preview', 'track': ''}


def _is_shared_by_argo_rollouts(values: Values) -> bool:
    return bool(values['strategy']['rollout'].get('canary', {}).get('canaryService'))


def _split(values: Values) -> Split:
    """Which Services get the requests of a rule."""
    if _moved_by_commits(values) and values['strategy']['type'] == 'canary':
        canary = values['tracks']['canary']
        shares = (Backend('-stable', track='stable'), Backend('-canary', track='canary'))
        return Split(shares, canary['headers'], int(canary['mirror']), int(canary['weight']))
    if _is_shared_by_argo_rollouts(values):
        return Split((Backend('', weight=100), Backend('-canary', weight=0)))
    return Split()
