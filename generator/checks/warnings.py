"""Registry → warnings: things that work but that users should know; they stop no command."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import assert_never

from generator.charts.prediction import no_request
from generator.checks.clusters import cluster_key
from generator.checks.kubernetes import NEWEST_SHOWN, is_unknown
from generator.checks.withdrawn import given_up_again
from generator.domain.choices import by_commits, engine_title, has_projects, makes_routes
from generator.domain.environments import Environment
from generator.domain.generated import ResolvedRelease, Templates
from generator.domain.places import json_path
from generator.domain.problems import Problem
from generator.domain.records import Registry
from generator.domain.words import quoted
from generator.registry.inherit import idle_nulls
from generator.values.images import parse_image

_NUMBERS = re.compile(r'v?([0-9]{1,4}(?:\.[0-9]{1,4}){1,2})(?![0-9.])')


def registry_warnings(registry: Registry, templates: Templates) -> list[Problem]:
    """Return the warnings as problems, sorted by place."""
    return sorted(
        [
            *_runtimes(registry, templates),
            *_servers(registry, templates),
            *_tests(registry, templates),
            *_routers(registry),
            *_versions(registry),
            *_projects(registry),
            *_leaving(registry),
            *_rollbacks(registry),
            *given_up_again(registry),
            *(each for environment in registry.environments.values() for each in idle_nulls(environment)),
        ]
    )


def release_warnings(releases: Sequence[ResolvedRelease], *, whole: bool) -> Iterator[Problem]:
    """Yield what is told about the values of releases; of an environment's only if it is so in all of its releases.

    Requires all releases for those of environments: `whole`.
    """
    told = [each for release in releases for each in release.warnings]
    if not told:
        return
    number = Counter(release.environment.file for release in releases)
    found = Counter((each.file, each.path) for each in told)
    for each in {(each.file, each.path): each for each in told}.values():
        of_environment = each.file in number
        if not of_environment or (whole and found[each.file, each.path] == number[each.file]):
            yield each


def _runtimes(registry: Registry, templates: Templates) -> Iterator[Problem]:
    for model in registry.models.values():
        runtime = templates.runtimes.get(model.runtime)
        if runtime and (text := runtime.spec.get('warning')):
            yield Problem(model.file, '$.spec.runtime', f"runtime '{model.runtime}': {text}")


def _servers(registry: Registry, templates: Templates) -> Iterator[Problem]:
    """Warn of servers that are older than what their runtime tells them."""
    for model in registry.models.values():
        runtime = templates.runtimes.get(model.runtime)
        oldest, tag = runtime.spec.get('oldest', '') if runtime else '', parse_image(model.newest.image)['tag']
        if oldest and (found := _NUMBERS.match(tag)) and _numbers(found[1]) < _numbers(oldest):
            message = f"runtime '{model.runtime}' is for servers from {oldest} on, the image has tag {quoted(tag)}"
            place = json_path(('spec', 'versions', len(model.versions) - 1, 'image'))
            yield Problem(model.file, place, message, 'use a newer image, or set what the server refuses to null')


def _numbers(version: str) -> list[int]:
    return [int(part) for part in version.split('.')]


def _tests(registry: Registry, templates: Templates) -> Iterator[Problem]:
    """Warn of models whose helm test makes no prediction, because no request is known."""
    for model in registry.models.values():
        runtime = templates.runtimes.get(model.runtime)
        if runtime is None or 'ready' not in runtime.spec or 'test' in model.spec:
            continue
        protocol = runtime.spec.get('protocols', {}).get('http', 'none')
        if why := no_request(protocol, model.newest.spec.get('signature')):
            message = f'its helm test only checks whether the model is ready: {why}'
            yield Problem(model.file, '$.spec', message, f'set spec.test.body and spec.test.expect in {model.file}')


def _leaving(registry: Registry) -> Iterator[Problem]:
    """Warn of what has left Flagger: Flux looks for drift twice a minute, for as long as the key is there."""
    engines = {each.file: (each.spec, each.engine) for each in registry.environments.values()}
    for release in registry.releases.values():
        if environment := registry.environments.get(release.environment):
            engines[release.file] = (release.spec, release.engine(environment))
    for file, (spec, engine) in engines.items():
        if spec.get('leavesFlagger') and not makes_routes(engine):
            message = f"leavesFlagger with engine '{engine}': it is only required until Flagger's Canary is gone"
            yield Problem(file, '$.spec.leavesFlagger', message, 'remove it when the Canary is gone')


def _rollbacks(registry: Registry) -> Iterator[Problem]:
    """Warn of controllers that skip steps and checks, also for changes after a rollback."""
    for release in registry.releases.values():
        environment = registry.environments.get(release.environment)
        if release.is_rollback and environment and not by_commits(release.engine(environment)):
            message = f'its pin is a rollback: {engine_title(release.engine(environment))} skips steps and checks'
            hint = (
                f"run 'chartloom pin {release.name}' before other changes: it ends that, steps and checks count again"
            )
            yield Problem(release.file, '$.spec.rollback', message, hint)


def _routers(registry: Registry) -> Iterator[Problem]:
    for environment in registry.environments.values():
        router = environment.router
        match router:
            case 'nginx':
                message = "router 'nginx' is ingress-nginx, which has not been maintained since March 2026"
                yield Problem(environment.file, '$.spec.router', message, "plan the move to router 'gateway-api'")
            case 'service' | 'gateway-api' | 'istio':
                pass
            case _:
                assert_never(router)


def _versions(registry: Registry) -> Iterator[Problem]:
    for environment in registry.environments.values():
        if is_unknown(environment):
            message = f"Kubernetes '{environment.kubernetes}' is newer than {NEWEST_SHOWN}, the newest that was tested"
            hint = "compare it with 'kubectl version'; 'chartloom verify --schema-location' checks objects against it"
            yield Problem(environment.file, '$.spec.kubernetes', message, hint)


def _projects(registry: Registry) -> Iterator[Problem]:
    """Warn of environments whose Applications may name the project of an environment with an applicationNamespace."""
    with_projects = [item for item in registry.environments.values() if has_projects(item.agent)]
    for environment in with_projects:
        if environment.application_namespace:
            continue
        others = [item for item in with_projects if item.application_namespace and _may_share(item, environment)]
        if others:
            message = f"its Applications may name the project of environment '{others[0].name}' of the same Argo CD"
            yield Problem(environment.file, '$.spec', message, "add 'applicationNamespace'")


def _may_share(one: Environment, two: Environment) -> bool:
    """Whether one Argo CD may serve both; two clusters that are their Argo CD's own have one each."""
    agents = {(item.agent_namespace, item.agent_cluster) for item in (one, two)}
    clusters = {cluster_key(item) for item in (one, two)}
    return len(agents) == 1 and (len(clusters) == 1 or any(kind != 'name' for kind, *_ in clusters))
