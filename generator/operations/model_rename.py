"""A model that no published release runs, and its new name → its registry files under this name.

The names of workloads, Services and charts come from the model: under another name it is another model, with a ledger
of its own. The ledger and the charts of the old name stay.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from generator.documents.edit import set_values
from generator.documents.nulls import read_with_nulls
from generator.documents.respell import respelled
from generator.domain.environments import Environment
from generator.domain.layout import MODELS, ledger_file, model_file, model_folder, model_name, release_file, release_of
from generator.domain.places import json_path
from generator.domain.problems import Problem, ProblemsFound
from generator.domain.records import Application, Registry
from generator.domain.tree import Read
from generator.domain.values import Values
from generator.domain.words import some, suggest
from generator.operations.operation import Operation, RegistryChange
from generator.operations.owners import moved_owners, owners_of_model
from generator.operations.pin_choice import Scope, choose_pins
from generator.operations.rollout_steps import Pin, move_pin
from generator.pipeline.run import Run
from generator.plan.message import shortened
from generator.registry.load import is_name
from generator.values.merge import leaves


def renaming(old: str, new: str) -> Operation:
    """Give a model another name, as long as no published release runs it."""

    def change(run: Run) -> RegistryChange:
        registry, read = run.registry, run.source.read
        if old not in registry.models and new in registry.models:
            return RegistryChange(result={'from': old, 'to': new, 'environments': [], 'referring': []})
        if problems := list(_problems(run, old, new)):
            raise ProblemsFound(problems)
        files, releases = _files(registry, old, new, read)
        result = {'from': old, 'to': new, 'environments': releases, 'referring': _referring(files, old, new)}
        # The charts under the new name are numbered from the beginning: a pin may name none of them.
        after = RegistryChange(files).on(run)
        for pin in choose_pins(after.registry, after.charts, Scope(), run.clock).pins:
            if pin.release.model == new:
                files |= move_pin(pin.release, Pin(pin.version, pin.chart), after.source.read)
        gone = [f'{name}/{old}' for name in releases]
        if ledger_file(old) not in run.base.ids:
            gone.append(model_folder(old))  # all its charts are drafts
        subject = shortened(f'Rename model {old} to {new}')
        notes, warnings = tuple(_notes(run, result)), tuple(_left(registry, old, new, read))
        return RegistryChange(files, subject, result, notes, wide=True, removable=gone, warnings=warnings)

    return Operation('model rename', (old, new), (), change)


def _problems(run: Run, old: str, new: str) -> Iterator[Problem]:
    models = run.registry.models
    if old not in models:
        yield Problem(MODELS, '', f"model '{old}' not found", suggest(old, models))
    if new in models:
        yield Problem(model_file(new), '', f"model '{new}' is there already", 'choose another name')
    elif ledger_file(new) in run.base.ids:
        yield Problem(ledger_file(new), '', f"a model '{new}' was published before", 'choose another name')
    if not is_name(new):
        hint = 'write lower-case letters, digits and hyphens'
        yield Problem(model_file(old), '$.metadata.name', f"invalid name '{new}'", hint)
    if runs := _published(run, old):
        message = (
            f'published releases run it ({some(runs)}): its pods and Services have its name, and would be replaced'
        )
        hint = (
            f"add a second model '{new}' with releases of its own, move what calls '{old}' to it, and remove the"
            f" releases of '{old}' last"
        )
        yield Problem(model_file(old), '', message, hint)


def _published(run: Run, model: str) -> list[str]:
    found = {release_of(path) for path in run.base.ids}
    return sorted(name for name in found if name and model_name(name) == model)


def _files(registry: Registry, old: str, new: str, read: Read) -> tuple[dict[str, bytes | None], list[str]]:
    """Return the files that change, and the environments that have a release of the model."""
    model = registry.models[old].file
    files: dict[str, bytes | None] = {
        model: None,
        model_file(new): set_values(read(model), model, {('metadata', 'name'): new}),
    }
    releases = sorted(each.environment for each in registry.releases.values() if each.model == old)
    for environment in releases:
        file = release_file(f'{environment}/{old}')
        files[file] = None
        files[release_file(f'{environment}/{new}')] = set_values(read(file), file, {('metadata', 'name'): new})
    items: list[Application | Environment] = [*registry.applications.values(), *registry.environments.values()]
    for item in items:
        document = read_with_nulls(read(item.file), item.file)[0]
        wanted = {**document, 'spec': _spec(document['spec'], old, new)}
        if wanted != document:
            files[item.file] = respelled(read(item.file), item.file, wanted, old, new)
    files |= moved_owners(registry.settings, owners_of_model(registry.settings, old, new), old, new, read)
    return files, releases


def _spec(spec: Values, old: str, new: str) -> dict[str, Any]:
    """Members and routes of an application, and owners of host names in an environment."""
    found = dict(spec)
    if 'members' in spec:
        found['members'] = [new if name == old else name for name in spec['members']]
    for key in ('routes', 'hostnames'):
        if key in spec:
            found[key] = {
                name: {**each, 'model': new} if each.get('model') == old else each for name, each in spec[key].items()
            }
    return found


def _left(registry: Registry, old: str, new: str, read: Read) -> Iterator[Problem]:
    """Places of the model's own file that still say the old name, such as a path of its route."""
    spec = read_with_nulls(read(registry.models[old].file), registry.models[old].file)[0]['spec']
    word = re.compile(rf'(?<![\w-]){re.escape(old)}(?![\w-])')
    for path, value in leaves(spec):
        if isinstance(value, str) and word.search(value):
            hint = f"write '{new}' if it means this model, before charts that contain it are published"
            yield Problem(model_file(new), json_path(('spec', *path)), f"still says '{old}': {value}", hint)


def _referring(files: dict[str, bytes | None], old: str, new: str) -> list[str]:
    own = {model_file(old), model_file(new)}
    moved = {path for path in files if path.rpartition('/')[2] in (f'{old}.yaml', f'{new}.yaml')}
    return sorted({*files} - own - moved)


def _notes(run: Run, result: Values) -> Iterator[str]:
    old, new = result['from'], result['to']
    yield f'Workloads, Services, charts and default host names are called {new}; charts begin at 1.0.0.'
    if ledger_file(old) in run.base.ids:
        yield f'The published charts of {old} and their ledger stay.'
    if result['referring']:
        yield f'Also changed, because they name it: {", ".join(result["referring"])}'
    yield f'What calls it by another way must be changed by hand: values of other models that contain {old}.'
