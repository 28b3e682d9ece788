"""Feature, engine and router → whether it is supported; a refusal has the reason and the nearest alternative."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from generator.domain.choices import AGENTS, ENGINES, ROUTERS, Agent, Engine, Router, has_routes
from generator.strategies.features import FEATURES


@dataclass(frozen=True, slots=True)
class Refusal:
    """Features that engines do not support with some routers, the reason, and the nearest alternative."""

    features: tuple[str, ...]
    engines: tuple[Engine, ...]
    routers: tuple[Router, ...]
    reason: str
    instead: str

    def without(self, keys: Sequence[str]) -> str:
        """The alternative for a strategy that has these keys."""
        return self.instead.replace('leave it out', f'leave {" and ".join(keys)} out')


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
        'only Argo Rollouts removes old pods as the weight grows',
        "use engine 'argo-rollouts', or leave dynamicStableScale out",
    ),
    Refusal(
        _DYNAMIC, ('argo-rollouts',), ('service',),
        'without a router the weight is the number of pods: old pods are removed anyway',
        'leave dynamicStableScale out',
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
        "write rules: {main: {path: /}} in the route, or use engine 'native'",
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
