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
from generator.domain.records import Values

# Schemas that the registry's schemas refer to.
SHARED = ('values.json', 'strategy.json', 'stops.json')

# And those that one schema refers to.
_ALSO = {'bumps.json': ('model.json',)}


class RegistrySchemas:
    """The registry's schemas by kind, compiled when first used."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._texts = files
        self._parsed: dict[str, Any] = {}
        self._compiled: dict[str, Any] = {}

    def parsed(self, name: str) -> Any:
        if name not in self._parsed:
            self._parsed[name] = json.loads(self._texts[name])
        return self._parsed[name]

    def problems(self, kind: str, document: Any, file: str, source: bytes) -> list[Problem]:
        """Return the problems of a registry document; `source` is its text, for lines and spellings."""
        found = self.faults(kind, document, lambda: yaml_marks(source, file))
        return [Problem(file, json_path(fault.path), fault.message, fault.hint) for fault in found]

    def faults(self, kind: str, document: Any, marks: Callable[[], Mapping[Path, Mark]] = dict) -> list[Fault]:
        """Return the faults of a document; `marks` reads lines and spellings of its text, if it has one."""
        name = f'{kind.lower()}.json'
        others = {other: self.parsed(other) for other in (*SHARED, *_ALSO.get(name, ()))}
        if name not in self._compiled:
            known = jsonschema_rs.Registry([(f'json-schema:///{uri}', content) for uri, content in others.items()])
            self._compiled[name] = jsonschema_rs.Draft202012Validator(self.parsed(name), registry=known)
        if self._compiled[name].is_valid(document):
            return []
        from generator.documents.schema_faults import explain

        return explain(self.parsed(name), document, marks(), others)


def values_faults(schema: bytes, values: Values) -> list[Fault]:
    """Check merged values with the schema of their chart."""
    if _values_validator(schema).is_valid(values):
        return []
    from generator.documents.schema_faults import explain

    return explain(json.loads(schema), values, {}, {})


@lru_cache(maxsize=64)
def _values_validator(schema: bytes) -> Any:
    return jsonschema_rs.Draft7Validator(json.loads(schema))
