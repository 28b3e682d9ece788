"""Registry → problems: names of models, environments and applications that do not exist."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import NamedTuple

from generator.domain.layout import application_file, environment_file, model_file
from generator.domain.places import json_path
from generator.domain.problems import Problem
from generator.domain.records import Registry
from generator.domain.words import nearest, quoted, some, suggest


class _Reference(NamedTuple):
    """A place in the registry that names a model, an environment or an application."""

    file: str
    path: str
    name: str


def reference_problems(registry: Registry, unread: Collection[str]) -> Iterator[Problem]:
    """Report references to what does not exist; if several files refer to it, once, at the file that is missing."""
    environments, models = _of_environments(registry), _of_models(registry)
    for kind, file_of, known, references in (
        ('environment', environment_file, registry.environments.keys(), environments),
        ('model', model_file, registry.model_names, models),
        ('application', application_file, registry.application_names, _granted(registry, 'application')),
    ):
        missing: dict[str, list[_Reference]] = defaultdict(list)
        for reference in references:
            if reference.name not in known and file_of(reference.name) not in unread:
                missing[reference.name].append(reference)
        for name, found in missing.items():
            yield from _problems(kind, file_of(name), found, known)


def _problems(kind: str, missing: str, references: list[_Reference], known: Collection[str]) -> Iterator[Problem]:
    files = sorted({reference.file for reference in references})
    if len(files) == 1:
        for file, path, name in references:
            yield Problem(file, path, f'{kind} {quoted(name)} not found', suggest(name, known))
        return
    close = nearest(references[0].name, known)
    instead = f'refer to {quoted(close)}, ' if close else ''
    hint = f'restore it, {instead}or remove what refers to it'
    yield Problem(missing, '', f'file not found, but {some(files)} refer to it', hint)


def _of_environments(registry: Registry) -> Iterator[_Reference]:
    for release in registry.releases.values():
        yield _Reference(release.file, '', release.environment)
    for environment in registry.environments.values():
        for index, name in enumerate(environment.spec.get('promotesFrom', [])):
            yield _Reference(environment.file, json_path(('spec', 'promotesFrom', index)), name)


def _of_models(registry: Registry) -> Iterator[_Reference]:
    for release in registry.releases.values():
        yield _Reference(release.file, '$.metadata.name', release.model)
    for application in registry.applications.values():
        for index, name in enumerate(application.members):
            yield _Reference(application.file, json_path(('spec', 'members', index)), name)
    yield from _granted(registry, 'model')


def _granted(registry: Registry, kind: str) -> Iterator[_Reference]:
    """Owners of the host names that environments grant."""
    for environment in registry.environments.values():
        for host, owner in environment.spec.get('hostnames', {}).items():
            if kind in owner:
                yield _Reference(environment.file, json_path(('spec', 'hostnames', host, kind)), owner[kind])
