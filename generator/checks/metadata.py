"""Annotations and labels that people write → problems: those that Helm, agents and controllers obey.

Helm and agents find and remove objects by theirs, so nobody may write them. Controllers take host names, addresses,
certificates, networks or identities of a cloud from others, and new controllers bring new ones: models and releases may
write only what is known to be harmless, and an environment, whose file the platform guards, all else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from generator.checks.scope import Scope
from generator.checks.written import Written, at, written
from generator.domain.environments import Environment
from generator.domain.generated import ResolvedRelease
from generator.domain.places import Path, json_path
from generator.domain.problems import Problem
from generator.domain.records import Release
from generator.domain.values import DOMAIN, Values
from generator.domain.words import quoted
from generator.strategies.routers.nginx import FREE

# The keys of an item that become annotations or labels of objects.
_PLACES: tuple[Path, ...] = (
    ('podAnnotations',),
    ('service', 'annotations'),
    ('route', 'annotations'),
    ('grpcRoute', 'annotations'),
    ('serviceAccount', 'annotations'),
    ('monitoring', 'podMonitor', 'labels'),
    ('monitoring', 'rules', 'labels'),
    ('monitoring', 'dashboard', 'labels'),
)
_OF_ENVIRONMENT: tuple[Path, ...] = (('monitoring', 'labels'), ('workloadIdentity', 'annotations'))
# Domains of keys, also with other labels before them, and who obeys them.
_NOBODY = {
    'helm.sh': 'Helm',
    'argoproj.io': 'Argo',
    'fluxcd.io': 'Flux',
    'app.kubernetes.io': 'agents',
    DOMAIN: 'chartloom',
}
_KEYS = {
    'kubectl.kubernetes.io/last-applied-configuration': 'kubectl',
}
# What models and releases may write besides keys without a domain and those of domains of the settings: it names
# containers for people, restarts pods, or tells Prometheus where the pods' own metrics are.
_HARMLESS = frozenset(
    """
    kubectl.kubernetes.io/default-container kubectl.kubernetes.io/default-logs-container
    kubectl.kubernetes.io/restartedAt kubernetes.io/description prometheus.io/scrape prometheus.io/path
    prometheus.io/port prometheus.io/scheme
    """.split()
)
# Runtimes of containers read keys without a domain, too, which have dots: io.kubernetes.cri-o.…, org.systemd.property.…
_OWN_KEY = re.compile(r'[A-Za-z0-9_-]{1,63}')
_OF_ENVIRONMENT_HINT = (
    'remove it here; the platform may set it in spec.values of the environment, or permit its domain with'
    ' annotationDomains of the settings'
)
# ingress-nginx writes values into its configuration, for all routes of the cluster.
_NGINX_VALUE = re.compile(r'[A-Za-z0-9 .,:*/_-]*')


def obeyed_metadata(scope: Scope) -> Iterator[Problem]:
    """Report annotations and labels that something else than people obeys, and those that a release removes."""
    domains = scope.registry.settings.spec.get('annotationDomains', ())
    for item in written(scope.registry):
        free = isinstance(item, Environment)
        for place, keys in _metadata(item):
            for key, value in keys.items():
                if fault := _of_nobody(key) or (None if free else _beyond(key, value, domains)):
                    yield _problem(item.file, (*place, key), fault)
        if item.removed and isinstance(item, Release):
            yield from _removed(item, domains)


def pinned_metadata(scope: Scope) -> Iterator[Problem]:
    """Report what charts hold that are older than these rules, unless the environment says the same."""
    domains = scope.registry.settings.spec.get('annotationDomains', ())
    for release in scope.releases:
        if release.chart.is_new:
            continue
        for place in _PLACES:
            if not (keys := _in_chart(release.chart.values, place)):
                continue
            for key, value in keys.items():
                fault = _of_nobody(key) or _beyond(key, value, domains)
                if fault and _is_left(release, (*place, key), value):
                    message = f'{".".join(map(str, place))} of the chart: {fault[0]}'
                    yield Problem(release.release.file, '$.spec', message, 'pin a newer chart of this model')


def _is_left(release: ResolvedRelease, place: Path, value: object) -> bool:
    """Whether a value of the chart is still there, and not because the environment says the same."""
    return at(release.merged, place) == value != at(release.environment.spec, ('values', *place))


def _in_chart(found: Values, place: Path) -> Values:
    """The annotations or labels in the values of a chart, whose maps are dicts."""
    for step in place:
        found = found.get(str(step)) or {}
    return found


def _problem(file: str, place: Path, fault: tuple[str, str]) -> Problem:
    return Problem(file, json_path(place), *fault)


def _of_nobody(key: str) -> tuple[str, str] | None:
    """What is wrong with a key that nobody may write, and a hint."""
    if who := _reader(key):
        return f'{quoted(key)} is an order to {who}, which nobody may give here', 'remove it'
    return None


def _beyond(key: str, value: object, domains: Sequence[str]) -> tuple[str, str] | None:
    """What is wrong with a key that a model or a release writes, and a hint."""
    if key in FREE:
        if _NGINX_VALUE.fullmatch(str(value)):
            return None
        message = f"expected letters, digits, spaces and any of '.,:*/_-', found {quoted(str(value))}"
        return message, 'ingress-nginx writes it into its configuration: use only these characters'
    if _may_write(key, domains):
        return None
    return f'controllers may obey {quoted(key)}, which only an environment may write', _OF_ENVIRONMENT_HINT


def _may_write(key: str, domains: Sequence[str]) -> bool:
    if key in _HARMLESS or key in FREE or _OWN_KEY.fullmatch(key):
        return True
    domain = key.partition('/')[0] if '/' in key else ''
    return any(domain == granted or domain.endswith(f'.{granted}') for granted in domains)


def _removed(release: Release, domains: Sequence[str]) -> Iterator[Problem]:
    """Report nulls that remove what an environment writes, such as the auth of a route or the identity of the pods."""
    for null in release.removed:
        if null[1] != 'values':
            continue
        path = null[2:]
        for place in _PLACES:
            if place[: len(path)] == path:
                message = f'null removes all of {".".join(map(str, place))}, also what the environment writes there'
                yield Problem(release.file, json_path(null), message, 'remove single keys instead')
                break
            if path[:-1] == place and not _may_write(key := str(path[-1]), domains):
                message = f'null removes {quoted(key)}, which only an environment may write'
                yield Problem(release.file, json_path(null), message, 'remove the null')


def _metadata(item: Written) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    places = ((('spec', 'values', *path), path) for path in _PLACES) if item.spec.get('values') else ()
    for place, path in places:
        if isinstance(found := at(item.spec['values'], path), Mapping):
            yield place, found
    if isinstance(item, Environment):
        for path in _OF_ENVIRONMENT:
            if isinstance(found := at(item.spec, path), Mapping):
                yield ('spec', *path), found


def _reader(key: str) -> str:
    """Who obeys a key that nobody may write: by the key itself, or by the end of its domain; '' if nobody does."""
    if '/' not in key:
        return ''
    domain = key.partition('/')[0].lower()
    while domain:
        if domain in _NOBODY:
            return _NOBODY[domain]
        domain = domain.partition('.')[2]
    return _KEYS.get(key, '')
