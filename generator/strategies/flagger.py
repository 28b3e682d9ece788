"""A canary or blue/green strategy → the specification of a Flagger Canary, and its MetricTemplates.

Flagger owns the Service, the route and their copies, so the Canary says what the chart would have said of them.
"""

from __future__ import annotations

from typing import Any, assert_never

from generator.domain.choices import Engine, Router
from generator.domain.strategy import BlueGreen, Canary, Checks
from generator.domain.units import duration, number, seconds
from generator.strategies.context import Context
from generator.strategies.flagger_service import flagger_service
from generator.strategies.queries import Query

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
        'service': flagger_service(context),
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
