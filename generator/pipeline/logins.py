"""Releases of a run and their published delivery objects → warnings of routes that ask for less than before."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from generator.domain.generated import ResolvedRelease
from generator.domain.layout import DELIVERY, delivery_file
from generator.domain.problems import Problem
from generator.domain.records import Application
from generator.domain.tree import Ids
from generator.domain.words import quoted
from generator.pipeline.gate import Gate
from generator.plan.adoption import values_in
from generator.plan.trust import Login, weaker_logins


def other_logins(gate: Gate, desired: Ids, releases: Sequence[ResolvedRelease]) -> Iterator[Problem]:
    """Yield the open routes of releases that change and that ask for another login, or none, than as published: the
    release itself, the same host name, or the application that its model was a member of. Whatever has changed it: an
    application, a model, the chart of another pin."""
    changed = [each for each in releases if _is_open(each) and _is_changed(gate, desired, each.release.name)]
    if not changed:
        return
    before = {path: blob for path, blob in gate.base.ids.items() if path.startswith(f'{DELIVERY}/')}
    differing = {path for path, blob in before.items() if desired.get(path) != blob}
    own = {delivery_file(name) for each in changed for name in _places(gate, each)}
    published = _published(gate, differing | own)
    hosts = {host: asked for asked, names in published.values() for host in names if asked != 'none'}
    applications = _applications(gate)
    logins = list[Login]()
    for each in changed:
        name, now = each.release.name, each.merged['auth']['type']
        logins += [
            Login(name, published[file][0], now)
            for file in map(delivery_file, _places(gate, each))
            if file in published
        ]
        logins += [
            Login(name, hosts[host], now, f'host name {quoted(host)}') for host in _hosts(each.merged) if host in hosts
        ]
        for application in applications.get(each.release.model, ()):
            logins.append(Login(name, application.spec['auth'], now, f'application {quoted(application.name)}'))
    yield from weaker_logins(_once(logins), gate.registry)


def _once(logins: Sequence[Login]) -> Iterator[Login]:
    """A release that asked itself is not told again by its host name or its application."""
    own = {each.release for each in logins if not each.asked and each.before not in ('none', each.now)}
    yield from (each for each in logins if not (each.asked and each.release in own))


def _published(gate: Gate, files: Collection[str]) -> dict[str, tuple[str, list[str]]]:
    """The logins and host names of published releases that ask for one, by delivery file; parsing takes time."""
    contents = gate.now.files(sorted(files))
    found = {file: values_in(file, data) for file, data in contents.items() if b'auth:' in data}
    return {file: (_type(values), _hosts(values)) for file, values in found.items()}


def _applications(gate: Gate) -> dict[str, list[Application]]:
    """The published applications that ask for a login, by member."""
    found: dict[str, list[Application]] = {}
    for application in gate.now.applications_in_scope(gate.read):
        for member in application.members if application.spec.get('auth', 'none') != 'none' else ():
            found.setdefault(member, []).append(application)
    return found


def _hosts(values: Mapping[str, Any]) -> list[str]:
    routes = (values.get(key, {}) for key in ('route', 'grpcRoute'))
    return [host for route in routes if route.get('enabled') for host in route.get('hostnames', ())]


def _type(values: Mapping[str, Any]) -> str:
    return str(values.get('auth', {}).get('type', 'none'))


def _is_open(release: ResolvedRelease) -> bool:
    return bool(release.merged['route']['enabled'] or release.merged['grpcRoute']['enabled'])


def _is_changed(gate: Gate, desired: Ids, name: str) -> bool:
    file = delivery_file(name)
    return file in desired and desired[file] != gate.base.ids.get(file)


def _places(gate: Gate, release: ResolvedRelease) -> set[str]:
    """The names of a release, by now and as published."""
    origins = gate.origins.get(release.environment.name, ())
    return {release.release.name, *(f'{origin.name}/{release.release.model}' for origin in origins)}
