"""Secrets that a release names → problems: Secrets of somebody else, and sources outside the environment's store."""

from __future__ import annotations

from collections.abc import Iterator

from generator.checks.scope import Scope
from generator.domain.generated import ResolvedRelease
from generator.domain.places import Path
from generator.domain.problems import Fault, Problem
from generator.domain.records import Registry, Values
from generator.domain.words import quoted
from generator.values.blame import to_problems
from generator.values.merge import enabled

_SOURCES: Path = ('externalSecrets', 'secrets')
_CLIMBS = frozenset(['', '.', '..'])


def secret_problems(scope: Scope) -> Iterator[Problem]:
    for release in scope.releases:
        faults = [*_sources(release, scope.registry), *_named(release, scope.registry)]
        if faults:
            yield from to_problems(faults, (*release.chart.layers, *release.layers), release.release.file)


def _sources(release: ResolvedRelease, registry: Registry) -> Iterator[Fault]:
    """Report ExternalSecrets that read outside the path of the environment's store, or what belongs to another."""
    secrets = release.merged['externalSecrets']['secrets']
    if not secrets:
        return
    environment = release.environment
    store = environment.spec.get('secretStore')
    below = f'{store["path"]}/' if store and store.get('path') else ''
    for name, secret in enabled(secrets).items():
        key: str = secret['remoteKey']
        place = (*_SOURCES, name, 'remoteKey')
        if store is None:
            message = f"Secret '{name}' comes from a store, but environment '{environment.name}' has no secretStore"
            yield Fault((*_SOURCES, name), message, f'add secretStore to {environment.file}, or remove it here')
        elif not key.startswith(below) or not _CLIMBS.isdisjoint(key.split('/')):
            message = f"{quoted(key)} is not below '{below}', the path of the store of environment '{environment.name}'"
            if not below:
                message = f"{quoted(key)} is not a plain path in the store of environment '{environment.name}'"
            yield Fault(place, message, f"write '{below}{name}', or remove it: that is the default")
        elif key != f'{below}{name}' and (owner := _owner(key.removeprefix(below), release, registry)):
            yield Fault(place, f"{quoted(key)} belongs to model '{owner}', by its name", _share(owner, release))


def _named(release: ResolvedRelease, registry: Registry) -> Iterator[Fault]:
    """Report Secrets that pods read and that belong to another model, to a certificate or to Helm."""
    certified = 'tls' in release.environment.spec
    for name, place in _read(release.merged):
        if name.startswith('sh.helm.release.'):
            yield Fault(place, f'Secret {quoted(name)} belongs to Helm', 'name another Secret')
        elif certified and name.endswith('-tls'):
            message = f'Secret {quoted(name)} has the ending of Secrets that certificates are written to'
            yield Fault(place, message, "choose a name that does not end in '-tls'")
        elif owner := _owner(name, release, registry):
            yield Fault(place, f"Secret {quoted(name)} belongs to model '{owner}', by its name", _share(owner, release))


def _share(owner: str, release: ResolvedRelease) -> str:
    return f"use a Secret whose name does not begin with '{owner}-', or put both models into one application"


def _owner(secret: str, release: ResolvedRelease, registry: Registry) -> str:
    """The other model that a Secret belongs to: its name is the longest of a release that the Secret's begins with."""
    known, environment = registry.release_names, release.release.environment
    own = release.release.model
    head = secret.replace('.', '-').replace('/', '-')
    while head and f'{environment}/{head}' not in known:
        head = head.rpartition('-')[0]
    if not head or head == own or any(head in app.members for app in registry.applications_of.get(own, ())):
        return ''
    return head


def _read(values: Values) -> Iterator[tuple[str, Path]]:
    """The Secrets that pods read, and where values name them."""
    holders: list[tuple[Path, Values]] = [((), values)]
    holders += [(('containers', name), each) for name, each in enabled(values['containers']).items()]
    if values['artifact']['delivery'] == 'download':
        holders.append((('artifact',), values['artifact']))
    for home, holder in holders:
        for name, variable in enabled(holder.get('env', {})).items():
            if variable.get('secret'):
                yield variable['secret'], (*home, 'env', name)
    for name, volume in enabled(values['volumes']).items():
        if volume['type'] == 'secret':
            yield volume['name'], ('volumes', name)
    for name in enabled(values['imagePullSecrets']):
        yield name, ('imagePullSecrets', name)
