"""Registry → problems that schemas cannot find: references, name collisions, cycles, values that are set elsewhere."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import assert_never

from generator.charts.layers import model_problems
from generator.charts.stores import store_problems
from generator.checks.agents import agent_problems
from generator.checks.clusters import places
from generator.checks.credentials import credential_problems
from generator.checks.frozen import frozen_problems
from generator.checks.kubernetes import FEATURES
from generator.checks.platform import platform_problems
from generator.checks.references import reference_problems
from generator.checks.rollouts import rollout_problems
from generator.checks.routes import route_problems
from generator.checks.rules import broken
from generator.checks.scope import Scope
from generator.checks.withdrawn import withdrawn_problems
from generator.checks.written import written
from generator.domain.choices import has_projects, has_routes, reaches_other_clusters
from generator.domain.environments import Environment
from generator.domain.generated import Templates
from generator.domain.places import json_path
from generator.domain.problems import Problem
from generator.domain.records import Registry
from generator.domain.settings import Settings
from generator.domain.words import either
from generator.strategies.faults import strategy_faults


def registry_problems(registry: Registry, templates: Templates, unread: Collection[str] = ()) -> list[Problem]:
    """Return the problems of the files read: of the complete registry, or of one model and what it needs.

    `unread` are files that exist but could not be read: problems that depend on their content are not reported.
    """
    return [
        *(p for model in registry.models.values() for p in model_problems(model, templates)),
        *(p for environment in registry.environments.values() for p in _environment(environment, registry)),
        *reference_problems(registry, unread),
        *rollout_problems(registry, unread),
        *withdrawn_problems(registry),
        *route_problems(registry),
        *_cycles(registry.environments),
        *shared_namespaces(registry.environments.values()),
        *agent_problems(registry.environments),
        *broken(Scope(registry), 'registry'),
        *_strategies(registry),
        *credential_problems(registry),
    ]


def _environment(environment: Environment, registry: Registry) -> Iterator[Problem]:
    file, spec = environment.file, environment.spec
    if has_routes(environment.router):
        for key, why in (('gateway', 'the gateway of the routes'), ('domain', 'the domain of host names')):
            if key not in spec:
                yield Problem(
                    file,
                    '$.spec',
                    f"router '{environment.router}' requires '{key}'",
                    f"add '{key}', {why}, or use router 'service'",
                )
    if reaches_other_clusters(environment.agent) and not environment.server:
        hint = 'add server: https://<host>[:<port>], as registered in Argo CD; its own cluster is https://kubernetes.default.svc'
        yield Problem(file, '$.spec.cluster', "Argo CD needs the address of the cluster's API server", hint)
    yield from _controller(environment)
    yield from _chart_source(environment, registry.settings)
    yield from platform_problems(environment)
    yield from store_problems(environment)
    yield from frozen_problems(environment)
    for feature in FEATURES:
        if not feature.path and not feature.is_in(environment):
            message = f"Kubernetes '{environment.kubernetes}' has no {feature.name}, which the charts require"
            hint = f'use a cluster with Kubernetes {feature.shown_since} or later'
            yield Problem(file, '$.spec.kubernetes', message, hint)
    if environment.follows_newest and spec.get('promotesFrom'):
        message = f'takes each version at once, and also promotes from {either(spec["promotesFrom"])}'
        yield Problem(file, '$.spec.follow', message, "remove 'follow' or 'promotesFrom'")
    root = f'{environment.name}-root'
    other = registry.environments.get(root)
    if other and has_projects(environment.agent) and has_projects(other.agent):
        message = f"environment '{environment.name}' has an Argo CD project with the same name '{root}'"
        yield Problem(other.file, '$.metadata.name', message, 'choose another name')


def _chart_source(environment: Environment, settings: Settings) -> Iterator[Problem]:
    """Report an environment whose agent would not find its charts."""
    source = environment.chart_source(settings)
    match source:
        case 'git':
            if settings.chart_source != 'git':
                message = (
                    "charts of this repository are in the registry ('charts.source: oci'), and in no folders of git"
                )
                yield Problem(environment.file, '$.spec.chartSource', message, 'remove the key')
        case 'oci':
            if not settings.registry:
                hint = 'set registry there to the folder for charts, oci://<host>/<path>'
                message = f"no OCI registry for charts, which environment '{environment.name}' gets from one"
                yield Problem(settings.file, '$.spec.charts', message, hint)
        case _:
            assert_never(source)


def _controller(environment: Environment) -> Iterator[Problem]:
    """Report a controller without a gateway of the Gateway API: it would be ignored."""
    router = environment.router
    match router:
        case 'gateway-api':
            pass
        case 'service' | 'istio' | 'nginx':
            if environment.controller:
                message = f"controller '{environment.controller}' runs gateways of router 'gateway-api', not '{router}'"
                hint = "remove it, or use router 'gateway-api'"
                yield Problem(environment.file, '$.spec.gateway.controller', message, hint)
        case _:
            assert_never(router)


def _cycles(environments: Mapping[str, Environment]) -> Iterator[Problem]:
    """Report each promotion cycle once, at the first of its names; each environment is visited once."""
    done: set[str] = set()
    for name in sorted(environments):
        for circle in _circles(name, environments, done):
            start = circle.index(min(circle))
            shown = ' → '.join((*circle[start:], *circle[:start], circle[start]))
            hint = 'remove one of these references'
            message = f'promotion cycle: {shown}'
            yield Problem(environments[circle[start]].file, '$.spec.promotesFrom', message, hint)


def _circles(name: str, environments: Mapping[str, Environment], done: set[str]) -> Iterator[tuple[str, ...]]:
    """Walk back from an environment; without recursion, because there may be very many."""
    way = [] if name in done else [name]
    open_ = [_sources(each, environments) for each in way]
    while way:
        source = next(open_[-1], None)
        if source is None:
            done.add(way.pop())
            open_.pop()
        elif source in way:
            yield tuple(way[way.index(source) :])
        elif source not in done and source in environments:
            way.append(source)
            open_.append(_sources(source, environments))


def _sources(name: str, environments: Mapping[str, Environment]) -> Iterator[str]:
    return iter(environments[name].spec.get('promotesFrom', []))


def shared_namespaces(environments: Iterable[Environment]) -> Iterator[Problem]:
    """Report environments with the same cluster and namespace, also if names or addresses are written differently."""
    seen: dict[tuple[object, str], str] = {}
    for environment in environments:
        mine = places(environment)
        taken = {seen[place] for place in mine if place in seen}
        for other in sorted(taken):
            message = f"environment '{other}' has the same cluster and namespace '{environment.namespace}'"
            yield Problem(environment.file, '$.spec.namespace', message, 'give each environment its own namespace')
        seen.update(dict.fromkeys(mine, environment.name))


def _strategies(registry: Registry) -> Iterator[Problem]:
    for item in written(registry):
        if 'strategy' in item.spec:
            for fault in strategy_faults(item.spec['strategy']):
                yield Problem(item.file, json_path(('spec', 'strategy', *fault.path)), fault.message, fault.hint)
