"""Merged values → Service and route in Flagger's Canary, equal to those of the chart."""

from __future__ import annotations

from typing import Any, assert_never

from generator.domain.choices import Router
from generator.domain.values import Values
from generator.strategies.context import Context
from generator.strategies.routers.istio import RETRY_ON
from generator.values.merge import enabled


def service_port(context: Context) -> str:
    """Return the port name of Flagger's Service: the route's, else the first; '' if there is none."""
    served = (name for name, port in all_ports(context).items() if 'servicePort' in port)
    return str(_rule(context).get('port') or next(served, ''))


def all_ports(context: Context) -> dict[str, Any]:
    """Return the ports of the server and its sidecars by name; names are unique."""
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
    if labels := context.values.get('mesh', {}).get('serviceLabels'):
        found |= {service: {'labels': labels} for service in ('apex', 'primary', 'canary')}
    return found | _route(rule, route, context.router) if rule else found


def _route(rule: Values, route: Values, router: Router) -> dict[str, Any]:
    """Settings of Flagger's route."""
    match router:
        case 'service' | 'nginx':  # Flagger creates none
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
    # In Istio the prefix /api also matches /apis.
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
        limit = {'perTryTimeout': route['retries']['perTryTimeout']} if route['retries']['perTryTimeout'] else {}
        found['retries'] = {'attempts': int(route['retries']['attempts']), **limit, 'retryOn': RETRY_ON}
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
