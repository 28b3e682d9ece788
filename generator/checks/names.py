"""Names → problems: names that tools reserve, and objects of two releases with one name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from generator.checks.clusters import ClusterKey, cluster_keys
from generator.checks.objects import endings, tracks
from generator.checks.scope import Scope
from generator.checks.written import at
from generator.domain.choices import agent_title, gateway_names, reaches_other_clusters
from generator.domain.environments import Environment
from generator.domain.generated import ResolvedRelease
from generator.domain.layout import bootstrap_name, delivery_name
from generator.domain.places import Path, json_path
from generator.domain.problems import Problem
from generator.domain.words import quoted, some
from generator.values.merge import enabled

_NAME = '$.metadata.name'
_OTHER = 'choose another name'
# Names of models: the name of a release's file, of its Service and of its ServiceAccount, and a key of values.
_MODELS = {
    'global': 'Helm',
    'kustomization': 'Flux, which would read its delivery file as a list of files',
    'default': 'Kubernetes: each namespace has a ServiceAccount of this name',
    'kubernetes': 'Kubernetes: its API server has a Service of this name',
}
_SYSTEM = 'kube-'
# What gateways and waypoints have under their names.
_TAKEN = ('Service', 'Deployment', 'ServiceAccount', 'HorizontalPodAutoscaler', 'PodDisruptionBudget')

_URL = re.compile(r'https?://(?:[^\s/@]*@)?(?P<host>[A-Za-z0-9][-A-Za-z0-9.]*)(?::[0-9]+)?')


def reserved_names(scope: Scope) -> Iterator[Problem]:
    """Report names that a tool has for itself."""
    for model in scope.registry.models.values():
        if whose := _MODELS.get(model.name) or ('Kubernetes' if model.name.startswith(_SYSTEM) else ''):
            yield Problem(model.file, _NAME, f"the name '{model.name}' is reserved by {whose}", _OTHER)
    for environment in scope.registry.environments.values():
        if environment.namespace.startswith(_SYSTEM):
            message = f"the namespace '{environment.namespace}' is reserved by Kubernetes"
            yield Problem(environment.file, '$.spec.namespace', message, 'choose another namespace')
        if environment.namespace == environment.agent_namespace:
            message = f"the namespace '{environment.namespace}' is that of {agent_title(environment.agent)}"
            yield Problem(environment.file, '$.spec.namespace', message, 'choose another namespace')
        if bootstrap_name('') == f'{environment.name}-':
            message = f"the name '{environment.name}' is reserved for the bootstrap of other environments"
            yield Problem(environment.file, _NAME, message, _OTHER)


def delivery_names(scope: Scope) -> Iterator[Problem]:
    """Environment 'a' with model 'b-c' and environment 'a-b' with model 'c' would have the same delivery object."""
    seen: dict[tuple[object, ...], ResolvedRelease] = {}
    agents: dict[str, tuple[object, ...]] = {}
    clusters = cluster_keys(scope.registry)
    for release in scope.releases:
        environment = release.environment
        name = delivery_name(environment.name, release.release.model)
        if environment.name not in agents:
            agents[environment.name] = _agent(environment, clusters[environment.name])
        first = seen.setdefault((*agents[environment.name], name), release)
        if first is not release:
            message = f"its delivery object has the same name '{name}' as that of release '{first.release.name}'"
            yield Problem(release.release.file, _NAME, message, 'rename one of the two environments or models')


def _agent(environment: Environment, cluster: ClusterKey) -> tuple[object, ...]:
    """One Argo CD may serve all clusters (the registry does not tell); each cluster has its own Flux."""
    served = () if reaches_other_clusters(environment.agent) else cluster
    return environment.agent, environment.delivery_namespace, served


def object_names(scope: Scope) -> Iterator[Problem]:
    """Report objects of two releases with one name: all of 'web' begin with 'web', as do those of 'web-canary'."""
    names = {release.release.name: release for release in scope.releases}
    taken: dict[str, dict[str, str]] = {}
    for name, release in names.items():
        environment = release.environment
        if environment.name not in taken:
            taken[environment.name] = _taken(environment)
        for other, whose in taken[environment.name].items():
            yield from _same_as(other, whose, release)
        for shorter in _beginnings(name):
            if found := names.get(shorter):
                yield from _same(found, release)


def _taken(environment: Environment) -> dict[str, str]:
    """The names of objects that others have in the namespace of an environment, each with its owner."""
    found = {name: f'{quoted(url)} in {environment.file}' for name, url in _asked(environment)}
    found[bootstrap_name(environment.name)] = 'the bootstrap of the environment'
    if environment.waypoint:
        found[environment.waypoint] = 'the waypoint of the mesh'
    gateway = environment.spec.get('gateway', {})
    if gateway.get('namespace') == environment.namespace:
        found.update(dict.fromkeys(gateway_names(environment.controller, gateway['name']), 'the gateway'))
    return found


def _asked(environment: Environment) -> Iterator[tuple[str, str]]:
    """Yield the name of each Service in the namespace of an environment that its file has a URL of, with the URL."""
    for text in _texts(environment.spec):
        for found in _URL.finditer(text):
            service, namespace = _service(found['host'].lower().rstrip('.').split('.'))
            if service and namespace in ('', environment.namespace):
                yield service, found[0]


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(item)


def _service(labels: list[str]) -> tuple[str, str]:
    """Service and namespace of a host name in a cluster; the namespace of a name alone is the one that asks."""
    if 'svc' in labels[2:]:
        labels = labels[: labels.index('svc', 2)]
    elif len(labels) > 2:
        return '', ''
    return (labels[-2], labels[-1]) if len(labels) > 1 else (labels[0], '')


def _same_as(name: str, whose: str, release: ResolvedRelease) -> Iterator[Problem]:
    """Report a release that would have an object with a name that is taken, whatever its kind."""
    model = release.release.model
    if not name.startswith(model):
        return
    found = endings(release)
    kind = next((kind for kind in _TAKEN if name.removeprefix(model) in found[kind]), '')
    if kind:
        message = f"its {kind} '{name}' would have the same name as that of {whose}"
        yield Problem(release.release.file, _NAME, message, f"rename model '{model}'")


def _beginnings(name: str) -> Iterator[str]:
    """The parts of a release's name before a hyphen of its model's."""
    start = name.index('/') + 1
    while (start := name.find('-', start)) > 0:
        yield name[:start]
        start += 1


def _same(shorter: ResolvedRelease, longer: ResolvedRelease) -> Iterator[Problem]:
    """At most one problem of two releases, of which the second's name begins with that of the first."""
    between = longer.release.model.removeprefix(shorter.release.model)
    of_shorter, of_longer = endings(shorter), endings(longer)
    for kind in sorted(of_shorter.keys() & of_longer.keys()):
        shared = of_shorter[kind] & {f'{between}{ending}' for ending in of_longer[kind]}
        if shared:
            name = f'{shorter.release.model}{min(shared)}'
            message = f"its {kind} '{name}' would have the same name as one of release '{shorter.release.name}'"
            yield Problem(longer.release.file, _NAME, message, _way_out(shorter, longer, kind, min(shared)))
            return


