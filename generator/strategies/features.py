"""A strategy and the merged values of its release → the features that it uses, by the names of the capability table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import assert_never

from generator.domain.strategy import BlueGreen, Canary, Rolling, Strategy
from generator.domain.values import Values
from generator.values.merge import enabled

FEATURES: Mapping[str, str] = {
    'rolling': 'pods are replaced step by step',
    'blueGreen': 'all traffic switches at once',
    'blueGreen.previewReplicas': 'a smaller preview',
    'blueGreen.approval': 'approval before the switch',
    'blueGreen.keepOld': 'old pods are kept for a time',
    'blueGreen.checks': 'checks after the switch',
    'blueGreen.grpc': 'with a gRPC route',
    'blueGreen.rules': 'with several rules in a route',
    'canary': 'traffic moves by weights',
    'canary.headers': 'requests with a header',
    'canary.severalHeaders': 'requests with several headers',
    'canary.headersAndWeights': 'headers first, then weights',
    'canary.headersOnPaths': 'headers, with a rule for some paths only or a rewrite',
    'canary.mirror': 'copies of requests',
    'canary.mirrorOnPaths': 'copies, with a rule for some paths only or a rewrite',
    'canary.severalMirrors': 'several steps with copies',
    'canary.replicas': 'a fixed number of new pods',
    'canary.holds': 'steps of different length',
    'canary.approval': 'approval of the last step',
    'canary.approvalBetween': 'approval of other steps',
    'canary.keepOld': 'old pods are kept for a time',
    'canary.finishInPlace': 'finish: inPlace',
    'canary.dynamicStableScale': 'old pods are removed as the weight grows',
    'canary.dynamicStableScaleAndKeepOld': 'the same, and old pods are kept for a time',
    'canary.dynamicStableScaleAndReplicas': 'the same, and a fixed number of new pods',
    'canary.checks': 'checks while the canary has traffic',
    'canary.checkInterval': 'checks with their own interval',
    'canary.grpc': 'with a gRPC route',
    'canary.rules': 'with several rules in a route',
}


def features(strategy: Strategy, values: Values) -> list[str]:
    """Return the features that a strategy uses, given the merged values of its release."""
    match strategy:
        case Canary():
            asked = [*_canary(strategy), *_routes(values)]
            if _on_paths(values):
                asked += [f'{name}OnPaths' for name in ('headers', 'mirror') if name in asked]
            return ['canary', *(f'canary.{name}' for name in asked)]
        case BlueGreen():
            return ['blueGreen', *(f'blueGreen.{name}' for name in (*_blue_green(strategy), *_routes(values)))]
        case Rolling():
            return ['rolling']
        case _:
            assert_never(strategy)


def _canary(canary: Canary) -> Iterator[str]:
    steps = canary.steps
    headers = [step.headers for step in steps if step.headers]
    mirrors = [step for step in steps if step.mirror]
    asked = {
        'headers': headers,
        'severalHeaders': any(len(each) > 1 for each in headers) or len(headers) > 1,
        'headersAndWeights': headers and len(headers) < len(steps),
        'mirror': mirrors,
        'severalMirrors': len(mirrors) > 1,
        'replicas': canary.replicas,
        'holds': len({step.hold for step in steps}) > 1,
        'approval': steps[-1].approval,
        'approvalBetween': any(step.approval for step in steps[:-1]),
        'keepOld': canary.keep_old,
        'finishInPlace': canary.finish == 'inPlace',
        'dynamicStableScale': canary.dynamic_stable_scale,
        'dynamicStableScaleAndKeepOld': canary.dynamic_stable_scale and canary.keep_old,
        'dynamicStableScaleAndReplicas': canary.dynamic_stable_scale and canary.replicas,
        'checks': canary.checks,
        'checkInterval': canary.checks and canary.checks.own_interval,
    }
    return (name for name, wanted in asked.items() if wanted)


def _blue_green(strategy: BlueGreen) -> Iterator[str]:
    asked = {
        'previewReplicas': strategy.preview_replicas,
        'approval': strategy.approval,
        'keepOld': strategy.keep_old,
        'checks': strategy.checks,
    }
    return (name for name, wanted in asked.items() if wanted)


def _routes(values: Values) -> Iterator[str]:
    if values['grpcRoute']['enabled']:
        yield 'grpc'
    if values['route']['enabled'] and len(enabled(values['route']['rules'])) > 1:
        yield 'rules'


def _on_paths(values: Values) -> bool:
    """Whether a route matches only some requests, or rewrites them."""
    route, grpc = values['route'], values['grpcRoute']
    rules = enabled(route['rules']).values() if route['enabled'] else ()
    narrow = any(rule['path'] != '/' or rule['type'] != 'PathPrefix' or rule.get('rewrite') for rule in rules)
    return narrow or bool(grpc['enabled'] and enabled(grpc['methods']))
