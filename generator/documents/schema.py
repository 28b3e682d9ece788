"""A document and its JSON Schema → problems: jsonschema-rs finds invalid documents, schema_faults.py explains them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import jsonschema_rs

from generator.documents.read import Mark, yaml_marks
from generator.domain.places import Path, json_path
from generator.domain.problems import Fault, Problem
from generator.domain.values import Values

# Schemas that the registry's schemas refer to.
SHARED = ('values.json', 'strategy.json', 'stops.json')

# And those that one schema refers to.
_ALSO = {'bumps.json': ('model.json',)}


class RegistrySchemas:
    """The registry's schemas by kind, compiled when first used."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._texts = files
        self._parsed: dict[str, Any] = {}
        self._compiled: dict[tuple[str, bool], Any] = {}

    def parsed(self, name: str) -> Any:
        if name not in self._parsed:
            self._parsed[name] = json.loads(self._texts[name])
        return self._parsed[name]

    def problems(self, kind: str, document: Any, file: str, source: bytes, *, whole: bool = True) -> list[Problem]:
        """Return the problems of a registry document; `source` is its text, for lines and spellings.

        If it is not the `whole`, another document may have what it lacks.
        """
        found = self.faults(kind, document, lambda: yaml_marks(source, file), whole=whole)
        return [Problem(file, json_path(fault.path), fault.message, fault.hint) for fault in found]

    def faults(
        self, kind: str, document: Any, marks: Callable[[], Mapping[Path, Mark]] = dict, *, whole: bool = True
    ) -> list[Fault]:
        """Return the faults of a document; `marks` reads lines and spellings of its text, if it has one."""
        name = f'{kind.lower()}.json'
        others = {other: self.parsed(other) for other in (*SHARED, *_ALSO.get(name, ()))}
        schema = self.parsed(name) if whole else partial_schema(self.parsed(name))
        if (name, whole) not in self._compiled:
            known = jsonschema_rs.Registry([(f'json-schema:///{uri}', content) for uri, content in others.items()])
            self._compiled[name, whole] = jsonschema_rs.Draft202012Validator(schema, registry=known)
        if self._compiled[name, whole].is_valid(document):
            return []
        from generator.documents.schema_faults import explain

        return explain(schema, document, marks(), others)


REQUIRING = ('required', 'dependentRequired', 'minProperties')


def partial_schema(schema: Any) -> Any:
    """Return the schema of a registry document without what its spec must have."""
    properties = schema['properties']
    return {**schema, 'properties': {**properties, 'spec': _not_requiring(properties['spec'])}}


def _not_requiring(schema: Any) -> Any:
    found = {key: value for key, value in schema.items() if key not in REQUIRING}
    if 'properties' in schema:
        found['properties'] = {key: _not_requiring(part) for key, part in schema['properties'].items()}
    return found


def values_faults(schema: bytes, values: Values) -> list[Fault]:
    """Check merged values with the schema of their chart."""
    if _values_validator(schema).is_valid(values):
        return []
    from generator.documents.schema_faults import explain

    return explain(json.loads(schema), values, {}, {})


@lru_cache(maxsize=64)
def _values_validator(schema: bytes) -> Any:
    return jsonschema_rs.Draft7Validator(json.loads(schema))
