"""Merged values → the Secrets, claims and ConfigMaps that pods use; the name of each tells whose it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Literal, NamedTuple

from generator.charts.stores import store_of
from generator.checks.written import at
from generator.domain.environments import Environment
from generator.domain.generated import ResolvedRelease
from generator.domain.places import Path
from generator.domain.problems import Fault
from generator.domain.records import Registry
from generator.domain.values import Values
from generator.domain.words import quoted
from generator.values.merge import enabled

Kind = Literal['Secret', 'claim', 'ConfigMap']
_VOLUMES: Mapping[str, Kind] = {'secret': 'Secret', 'persistentVolumeClaim': 'claim', 'configMap': 'ConfigMap'}
_CREDENTIALS: Path = ('artifact', 'credentials', 'secret')
_FILES: Path = ('artifact', 'uri')
_Entries = Callable[[Values], Values]
_AS_HYPHENS = str.maketrans('._/', '---')


class Use(NamedTuple):
    """An object that values name; `how` is what else the place says of it."""

    kind: Kind
    name: str
    place: Path
    how: tuple[object, ...] = ()


def uses(values: Values) -> Iterator[Use]:
    """Yield what the pods use by name, of merged values."""
    yield from _named(values, enabled)
    artifact = values['artifact']
    if artifact['delivery'] == 'download':
        yield from _variables(('artifact',), artifact, enabled)
        if secret := artifact.get('credentials', {}).get('secret'):
            yield Use('Secret', secret, _CREDENTIALS)
    if artifact['delivery'] == 'volume':
        yield Use('claim', artifact['claimName'], _FILES)


def _named(values: Values, of: _Entries) -> Iterator[Use]:
    """Yield what containers, volumes and pulls of images name; `of` chooses the entries of a map."""
    yield from _variables((), values, of)
    for name, container in of(values.get('containers', {})).items():
        yield from _variables(('containers', name), container, of)
    yield from volumes(values, of)
    for name in of(values.get('imagePullSecrets', {})):
        yield Use('Secret', name, ('imagePullSecrets', name))


def _variables(home: Path, holder: Values, of: _Entries) -> Iterator[Use]:
    for name, variable in of(holder.get('env', {})).items():
        if variable.get('secret'):
            yield Use('Secret', variable['secret'], (*home, 'env', name), (variable.get('key'),))


def volumes(values: Values, of: _Entries = enabled) -> Iterator[Use]:
    """Yield what the volumes name, and whether only to read it."""
    for name, volume in of(values.get('volumes', {})).items():
        if volume.get('type') in _VOLUMES and volume.get('name'):
            how = bool(volume.get('readOnly')), volume.get('subPath', '')
            yield Use(_VOLUMES[volume['type']], volume['name'], ('volumes', name), how)


def of_environment(environment: Environment) -> Iterator[Use]:
    """Yield what the file of an environment names, at the places where it may stand; also what it only offers."""
    spec = environment.spec
    yield from _named(spec.get('values', {}), dict)
    for store in spec.get('artifactStores', {}).values():
        if 'secret' in store:
            yield Use('Secret', store['secret'], _CREDENTIALS)
    if 'clientSecret' in spec.get('identity', {}):
        yield Use('Secret', spec['identity']['clientSecret'], ('auth', 'clientSecret'))


def is_named(kept: tuple[Kind, str], environment: Environment) -> bool:
    """Whether the file of an environment names an object."""
    return any(kept == each[:2] for each in of_environment(environment))


def remote_keys(environment: Environment) -> dict[str, str]:
    """What ExternalSecrets of an environment read in its store, below the store's path, by the names of the Secrets."""
    below = f'{environment.spec.get("secretStore", {}).get("path", "")}/'
    secrets = environment.spec.get('values', {}).get('externalSecrets', {}).get('secrets', {})
    keys = {name: secret.get('remoteKey', '') for name, secret in secrets.items()}
    return {name: key.removeprefix(below).lower() for name, key in keys.items() if key}


def _is_kept(use: Use, environment: Environment) -> bool:
    """Whether an object is the environment's; a Secret also by what is read for it in the store."""
    if is_named((use.kind, use.name), environment):
        return True
    read = remote_keys(environment)
    return use.kind == 'Secret' and use.name not in read and use.name in read.values()


def is_permitted(use: Use, release: ResolvedRelease) -> bool:
    """Whether the environment itself puts an object at this place."""
    if use.place == _FILES:
        return any(
            use[:2] == each[:2] and _is_read(each, release.environment) for each in of_environment(release.environment)
        )
    if use.place != _CREDENTIALS:
        return use in of_environment(release.environment)
    store = store_of(release.merged['artifact'], release.environment.spec.get('artifactStores', {}))
    return store is not None and store.get('secret') == use.name


def _is_read(claim: Use, environment: Environment) -> bool:
    """Whether model servers may read the whole claim anyway; without a mountPath only sidecars can."""
    return claim.how[1] == '' and bool(at(environment.spec, ('values', *claim.place, 'mountPath')))


def is_own(name: str, release: ResolvedRelease, registry: Registry) -> bool:
    """Whether a name is that of the release's model, or of a model of one application with it."""
    head = _head(name, release, registry)
    return bool(head) and _is_near(head, release, registry)


def owner(name: str, release: ResolvedRelease, registry: Registry) -> str:
    """The other model that an object belongs to: its name is the longest of a release that the object's begins with."""
    head = _head(name, release, registry)
    return '' if not head or _is_near(head, release, registry) else head


def _head(name: str, release: ResolvedRelease, registry: Registry) -> str:
    known, environment = registry.release_names, release.release.environment
    head = name.lower().translate(_AS_HYPHENS)
    while head and f'{environment}/{head}' not in known:
        head = head.rpartition('-')[0]
    return head


def _is_near(head: str, release: ResolvedRelease, registry: Registry) -> bool:
    own = release.release.model
    return head == own or any(head in app.members for app in registry.applications_of.get(own, ()))


def foreign(use: Use, release: ResolvedRelease, registry: Registry) -> Fault | None:
    """Return the fault of an object that the environment or another model has for itself."""
    if _is_kept(use, release.environment):
        if is_permitted(use, release):
            return None
        file = release.environment.file
        message = f'{use.kind} {quoted(use.name)} belongs to the environment, which names it in {file}'
        return Fault(use.place, message, f'name another {use.kind}, or write this into spec.values of {file}')
    if model := owner(use.name, release, registry):
        message = f"{use.kind} {quoted(use.name)} belongs to model '{model}', by its name"
        return Fault(use.place, message, share(use.kind, model))
    return None


def share(kind: Kind, model: str) -> str:
    return f"use a {kind} whose name does not begin with '{model}-', or put both models into one application"
