"""Host names of releases → problems: names that the platform has, and names within the domain of another environment.

What an environment's file names is the platform's, on every cluster: whoever took the host of the issuer would write
the keys of its tokens. Only `spec.hostnames` of an environment gives such a name away.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from generator.checks.hosts import KINDS, Owner, below, over, owners_of_routes, place_of
from generator.checks.scope import Scope
from generator.domain.environments import Environment
from generator.domain.generated import ResolvedRelease
from generator.domain.places import Path, json_path
from generator.domain.problems import Problem
from generator.domain.records import Registry
from generator.domain.settings import Settings
from generator.domain.words import quoted

# Parts of an environment whose addresses may be those of models, or that give names away.
_OTHERS = ('values', 'hostnames')
# Addresses of artifacts whose host is a name of DNS.
_SERVED = ('https://', 'http://', 'oci://')


def hosts_of_platform(scope: Scope) -> list[Problem]:
    """Report host names of the platform, once for each place that sets one."""
    taken, stores, owner_of = _taken(scope.registry), _stores(scope.registry), owners_of_routes(scope.registry)
    problems: dict[tuple[str, str, str], Problem] = {}
    for release in scope.releases:
        for kind, key in KINDS.items():
            route = release.merged[key]
            for host in route['hostnames'] if route['enabled'] else ():
                whose = _whose(host, release.environment, taken, stores, release.release.model)
                if whose:
                    problem = _told(release, kind, host, whose, owner_of(release.release.model, kind))
                    problems.setdefault((problem.file, problem.path, host), problem)
    return list(problems.values())


def _whose(
    host: str, environment: Environment, taken: Mapping[str, str], stores: Mapping[str, Mapping[str, str]], model: str
) -> str:  # fmt: skip
    domain = str(environment.spec.get('domain', ''))
    if host == domain:
        whose = f"is the domain of environment '{environment.name}'"
    else:
        whose = next((taken[name] for name in below(host, domain) if name in taken), '')
        others = {name: version for name, version in stores.get(host, {}).items() if name != model}
        if not whose and others:
            other, version = min(others.items())
            whose = f'has the artifact of {version} of model {quoted(other)}'
    granted = environment.spec.get('hostnames', {})
    return '' if whose and any(name in granted for name in over(host)) else whose


def _told(release: ResolvedRelease, kind: str, host: str, whose: str, owner: Owner) -> Problem:
    grant = f"hostnames: {{'{host}': {{{owner.kind}: {owner.name}}}}}"
    hint = f'use another name, or write {grant} into {release.environment.file}'
    return Problem(*place_of(release, kind, (KINDS[kind], 'hostnames')), f'host name {quoted(host)} {whose}', hint)


def _taken(registry: Registry) -> dict[str, str]:
    """Whose a name and all names below it are."""
    found: dict[str, str] = {}
    for environment in registry.environments.values():
        if domain := environment.spec.get('domain'):
            found[domain] = f"is within '{domain}', the domain of environment '{environment.name}'"
    items: list[Settings | Environment] = [registry.settings, *registry.environments.values()]
    for item in items:
        spec = {key: part for key, part in item.spec.items() if key not in _OTHERS}
        for path, address in _texts(spec, ('spec',)):
            host = _host(address, path)
            if host and host not in found:
                found[host] = f'belongs to the platform: {json_path(path)} of {item.file} names it'
    return found


def _stores(registry: Registry) -> dict[str, dict[str, str]]:
    """The hosts that have artifacts, with a version of each model that has some there."""
    found: dict[str, dict[str, str]] = {}
    for model in registry.models.values():
        for version in model.versions:
            artifact = version.spec.get('artifact', {})
            for uri in (str(artifact.get(key, '')) for key in ('uri', 'endpoint')):
                if uri.startswith(_SERVED) and (host := _host(uri, ('artifact',))):
                    found.setdefault(host, {})[model.name] = version.version
    return found


def _texts(value: object, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _texts(inner, (*path, key))
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            yield from _texts(inner, (*path, index))
    elif isinstance(value, str):
        yield path, value


def _host(address: str, path: Path) -> str:
    """The host of a URL or of a mirror of images, '' if a text is neither."""
    if '://' not in address and path[1] != 'registryMirrors':
        return ''
    try:
        return urlsplit(address if '://' in address else f'https://{address}').hostname or ''
    except ValueError:
        return ''