def _way_out(shorter: ResolvedRelease, longer: ResolvedRelease, kind: str, ending: str) -> str:
    hint = f"rename model '{longer.release.model}'"
    match kind:
        case 'ExternalSecret':
            return f'{hint}, or the Secret'
        case 'MetricTemplate':
            return f'{hint}, or the check'
    rolls = ending in tracks(shorter) | {'-canary', '-stable', '-preview'}
    return f"{hint}, or use strategy rolling for '{shorter.release.name}'" if rolls else hint


def written_secrets(scope: Scope) -> Iterator[Problem]:
    """Report Secrets that two objects write with different content."""
    writers: dict[tuple[str, str], tuple[ResolvedRelease, _Source]] = {}
    for release in scope.releases:
        for secret, source in _secrets(release):
            first, of_first = writers.setdefault((release.environment.name, secret), (release, source))
            if source == of_first:
                continue
            if source.text != of_first.text:
                there = f"in release '{first.release.name}' from {of_first.text}"
                message = f"Secret '{secret}' comes from {source.text}, {there}"
                hint = 'rename one of the two Secrets'
            else:
                message = f"Secret '{secret}' has {_keys(source)}, in release '{first.release.name}' {_keys(of_first)}"
                hint = f'use another Secret, or list all keys in values.externalSecrets.secrets.{secret} of both'
            place: Path = ('values', 'externalSecrets', 'secrets', secret)
            path = json_path(('spec', *place) if at(release.release.spec, place) else ('spec',))
            yield Problem(release.release.file, path, message, hint)


class _Source(NamedTuple):
    text: str
    keys: tuple[str, ...] = ()


def _keys(source: _Source) -> str:
    return f'the keys {some(map(quoted, source.keys))}'


def _secrets(release: ResolvedRelease) -> Sequence[tuple[str, _Source]]:
    """The Secrets that a release's objects write, each with its source."""
    values = release.merged
    if not values['externalSecrets']['secrets'] and not values['tls']['secretName']:
        return ()
    found = [
        (name, _Source(f'{quoted(secret["remoteKey"])} of the store', tuple(sorted({*secret['keys']}))))
        for name, secret in enabled(values['externalSecrets']['secrets']).items()
    ]
    return [*found, (name, _Source('a Certificate'))] if (name := values['tls']['secretName']) else found
