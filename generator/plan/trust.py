"""Settings, environments and applications as published and as desired → what a request would trust instead."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from typing import Any

from generator.checks.clusters import cluster_key
from generator.domain.choices import reaches_other_clusters
from generator.domain.environments import Environment
from generator.domain.layout import GENERATED, REGISTRY, SETTINGS, model_file, model_name
from generator.domain.problems import Problem
from generator.domain.records import Registry
from generator.domain.settings import Settings
from generator.domain.values import Values
from generator.domain.words import quoted, some

_AGREE = 'undo it, or let whoever answers for what runs there agree'
_PLATFORM = 'undo it, or let whoever answers for the clusters agree'
# Parts of an environment with services that programs of the platform ask, or send Secrets to.
_SERVICES = ('gate', 'identity', 'artifactStores', 'secretStore', 'monitoring.prometheus')
Paths = Callable[[], Collection[str]]
# Parts that decide who may send requests to pods, or what pods may reach.
_DOORS = (
    'router',
    'gateway',
    'mesh',
    'monitoring.namespace',
    'ingress',
    'egress',
    'values.networkPolicy',
    'values.service',
    'values.route.annotations',
    'values.grpcRoute.annotations',
)
_PERMISSIONS = ('ingress.', 'egress.', 'values.networkPolicy.ingress.', 'values.networkPolicy.egress.')
# What decides which images are pulled.
_IMAGES = ('registryMirrors', 'requireDigest')
_NOTHING = 'nothing'
_MOST_OWNERS = 20


@dataclass(frozen=True, slots=True)
class Login:
    """What an open route of a release (`env/model`) asks for: as published, and by now. `asked`: who asked for it, if
    this was not the release itself: a host name, an application."""

    release: str
    before: str
    now: str
    asked: str = ''

    @property
    def model(self) -> str:
        return model_name(self.release)


def other_people(before: Settings, now: Settings, published: Paths, mine: Collection[str]) -> Iterator[Problem]:
    """Yield what settings ask of fewer, or permit to more: owners, signatures, annotations.

    `published` are the paths of published files (slow), `mine` those of the request: owners of what is new or gone
    are nobody else's.
    """
    yield from (
        Problem(SETTINGS, f'$.spec.{path}', text, _PLATFORM) for path, text in _people(before, now, published, mine)
    )


def _people(before: Settings, now: Settings, published: Paths, mine: Collection[str]) -> Iterator[tuple[str, str]]:
    if before.signing.required and not now.signing.required:
        yield 'signing', 'commits need no signature any more'
    for who, (old, new) in _differing(before.signing.signers, now.signing.signers):
        what = 'may sign now' if not old else 'signs with other keys' if new else 'may not sign any more'
        yield 'signing.signers', f'{quoted(who)} {what}'
    yield from _owners(before.spec.get('owners', {}), now.spec.get('owners', {}), published, mine)
    domains = before.spec.get('annotationDomains', ())
    if more := [each for each in now.spec.get('annotationDomains', ()) if each not in domains]:
        yield 'annotationDomains', f'models and releases may write annotations of {some(map(quoted, more))} now'
    if not before.spec.get('charts', {}).get('plainHttp') and now.spec.get('charts', {}).get('plainHttp'):
        yield 'charts.plainHttp', 'charts would come without TLS'


def _owners(before: Values, now: Values, published: Paths, mine: Collection[str]) -> Iterator[tuple[str, str]]:
    if gone := [path for path in before if path not in now and any(_matches(path, each) for each in mine)]:
        yield 'owners', f'{some(map(quoted, gone))} have no owners of their own any more'
    for path, (old, new) in _differing({path: before[path] for path in before if path in now}, now):
        if old:
            yield 'owners', f'owners of {quoted(path)}: {", ".join(old)} → {", ".join(new or ())}'
    kept = [[path for path in each if path in before and path in now] for each in (before, now)]
    if kept[0] != kept[1]:
        yield 'owners', 'owners are in another order, and the last path that matches counts'
    new = [path for path in now if path not in before] if before else []
    if len(new) > _MOST_OWNERS:  # each is compared with every published file
        yield 'owners', f'{len(new)} paths have owners of their own now: {some(map(quoted, new))}'
        return
    files = published() if new else ()
    for path in new:
        if any(_matches(path, each) for each in files):
            yield 'owners', f'{quoted(path)} has owners of its own now: {", ".join(now[path])}'


def _matches(pattern: str, path: str) -> bool:
    core = pattern.strip('/')
    return path == core or path.startswith(f'{core}/') or fnmatch(path, core) or fnmatch(path, f'*/{core}')


def owners_of_heir(old: str, new: str, owners: Values) -> Iterator[Problem]:
    """Yield the paths of an environment that another name leaves without owners."""
    for path in owners:
        parts = path.split('/')
        if path.strip('/').partition('/')[0] not in (REGISTRY, *GENERATED):
            continue  # the team's own folders
        mine = '/'.join(new if part == old else f'{new}.yaml' if part == f'{old}.yaml' else part for part in parts)
        if mine != path and mine not in owners:
            message = (
                f"{quoted(path)} has owners, and {quoted(mine)} of '{new}', which takes the place of '{old}', has none"
            )
            yield Problem(SETTINGS, '$.spec.owners', message, f'add {quoted(mine)} with the same owners')


def other_doors(before: Environment, now: Environment) -> Iterator[Problem]:
    """Yield what an environment changes of who may send requests to its pods, and of what these may reach; not what it
    permits no longer."""
    for path, (was, is_) in _differing(*(_leaves(each.spec, _DOORS) for each in (before, now))):
        fewer = {*(is_ or '').split(', ')} <= {*(was or '').split(', '), ''}
        if not (fewer and path.startswith(_PERMISSIONS)):
            message = f"'{now.name}' lets others in or out: {path}: {was or _NOTHING} → {is_ or _NOTHING}"
            yield Problem(now.file, f'$.spec.{path}' if is_ else '$.spec', message, _AGREE)


def other_services(before: Environment, now: Environment) -> Iterator[Problem]:
    """Yield the services that an environment asks elsewhere than before, and the cluster that it names."""
    old, new = _leaves(before.spec, _SERVICES), _leaves(now.spec, _SERVICES)
    for path, (was, is_) in _differing(old, new):
        # A service that is new as a whole takes nothing from anybody.
        if was or any(each.rpartition('.')[0] == path.rpartition('.')[0] for each in old):
            message = f"'{now.name}' asks another service: {path}: {was or _NOTHING} → {is_ or _NOTHING}"
            yield Problem(now.file, f'$.spec.{path}', message, _AGREE)
    for key in _IMAGES:
        if before.spec.get(key) != now.spec.get(key):
            was, is_ = (_said(each.spec.get(key)) for each in (before, now))
            message = f"'{now.name}' lets images come from elsewhere: {key}: {was} → {is_}"
            yield Problem(now.file, f'$.spec.{key}' if key in now.spec else '$.spec', message, _AGREE)
    if not reaches_other_clusters(now.agent) and cluster_key(before) != cluster_key(now):
        was, is_ = (f'{each.spec["cluster"]["name"]} {each.server}'.strip() for each in (before, now))
        message = (
            f"'{now.name}' names another cluster: {was} → {is_}: its Flux deploys where it runs, whatever this says"
        )
        yield Problem(now.file, '$.spec.cluster', message, _AGREE)


def _said(value: Any) -> str:
    if isinstance(value, Mapping):
        return ', '.join(f'{key} from {each}' for key, each in value.items()) or _NOTHING
    return _NOTHING if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _leaves(spec: Values, parts: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}

    def add(path: str, value: Any) -> None:
        if isinstance(value, Mapping):
            for key, each in value.items():
                add(f'{path}.{key}', each)
        elif value is not None:
            found[path] = ', '.join(map(str, value)) if isinstance(value, list) else str(value)

    for part in parts:
        value: Any = spec
        for key in part.split('.'):
            value = value.get(key) if isinstance(value, Mapping) else None
        add(part, value)
    return found


def without_gate(environment: Environment, environments: Mapping[str, Environment]) -> Iterator[Problem]:
    """Yield that a new environment leaves out the gate of the one that it inherits: each has its own."""
    parent = environments.get(environment.inherits)
    if parent and parent.promotes_from and not environment.promotes_from:
        message = f"'{environment.name}' inherits '{parent.name}', but not promotesFrom: any version may run there"
        yield Problem(environment.file, '$.spec', message, f'write promotesFrom: [{", ".join(parent.promotes_from)}]')


def weaker_logins(logins: Iterable[Login], registry: Registry) -> Iterator[Problem]:
    """Yield routes that ask for another login than as published, or for none, at the file that says so."""
    found: dict[tuple[str, str, str, str], list[str]] = {}
    for each in logins:
        if each.before not in ('none', each.now):
            key = _asking(registry, each.model), each.asked or each.release, each.before, each.now
            found.setdefault(key if each.asked else (key[0], '', *key[2:]), []).append(each.release)
    for (file, asked, before, now), names in found.items():
        several = list(dict.fromkeys(sorted(names)))
        routes = 'its route asks' if len(several) == 1 else 'their routes ask'
        who = some(map(quoted, several))
        message = f'{who} asked for {before} as published, and {routes} for {now}'
        if asked:
            message = f'{asked} asked for {before} as published, and the route of {who} asks for {now}'
        yield Problem(file, '$.spec', message, _AGREE)


def _asking(registry: Registry, model: str) -> str:
    """The file that says who may send requests to a model: that of an application with a route to it, or its own."""
    for application in registry.applications.values():
        if any(route.get('model') == model for route in application.spec.get('routes', {}).values()):
            return application.file
    return model_file(model)


def _differing(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[tuple[str, tuple[Any, Any]]]:
    for key in dict.fromkeys((*before, *now)):
        if before.get(key) != now.get(key):
            yield key, (before.get(key), now.get(key))
