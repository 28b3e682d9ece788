"""An environment and its new name → its registry files under this name, and all that refers to it.

The names of workloads come from models, so the objects in the cluster stay as they are. The delivery objects contain
the name of the environment: they are new objects, which take over what the old ones deployed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from generator.documents.nulls import read_with_nulls
from generator.documents.respell import respelled
from generator.domain.environments import Environment
from generator.domain.layout import ENVIRONMENTS, bootstrap_file, environment_file, release_file
from generator.domain.problems import Problem, ProblemsFound
from generator.domain.records import Registry
from generator.domain.tree import Read
from generator.domain.values import Values
from generator.domain.words import suggest
from generator.operations.operation import Operation, RegistryChange
from generator.operations.owners import moved_owners, owners_of_environment
from generator.pipeline.run import Run
from generator.plan.message import shortened
from generator.registry.load import is_name


def renaming(old: str, new: str) -> Operation:
    """Give an environment another name; it is refused while a rollout in git runs there."""

    def change(run: Run) -> RegistryChange:
        registry, read = run.registry, run.source.read
        if old not in registry.environments and new in registry.environments:
            return RegistryChange(result={'from': old, 'to': new, 'models': [], 'referring': []})
        if problems := list(_problems(registry, old, new)):
            raise ProblemsFound(problems)
        environment = registry.environments[old]
        models = sorted(each.model for each in registry.releases.values() if each.environment == old)
        files: dict[str, bytes | None] = {environment.file: None}
        files[environment_file(new)] = _renamed(environment, environment.file, old, new, read)
        for model in models:
            files[release_file(f'{new}/{model}')] = read(release_file(f'{old}/{model}'))
            files[release_file(f'{old}/{model}')] = None
        for other in registry.environments.values():
            if other.name != old and _refers(other, old):
                files[other.file] = _renamed(other, other.file, old, new, read)
        files |= moved_owners(registry.settings, owners_of_environment(registry.settings, old, new), old, new, read)
        moved = {release_file(f'{name}/{model}') for name in (old, new) for model in models}
        referring = sorted({*files} - moved - {environment.file, environment_file(new)})
        result = {'from': old, 'to': new, 'models': models, 'referring': referring}
        subject = shortened(f'Rename environment {old} to {new}')
        notes = _notes(environment, new, models, referring)
        return RegistryChange(
            files,
            subject,
            result,
            tuple(notes),
            wide=True,
            warnings=(_not_yet(environment, new),),
            removable=(old, f'{old}/*'),
        )

    return Operation('environment rename', (old, new), (), change)


def _problems(registry: Registry, old: str, new: str) -> Iterator[Problem]:
    if old not in registry.environments:
        yield Problem(ENVIRONMENTS, '', f"environment '{old}' not found", suggest(old, registry.environments))
    if new in registry.environments:
        yield Problem(environment_file(new), '', f"environment '{new}' is there already", 'choose another name')
    if not is_name(new):
        hint = 'write lower-case letters, digits and hyphens'
        yield Problem(environment_file(old), '$.metadata.name', f"invalid name '{new}'", hint)
    for rollout in registry.rollouts.values():
        if rollout.environment == old:
            message = (
                f'a rollout to {rollout.spec["to"]["version"]} is in progress: its stages are counted by this name'
            )
            hint = f"run 'chartloom rollout finish {rollout.name}' or 'chartloom rollout abort {rollout.name}' first"
            yield Problem(rollout.file, '', message, hint)


def _refers(other: Environment, name: str) -> bool:
    own = other.parts[0].spec
    return own.get('inherits') == name or name in own.get('promotesFrom', ())


def _renamed(environment: Environment, file: str, old: str, new: str, read: Read) -> bytes:
    """The file of an environment with the new name where it is this environment's, or refers to it."""
    document = read_with_nulls(read(file), file)[0]
    wanted: dict[str, Any] = {**document, 'spec': _spec(document['spec'], old, new)}
    if environment.name == old:
        wanted['metadata'] = {**document['metadata'], 'name': new}
    return respelled(read(file), file, wanted, old, new)


def _spec(spec: Values, old: str, new: str) -> dict[str, Any]:
    found = dict(spec)
    if spec.get('inherits') == old:
        found['inherits'] = new
    if 'promotesFrom' in spec:
        found['promotesFrom'] = [new if name == old else name for name in spec['promotesFrom']]
    return found


def _notes(environment: Environment, new: str, models: list[str], referring: list[str]) -> Iterator[str]:
    old = environment.name
    yield f'{len(models)} {"release" if len(models) == 1 else "releases"}: {old}/… → {new}/…'
    yield f'Delivery objects: {old}-<model> → {new}-<model>. Names, values and pods of the workloads stay.'
    yield 'The agent uninstalls nothing. When this is published, remove the old delivery objects without their pods,'
    yield f'then apply {bootstrap_file(new)}: see "To rename an environment" in the README of chartloom.'
    if referring:
        yield f'Also changed, because they name it: {", ".join(referring)}'
    yield 'Rollbacks and promotions look at what was released under the new name only.'


def _not_yet(environment: Environment, new: str) -> Problem:
    message = (
        f"until its agent knows '{new}', the pods run on and nobody updates them; pods do not restart: their names and"
        ' values stay'
    )
    hint = (
        'apply this file after the old delivery objects are gone; before, two objects would own the same pods, and'
        ' deleting the old one would delete them'
    )
    return Problem(bootstrap_file(new), '', message, hint)
