"""Merged values → what Flagger's Canary says of its Service and its route, as the chart would have said it."""

from __future__ import annotations

from typing import Any, assert_never

from generator.domain.choices import Router
from generator.domain.records import Values
from generator.strategies.context import Context
from generator.values.merge import enabled


def service_port(context: Context) -> str:
    """Name of the port that Flagger makes the Service for: the route's, else the first; '' where there is none."""
    served = (name for name, port in all_ports(context).items() if 'servicePort' in port)
    return str(_rule(context).get('port') or next(served, ''))


def all_ports(context: Context) -> dict[str, Any]:
    """Ports of the server and its sidecars, by name: no two have one name."""
    containers = [context.values, *enabled(context.values['containers']).values()]
    return {name: port for each in containers for name, port in enabled(each.get('ports', {})).items()}


def _rule(context: Context) -> Values:
    route = context.values['route']
    return next(iter(enabled(route['rules']).values())) if route['enabled'] else {}


def flagger_service(context: Context) -> dict[str, Any]:
    route, rule, name = context.values['route'], _rule(context), service_port(context)
    port = all_ports(context)[name]
    found: dict[str, Any] = {
        'port': int(port['servicePort']),
        'targetPort': name,
        'portName': name,
        'appProtocol': port['appProtocol'],
        'portDiscovery': True,
    }
    return found | _route(rule, route, context.router) if rule else found


def _route(rule: Values, route: Values, router: Router) -> dict[str, Any]:
    """What Flagger's route says of requests."""
    match router:
        case 'service' | 'nginx':  # it makes none
            return {}
        case 'gateway-api':
            return _gateway_route(rule, route)
        case 'istio':
            return _istio_route(rule, route)
        case _:
            assert_never(router)


def _gateway_route(rule: Values, route: Values) -> dict[str, Any]:
    place = {key: value for key, value in route['gateway'].items() if value}
    reference = {'group': 'gateway.networking.k8s.io', 'kind': 'Gateway', **place}
    path = _path(rule)
    uris = [{'exact' if rule['type'] == 'Exact' else 'prefix': path}]
    return {**_hosts(route), 'gatewayRefs': [reference], **_requests(rule, route, uris)}


def _istio_route(rule: Values, route: Values) -> dict[str, Any]:
    gateway, path = route['gateway'], _path(rule)
    place = f'{gateway["namespace"]}/' if gateway.get('namespace') else ''
    # A prefix of Istio takes /apis for /api.
    uris = [{'exact': path}] if rule['type'] == 'Exact' else [{'exact': path}, {'prefix': f'{path}/'}]
    found = {
        **_hosts(route),
        'gateways': [f'{place}{gateway["name"]}'],
        'trafficPolicy': {
            'loadBalancer': {'simple': 'LEAST_REQUEST'},
            'outlierDetection': {
                'consecutive5xxErrors': 5, 'interval': '10s', 'baseEjectionTime': '30s', 'maxEjectionPercent': 50,
            },
        },
        **_requests(rule, route, uris),
    }  # fmt: skip
    if route['retries']['attempts']:
        conditions = 'connect-failure,refused-stream,unavailable,503'
        limit = {'perTryTimeout': route['retries']['perTryTimeout']} if route['retries']['perTryTimeout'] else {}
        found['retries'] = {'attempts': int(route['retries']['attempts']), **limit, 'retryOn': conditions}
    return found


def _path(rule: Values) -> str:
    return str(rule['path']).rstrip('/') or '/'


def _hosts(route: Values) -> dict[str, Any]:
    return {'hosts': list(route['hostnames'])} if route['hostnames'] else {}


def _requests(rule: Values, route: Values, uris: list[dict[str, str]]) -> dict[str, Any]:
    found: dict[str, Any] = (
        {'match': [{'uri': uri} for uri in uris]} if rule['path'] != '/' or rule['type'] == 'Exact' else {}
    )
    if rule.get('rewrite'):
        found['rewrite'] = {'uri': rule['rewrite']}
    if route['timeout']:
        found['timeout'] = route['timeout']
    return found
