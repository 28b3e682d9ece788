"""What of a strategy each engine can do with each router: a table, with the reason and the nearest way for each gap."""

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
    'blueGreen.approval': 'somebody approves the switch',
    'blueGreen.keepOld': 'the old version stays a while',
    'blueGreen.checks': 'checks after the switch',
    'blueGreen.grpc': 'with a route for gRPC',
    'blueGreen.rules': 'with several rules of a route',
    'canary': 'traffic moves by weights',
    'canary.headers': 'requests with a header',
    'canary.severalHeaders': 'requests with several headers',
    'canary.headersAndWeights': 'headers first, then weights',
    'canary.headersOnPaths': 'the same of some paths only, or rewritten',
    'canary.mirror': 'a copy of the requests',
    'canary.mirrorOnPaths': 'the same of some paths only, or rewritten',
    'canary.severalMirrors': 'more than one step that copies',
    'canary.replicas': 'a fixed number of new pods',
    'canary.holds': 'steps of different length',
    'canary.approval': 'somebody approves the last step',
    'canary.approvalBetween': 'somebody approves other steps',
    'canary.keepOld': 'the old version stays a while',
    'canary.finishInPlace': 'finish: inPlace',
    'canary.checks': 'checks while it takes traffic',
    'canary.checkInterval': 'looks at an interval of their own',
    'canary.grpc': 'with a route for gRPC',
    'canary.rules': 'with several rules of a route',
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """What engines cannot do with some routers, why not, and the nearest that works."""

    features: tuple[str, ...]
    engines: tuple[Engine, ...]
    routers: tuple[Router, ...]
    reason: str
    instead: str


_ANY = ROUTERS
_ROUTED = tuple(router for router in ROUTERS if has_routes(router))
REFUSALS = (
    Refusal(
        ('canary',), ('native',), ('service',), 'a Service cannot weigh traffic',
        "use router 'gateway-api', or strategy blueGreen, or engine 'argo-rollouts', which counts pods",
    ),
    Refusal(
        ('canary.mirror', 'canary.mirrorOnPaths', 'canary.severalMirrors'), ('native',), ('nginx',),
        'ingress-nginx copies all requests or none', "use router 'gateway-api' or 'istio', or leave the step out",
    ),
    Refusal(
        ('canary.severalHeaders',), ('native', 'flagger'), ('nginx',), 'ingress-nginx looks at one header',
        "name one header, or use router 'gateway-api'",
    ),
    Refusal(
        ('canary.headers', 'canary.headersOnPaths', 'canary.severalHeaders', 'canary.headersAndWeights'),
        ('argo-rollouts',), ('service', 'nginx'),
        'Argo Rollouts has header routes with gateway-api and istio only',
        "use router 'gateway-api', or leave the step out",
    ),
    Refusal(
        ('canary.mirror', 'canary.mirrorOnPaths', 'canary.severalMirrors'),
        ('argo-rollouts',), ('service', 'gateway-api', 'nginx'),
        'Argo Rollouts copies requests with istio only', "use router 'istio', or engine 'native'",
    ),
    Refusal(
        ('canary.replicas', 'canary.keepOld'), ('argo-rollouts',), ('service',),
        'without a router the number of pods is the weight', "use router 'gateway-api', or leave it out",
    ),
    Refusal(
        ('canary.finishInPlace',), ('argo-rollouts',), _ANY, 'Argo Rollouts replaces no pods in place',
        "leave finish out, or use engine 'native'",
    ),
    Refusal(
        ('canary',), ('flagger',), ('service',), "Flagger cannot weigh traffic with router 'service'",
        "use router 'gateway-api', or strategy blueGreen, or engine 'argo-rollouts'",
    ),
    Refusal(
        ('canary.headersAndWeights',), ('flagger',), _ROUTED, 'Flagger takes either headers or weights',
        "leave the headers or the weights out, or use engine 'argo-rollouts'",
    ),
    Refusal(
        ('canary.mirror', 'canary.mirrorOnPaths'), ('flagger',), ('gateway-api', 'nginx'),
        'Flagger copies a share of the requests with istio only',
        "use router 'istio', or engine 'native', or leave the step out",
    ),
    Refusal(
        ('canary.checkInterval',), ('flagger',), _ROUTED, 'Flagger looks once in each step',
        "leave the interval of the checks out, or use engine 'argo-rollouts'",
    ),
    Refusal(
        ('canary.headersOnPaths', 'canary.mirrorOnPaths'), ('argo-rollouts',), ('istio',),
        'Argo Rollouts adds a rule of its own to the VirtualService, for all paths and without a rewrite',
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
        'Flagger gives its one primary the new version, and nothing of the old one stays',
        "leave keepOld out, or use engine 'argo-rollouts'",
    ),
    Refusal(
        ('canary.finishInPlace',), ('flagger',), _ANY, 'Flagger always replaces its primary at the end',
        'leave finish out',
    ),
    Refusal(
        ('blueGreen.checks',), ('flagger',), _ANY, 'Flagger checks before the switch, when nobody asks the preview',
        "leave the checks out, or use engine 'argo-rollouts'",
    ),
    Refusal(
        ('canary.grpc', 'blueGreen.grpc'), ('flagger',), _ROUTED, 'Flagger makes one route, for HTTP',
        "use engine 'argo-rollouts' or 'native'",
    ),
    Refusal(
        ('canary.rules', 'blueGreen.rules'), ('flagger',), ('gateway-api', 'istio'),
        'Flagger makes one route with one rule', "use engine 'argo-rollouts' or 'native', or write one rule",
    ),
)  # fmt: skip


def refusal(feature: str, engine: Engine, router: Router) -> Refusal | None:
    """Why not, or None where it works. What belongs to a canary cannot be where no canary can be."""
    whole = feature.partition('.')[0]
    for wanted in dict.fromkeys((whole, feature)):
        for item in REFUSALS:
            if wanted in item.features and engine in item.engines and router in item.routers:
                return item
    return None


def combinations() -> Iterator[tuple[str, Engine, Router, Agent, Refusal | None]]:
    """Feature, engine, router, agent, and the refusal: no agent stands in the way of any."""
    for feature, engine, router, agent in product(FEATURES, ENGINES, ROUTERS, AGENTS):
        yield feature, engine, router, agent, refusal(feature, engine, router)


def features(strategy: Strategy, values: Values) -> list[str]:
    """What a strategy asks for, with the merged values of its release."""
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
    """Whether a route takes some requests only, or sends them on changed."""
    route, grpc = values['route'], values['grpcRoute']
    rules = enabled(route['rules']).values() if route['enabled'] else ()
    narrow = any(rule['path'] != '/' or rule['type'] != 'PathPrefix' or rule.get('rewrite') for rule in rules)
    return narrow or bool(grpc['enabled'] and enabled(grpc['methods']))
