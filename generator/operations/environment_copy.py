"""An environment and the place of another one → the file of the other, its releases with their pins, and its owners."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from generator.documents.edit import Scalar, set_values
from generator.documents.nulls import read_with_nulls
from generator.documents.write import dump_yaml
from generator.domain.environments import Environment
from generator.domain.layout import ENVIRONMENTS, bootstrap_file, environment_file, release_file
from generator.domain.places import Path
from generator.domain.problems import Problem, ProblemsFound, problem
from generator.domain.records import Registry, Release
from generator.domain.tree import Read
from generator.domain.words import suggest
from generator.operations.operation import Operation, RegistryChange
from generator.operations.owners import copied_owners, owners_of_environment
from generator.pipeline.run import Run
from generator.plan.message import shortened
from generator.registry.inherit import OWN

_HEAD = '# yaml-language-server: $schema=../schemas/environment.json\n'
# What counts only where it was written: a stop, what is accepted, and a state of the pods there.
_OF_ONE_ENVIRONMENT = ('lock', 'waivers', 'suspended', 'rollback')
_OF_ONE_PLACE = ('inherits', 'cluster', 'namespace', 'applicationNamespace', 'promotesFrom', 'lock', 'waivers')


@dataclass(frozen=True, slots=True)
class Place:
    """What differs in the copy; '' or () is not said. `skip_promotion` is the reason why its pins need not come by
    promotion; `inherits`: it inherits all else instead of repeating it."""

    cluster: str
    server: str = ''
    namespace: str = ''
    domain: str = ''
    application_namespace: str = ''
    store_path: str = ''
    promotes_from: tuple[str, ...] = ()
    skip_promotion: str = ''
    inherits: bool = False

    @property
    def arguments(self) -> tuple[str, ...]:
        """The place as it is written on the command line."""
        found: list[str] = []
        for each in fields(self):
            option, value = f'--{each.name.replace("_", "-")}', getattr(self, each.name)
            match value:
                case bool():
                    found += [option] if value else []
                case str():
                    found += [option, shlex.quote(value)] if value else []
                case _:
                    found += [word for name in value for word in (option, name)]
        return tuple(found)


def copying(source: str, target: str, place: Place) -> Operation:
    """Write an environment like another, with the releases that run there now."""

    def change(run: Run) -> RegistryChange:
        registry, read = run.registry, run.source.read
        environment = registry.environments.get(source)
        if environment is None:
            raise problem(ENVIRONMENTS, '', f"environment '{source}' not found", suggest(source, registry.environments))
        if problems := list(_unsaid(environment, target, place)):
            raise ProblemsFound(problems)
        releases = [each for each in registry.releases.values() if each.environment == source]
        files: dict[str, bytes | None] = {environment_file(target): _file(environment, target, place, read)}
        files |= {release_file(f'{target}/{each.model}'): _release(each, place, read) for each in releases}
        files |= copied_owners(registry.settings, owners_of_environment(registry.settings, source, target), read)
        result = _result(environment, target, place, releases, registry)
        changed = {path: data for path, data in files.items() if not _is_there(run, path, data)}
        if environment_file(target) in changed and target in registry.environments:
            message = f"environment '{target}' is there already, and is no such copy of '{source}'"
            raise problem(environment_file(target), '', message, 'choose another name')
        if not changed:
            return RegistryChange(result=result)
        many = f'{len(releases)} {"release" if len(releases) == 1 else "releases"}'
        subject = shortened(f'Copy environment {source} to {target}: {many}')
        return RegistryChange(
            changed,
            subject,
            result,
            tuple(_notes(result)),
            wide=True,
            warnings=tuple(_warnings(environment, target, place)),
        )

    return Operation('environment copy', (source, target, *place.arguments), (), change)


def _unsaid(environment: Environment, target: str, place: Place) -> Iterator[Problem]:
    """Yield what must be said because two environments cannot share it, or should not without a word."""
    cluster, spec = environment.spec['cluster']['name'], environment.spec
    asked = f"say it for '{target}'"
    if target == environment.name:
        yield Problem(environment.file, '$.metadata.name', 'a copy needs another name', 'choose another name')
    if environment.server and not place.server and place.cluster != cluster:
        message = f"'{environment.name}' has the API server {environment.server} of cluster '{cluster}'"
        yield Problem('--server', '', message, asked)
    if place.cluster == cluster and place.namespace in ('', environment.namespace):
        message = f"'{environment.name}' has namespace '{environment.namespace}' of cluster '{cluster}'"
        yield Problem('--namespace', '', message, asked)
    if 'domain' in spec and not place.domain:
        message = f"'{environment.name}' has the host names below '{spec['domain']}'"
        yield Problem('--domain', '', message, f'{asked}; the same one if one address leads to both')
    if environment.application_namespace and not place.application_namespace:
        message = f"'{environment.name}' has its Applications in '{environment.application_namespace}'"
        yield Problem('--application-namespace', '', message, asked)
    if 'secretStore' in spec and not place.store_path and not _may_share_secrets(environment, place):
        message = f"'{environment.name}' has its secrets in store '{spec['secretStore']['name']}'"
        yield Problem(
            '--store-path', '', message, f'{asked}; only what promotes from the same environments may share it'
        )


def _may_share_secrets(environment: Environment, place: Place) -> bool:
    same = not place.promotes_from or {*place.promotes_from} == {*environment.promotes_from}
    return bool(same and environment.promotes_from and environment.spec['secretStore'].get('path'))


def _settings(environment: Environment, place: Place) -> dict[Path, str]:
    """What the options set, by place in the file."""
    said = {
        ('cluster', 'name'): place.cluster,
        ('cluster', 'server'): place.server,
        ('namespace',): place.namespace or environment.namespace,
        ('applicationNamespace',): place.application_namespace,
        ('domain',): place.domain,
        ('secretStore', 'path'): place.store_path,
    }
    return {('spec', *path): value for path, value in said.items() if value}


def _file(environment: Environment, target: str, place: Place, read: Read) -> bytes:
    if place.inherits:
        return _heir(environment, target, place)
    own = environment.parts[0].spec
    gone = [key for key in ('lock', 'waivers', *(('promotesFrom',) if place.promotes_from else ())) if key in own]
    changes: dict[Path, Scalar] = {('metadata', 'name'): target, **_settings(environment, place)}
    changes |= {('spec', key): None for key in gone}
    data, file = set_values(read(environment.file), environment.file, changes), environment.file
    return _with_list(data, file, 'promotesFrom', place.promotes_from) if place.promotes_from else data


def _with_list(data: bytes, file: str, key: str, names: Sequence[str]) -> bytes:
    """Add a list to the end of a spec in block style."""
    wanted = read_with_nulls(data, file)[0]
    wanted = {**wanted, 'spec': {**wanted['spec'], key: list(names)}}
    text = f'  {key}:\n' + ''.join(f'  - {name}\n' for name in names)
    longer = data.rstrip() + b'\n' + text.encode()
    try:
        if read_with_nulls(longer, file)[0] == wanted:
            return longer
    except ProblemsFound:
        pass
    message = f'cannot add {key} to a copy of this file'
    raise problem(file, '', message, "use --inherits, or leave --promotes-from out and change the copy's file by hand")


def _heir(environment: Environment, target: str, place: Place) -> bytes:
    """Write a file that says what is never inherited, and what the options say."""
    own = {key: value for key, value in environment.spec.items() if key in OWN and key not in _OF_ONE_PLACE}
    spec: dict[str, Any] = {'inherits': environment.name, 'cluster': {}}
    for (_, *path), value in _settings(environment, place).items():
        *above, key = map(str, path)
        inner = spec
        for step in above:
            inner = inner.setdefault(step, {})
        inner[key] = value
    if environment.server and 'server' not in spec['cluster']:
        spec['cluster']['server'] = environment.server  # the same cluster
    if sources := place.promotes_from or environment.promotes_from:
        spec['promotesFrom'] = list(sources)
    document = {'apiVersion': 'chartloom/v1', 'kind': 'Environment', 'metadata': {'name': target}, 'spec': spec | own}
    return (_HEAD + dump_yaml(document)).encode()


def _release(release: Release, place: Place, read: Read) -> bytes:
    changes: dict[Path, Scalar] = {('spec', key): None for key in _OF_ONE_ENVIRONMENT if key in release.spec}
    if place.skip_promotion and release.chart:
        changes['spec', 'skipPromotion'] = place.skip_promotion
    data = read(release.file)
    return set_values(data, release.file, changes) if changes else data


def _is_there(run: Run, path: str, data: bytes | None) -> bool:
    return path in run.source.tree.ids and run.source.read(path) == data


def _result(
    environment: Environment, target: str, place: Place, releases: Sequence[Release], registry: Registry
) -> dict[str, Any]:
    return {
        'environment': target,
        'from': environment.name,
        'inherits': place.inherits,
        'skipPromotion': place.skip_promotion,
        'keys': [
            {'key': '.'.join(map(str, path)), 'from': _before(environment, path), 'to': value}
            for path, value in _said(environment, place).items()
        ],
        'pins': [
            {'release': f'{target}/{each.model}', 'version': each.version, 'chart': each.chart} for each in releases
        ],
        'rollouts': sorted(each.name for each in releases if each.name in registry.rollouts),
    }


def _said(environment: Environment, place: Place) -> dict[Path, str]:
    sources: dict[Path, str] = {('spec', 'promotesFrom'): ', '.join(place.promotes_from)} if place.promotes_from else {}
    return {**_settings(environment, place), **sources}


def _before(environment: Environment, path: Path) -> str:
    value: Any = environment.spec
    for step in path[1:]:
        value = value.get(step) if isinstance(value, Mapping) else None
    return ', '.join(value) if isinstance(value, list) else str(value or '')


def _notes(result: Mapping[str, Any]) -> Iterator[str]:
    if result['inherits']:
        yield f'{result["environment"]} inherits the spec of {result["from"]}.'
    for row in result['keys']:
        if row['from'] != row['to']:
            yield f'* {row["key"]}: {row["from"] or "not set"} → {row["to"]}'
    if result['skipPromotion']:
        yield f'Promotion is skipped: {result["skipPromotion"]}'
    yield f'The pins are those of {result["from"]}.'
    if result['rollouts']:
        yield f'Rollouts are not copied, only what they started from: {", ".join(result["rollouts"])}'


def _warnings(environment: Environment, target: str, place: Place) -> Iterator[Problem]:
    file = environment_file(target)
    if (path := environment.spec.get('secretStore', {}).get('path')) and not place.store_path:
        message = f"its secrets are those of '{environment.name}': {path}"
        yield Problem(file, '$.spec.secretStore.path', message, 'write another path if they must differ')
    if accelerators := environment.spec.get('capacity', {}).get('accelerators'):
        shown = ', '.join(f'{number} {name}' for name, number in accelerators.items())
        message = f"the capacity is that of '{environment.name}': {shown}"
        yield Problem(file, '$.spec.capacity', message, 'write what the new cluster has')
    message = f"nothing of '{target}' runs until its agent knows it"
    yield Problem(bootstrap_file(target), '', message, 'apply this file when the commit is published')
