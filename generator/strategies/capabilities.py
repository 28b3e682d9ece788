"""Feature, engine and router → whether it is supported; a refusal has the reason and the nearest alternative."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import assert_never

from generator.domain.choices import AGENTS, ENGINES, ROUTERS, Agent, Engine, Router, has_routes
from generator.domain.records import Values
from generator.domain.strategy import BlueGreen, Canary, Rolling, Strategy
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


@dataclass(frozen=True, slots=True)
class Refusal:
    """Features that engines do not support with some routers, the reason, and the nearest alternative."""

    features: tuple[str, ...]
    engines: tuple[Engine, ...]
    routers: tuple[Router, ...]
    reason: str
    instead: str


_ANY = ROUTERS
_ROUTED = tuple(router for router in ROUTERS if has_routes(router))
_DYNAMIC = tuple(f'canary.dynamicStableScale{more}' for more in ('', 'AndKeepOld', 'AndReplicas'))
REFUSALS = (
    Refusal(
        ('canary',), ('native',), ('service',), 'a Service does not support weights',
        "use router 'gateway-api', or engine 'argo-rollouts', or strategy blueGreen, or write strategy: {rolling: {}}",
    ),
    Refusal(
        ('canary.mirror', 'canary.mirrorOnPaths', 'canary.severalMirrors'), ('native',), ('nginx',),
        'ingress-nginx copies all requests or none', "use router 'gateway-api' or 'istio', or leave the step out",
    ),
    Refusal(
        ('canary.severalHeaders',), ('native', 'flagger'), ('nginx',), 'ingress-nginx matches only one header',
        "name one header, or use router 'gateway-api'",
    ),
    Refusal(
        ('canary.headers', 'canary.headersOnPaths', 'canary.severalHeaders', 'canary.headersAndWeights'),
        ('argo-rollouts',), ('service', 'nginx'),
        'Argo Rollouts supports header routes with gateway-api and istio only',
        "use router 'gateway-api', or leave the step out",
    ),
    Refusal(
        ('canary.mirror', 'canary.mirrorOnPaths', 'canary.severalMirrors'),
        ('argo-rollouts',), ('service', 'gateway-api', 'nginx'),
        'Argo Rollouts copies requests with istio only', "use router 'istio', or engine 'native'",
    ),
    Refusal(
        ('canary.replicas', 'canary.keepOld'), ('argo-rollouts',), ('service',),
        'without a router the weight is the number of pods', "use router 'gateway-api', or leave it out",
    ),
    Refusal(
        ('canary.finishInPlace',), ('argo-rollouts',), _ANY, 'Argo Rollouts cannot replace pods in place',
        "leave finish out, or use engine 'native'",
    ),
    Refusal(
        ('canary',), ('flagger',), ('service',), "Flagger does not support weights with router 'service'",
        "use router 'gateway-api', or engine 'argo-rollouts', or strategy blueGreen, or write strategy: {rolling: {}}",
    ),
    Refusal(
        _DYNAMIC, ('native', 'flagger'), _ANY,
        'only Argo Rollouts removes old pods as the weight grows', "use engine 'argo-rollouts', or leave it out",
    ),
    Refusal(
        _DYNAMIC, ('argo-rollouts',), ('service',),
        'without a router the weight is the number of pods: old pods are removed anyway', 'leave it out',
    ),
    Refusal(
        ('canary.dynamicStableScaleAndKeepOld',), ('argo-rollouts',), _ROUTED,
        'dynamicStableScale keeps no old pods', 'leave keepOld or dynamicStableScale out',
    ),
    Refusal(
        ('canary.dynamicStableScaleAndReplicas',), ('argo-rollouts',), _ROUTED,
        'old pods are removed as the weight grows, and the fixed number of new pods would be too few',
        'leave replicas or dynamicStableScale out',
    ),
    Refusal(
        ('canary.headersAndWeights',), ('flagger',), _ROUTED, 'Flagger supports either headers or weights',
        "leave the headers or the weights out, or use engine 'argo-rollouts'",
    ),
    Refusal(
        ('canary.mirror', 'canary.mirrorOnPaths'), ('flagger',), ('gateway-api', 'nginx'),
        'Flagger copies a share of the requests with istio only',
        "use router 'istio', or engine 'native', or leave the step out",
    ),
    Refusal(
        ('canary.checkInterval',), ('flagger',), _ROUTED, 'Flagger checks once per step',
        "leave the interval of the checks out, or use engine 'argo-rollouts'",
    ),
    Refusal(
        ('canary.headersOnPaths', 'canary.mirrorOnPaths'), ('argo-rollouts',), ('istio',),
        'Argo Rollouts adds its own rule to the VirtualService, for all paths and without a rewrite',
        "route '/' without a rewrite, or use engine 'native'",
    ),
    Refusal(
        ('canary.severalMirrors',), ('flagger',), _ROUTED, 'Flagger copies requests in its first step only',
        'write one step with a mirror',
    ),
    Refusal(
        ('canary.replicas', 'blueGreen.previewReplicas'), ('flagger',), _ANY,
        'Flagger runs the new version at full size', "leave it out, or use engine 'argo-rollouts'",
    ),
    Refusal(
        ('canary.holds',), ('flagger',), _ANY, 'Flagger has one interval for all steps',
        "give all steps the same hold, or use engine 'argo-rollouts'",
    ),
    Refusal(
        ('canary.approvalBetween',), ('flagger',), _ANY, 'Flagger asks for approval before the promotion only',
        "move the approval to the last step, or use engine 'argo-rollouts'",
    ),
    Refusal(
        ('canary.keepOld', 'blueGreen.keepOld'), ('flagger',), _ANY,
        'Flagger replaces the pods of its primary and keeps none of the old version',
        "leave keepOld out, or use engine 'argo-rollouts'",
    ),
    Refusal(
        ('canary.finishInPlace',), ('flagger',), _ANY, 'Flagger always replaces its primary at the end',
        'leave finish out',
    ),
    Refusal(
        ('blueGreen.checks',), ('flagger',), _ANY, 'Flagger checks before the switch, when the preview has no requests',
        "leave the checks out, or use engine 'argo-rollouts'",
    ),
    Refusal(
        ('canary.grpc', 'blueGreen.grpc'), ('flagger',), _ROUTED, 'Flagger creates one route, for HTTP',
        "use engine 'argo-rollouts' or 'native'",
    ),
    Refusal(
        ('canary.rules', 'blueGreen.rules'), ('flagger',), ('gateway-api', 'istio'),
        'Flagger creates one route with one rule', "use engine 'argo-rollouts' or 'native', or write one rule",
    ),
)  # fmt: skip


def refusal(feature: str, engine: Engine, router: Router) -> Refusal | None:
    """Return the refusal of a feature, or None if it is supported. A refused strategy refuses all its features."""
    whole = feature.partition('.')[0]
    for wanted in dict.fromkeys((whole, feature)):
        for item in REFUSALS:
            if wanted in item.features and engine in item.engines and router in item.routers:
                return item
    return None


def combinations() -> Iterator[tuple[str, Engine, Router, Agent, Refusal | None]]:
    """Yield feature, engine, router, agent and refusal; an agent never causes one."""
    for feature, engine, router, agent in product(FEATURES, ENGINES, ROUTERS, AGENTS):
        yield feature, engine, router, agent, refusal(feature, engine, router)


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
