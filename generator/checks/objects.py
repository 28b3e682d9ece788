"""A resolved release → the names of all objects that its chart renders, or that controllers create from them.

A name is the release's own with an ending; Certificates and Secrets have names of their own. The objects of all stages
of a rollout count: a name that is free today must be free in the next step.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from generator.domain.choices import Engine, makes_routes
from generator.domain.generated import ResolvedRelease
from generator.domain.strategy import BlueGreen, Canary, Rolling
from generator.domain.values import Values
from generator.values.merge import enabled

# Objects that every release may have once, under its own name.
_ONE = (
    'ServiceAccount', 'PodDisruptionBudget', 'PodMonitor', 'PrometheusRule', 'HTTPRoute', 'GRPCRoute',
    'SecurityPolicy', 'RequestAuthentication', 'PeerAuthentication', 'Rollout', 'Canary',
)  # fmt: skip


def endings(release: ResolvedRelease) -> dict[str, set[str]]:
    """Return the endings of the names of a release's objects, by kind; '' is the release's own name."""
    sets, services = tracks(release), _services(release)
    values = release.merged
    found = {kind: {''} for kind in _ONE}
    found['Deployment'] = found['ScaledObject'] = sets
    found['HorizontalPodAutoscaler'] = sets | {f'{each}-keda' for each in sets if _by_keda(values)}
    found['Service'] = services
    found['ConfigMap'] = {'-dashboard'}
    found['Pod'] = {'-test'}
    found['NetworkPolicy'] = {'', '-helm-test'}
    found['AuthorizationPolicy'] = {'', '-pods'}
    found['ExternalSecret'] = {f'-{name}' for name in enabled(values['externalSecrets']['secrets'])}
    found['AnalysisTemplate'] = {'-holds', '-background', '-promotion'}
    found['MetricTemplate'] = {f'-{name}' for name in _metrics(release)}
    return found | _routes(release, services)


def _routes(release: ResolvedRelease, services: set[str]) -> dict[str, set[str]]:
    """The endings of what routers other than the Gateway API need: one object for HTTP, another for gRPC."""
    values, router = release.merged, release.environment.router
    opened = {end for key, end in (('route', ''), ('grpcRoute', '-grpc')) if values[key]['enabled']}
    match router:
        case 'service' | 'gateway-api':
            return {}
        case 'istio':
            return {'VirtualService': opened, 'DestinationRule': services}
        case 'nginx' if isinstance(release.strategy, Rolling):
            return {'Ingress': opened}
        case 'nginx':
            # Argo Rollouts names its copy of an Ingress by the Rollout and the Ingress.
            copies = {f'{before}{end}-canary' for end in opened for before in ('', f'-{release.release.model}')}
            return {'Ingress': opened | copies}
        case _:
            assert_never(router)


def tracks(release: ResolvedRelease) -> set[str]:
    """The endings of Deployments, and of Flagger's copy."""
    strategy = release.strategy
    if isinstance(strategy, Rolling):
        return {''}
    engine = _engine(release)
    match engine:
        case 'native':
            return {'', '-canary'} if isinstance(strategy, Canary) else {'', '-blue', '-green'}
        case 'argo-rollouts':
            return {''}
        case 'flagger':
            return {'', '-primary'}
        case _:
            assert_never(engine)


def _services(release: ResolvedRelease) -> set[str]:
    strategy = release.strategy
    engine = _engine(release)
    match strategy:
        case Rolling():
            return {''}
        case Canary() | BlueGreen() if makes_routes(engine):
            return {'', '-canary', '-primary'}
        case Canary():
            return {'', '-canary', '-stable'}
        case BlueGreen():
            return {'', '-preview'}
        case _:
            assert_never(strategy)


def _engine(release: ResolvedRelease) -> Engine:
    return release.release.engine(release.environment)


def _by_keda(values: Values) -> bool:
    scaling = values['autoscaling']
    return bool(scaling['enabled'] and scaling['type'] == 'keda')


def _metrics(release: ResolvedRelease) -> Iterator[str]:
    """The checks of Flagger, which has an object for each."""
    strategy = release.strategy
    if not isinstance(strategy, Rolling) and strategy.checks and makes_routes(_engine(release)):
        yield from (check.name for check in strategy.checks.checks)
