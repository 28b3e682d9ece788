"""Secrets that a release names → problems: Secrets of somebody else, and sources outside the environment's store."""

from __future__ import annotations

import re
from collections.abc import Iterator

from generator.charts.stores import PROXIES, lent_secret, store_of
from generator.checks.granted import Finding, not_granted
from generator.checks.owners import Use, foreign, is_named, is_own, of_environment, owner, remote_keys, share, uses
from generator.checks.scope import Scope
from generator.domain.generated import ResolvedRelease
from generator.domain.places import Path
from generator.domain.problems import Fault, Problem
from generator.domain.records import Registry
from generator.domain.words import quoted
from generator.values.blame import to_problems
from generator.values.merge import enabled

_SOURCES: Path = ('externalSecrets', 'secrets')
_CLIMBS = frozenset(['', '.', '..'])
# Stores decode or fold other characters, so that one secret would have several names.
_PLAIN = re.compile(r'[A-Za-z0-9._/-]+')


def secret_problems(scope: Scope) -> Iterator[Problem]:
    for release in scope.releases:
        faults = [*_sources(release, scope.registry), *_used(release, scope.registry), *_lent(release)]
        if faults:
            yield from to_problems(faults, (*release.chart.layers, *release.layers), release.release.file)
        yield from not_granted(release, _proxied(release))
        certified: str = release.merged['tls']['secretName']
        if certified and is_named(('Secret', certified), release.environment):
            message = f'its certificate would replace Secret {quoted(certified)}, which the environment names'
            yield Problem(release.release.file, '$.spec', message, 'choose another host name')


def _sources(release: ResolvedRelease, registry: Registry) -> Iterator[Fault]:
    """Report ExternalSecrets that read or write what belongs to another, or read outside the path of the store."""
    secrets = release.merged['externalSecrets']['secrets']
    if not secrets:
        return
    environment = release.environment
    store = environment.spec.get('secretStore')
    below = f'{store["path"]}/' if store and store.get('path') else ''
    written = _by_teams(release)
    for name, secret in enabled(secrets).items():
        key: str = secret['remoteKey']
        place = (*_SOURCES, name, 'remoteKey')
        if store is None:
            message = f"Secret '{name}' comes from a store, but environment '{environment.name}' has no secretStore"
            yield Fault((*_SOURCES, name), message, f'add secretStore to {environment.file}, or remove it here')
        elif not key.startswith(below) or not _is_plain(key.removeprefix(below)):
            message = f"{quoted(key)} is not below '{below}', the path of the store of environment '{environment.name}'"
            if not below or key.startswith(below):
                message = f"{quoted(key)} is not a plain path in the store of environment '{environment.name}'"
            yield Fault(place, message, f"write '{below}{name}', or remove it: that is the default")
        elif name in written:
            if fault := _kept(Use('Secret', name, (*_SOURCES, name)), release, registry):
                yield fault
            elif key != f'{below}{name}':
                yield from _moved(name, key, below, release, registry)


def _is_plain(key: str) -> bool:
    return _PLAIN.fullmatch(key) is not None and _CLIMBS.isdisjoint(key.split('/'))


def _by_teams(release: ResolvedRelease) -> set[str]:
    """The ExternalSecrets that a model or a release writes; others are the environment's, or made for what is used."""
    own = release.release.spec.get('values', {}).get('externalSecrets', {}).get('secrets', {})
    return {*release.chart.values['externalSecrets']['secrets'], *own}


def _moved(name: str, key: str, below: str, release: ResolvedRelease, registry: Registry) -> Iterator[Fault]:
    """Report a Secret that would contain what the store has under another name, if one of the two may be foreign."""
    place, rest = (*_SOURCES, name, 'remoteKey'), key.removeprefix(below)
    kept = {use.name for use in of_environment(release.environment) if use.kind == 'Secret'}
    kept.update(remote_keys(release.environment).values())
    if any(f'{rest.lower()}/'.startswith(f'{each}/') for each in kept):
        message = f'{quoted(key)} belongs to the environment, which names it in {release.environment.file}'
        yield Fault(place, message, 'read another secret of the store')
    elif model := owner(rest, release, registry):
        yield Fault(place, f"{quoted(key)} belongs to model '{model}', by its name", share('Secret', model))
    elif not is_own(name, release, registry):
        message = f'others may use Secret {quoted(name)}, so it comes from {quoted(below + name)}; found {quoted(key)}'
        file = release.environment.file
        hint = f"let its name begin with '{release.release.model}-', or write it into spec.values of {file}"
        yield Fault(place, message, hint)


def _used(release: ResolvedRelease, registry: Registry) -> Iterator[Fault]:
    """Report what pods use and what belongs to the environment, to another model, to a certificate or to Helm."""
    for use in uses(release.merged):
        if fault := _kept(use, release, registry):
            yield fault


def _kept(use: Use, release: ResolvedRelease, registry: Registry) -> Fault | None:
    if use.kind != 'Secret':
        return foreign(use, release, registry)
    if use.name.startswith('sh.helm.release.'):
        return Fault(use.place, f'Secret {quoted(use.name)} belongs to Helm', 'name another Secret')
    if fault := foreign(use, release, registry):
        return fault
    if use.name.endswith('-tls') and not _may_end_so(use, release, registry):
        message = f'Secret {quoted(use.name)} has the ending of Secrets that certificates are written to'
        file = release.environment.file
        hint = f"choose a name that does not end in '-tls', or write this into spec.values of {file}"
        return Fault(use.place, message, hint)
    return None


def _may_end_so(use: Use, release: ResolvedRelease, registry: Registry) -> bool:
    if use in of_environment(release.environment):
        return True
    return 'tls' not in release.environment.spec and is_own(use.name, release, registry)


def _lent(release: ResolvedRelease) -> Iterator[Fault]:
    """Report credentials of the environment that would go to a server that a model names."""
    artifact, stores = release.merged['artifact'], release.environment.spec.get('artifactStores')
    if stores and (secret := lent_secret(artifact, stores)):
        file = release.environment.file
        message = f"Secret '{secret}' is for the store of the environment, not for {quoted(artifact['endpoint'])}"
        hint = f'add artifactStores.s3.endpoint to {file}, or remove this endpoint'
        yield Fault(('artifact', 'endpoint'), message, hint)


def _proxied(release: ResolvedRelease) -> Iterator[Finding]:
    """Report proxies that a model or a release puts between a download and the environment's store."""
    artifact, stores = release.merged['artifact'], release.environment.spec.get('artifactStores')
    store = store_of(artifact, stores) if stores and artifact['delivery'] == 'download' else None
    if store is None or not {'secret', 'endpoint'} & store.keys():
        return
    file = release.environment.file
    for name in sorted(enabled(artifact['env']).keys() & {*PROXIES}):
        message = f"'{name}' leads the credentials and files of the environment's store past another server"
        yield ('artifact', 'env', name), message, f'remove it: only values of {file} may set it'
