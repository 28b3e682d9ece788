"""A document and its JSON Schema → problems: jsonschema-rs finds invalid documents, schema_faults.py explains them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import jsonschema_rs

from generator.documents.dates import FORMATS, is_date
from generator.documents.read import Mark, yaml_marks
from generator.domain.places import Path, json_path
from generator.domain.problems import Fault, Problem
from generator.domain.values import Values

# Schemas that the registry's schemas refer to.
SHARED = ('values.json', 'strategy.json', 'stops.json')

# And those that one schema refers to.
_ALSO = {'bumps.json': ('model.json',)}


class RegistrySchemas:
    """The registry's schemas by kind. Each text is parsed and compiled once in a process."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._texts = files

    def parsed(self, name: str) -> Any:
        return _parsed(self._texts[name])

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
        others = tuple((other, self._texts[other]) for other in (*SHARED, *_ALSO.get(name, ())))
        if _compiled(self._texts[name], others, whole).is_valid(document):
            return []
        from generator.documents.schema_faults import explain

        return explain(
            _schema(self._texts[name], whole), document, marks(), {other: _parsed(text) for other, text in others}
        )


@lru_cache(maxsize=32)
def _parsed(text: bytes) -> Any:
    return json.loads(text)


def _schema(text: bytes, whole: bool) -> Any:
    return _parsed(text) if whole else partial_schema(_parsed(text))


@lru_cache(maxsize=32)
def _compiled(text: bytes, others: tuple[tuple[str, bytes], ...], whole: bool) -> Any:
    known = jsonschema_rs.Registry([(f'json-schema:///{uri}', _parsed(other)) for uri, other in others])
    return jsonschema_rs.Draft202012Validator(
        _schema(text, whole), registry=known, formats=dict.fromkeys(FORMATS, is_date), validate_formats=True
    )


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
