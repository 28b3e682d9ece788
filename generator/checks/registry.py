"""Registry → problems that schemas cannot find: references, name collisions, cycles, values that are set elsewhere."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import assert_never

from generator.charts.layers import model_problems
from generator.checks.agents import agent_problems
from generator.checks.capacity import cluster_key, environment_problems
from generator.checks.credentials import credential_problems
from generator.checks.kubernetes import FEATURES
from generator.checks.references import reference_problems
from generator.checks.releases import release_problems, stage_problems
from generator.checks.rollouts import rollout_problems
from generator.checks.routes import route_problems
from generator.domain.choices import has_projects, has_routes, reaches_other_clusters
from generator.domain.generated import Templates
from generator.domain.places import Path, json_path
from generator.domain.problems import Problem
from generator.domain.records import Environment, Model, Registry, Release
from generator.domain.words import either
from generator.strategies.faults import strategy_faults

__all__ = ['environment_problems', 'registry_problems', 'release_problems', 'stage_problems']


def registry_problems(registry: Registry, templates: Templates, unread: Collection[str] = ()) -> list[Problem]:
    """Return the problems of the files read: of the complete registry, or of one model and what it needs.

    `unread` are files that exist but could not be read: problems that depend on their content are not reported.
    """
    return [
        *(p for model in registry.models.values() for p in model_problems(model, templates)),
        *(p for environment in registry.environments.values() for p in _environment(environment, registry)),
        *reference_problems(registry, unread),
        *rollout_problems(registry, unread),
        *route_problems(registry),
        *_cycles(registry.environments),
        *_shared_namespaces(registry.environments.values()),
        *agent_problems(registry.environments),
        *_overlays(registry),
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
        for circle in _circles(name, environments, (), done):
            start = circle.index(min(circle))
            shown = ' → '.join((*circle[start:], *circle[:start], circle[start]))
            hint = 'remove one of these references'
            message = f'promotion cycle: {shown}'
            yield Problem(environments[circle[start]].file, '$.spec.promotesFrom', message, hint)


def _circles(
    name: str, environments: Mapping[str, Environment], way: tuple[str, ...], done: set[str]
) -> Iterator[tuple[str, ...]]:
    if name in way:
        yield way[way.index(name) :]
    elif name not in done and name in environments:
        for source in environments[name].spec.get('promotesFrom', []):
            yield from _circles(source, environments, (*way, name), done)
        done.add(name)


def _shared_namespaces(environments: Iterable[Environment]) -> Iterator[Problem]:
    """Report environments with the same cluster and namespace, also if names or addresses are written differently."""
    seen: dict[tuple[object, str], str] = {}
    for environment in environments:
        keys = {cluster_key(environment), ('name', environment.spec['cluster']['name'])}
        taken = {seen[key, environment.namespace] for key in keys if (key, environment.namespace) in seen}
        for other in sorted(taken):
            message = f"environment '{other}' has the same cluster and namespace '{environment.namespace}'"
            yield Problem(environment.file, '$.spec.namespace', message, 'give each environment its own namespace')
        seen.update({(key, environment.namespace): environment.name for key in keys})


# Values that an overlay may not set, and what sets them: otherwise releases would run something else than the registry
# describes.
_DECIDED: tuple[tuple[Path, str], ...] = (
    (('fullnameOverride',), 'the name of the model'),
    (('partOf',), 'the application of the model'),
    (('removed',), 'null in place of a value'),
    (('strategy',), 'spec.strategy'),
    (('tracks',), 'spec.strategy and the current rollout'),
    (('routing',), 'the routes and the strategy'),
)
_BY_VERSION = 'spec.versions of the model'
_DECIDED_IN_MODEL: tuple[tuple[Path, str], ...] = (
    *_DECIDED,
    (('team',), 'spec.team'),
    *((('image', key), _BY_VERSION) for key in ('registry', 'repository', 'tag', 'digest')),
    *((('artifact', key), _BY_VERSION) for key in ('uri', 'sha256')),
)
_DECIDED_IN_OVERLAY: tuple[tuple[Path, str], ...] = (
    *_DECIDED,
    (('artifact', 'sha256'), _BY_VERSION),
)


def _with_values(registry: Registry) -> list[Model | Environment | Release]:
    """All items that may set values and a strategy."""
    return [*registry.models.values(), *registry.environments.values(), *registry.releases.values()]


def _overlays(registry: Registry) -> Iterator[Problem]:
    for item in _with_values(registry):
        decided = _DECIDED_IN_MODEL if isinstance(item, Model) else _DECIDED_IN_OVERLAY
        nulls = [path[2:] for path in item.removed if path[1] == 'values']
        for path, who in decided:
            value = item.spec.get('values')
            for step in path:
                value = value.get(step) if isinstance(value, Mapping) else None
            if value is not None or any(null[: len(path)] == path for null in nulls):
                place = json_path(('spec', 'values', *path))
                yield Problem(item.file, place, f'{".".join(map(str, path))} is set by {who}', 'remove it here')


def _strategies(registry: Registry) -> Iterator[Problem]:
    for item in _with_values(registry):
        if 'strategy' in item.spec:
            for fault in strategy_faults(item.spec['strategy']):
                yield Problem(item.file, json_path(('spec', 'strategy', *fault.path)), fault.message, fault.hint)
