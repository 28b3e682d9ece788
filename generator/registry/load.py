"""Registry files → Registry; raises all problems of all files."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from generator.documents.nulls import read_with_nulls
from generator.documents.schema import RegistrySchemas
from generator.domain.environments import Environment
from generator.domain.layout import (
    APPLICATIONS,
    BY_ENVIRONMENT,
    KINDS,
    MODELS,
    REGISTRY,
    RELEASES,
    SETTINGS,
    is_read,
    names_below,
    registry_place,
)
from generator.domain.places import Path
from generator.domain.problems import Problem, ProblemsFound, bounded, problem
from generator.domain.records import Application, Model, ModelVersion, Registry, Release, Rollout
from generator.domain.settings import Settings
from generator.domain.strategy import parse_strategy
from generator.domain.tree import Read
from generator.domain.values import Values
from generator.domain.words import quoted, suggest
from generator.registry.inherit import blamed, with_inherited
from generator.registry.nulls import null_problems
from generator.registry.rollbacks import with_ended_rollbacks
from generator.registry.texts import text_problems

RegistryCheck = Callable[[Registry, Collection[str]], Iterable[Problem]]

NO_SETTINGS = Problem(SETTINGS, '', 'file not found', "run 'chartloom init' to create a repository")
API_VERSION = 'chartloom/v1'
_PLAIN = re.compile(r'[!-~]+')  # the schema checks the format of a name
_NAME = re.compile(r'[a-z0-9](?:[-a-z0-9]*[a-z0-9])?')
_NEWER = re.compile(r'chartloom/v[0-9]+')
_ELSEWHERE = 'keep it outside registry/, or in a README.md'


def is_name(text: str) -> bool:
    """Whether a text may be the name of a file of the registry."""
    return _NAME.fullmatch(text) is not None


def no_problems(found: Registry, unread: Collection[str]) -> Iterable[Problem]:
    return ()


def load_registry(
    names: Collection[str],
    read: Read,
    schemas: RegistrySchemas,
    only: Collection[str] = (),
    check: RegistryCheck = no_problems,
    every: Collection[str] = (),
    known: Callable[[str], Collection[str]] | None = None,
) -> Registry:
    """Read the registry files among `names`; with `only`, these models and what they need.

    `every` are the names of all files, if `names` are only some of them; `known` returns all names in a folder. `check`
    returns the problems of the complete registry, given also the names of the files that could not be read. Raises
    ProblemsFound with the problems of all files and of `check`.
    """
    problems: list[Problem] = []
    found: dict[str, dict[str, Any]] = {'Settings': {}, **{kind: {} for kind in KINDS.values()}}
    for file in sorted(names):
        try:
            place = _place(file)
            if place and _wanted(place, only) and (made := _read_one(file, place, read(file), schemas, only)):
                found[place[0]][place[1]] = made
        except ProblemsFound as error:
            problems.extend(error.problems)
    unread = {problem.file for problem in problems}
    whole, without = with_inherited(found['Environment'], schemas, [*unread, *every])
    problems += without
    unread.update(each.file for name, each in found['Environment'].items() if name not in whole)
    found['Environment'] = whole
    if not found['Settings'] and SETTINGS not in unread:
        problems.append(NO_SETTINGS)
    registry = _registry(found, known or (lambda folder: frozenset(names_below(folder, every or names))))
    if problems := [*problems, *blamed(check(registry, unread), whole.values())]:
        raise ProblemsFound(bounded(problems))
    return registry


def read_record(file: str, data: bytes, schemas: RegistrySchemas) -> Any:
    """Read one file of the registry, without what it inherits; raises ProblemsFound with its problems."""
    place = _place(file)
    assert place, 'the file is one of the registry'
    return _read_one(file, place, data, schemas, ())


def _read_one(file: str, place: tuple[str, str], data: bytes, schemas: RegistrySchemas, only: Collection[str]) -> Any:
    """Read one file; None for an application that contains none of the models `only`."""
    # One without members is damaged, and may have had any.
    if place[0] == 'Application' and only and b'members' in data and not any(name.encode() in data for name in only):
        return None
    document, nulls = read_with_nulls(data, file)
    heir = place[0] == 'Environment' and _inherits(document)
    if nulls and (misplaced := null_problems(nulls, place[0], file, heir=heir)):
        raise ProblemsFound(misplaced)
    faults = _envelope(document, file, place) or schemas.problems(place[0], document, file, data, whole=not heir)
    if b'\\' in data or b'<<' in data:
        faults = [*faults, *text_problems(document, file)]
    if faults:
        raise ProblemsFound(faults)
    spec = document['spec']
    # The settings keep their order: in CODEOWNERS the last matching line wins.
    return _make(place, file, spec if place[0] == 'Settings' else in_key_order(spec), nulls)


def _inherits(document: Any) -> bool:
    spec = document.get('spec') if isinstance(document, dict) else None
    return isinstance(spec, dict) and 'inherits' in spec


def _registry(found: Mapping[str, dict[str, Any]], known: Callable[[str], Collection[str]]) -> Registry:
    return Registry(
        settings=found['Settings'].get('settings') or Settings(SETTINGS, {}),
        models=found['Model'],
        environments=found['Environment'],
        releases=with_ended_rollbacks(found['Release'], found['Environment'], found['Model']),
        applications=found['Application'],
        applications_of=_by_member(found['Application']),
        model_names=known(MODELS),
        release_names=known(RELEASES),
        application_names=known(APPLICATIONS),
        rollouts=found['Rollout'],
    )


def in_key_order(value: Any) -> Any:
    """Sort all maps of a value, so that a different order in the file changes no chart and no release."""
    if isinstance(value, dict):
        # Most values are strings: a call for each would take as long as everything else.
        return {key: item if type(item) is str else in_key_order(item) for key, item in sorted(value.items())}
    return [in_key_order(item) for item in value] if isinstance(value, list) else value


def _by_member(applications: dict[str, Application]) -> dict[str, tuple[Application, ...]]:
    found: dict[str, tuple[Application, ...]] = {}
    for application in applications.values():
        for member in dict.fromkeys(application.members):
            found[member] = (*found.get(member, ()), application)
    return found


def _place(file: str) -> tuple[str, str] | None:
    if place := registry_place(file):
        if _PLAIN.fullmatch(place[1]):
            return place
        hint = 'rename the file: lower-case letters, digits and hyphens'
        raise problem(file, '', f'invalid name {quoted(place[1])}', hint)
    if not is_read(file):
        return None
    raise problem(file, '', 'not a file of the registry', _where(file))


def _where(file: str) -> str:
    """The hint for a file that is not a registry file."""
    folder, *inner = file.removeprefix(f'{REGISTRY}/').split('/')
    stem, _, ending = file.rpartition('.')
    if ending != 'yaml' and ending.lower() in ('yaml', 'yml'):
        return f'rename it to {stem}.yaml'
    if folder in BY_ENVIRONMENT:
        return f'move it to {REGISTRY}/{folder}/<environment>/<model>.yaml'
    if folder in KINDS:
        return f'move it to {REGISTRY}/{folder}/<name>.yaml' if inner[-1:] and ending == 'yaml' else _ELSEWHERE
    return suggest(folder, (*KINDS, SETTINGS.rpartition('/')[2])) if inner or ending == 'yaml' else _ELSEWHERE


def _wanted(place: tuple[str, str], only: Collection[str]) -> bool:
    kind, name = place
    return not only or kind not in ('Model', 'Release', 'Rollout') or name.rpartition('/')[2] in only


def _envelope(document: Any, file: str, place: tuple[str, str]) -> list[Problem]:
    """Check what the choice of a schema depends on."""
    if not isinstance(document, dict):
        hint = f'start with apiVersion: {API_VERSION} and kind: {place[0]}'
        return [Problem(file, '$', 'the document is not a map', hint)]
    kind, version = document.get('kind'), document.get('apiVersion')
    if isinstance(version, str) and version != API_VERSION:
        newer = _NEWER.fullmatch(version)
        hint = 'use a newer chartloom' if newer else f'write {API_VERSION}'
        return [Problem(file, '$.apiVersion', f"expected format '{API_VERSION}', found {quoted(version)}", hint)]
    if isinstance(kind, str) and kind != place[0]:
        folder = next((f'{REGISTRY}/{f}/' for f, k in KINDS.items() if k == kind), SETTINGS)
        known = kind in (*KINDS.values(), 'Settings')
        hint = f'move it to {folder}' if known else suggest(kind, [place[0]], f'write kind: {place[0]}')
        return [Problem(file, '$.kind', f"expected kind '{place[0]}', found {quoted(kind)}", hint)]
    metadata = document.get('metadata')
    name = metadata.get('name') if isinstance(metadata, dict) else None
    stem = place[1].rpartition('/')[2]
    if place[0] != 'Settings' and isinstance(name, str) and name != stem:
        rename = f', or rename the file to {name}.yaml' if _NAME.fullmatch(name) else ''
        return [
            Problem(file, '$.metadata.name', f'{quoted(name)} differs from the file name', f"write '{stem}'{rename}")
        ]
    return []


def _make(place: tuple[str, str], file: str, spec: Values, removed: tuple[Path, ...]) -> Any:
    kind, name = place
    match kind:
        case 'Settings':
            return Settings(file, spec)
        case 'Model':
            versions = tuple(ModelVersion(v['version'], v['image'], v) for v in spec['versions'])
            return Model(name, file, spec, versions, removed)
        case 'Environment':
            return Environment(name, file, spec, removed)
        case 'Release':
            environment, _, model = name.partition('/')
            return Release(environment, model, file, spec, removed)
        case 'Rollout':
            environment, _, model = name.partition('/')
            return Rollout(environment, model, file, spec, parse_strategy(spec['strategy']))
    return Application(name, file, spec)
