"""A canary or blue/green strategy → the specification of a Flagger Canary, and its MetricTemplates.

Flagger owns the Service, the route and their copies, so the Canary says what the chart would have said of them.
"""

from __future__ import annotations

from typing import Any, assert_never

from generator.domain.choices import Engine, Router
from generator.domain.records import Values
from generator.domain.strategy import BlueGreen, Canary, Checks
from generator.domain.units import duration, number, seconds
from generator.strategies.context import Context
from generator.strategies.queries import Query
from generator.values.merge import enabled

# Pods of the new version, and none of the primary: their names have two parts after the target's.
_PODS = 'pod=~"{{ target }}-[0-9a-zA-Z]+(-[0-9a-zA-Z]+)"'
_BOUNDS = {'>=': 'min', '<=': 'max'}
_THRESHOLD = 5  # looks that may fail where no checks say so: pods that are not ready


def compile_flagger(strategy: Canary | BlueGreen, context: Context) -> dict[str, Any]:
    """Values below `strategy` in the words of Flagger."""
    analysis = _analysis(strategy, context)
    spec: dict[str, Any] = {
        'provider': _provider(context.router),
        'targetRef': {'apiVersion': 'apps/v1', 'kind': 'Deployment', 'name': context.name},
        **_scaler(context),
        'progressDeadlineSeconds': int(context.values['progressDeadlineSeconds']),
        'revertOnDeletion': True,
        'service': _service(context),
        'analysis': analysis,
        **_ingress(context),
    }
    found: dict[str, Any] = {'canary': spec}
    if strategy.checks:
        provider = {'type': 'prometheus', 'address': context.prometheus}
        found['metrics'] = {
            query.name: {'provider': provider, 'query': query.promql}
            for query in context.queries(strategy.checks, _PODS)
        }
    return found


def primary_name(name: str, engine: Engine) -> str:
    """What the pods of a release are called that have its traffic; '' where that is its own name."""
    match engine:
        case 'native' | 'argo-rollouts':
            return ''
        case 'flagger':
            return f'{name}-primary'
        case _:
            assert_never(engine)


def _provider(router: Router) -> str:
    match router:
        case 'service':
            return 'kubernetes'
        case 'gateway-api':
            return 'gatewayapi:v1'
        case 'istio':
            return 'istio'
        case 'nginx':
            return 'nginx'
        case _:
            assert_never(router)


def _ingress(context: Context) -> dict[str, Any]:
    """The Ingress of the chart, which Flagger copies where routers know no other route."""
    router = context.router
    match router:
        case 'service' | 'gateway-api' | 'istio':
            return {}
        case 'nginx':
            return {'ingressRef': {'apiVersion': 'networking.k8s.io/v1', 'kind': 'Ingress', 'name': context.name}}
        case _:
            assert_never(router)


def fixed_size(context: Context) -> dict[str, Any]:
    """Values of `autoscaling` that hold the number of pods where nothing scales; {} where something does.

    Flagger scales its target to nothing and its primary to one pod, unless a scaler says how many there are; if the
    chart said it, the agent and Flagger would set the number in turns.
    """
    pods = int(context.values['replicaCount'])
    if context.values['autoscaling']['enabled'] or not pods:
        return {}
    return {'enabled': True, 'type': 'hpa', 'minReplicas': pods, 'maxReplicas': pods}


def _scaler(context: Context) -> dict[str, Any]:
    scaling = context.values['autoscaling'] | fixed_size(context)
    if not scaling['enabled']:
        return {}
    if scaling['type'] == 'hpa':
        reference = {'apiVersion': 'autoscaling/v2', 'kind': 'HorizontalPodAutoscaler', 'name': context.name}
        return {'autoscalerRef': reference}
    # Flagger would put the primary's name wherever the target's stands in the query, also into the job's label.
    query = scaling['keda']['query'].replace('$JOB', context.job)
    query = query.replace('$NAMESPACE', context.namespace).replace('$NAME', context.name)
    reference = {'apiVersion': 'keda.sh/v1alpha1', 'kind': 'ScaledObject', 'name': context.name}
    return {'autoscalerRef': {**reference, 'primaryScalerQueries': {'load': query}}}


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


def _service(context: Context) -> dict[str, Any]:
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


def _analysis(strategy: Canary | BlueGreen, context: Context) -> dict[str, Any]:
    checks = strategy.checks
    interval = checks.interval if checks else '1m'
    found: dict[str, Any] = {'interval': interval, 'threshold': checks.failures + 1 if checks else _THRESHOLD}
    if isinstance(strategy, BlueGreen):
        found['iterations'] = 1
    else:
        found |= _steps(strategy, int(seconds(interval)))
    if checks:
        found['metrics'] = [_metric(query, checks, context) for query in context.queries(checks, _PODS)]
    if wants_gate(strategy):
        gate = str(context.environment.spec.get('gate', ''))
        found['webhooks'] = [{'name': 'approval', 'type': 'confirm-promotion', 'url': gate}]
    return found


def wants_gate(strategy: Canary | BlueGreen) -> bool:
    """Whether somebody has to approve: Flagger asks a gate for that."""
    return strategy.approval if isinstance(strategy, BlueGreen) else strategy.steps[-1].approval


def _steps(canary: Canary, interval: int) -> dict[str, Any]:
    first, hold = canary.steps[0], canary.steps[0].hold
    if first.headers:  # no weights then: as many looks as fit into the hold
        match = {name.lower(): {'exact': text} for name, text in sorted(first.headers.items())}
        return {'iterations': max(1, hold // interval), 'match': [{'headers': match}]}
    found: dict[str, Any] = {'interval': duration(hold)} if hold else {}
    if first.mirror:
        found |= {'mirror': True, 'mirrorWeight': first.mirror}
    if canary.weights:
        return found | {'stepWeights': list(canary.weights)}
    return found | {'iterations': 1}


def _metric(query: Query, checks: Checks, context: Context) -> dict[str, Any]:
    limit = number(query.limit)
    return {
        'name': query.name,
        'templateRef': {'name': f'{context.name}-{query.name}'},
        'thresholdRange': {_BOUNDS[query.comparison]: float(limit) if '.' in limit else int(limit)},
        'interval': checks.interval,
    }
