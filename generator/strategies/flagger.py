"""A canary or blue/green strategy → the specification of a Flagger Canary, and its MetricTemplates.

Flagger creates the Service, the route and their copies, so the Canary contains what the chart would contain of them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, assert_never

from generator.domain.choices import Engine, Router
from generator.domain.strategy import BlueGreen, Canary, Checks
from generator.domain.units import duration, number, seconds
from generator.strategies.context import Context
from generator.strategies.flagger_service import flagger_service
from generator.strategies.queries import Query

# Pods of the new version, not of the primary: their names have two parts after the target's.
_PODS = 'pod=~"{{ target }}-[0-9a-zA-Z]+(-[0-9a-zA-Z]+)"'
_BOUNDS = {'>=': 'min', '<=': 'max'}
_SHORTEST = '10s'  # interval that Flagger accepts
_NEVER = 1_000_000  # failed looks: a rollback is not given up
_THRESHOLD = 5  # failed looks at unready pods, if no checks set a limit


def compile_flagger(strategy: Canary | BlueGreen, context: Context) -> dict[str, Any]:
    """Return the values below `strategy` in the form of Flagger."""
    analysis = _analysis(strategy, context)
    spec: dict[str, Any] = {
        'provider': _provider(context.router),
        'targetRef': {'apiVersion': 'apps/v1', 'kind': 'Deployment', 'name': context.name},
        **_scaler(context),
        'progressDeadlineSeconds': int(context.values['progressDeadlineSeconds']),
        # Deleted with its target, a Canary that reverts it waits for ever (Flagger 1.44); kept, it gives the pods back.
        'revertOnDeletion': context.leaves,
        'service': flagger_service(context),
        'analysis': analysis,
        **_ingress(context),
    }
    found: dict[str, Any] = {'canary': spec}
    if strategy.checks and not context.rollback:
        provider = {'type': 'prometheus', 'address': context.prometheus}
        found['metrics'] = {
            query.name: {'provider': provider, 'query': query.promql}
            for query in context.queries(_over_step(strategy.checks, strategy), _PODS)
        }
    return found


def primary_name(name: str, engine: Engine) -> str:
    """Return the name of the pods that have a release's traffic; '' if it is the release's own."""
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
    """The chart's Ingress, which Flagger copies with router nginx."""
    router = context.router
    match router:
        case 'service' | 'gateway-api' | 'istio':
            return {}
        case 'nginx':
            return {'ingressRef': {'apiVersion': 'networking.k8s.io/v1', 'kind': 'Ingress', 'name': context.name}}
        case _:
            assert_never(router)


def _scaler(context: Context) -> dict[str, Any]:
    """The chart's autoscaler, also for a fixed number: without one Flagger gives the primary 1 pod."""
    scaling = context.values['autoscaling']
    if not scaling['enabled'] and not int(context.values['replicaCount']):
        return {}
    if not scaling['enabled'] or scaling['type'] == 'hpa':
        reference = {'apiVersion': 'autoscaling/v2', 'kind': 'HorizontalPodAutoscaler', 'name': context.name}
        return {'autoscalerRef': reference}
    # Flagger would replace the target's name by the primary's everywhere in the query, also in the label `job`.
    query = scaling['keda']['query'].replace('$JOB', context.job)
    query = query.replace('$NAMESPACE', context.namespace).replace('$NAME', context.name)
    reference = {'apiVersion': 'keda.sh/v1alpha1', 'kind': 'ScaledObject', 'name': context.name}
    return {'autoscalerRef': {**reference, 'primaryScalerQueries': {'load': query}}}


def _analysis(strategy: Canary | BlueGreen, context: Context) -> dict[str, Any]:
    if context.rollback:
        return _back(strategy)
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


def _back(strategy: Canary | BlueGreen) -> dict[str, Any]:
    """A rollback: all requests go to the target, which runs the old version, as soon as it is ready; then the primary
    is replaced. With skipAnalysis the primary would get them while it still runs the bad version.
    """
    found = {'interval': _SHORTEST, 'threshold': _NEVER}
    return found | ({'iterations': 1} if isinstance(strategy, BlueGreen) else {'stepWeights': [100]})


def wants_gate(strategy: Canary | BlueGreen) -> bool:
    """Whether an approval is required: Flagger asks a gate for it."""
    return strategy.approval if isinstance(strategy, BlueGreen) else strategy.steps[-1].approval


def _steps(canary: Canary, interval: int) -> dict[str, Any]:
    first, hold = canary.steps[0], canary.steps[0].hold
    if first.headers:  # without weights: as many looks as fit into the hold
        match = {name.lower(): {'exact': text} for name, text in sorted(first.headers.items())}
        return {'iterations': max(1, hold // interval), 'match': [{'headers': match}]}
    found: dict[str, Any] = {'interval': duration(hold)} if hold else {}
    if first.mirror:
        found |= {'mirror': True, 'mirrorWeight': first.mirror}
    if canary.weights:
        return found | {'stepWeights': list(canary.weights)}
    return found | {'iterations': 1}


def _over_step(checks: Checks, strategy: Canary | BlueGreen) -> Checks:
    """The checks of a canary by weights look once, at the end of each step: at all of the step, if no window is set."""
    first = strategy.steps[0] if isinstance(strategy, Canary) else None
    if first is None or first.headers or checks.own_window or first.hold <= seconds(checks.window):
        return checks
    return replace(checks, window=duration(first.hold))


def _metric(query: Query, checks: Checks, context: Context) -> dict[str, Any]:
    limit = number(query.limit)
    return {
        'name': query.name,
        'templateRef': {'name': f'{context.name}-{query.name}'},
        'thresholdRange': {_BOUNDS[query.comparison]: float(limit) if '.' in limit else int(limit)},
        'interval': checks.interval,
    }
