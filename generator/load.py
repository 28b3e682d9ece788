"""Registry files → Registry; the tool's own chart_templates/ and schemas/ → starter, runtimes and documents."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import cache
from importlib.resources import files as package_files
from importlib.resources.abc import Traversable
from typing import Any

from generator import yamlio
from generator.domain import (
    Application,
    Environment,
    Model,
    ModelVersion,
    Registry,
    Release,
    Rollout,
    Runtime,
    Settings,
    Starter,
    Templates,
    Values,
)
from generator.errors import Problem, ProblemsFound, problem
from generator.schema import Schemas, quoted, suggest
from generator.texts import text_problems

Read = Callable[[str], bytes]
Check = Callable[[Registry, Collection[str]], Iterable[Problem]]

API_VERSION = 'chartloom/v1'
SETTINGS = 'registry/settings.yaml'
_FOLDERS = {
    'models': 'Model', 'environments': 'Environment', 'releases': 'Release', 'rollouts': 'Rollout',
    'applications': 'Application',
}  # fmt: skip
_PLACE = re.compile(
    r'registry/(?:settings|(models|environments|applications)/([^/]+)|(releases|rollouts)/([^/]+)/([^/]+))\.yaml'
)
_PLAIN = re.compile(r'[!-~]+')  # what only looks like a name is told by its schema
_NAME = re.compile(r'[a-z0-9](?:[-a-z0-9]*[a-z0-9])?')
_NEWER = re.compile(r'chartloom/v[0-9]+')
_ELSEWHERE = 'keep it outside registry/, or in a README.md'
_IGNORED = re.compile(r'registry/(?:schemas/.*|(?:.*/)?(?:\.[^/]*|README\.md|OWNERS|CODEOWNERS))')


def no_problems(found: Registry, unread: Collection[str]) -> Iterable[Problem]:
    return ()


def load_registry(
    names: Collection[str],
    read: Read,
    schemas: Schemas,
    only: Collection[str] = (),
    check: Check = no_problems,
    every: Collection[str] = (),
) -> Registry:
    """Read the registry files among `names`; with `only`, no more than these models and what they need.

    `every` are the names of all files there are, where `names` are a part of them.

    `check` tells what is wrong with what was read, as a whole; it is given the names of the files that could not be
    read, too. Raises ProblemsFound with the problems of all files and of the check.
    """
    problems: list[Problem] = []
    found: dict[str, dict[str, Any]] = {'Settings': {}, **{kind: {} for kind in _FOLDERS.values()}}
    for file in sorted(names):
        try:
            place = _place(file)
            if place is None or not _wanted(place, only):
                continue
            data = read(file)
            if place[0] == 'Application' and only and not any(name.encode() in data for name in only):
                continue
            document = yamlio.read(data, file)
            faults = _envelope(document, file, place) or schemas.problems(place[0], document, file, data)
            if b'\\' in data or b'<<' in data:
                faults = [*faults, *text_problems(document, file)]
            problems.extend(faults)
            if not faults:
                spec = document['spec']
                # Owners keep their order: of the lines of CODEOWNERS the last one counts.
                found[place[0]][place[1]] = _make(place, file, spec if place[0] == 'Settings' else in_key_order(spec))
        except ProblemsFound as error:
            problems.extend(error.problems)
    unread = {problem.file for problem in problems}
    if not found['Settings'] and SETTINGS not in unread:
        problems.append(Problem(SETTINGS, '', 'there is no such file', "run 'chartloom init' to begin a repository"))
    registry = Registry(
        settings=found['Settings'].get('settings') or Settings(SETTINGS, {}),
        models=found['Model'],
        environments=found['Environment'],
        releases=found['Release'],
        applications=found['Application'],
        applications_of=_by_member(found['Application']),
        model_names=frozenset(name for kind, name in map(_kind_and_name, every or names) if kind == 'Model'),
        release_names=frozenset(name for kind, name in map(_kind_and_name, every or names) if kind == 'Release'),
        rollouts=found['Rollout'],
    )
    if problems := [*problems, *check(registry, unread)]:
        raise ProblemsFound(problems)
    return registry


def in_key_order(value: Any) -> Any:
    """A value whose maps are sorted: the order in which people wrote them makes no new chart and wakes no release."""
    if isinstance(value, dict):
        return {key: in_key_order(value[key]) for key in sorted(value)}
    return [in_key_order(item) for item in value] if isinstance(value, list) else value


def _by_member(applications: dict[str, Application]) -> dict[str, tuple[Application, ...]]:
    found: dict[str, tuple[Application, ...]] = {}
    for application in applications.values():
        for member in dict.fromkeys(application.members):
            found[member] = (*found.get(member, ()), application)
    return found


def _kind_and_name(file: str) -> tuple[str, str]:
    match = _PLACE.fullmatch(file)
    if not match:
        return '', ''
    folder, name, by_environment, environment, model = match.groups()
    if by_environment:
        return _FOLDERS[by_environment], f'{environment}/{model}'
    return (_FOLDERS[folder], name) if folder else ('Settings', 'settings')


def _place(file: str) -> tuple[str, str] | None:
    kind, name = _kind_and_name(file)
    if kind and _PLAIN.fullmatch(name):
        return kind, name
    if kind:
        raise problem(file, '', f'{quoted(name)} is no name', 'rename the file: lower-case letters, digits and hyphens')
    if _IGNORED.fullmatch(file):
        return None
    raise problem(file, '', 'no file of this name belongs into the registry', _where(file))


def _where(file: str) -> str:
    """What to do with a file that stands at no place of the registry."""
    folder, *inner = file.removeprefix('registry/').split('/')
    stem, _, ending = file.rpartition('.')
    if ending != 'yaml' and ending.lower() in ('yaml', 'yml'):
        return f'rename it to {stem}.yaml'
    if folder in ('releases', 'rollouts'):
        return f'{folder} stand in registry/{folder}/<environment>/<model>.yaml'
    if folder in _FOLDERS:
        return f'{folder} stand in registry/{folder}/<name>.yaml' if inner[-1:] and ending == 'yaml' else _ELSEWHERE
    return suggest(folder, (*_FOLDERS, 'settings.yaml')) if inner or ending == 'yaml' else _ELSEWHERE


def _wanted(place: tuple[str, str], only: Collection[str]) -> bool:
    kind, name = place
    return not only or kind not in ('Model', 'Release', 'Rollout') or name.rpartition('/')[2] in only


def _envelope(document: Any, file: str, place: tuple[str, str]) -> list[Problem]:
    """What must be right before a schema can be chosen."""
    if not isinstance(document, dict):
        return [Problem(file, '$', 'it is not a map', f'begin with apiVersion: {API_VERSION} and kind: {place[0]}')]
    kind, version = document.get('kind'), document.get('apiVersion')
    if isinstance(version, str) and version != API_VERSION:
        newer = _NEWER.fullmatch(version)
        hint = 'use a newer chartloom' if newer else f'write {API_VERSION}'
        return [
            Problem(file, '$.apiVersion', f"this chartloom knows format '{API_VERSION}', not {quoted(version)}", hint)
        ]
    if isinstance(kind, str) and kind != place[0]:
        folder = next((f'registry/{f}/' for f, k in _FOLDERS.items() if k == kind), SETTINGS)
        known = kind in (*_FOLDERS.values(), 'Settings')
        hint = f'{kind} files belong into {folder}' if known else suggest(kind, [place[0]], f'write kind: {place[0]}')
        return [Problem(file, '$.kind', f'{quoted(kind)} does not belong here', hint)]
    metadata = document.get('metadata')
    name = metadata.get('name') if isinstance(metadata, dict) else None
    stem = place[1].rpartition('/')[2]
    if place[0] != 'Settings' and isinstance(name, str) and name != stem:
        rename = f', or rename the file to {name}.yaml' if _NAME.fullmatch(name) else ''
        return [
            Problem(file, '$.metadata.name', f'{quoted(name)} is not the name of the file', f"write '{stem}'{rename}")
        ]
    return []


def _make(place: tuple[str, str], file: str, spec: Values) -> Any:
    kind, name = place
    match kind:
        case 'Settings':
            return Settings(file, spec)
        case 'Model':
            versions = tuple(ModelVersion(v['version'], v['image'], v) for v in spec['versions'])
            return Model(name, file, spec, versions)
        case 'Environment':
            return Environment(name, file, spec)
        case 'Release':
            environment, _, model = name.partition('/')
            return Release(environment, model, file, spec)
        case 'Rollout':
            environment, _, model = name.partition('/')
            return Rollout(environment, model, file, spec)
    return Application(name, file, spec)


@cache
def load_templates() -> Templates:
    """The starter, the runtimes, the documents and the schemas that this chartloom carries."""
    templates = package_files('chart_templates')
    # ci/ holds the starter's own test values: they are no part of a model's chart.
    starter = {name: data for name, data in _walk(templates / 'model-server', '') if not name.startswith('ci/')}
    values_schema = starter['values.schema.json']
    schemas = {name: data for name, data in _walk(package_files('schemas'), '') if name.endswith('.json')}
    return Templates(
        starter=Starter(
            files=starter,
            values=yamlio.read(starter['values.yaml'], 'chart_templates/model-server/values.yaml'),
            schema=json.loads(values_schema),
            digest=_digest({n: d for n, d in starter.items() if n.startswith('templates/')}),
        ),
        runtimes=_runtimes(templates / 'runtimes'),
        documents=dict(_walk(templates / 'repository', '')),
        schemas={**schemas, 'values.json': _overlay_form(values_schema)},
    )


def _runtimes(folder: Traversable) -> dict[str, Runtime]:
    """The presets by name; a name that only resolves to another one is that one."""
    files = {f'chart_templates/runtimes/{name}': data for name, data in _walk(folder, '') if name.endswith('.yaml')}
    specs = {file: yamlio.read(data, file) for file, data in files.items()}
    found = {spec['name']: Runtime(spec['name'], file, spec) for file, spec in specs.items() if 'values' in spec}
    return found | {s['name']: found[s['resolvesTo']] for s in specs.values() if 'resolvesTo' in s}


_WHOLE = ('required', 'if', 'then', 'else', 'allOf', 'anyOf', 'oneOf', 'minProperties')


def _overlay_form(schema: bytes) -> bytes:
    """The schema of values for what stands in the registry: an overlay is a part, so nothing is required of it."""

    def parts(value: Any, *, names: bool = False) -> Any:
        if isinstance(value, dict):
            # Below `properties` and the like stand names, not keywords.
            inner = ('properties', 'patternProperties', 'definitions', '$defs')
            return {k: parts(v, names=k in inner and not names) for k, v in value.items() if names or k not in _WHOLE}
        return [parts(item) for item in value] if isinstance(value, list) else value

    return (json.dumps(parts(json.loads(schema)), indent=2, ensure_ascii=False) + '\n').encode()


def _walk(folder: Traversable, prefix: str) -> Iterator[tuple[str, bytes]]:
    for entry in sorted(folder.iterdir(), key=lambda e: e.name):
        if entry.is_dir():
            if entry.name != '__pycache__':
                yield from _walk(entry, f'{prefix}{entry.name}/')
        elif not entry.name.endswith(('.py', '.pyc')):
            yield f'{prefix}{entry.name}', entry.read_bytes()


def _digest(files: dict[str, bytes]) -> str:
    lines = ''.join(f'{path} {hashlib.sha256(data).hexdigest()}\n' for path, data in sorted(files.items()))
    return hashlib.sha256(lines.encode()).hexdigest()
