"""The tool's own chart_templates/ and schemas/ → starter, runtimes, documents and schemas."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files as package_files
from importlib.resources.abc import Traversable
from typing import Any

from generator.documents import read as yamlio
from generator.domain.records import Runtime, Starter, Templates


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
            about=yamlio.read(starter['Chart.yaml'], 'chart_templates/model-server/Chart.yaml'),
            files=starter,
            values=yamlio.read(starter['values.yaml'], 'chart_templates/model-server/values.yaml'),
            schema=json.loads(values_schema),
            digest=_digest({n: d for n, d in starter.items() if n.startswith('templates/')}),
        ),
        runtimes=_Runtimes(templates / 'runtimes'),
        documents=dict(_walk(templates / 'repository', '')),
        schemas={**schemas, 'values.json': _overlay_form(values_schema)},
    )


class _Runtimes(Mapping[str, Runtime]):
    """The presets by name, each read when it is asked for; a name that only resolves to another one is that one."""

    def __init__(self, folder: Traversable) -> None:
        self._files = {entry.name.removesuffix('.yaml'): entry for entry in sorted(folder.iterdir(), key=_name)}
        self._read: dict[str, Runtime] = {}

    def __getitem__(self, name: str) -> Runtime:
        if name not in self._read:
            file = f'chart_templates/runtimes/{name}.yaml'
            spec = yamlio.read(self._files[name].read_bytes(), file)
            self._read[name] = self[spec['resolvesTo']] if 'resolvesTo' in spec else Runtime(name, file, spec)
        return self._read[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)


_WHOLE = ('required', 'if', 'then', 'else', 'allOf', 'anyOf', 'oneOf', 'minProperties', 'dependencies')


def _overlay_form(schema: bytes) -> bytes:
    """The schema of values for what stands in the registry: an overlay is a part, so nothing is required of it."""

    def parts(value: Any, *, names: bool = False) -> Any:
        if isinstance(value, dict):
            # Below `properties` and the like stand names, not keywords.
            inner = ('properties', 'patternProperties', 'definitions', '$defs')
            return {k: parts(v, names=k in inner and not names) for k, v in value.items() if names or k not in _WHOLE}
        return [parts(item) for item in value] if isinstance(value, list) else value

    return json.dumps(parts(json.loads(schema)), ensure_ascii=False).encode()


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
