"""A canary or blue/green strategy → the strategy of an Argo Rollouts Rollout, and what its AnalysisTemplate checks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, assert_never

from generator.domain.choices import has_routes
from generator.domain.strategy import BlueGreen, Canary, Checks, Step
from generator.domain.units import duration, number, seconds
from generator.strategies.context import Context
from generator.values.merge import enabled

PLUGIN = 'argoproj-labs/gatewayAPI'
# Steps that send requests, or copies of them, to the new version.
_TRAFFIC = {'setWeight', 'setHeaderRoute', 'setMirrorRoute'}
_LOOKS = 5  # of an analysis that must end
_HASH = 'rollouts_pod_template_hash="{{args.hash}}"'
# Argo Rollouts' own default: connections end, and an abort requires no new pods.
_SCALE_DOWN = 30


def compile_rollouts(strategy: Canary | BlueGreen, context: Context) -> dict[str, Any]:
    """Return the values below `strategy` in the form of Argo Rollouts."""
    if isinstance(strategy, Canary):
        found: dict[str, Any] = {'rollout': {'canary': _canary(strategy, context)}}
        looks = None  # it runs as long as the rollout
    else:
        found = {'rollout': {'blueGreen': _blue_green(strategy, context)}}
        looks = max(_LOOKS, strategy.keep_old // _interval(strategy.checks)) if strategy.checks else None
    if strategy.checks:
        found['analysis'] = _analysis(strategy.checks, context, looks)
    return found


def _interval(checks: Checks) -> int:
    return max(1, int(seconds(checks.interval)))


def _canary(canary: Canary, context: Context) -> dict[str, Any]:
    steps = list(_steps(canary, context))
    found: dict[str, Any] = {key: context.values['strategy']['rolling'][key] for key in ('maxSurge', 'maxUnavailable')}
    if has_routes(context.router):
        found |= {
            'stableService': context.name,
            'canaryService': f'{context.name}-canary',
            'scaleDownDelaySeconds': canary.keep_old or _SCALE_DOWN,
            'trafficRouting': _routing(canary, context),
        }
    if canary.checks:
        first = next(number for number, step in enumerate(steps) if step.keys() & _TRAFFIC)
        found['analysis'] = {**_templates(context), 'startingStep': first + 1}
    return found | {'steps': steps}


def _steps(canary: Canary, context: Context) -> Iterator[dict[str, Any]]:
    weighed = False  # whether pods follow the weight, as they do by default
    if has_routes(context.router) and (canary.replicas or not canary.steps[0].weight):
        yield {'setCanaryScale': {'replicas': canary.replicas or 1}}
        weighed = bool(canary.replicas)
    else:
        weighed = True
    mirrored = False
    for step in canary.steps:
        if mirrored:
            yield {'setMirrorRoute': {'name': _route(context, 'mirror')}}
        mirrored = bool(step.mirror)
        if step.weight and not weighed:
            yield {'setCanaryScale': {'matchTrafficWeight': True}}
            weighed = True
        yield _step(step, context)
        if step.hold:
            yield {'pause': {'duration': duration(step.hold)}}
        if step.approval:
            yield {'pause': {}}
    if mirrored:
        yield {'setMirrorRoute': {'name': _route(context, 'mirror')}}
    if canary.replicas:
        # The last shift requires all pods.
        yield {'setCanaryScale': {'weight': 100}}


def _step(step: Step, context: Context) -> dict[str, Any]:
    if step.headers:
        match = [{'headerName': name, 'headerValue': {'exact': text}} for name, text in sorted(step.headers.items())]
        return {'setHeaderRoute': {'name': _route(context, 'headers'), 'match': match}}
    if step.mirror:
        everything = [{'path': {'prefix': '/'}}]
        route = {'name': _route(context, 'mirror'), 'percentage': step.mirror, 'match': everything}
        return {'setMirrorRoute': route}
    return {'setWeight': step.weight}


def _route(context: Context, what: str) -> str:
    return f'{context.name}-{what}'


def _routing(canary: Canary, context: Context) -> dict[str, Any]:
    managed = [
        {'name': _route(context, what)}
        for what, wanted in (
            ('headers', any(step.headers for step in canary.steps)),
            ('mirror', any(step.mirror for step in canary.steps)),
        )
        if wanted
    ]
    return ({'managedRoutes': managed} if managed else {}) | _router(context, headers=bool(managed))


def _router(context: Context, *, headers: bool) -> dict[str, Any]:
    http, grpc = (context.values[key]['enabled'] for key in ('route', 'grpcRoute'))
    router = context.router
    match router:
        case 'service':  # the weight is the number of pods
            return {}
        case 'gateway-api':
            more = {'useHeaderRoutes': True} if headers else {}
            plugin: dict[str, Any] = {'namespace': context.namespace}
            plugin |= {'httpRoutes': [{'name': context.name, **more}]} if http else {}
            plugin |= {'grpcRoutes': [{'name': context.name, **more}]} if grpc else {}
            return {'plugins': {PLUGIN: plugin}}
        case 'istio':
            services = (
                [{'name': context.name, 'routes': sorted(enabled(context.values['route']['rules']))}] if http else []
            )
            services += [{'name': f'{context.name}-grpc', 'routes': ['calls']}] if grpc else []
            return {'istio': {'virtualServices': services} if len(services) > 1 else {'virtualService': services[0]}}
        case 'nginx':
            ingresses = [name for name, there in ((context.name, http), (f'{context.name}-grpc', grpc)) if there]
            return {'nginx': {'stableIngresses': ingresses} if len(ingresses) > 1 else {'stableIngress': ingresses[0]}}
        case _:
            assert_never(router)


def _blue_green(strategy: BlueGreen, context: Context) -> dict[str, Any]:
    found: dict[str, Any] = {
        'activeService': context.name,
        'previewService': f'{context.name}-preview',
        'autoPromotionEnabled': not strategy.approval,
        'scaleDownDelaySeconds': strategy.keep_old or _SCALE_DOWN,
    }
    if strategy.preview_replicas:
        found['previewReplicaCount'] = strategy.preview_replicas
    if strategy.checks:
        found['postPromotionAnalysis'] = _templates(context)
    return found


def _templates(context: Context) -> dict[str, Any]:
    return {
        'templates': [{'templateName': context.name}],
        'args': [{'name': 'hash', 'valueFrom': {'podTemplateHashValue': 'Latest'}}],
    }


def _analysis(checks: Checks, context: Context, looks: int | None) -> dict[str, Any]:
    metrics = []
    for query in context.queries(checks, _HASH):
        known = 'len(result) > 0 && !isNaN(result[0]) && result[0]'
        limit, other = number(query.limit), {'>=': '<', '<=': '>'}[query.comparison]
        metrics.append(
            {
                'name': query.name,
                'interval': checks.interval,
                **({'count': looks} if looks else {}),
                'initialDelay': checks.window,
                'failureLimit': checks.failures,
                # Without data neither condition holds: the result is inconclusive, and the rollout pauses.
                'inconclusiveLimit': 3,
                'consecutiveErrorLimit': 4,
                'successCondition': f'{known} {query.comparison} {limit}',
                'failureCondition': f'{known} {other} {limit}',
                'provider': {'prometheus': {'address': context.prometheus, 'timeout': 30, 'query': query.promql}},
            }
        )
    return {'args': [{'name': 'hash'}], 'metrics': metrics}
