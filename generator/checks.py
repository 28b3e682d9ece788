"""What schemas cannot see: references, names that collide, cycles, capacity, secrets, features a cluster lacks."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from generator.domain import Environment, Registry, ResolvedRelease, Templates, Values
from generator.errors import Problem
from generator.images import images, show_image
from generator.merge import placed
from generator.model_values import model_problems
from generator.paths import Path, show
from generator.schema import suggest

# The oldest Kubernetes whose API the starter needs (preStop.sleep is on from 1.30).
OLDEST_KUBERNETES = (1, 30)


def registry_problems(registry: Registry, templates: Templates) -> list[Problem]:
    """Problems that can be told from the files read: of everything, or of one model and what it needs."""
    return [
        *(p for model in registry.models.values() for p in model_problems(model, templates)),
        *(p for environment in registry.environments.values() for p in _environment(environment, registry)),
        *_references(registry),
        *_cycles(registry.environments),
        *_shared_namespaces(registry.environments.values()),
        *_secrets(registry),
    ]


def _references(registry: Registry) -> Iterator[Problem]:
    for release in registry.releases.values():
        if release.environment not in registry.environments:
            message = f"there is no environment '{release.environment}'"
            yield Problem(release.file, '', message, suggest(release.environment, registry.environments))
        if release.model not in registry.model_names:
            message = f"there is no model '{release.model}'"
            yield Problem(release.file, '$.metadata.name', message, suggest(release.model, registry.model_names))
    for application in registry.applications.values():
        for index, member in enumerate(application.members):
            if member not in registry.model_names:
                path = show(('spec', 'members', index))
                yield Problem(application.file, path, f"there is no model '{member}'", suggest(member, registry.model_names))
        yield from _routes(application.file, application.spec, application.members)


def _routes(file: str, spec: Values, members: tuple[str, ...]) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for name, route in spec.get('routes', {}).items():
        place = ('spec', 'routes', name)
        if route['model'] not in members:
            message = f"'{route['model']}' is not a member of the application"
            yield Problem(file, show((*place, 'model')), message, suggest(route['model'], members))
        target = route.get('path') or f'{route["grpcService"]}/{route.get("grpcMethod", "")}'
        if target in seen:
            yield Problem(file, show(place), f"route '{seen[target]}' has the same target '{target}'", 'remove one of the two')
        seen.setdefault(target, name)


def _environment(environment: Environment, registry: Registry) -> Iterator[Problem]:
    file, spec = environment.file, environment.spec
    for index, name in enumerate(spec.get('promotesFrom', [])):
        if name not in registry.environments:
            path = show(('spec', 'promotesFrom', index))
            yield Problem(file, path, f"there is no environment '{name}'", suggest(name, registry.environments))
    if environment.router == 'gateway-api':
        for key, why in (('gateway', 'the Gateway that routes attach to'), ('domain', 'the domain of host names')):
            if key not in spec:
                yield Problem(file, '$.spec', f"router 'gateway-api' needs '{key}'", f"add '{key}', {why}, or use router 'service'")
    version = tuple(int(part) for part in environment.kubernetes.split('.')[:2])
    if version < OLDEST_KUBERNETES:
        message = f"Kubernetes '{environment.kubernetes}' lacks preStop.sleep, which the charts need"
        yield Problem(file, '$.spec.kubernetes', message, 'use a cluster with Kubernetes 1.30 or later')


def _cycles(environments: Mapping[str, Environment]) -> Iterator[Problem]:
    for name in environments:
        path = _path_back(name, name, environments, (name,))
        if path and name == min(path):
            message = f'environments promote from each other in a circle: {" → ".join(path)}'
            hint = 'remove one of these references: promotion must have a beginning'
            yield Problem(environments[name].file, '$.spec.promotesFrom', message, hint)


def _path_back(start: str, at: str, environments: Mapping[str, Environment], path: tuple[str, ...]) -> tuple[str, ...]:
    for name in environments[at].spec.get('promotesFrom', []) if at in environments else ():
        if name == start:
            return (*path, start)
        if name not in path and (found := _path_back(start, name, environments, (*path, name))):
            return found
    return ()


def _shared_namespaces(environments: Iterable[Environment]) -> Iterator[Problem]:
    seen: dict[tuple[str, str], str] = {}
    for environment in environments:
        place = (environment.spec['cluster']['server'], environment.namespace)
        if place in seen:
            message = f"environment '{seen[place]}' has the same cluster and namespace '{environment.namespace}'"
            yield Problem(environment.file, '$.spec.namespace', message, 'give each environment its own namespace')
        seen.setdefault(place, environment.name)


_CREDENTIALS = (
    ('a private key', re.compile(r'-----BEGIN [A-Z ]*PRIVATE KEY')),
    ('an AWS access key', re.compile(r'\b(?:AKIA|ASIA)[0-9A-Z]{16}\b')),
    ('a GitHub token', re.compile(r'\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{40,})')),
    ('a GitLab token', re.compile(r'\bglpat-[A-Za-z0-9_-]{20,}')),
    ('a Slack token', re.compile(r'\bxox[abprs]-[A-Za-z0-9-]{10,}')),
    ('a Hugging Face token', re.compile(r'\bhf_[A-Za-z0-9]{30,}')),
    ('an API key', re.compile(r'\b(?:sk-[A-Za-z0-9_-]{20,}|AIza[0-9A-Za-z_-]{35})')),
    ('a token', re.compile(r'\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}')),
    ('a password in an address', re.compile(r'[a-z][a-z0-9+.-]*://[^/\s:@]+:[^/\s:@]+@')),
    ('a bearer token', re.compile(r'\b[Bb]earer [A-Za-z0-9._~+/-]{16,}=*')),
)
_SECRET_NAME = re.compile(r'(?i)(?:^|[_-])(?:password|passwd|secret|token|api_?key|access_?key|private_?key|credentials?)$')


def _secrets(registry: Registry) -> Iterator[Problem]:
    every = (registry.models, registry.environments, registry.releases, registry.applications)
    places = [(registry.settings.file, registry.settings.spec)]
    places += [(item.file, item.spec) for group in every for item in group.values()]
    for file, spec in places:
        for path, value in _strings(spec, ('spec',)):
            if what := looks_like_credential(path, value):
                hint = 'put it into a Secret of the cluster and name that: {secret: <name>, key: <key>}'
                yield Problem(file, show(path), f'this looks like {what}', hint)


def looks_like_credential(path: Path, value: str) -> str:
    """What kind of credential a literal seems to be, or ''."""
    if len(value) < 6:
        return ''
    for what, pattern in _CREDENTIALS:
        if pattern.search(value):
            return what
    # An environment variable that is named like a secret and holds a literal.
    if len(path) > 1 and path[-1] == 'value' and _SECRET_NAME.search(str(path[-2])):
        return f'the secret of {path[-2]}'
    return ''


def _strings(value: object, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _strings(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _strings(item, (*path, index))


def release_problems(release: ResolvedRelease) -> list[Problem]:
    """What only the merged values of one release can show."""
    return [*_digests(release), *_secret_and_value(release)]


def _digests(release: ResolvedRelease) -> Iterator[Problem]:
    if not release.environment.spec.get('requireDigest', True):
        return
    for path, image in images(release.merged):
        if not image.get('digest'):
            message = f"image '{show_image(image)}' has no digest, which environment '{release.environment.name}' demands"
            file, place = _origin(release, path)
            yield Problem(file, place, message, 'write the image as <repository>:<tag>@sha256:<digest>')


def _origin(release: ResolvedRelease, path: Path) -> tuple[str, str]:
    """Where the last layer that writes a value stands."""
    for layer in reversed((*release.chart.layers, *release.layers)):
        value: object = placed(layer)
        for step in path:
            value = value.get(step) if isinstance(value, Mapping) else None
        if value is not None:
            return layer.file, show((*layer.source, *path[len(layer.target) :]))
    return f'{release.chart.folder}/values.yaml', show(path)


def _secret_and_value(release: ResolvedRelease) -> Iterator[Problem]:
    """An overlay that sets `value` over an inherited `secret` (or the reverse) would be ignored without a word."""
    for name, entry in release.merged.get('env', {}).items():
        if entry.get('secret') and entry.get('value'):
            file, place = _origin(release, ('env', name))
            yield Problem(file, place, f"'{name}' has both a value and a secret", "set the other one to ''")


def capacity_problems(releases: Iterable[ResolvedRelease]) -> list[Problem]:
    """Accelerators that the releases of an environment want at their largest against what it has."""
    wanted: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    environments = {}
    for release in releases:
        environments[release.environment.name] = release.environment
        for name in release.environment.spec.get('capacity', {}).get('accelerators', {}):
            if count := int(release.merged['resources'].get('limits', {}).get(name, 0)) * _most_pods(release):
                wanted[release.environment.name, name][release.release.model] = count
    problems = []
    for (name, accelerator), users in sorted(wanted.items()):
        environment = environments[name]
        capacity = environment.spec['capacity']['accelerators'][accelerator]
        if sum(users.values()) > capacity:
            who = ', '.join(f'{model} {count}' for model, count in sorted(users.items()))
            message = f'releases want {sum(users.values())} of {capacity} {accelerator}: {who}'
            place = show(('spec', 'capacity', 'accelerators', accelerator))
            problems.append(Problem(environment.file, place, message, 'lower maxReplicas or replicas of one of them, or raise the capacity'))
    return problems


def _most_pods(release: ResolvedRelease) -> int:
    scaling = release.merged['autoscaling']
    return int(scaling['maxReplicas'] if scaling['enabled'] else release.merged['replicaCount'])


