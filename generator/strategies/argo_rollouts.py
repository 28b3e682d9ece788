"""A canary or blue/green strategy → the strategy of an Argo Rollouts Rollout, and its AnalysisTemplates.

With checks a canary waits for good results after each weight, and a second analysis in the background can only abort:
without data the rollout stays where it is. A background analysis alone is over when it is inconclusive, and the rollout
goes on (Argo Rollouts 1.9.0).
"""

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
_LOOKS = 5  # after the switch of blueGreen
# An analysis that ends only by its results: without data it goes on.
_NEVER = 1_000_000
_ERRORS = 90  # an outage of Prometheus (15 s each) that does not abort
_WAITING = {'count': _NEVER, 'inconclusiveLimit': _NEVER, 'consecutiveSuccessLimit': '{{args.looks}}'}
_OPPOSITE = {'>=': '<', '<=': '>'}
# Names of AnalysisTemplates, after the release's.
_HOLDS, _BACKGROUND, _PROMOTION = 'holds', 'background', 'promotion'
_HASH = 'rollouts_pod_template_hash="{{args.hash}}"'
# Argo Rollouts' own default: connections end, and an abort requires no new pods.
_SCALE_DOWN = 30


def compile_rollouts(strategy: Canary | BlueGreen, context: Context) -> dict[str, Any]:
    """Return the values below `strategy` in the form of Argo Rollouts."""
    if isinstance(strategy, Canary):
        found: dict[str, Any] = {'rollout': {'canary': _canary(strategy, context)}}
    else:
        found = {'rollout': {'blueGreen': _blue_green(strategy, context)}}
    if strategy.checks and not context.rollback:
        names = (_HOLDS, _BACKGROUND) if isinstance(strategy, Canary) else (_PROMOTION,)
        found['analysis'] = {name: _analysis(strategy.checks, context, waits=name != _BACKGROUND) for name in names}
    return found


def shortest_hold(checks: Checks) -> int:
    """Return the seconds that a hold with checks must exceed: the first look comes after the window."""
    return int(seconds(checks.window))


def _interval(checks: Checks) -> int:
    return max(1, int(seconds(checks.interval)))


def _canary(canary: Canary, context: Context) -> dict[str, Any]:
    steps = list(_back(canary, context) if context.rollback else _steps(canary, context))
    found: dict[str, Any] = {key: context.values['strategy']['rolling'][key] for key in ('maxSurge', 'maxUnavailable')}
    if has_routes(context.router):
        found |= {'stableService': context.name, 'canaryService': f'{context.name}-canary'}
        # The stable pods are removed as the weight grows; Argo Rollouts refuses a delay with it.
        found |= (
            {'dynamicStableScale': True}
            if canary.dynamic_stable_scale
            else {'scaleDownDelaySeconds': (not context.rollback and canary.keep_old) or _SCALE_DOWN}
        )
        found['trafficRouting'] = _routing(canary, context)
    if canary.checks and not context.rollback:
        first = next(number for number, step in enumerate(steps) if step.keys() & _TRAFFIC)
        found['analysis'] = {**_templates(context, _BACKGROUND), 'startingStep': first + 1}
    return found | {'steps': steps}


def _back(canary: Canary, context: Context) -> Iterator[dict[str, Any]]:
    """Steps of a rollback: all old pods, then all requests. Its own window would send requests to too few pods.

    If pods are removed as the weight grows, there is no room for all of both versions: back by weights.
    """
    if canary.dynamic_stable_scale:
        yield from ({'setWeight': weight} for weight in canary.weights)
        return
    if has_routes(context.router):
        yield {'setCanaryScale': {'weight': 100}}
    yield {'setWeight': 100}


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
        if canary.checks:
            yield {'analysis': _templates(context, _HOLDS, looks=_looks(step.hold, canary.checks))}
        elif step.hold:
            yield {'pause': {'duration': duration(step.hold)}}
        if step.approval:
            yield {'pause': {}}
    if mirrored:
        yield {'setMirrorRoute': {'name': _route(context, 'mirror')}}
    if canary.replicas:
        # The last shift requires all pods.
        yield {'setCanaryScale': {'weight': 100}}


def _looks(hold: int, checks: Checks) -> int:
    """Good results in a row that take as long as the hold: the first one comes after the window."""
    return 1 + max(0, -(-(hold - shortest_hold(checks)) // _interval(checks)))


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
        'autoPromotionEnabled': context.rollback or not strategy.approval,
    }
    if strategy.checks and not context.rollback:
        # Without a delay the old pods stay until the analysis is successful.
        looks = max(_LOOKS, _looks(strategy.keep_old, strategy.checks))
        found['postPromotionAnalysis'] = _templates(context, _PROMOTION, looks=looks)
    else:
        # A version that was given up is not kept.
        found['scaleDownDelaySeconds'] = (not context.rollback and strategy.keep_old) or _SCALE_DOWN
    if strategy.preview_replicas and not context.rollback:
        found['previewReplicaCount'] = strategy.preview_replicas
    return found


def _templates(context: Context, name: str, looks: int = 0) -> dict[str, Any]:
    args: list[dict[str, Any]] = [{'name': 'hash', 'valueFrom': {'podTemplateHashValue': 'Latest'}}]
    if looks:
        args.append({'name': 'looks', 'value': str(looks)})
    return {'templates': [{'templateName': f'{context.name}-{name}'}], 'args': args}


def _analysis(checks: Checks, context: Context, *, waits: bool) -> dict[str, Any]:
    """An analysis that `waits` for as many good results as its argument says; else one that only fails."""
    metrics = []
    for query in context.queries(checks, _HASH):
        known, limit = 'len(result) > 0 && !isNaN(result[0])', number(query.limit)
        good = f'result[0] {query.comparison} {limit}'
        bad = f'{known} && result[0] {_OPPOSITE[query.comparison]} {limit}'
        metrics.append(
            {
                'name': query.name,
                'interval': checks.interval,
                'initialDelay': checks.window,
                'failureLimit': checks.failures,
                'consecutiveErrorLimit': _ERRORS,
                # Without data neither condition holds: the result is inconclusive, and the analysis goes on.
                **(_WAITING if waits else {}),
                'successCondition': f'{known} && {good}' if waits else f'!({bad})',
                'failureCondition': bad,
                'provider': {'prometheus': {'address': context.prometheus, 'timeout': 30, 'query': query.promql}},
            }
        )
    return {'args': [{'name': 'hash'}, *([{'name': 'looks'}] if waits else [])], 'metrics': metrics}
