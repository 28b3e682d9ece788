"""chartloom's own chart_templates/ and schemas/ → starter, runtimes, documents and schemas."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files as package_files
from importlib.resources.abc import Traversable

from generator.charts.concatenate import concatenate
from generator.charts.schema import chart_schema, without
from generator.charts.workload import with_workload
from generator.documents.read import read_yaml
from generator.documents.schema import RegistrySchemas
from generator.domain.generated import Runtime, Starter, Templates
from generator.domain.layout import CHART_SCHEMA, CHART_VALUES, CHART_YAML, TEMPLATES
from generator.domain.tree import Tree
from generator.domain.values import Values

_STARTER = 'model-server'
BUMPS = 'bumps.json'
REPORT = 'report.json'
# For chartloom's own presets, and for the input and the output of commands.
_NOT_IN_REPOSITORIES = ('runtime.json', BUMPS, REPORT)


@cache
def load_templates() -> Templates:
    """Load the starter, the runtimes, the documents and the schemas of this chartloom."""
    templates = package_files('chart_templates')
    starter = starter_of(dict(_walk(templates / _STARTER, '')), _STARTER)
    schemas = {name: data for name, data in _walk(package_files('schemas'), '') if name.endswith('.json')}
    for name in _NOT_IN_REPOSITORIES:
        del schemas[name]
    return Templates(
        starter=starter,
        runtimes=_Runtimes(templates / 'runtimes'),
        documents=dict(_walk(templates / 'repository', '')),
        schemas={**schemas, 'values.json': _overlay_form(starter.described)},
    )


@cache
def schemas_with_bumps() -> RegistrySchemas:
    """The schemas of the registry, and that of the file of `chartloom bump --file`."""
    return RegistrySchemas({**load_templates().schemas, BUMPS: package_files('schemas').joinpath(BUMPS).read_bytes()})


def report_schema() -> bytes:
    """The schema of what `chartloom review --output json` prints."""
    return package_files('schemas').joinpath(REPORT).read_bytes()


def starter_of(files: Tree, name: str) -> Starter:
    """Make a starter from the files of its folder, with the files that charts contain."""
    texts = {path: data.decode() for path, data in files.items() if path.startswith(TEMPLATES)}
    held = {path: text.encode() for path, text in concatenate(texts, name).items()}
    described = with_workload(files[CHART_SCHEMA])
    schema = json.loads(described)
    return Starter(
        about=read_yaml(files[CHART_YAML], f'chart_templates/{name}/{CHART_YAML}'),
        files={
            CHART_YAML: files[CHART_YAML],
            CHART_VALUES: files[CHART_VALUES],
            CHART_SCHEMA: chart_schema(schema).encode(),
            **held,
        },
        values=read_yaml(files[CHART_VALUES], f'chart_templates/{name}/{CHART_VALUES}'),
        schema=schema,
        described=described,
        digest=_digest(held),
    )


@cache
def value_sets() -> Mapping[str, Values]:
    """The sets of values that the starter is tested with, by name."""
    folder = package_files('chart_templates') / _STARTER / 'ci'
    ending = '-values.yaml'
    named = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(ending))
    return {name.removesuffix(ending): read_yaml((folder / name).read_bytes(), name) for name in named}


class _Runtimes(Mapping[str, Runtime]):
    """The presets by name, each read on first use; a preset with `resolvesTo` gives the one it names."""

    def __init__(self, folder: Traversable) -> None:
        self._files = {entry.name.removesuffix('.yaml'): entry for entry in sorted(folder.iterdir(), key=_name)}
        self._read: dict[str, Runtime] = {}

    def __getitem__(self, name: str) -> Runtime:
        if name not in self._read:
            file = f'chart_templates/runtimes/{name}.yaml'
            spec = read_yaml(self._files[name].read_bytes(), file)
            self._read[name] = self[spec['resolvesTo']] if 'resolvesTo' in spec else Runtime(name, file, spec)
        return self._read[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)


_WHOLE = ('required', 'if', 'then', 'else', 'allOf', 'anyOf', 'oneOf', 'minProperties', 'dependencies')


def _overlay_form(schema: bytes) -> bytes:
    """The schema of values in the registry: an overlay is partial, so nothing is required."""
    return json.dumps(without(json.loads(schema), _WHOLE), ensure_ascii=False).encode()


def _walk(folder: Traversable, prefix: str) -> Iterator[tuple[str, bytes]]:
    for entry in sorted(folder.iterdir(), key=_name):
        if entry.is_dir():
            if entry.name != '__pycache__':
                yield from _walk(entry, f'{prefix}{entry.name}/')
        elif not entry.name.endswith(('.py', '.pyc')):
            yield f'{prefix}{entry.name}', entry.read_bytes()


def _name(entry: Traversable) -> str:
    return entry.name


def _digest(files: dict[str, bytes]) -> str:
    lines = ''.join(f'{path} {hashlib.sha256(data).hexdigest()}\n' for path, data in sorted(files.items()))
    return hashlib.sha256(lines.encode()).hexdigest()
