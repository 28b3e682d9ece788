"""What schemas cannot see in the registry: references, names that collide, cycles, overlays of what is not theirs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import assert_never

from generator.charts.layers import model_problems
from generator.checks.capacity import cluster_key, environment_problems
from generator.checks.credentials import credential_problems
from generator.checks.kubernetes import FEATURES
from generator.checks.releases import release_problems
from generator.checks.rollouts import rollout_problems
from generator.checks.routes import route_problems
from generator.domain.choices import has_projects, has_routes
from generator.domain.layout import environment_file
from generator.domain.places import Path, json_path
from generator.domain.problems import Problem
from generator.domain.records import Environment, Model, Registry, Release, Templates
from generator.domain.words import quoted, suggest
from generator.strategies.faults import strategy_faults

__all__ = ['environment_problems', 'registry_problems', 'release_problems']


def registry_problems(registry: Registry, templates: Templates, unread: Collection[str] = ()) -> list[Problem]:
    """Problems that can be told from the files read: of everything, or of one model and what it needs.

    `unread` are files that are there but could not be read: nothing is said of what only they would tell.
    """
    return [
        *(p for model in registry.models.values() for p in model_problems(model, templates)),
        *(p for environment in registry.environments.values() for p in _environment(environment, registry, unread)),
        *_references(registry, unread),
        *rollout_problems(registry, unread),
        *route_problems(registry),
        *_cycles(registry.environments),
        *_shared_namespaces(registry.environments.values()),
        *_overlays(registry),
        *_strategies(registry),
        *credential_problems(registry),
    ]


def _references(registry: Registry, unread: Collection[str]) -> Iterator[Problem]:
    for release in registry.releases.values():
        if release.environment not in registry.environments and environment_file(release.environment) not in unread:
            message = f"there is no environment '{release.environment}'"
            yield Problem(release.file, '', message, suggest(release.environment, registry.environments))
        if release.model not in registry.model_names:
            message = f"there is no model '{release.model}'"
            yield Problem(release.file, '$.metadata.name', message, suggest(release.model, registry.model_names))
    for application in registry.applications.values():
        for index, member in enumerate(application.members):
            if member not in registry.model_names:
                path = json_path(('spec', 'members', index))
                yield Problem(
                    application.file, path, f'there is no model {quoted(member)}', suggest(member, registry.model_names)
                )


def _environment(environment: Environment, registry: Registry, unread: Collection[str]) -> Iterator[Problem]:
    file, spec = environment.file, environment.spec
    for index, name in enumerate(spec.get('promotesFrom', [])):
        if name not in registry.environments and environment_file(name) not in unread:
            path = json_path(('spec', 'promotesFrom', index))
            yield Problem(file, path, f'there is no environment {quoted(name)}', suggest(name, registry.environments))
    if has_routes(environment.router):
        for key, why in (('gateway', 'what routes attach to'), ('domain', 'the domain of host names')):
            if key not in spec:
                yield Problem(
                    file,
                    '$.spec',
                    f"router '{environment.router}' needs '{key}'",
                    f"add '{key}', {why}, or use router 'service'",
                )
    yield from _controller(environment)
    for feature in FEATURES:
        if not feature.path and not feature.is_in(environment):
            message = f"Kubernetes '{environment.kubernetes}' lacks {feature.name}, which the charts need"
            hint = f'use a cluster with Kubernetes {feature.shown_since} or later'
            yield Problem(file, '$.spec.kubernetes', message, hint)
    root = f'{environment.name}-root'
    other = registry.environments.get(root)
    if other and has_projects(environment.agent) and has_projects(other.agent):
        message = f"environment '{environment.name}' has an Argo CD project of its own with the name of '{root}'"
        yield Problem(other.file, '$.metadata.name', message, 'choose another name')


def _controller(environment: Environment) -> Iterator[Problem]:
    """A controller where no gateway of the Gateway API is: it would be ignored."""
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
    """Each circle of promotions once, at the first of its names; every environment is visited once."""
    done: set[str] = set()
    for name in sorted(environments):
        for circle in _circles(name, environments, (), done):
            start = circle.index(min(circle))
            shown = ' → '.join((*circle[start:], *circle[:start], circle[start]))
            hint = 'remove one of these references: promotion must have a beginning'
            message = f'environments promote from each other in a circle: {shown}'
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
    """One place is one environment, however its cluster is called and its address is spelt."""
    seen: dict[tuple[object, str], str] = {}
    for environment in environments:
        keys = {cluster_key(environment), ('name', environment.spec['cluster']['name'])}
        taken = {seen[key, environment.namespace] for key in keys if (key, environment.namespace) in seen}
        for other in sorted(taken):
            message = f"environment '{other}' has the same cluster and namespace '{environment.namespace}'"
            yield Problem(environment.file, '$.spec.namespace', message, 'give each environment its own namespace')
        seen.update({(key, environment.namespace): environment.name for key in keys})


# Values that an overlay may not set, and who decides on them: what would run is not what the registry says.
_DECIDED: tuple[tuple[Path, str], ...] = (
    (('fullnameOverride',), 'the name of the model'),
    (('partOf',), 'the application that the model is a member of'),
    (('strategy',), 'spec.strategy'),
    (('tracks',), 'spec.strategy, and the rollout that runs'),
    (('routing',), 'the routes and the strategy'),
)
_BY_VERSION = 'spec.versions of the model: each version has its own'
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
    """What values and a strategy can be written in."""
    return [*registry.models.values(), *registry.environments.values(), *registry.releases.values()]


def _overlays(registry: Registry) -> Iterator[Problem]:
    for item in _with_values(registry):
        decided = _DECIDED_IN_MODEL if isinstance(item, Model) else _DECIDED_IN_OVERLAY
        for path, who in decided:
            value = item.spec.get('values')
            for step in path:
                value = value.get(step) if isinstance(value, Mapping) else None
            if value is not None:
                place = json_path(('spec', 'values', *path))
                yield Problem(item.file, place, f'{".".join(map(str, path))} is decided by {who}', 'remove it here')


def _strategies(registry: Registry) -> Iterator[Problem]:
    for item in _with_values(registry):
        if 'strategy' in item.spec:
            for fault in strategy_faults(item.spec['strategy']):
                yield Problem(item.file, json_path(('spec', 'strategy', *fault.path)), fault.message, fault.hint)
