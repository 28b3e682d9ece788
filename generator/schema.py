"""JSON Schema → problems: jsonschema-rs says whether, jsonschema says why."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import jsonschema_rs

from generator.errors import Problem
from generator.paths import Path, show
from generator.yamlio import Mark, marks

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

_BASE = 'json-schema:///'


class Schemas:
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
        """What is wrong with a registry document; `source` is its text, for what only the text tells."""
        name = f'{kind.lower()}.json'
        if name not in self._compiled:
            self._compiled[name] = jsonschema_rs.Draft202012Validator(self.parsed(name), registry=self._registry())
        if self._compiled[name].is_valid(document):
            return []
        return explain(self.parsed(name), document, file, marks(source, file), self._resources())

    def _resources(self) -> dict[str, Any]:
        return {f'{_BASE}{name}': self.parsed(name) for name in ('values.json',)}

    def _registry(self) -> Any:
        return jsonschema_rs.Registry(list(self._resources().items()))


@lru_cache(maxsize=64)
def _values_validator(schema: bytes) -> Any:
    return jsonschema_rs.Draft7Validator(json.loads(schema))


def values_problems(schema: bytes, values: Any, file: str) -> list[Problem]:
    """What is wrong with merged values by the schema of their chart."""
    if _values_validator(schema).is_valid(values):
        return []
    return explain(json.loads(schema), values, file, {}, {})


def explain(
    schema: Any, document: Any, file: str, written: Mapping[Path, Mark], resources: Mapping[str, Any]
) -> list[Problem]:
    """All problems of a document that is known to be invalid, the deepest and clearest of each place."""
    from jsonschema import Draft7Validator, Draft202012Validator
    from referencing import Registry, Resource
    from referencing.jsonschema import DRAFT202012

    contents = {uri: Resource(contents=content, specification=DRAFT202012) for uri, content in resources.items()}
    registry: Any = Registry().with_resources(contents.items())
    kind = Draft202012Validator if '2020' in str(schema.get('$schema')) else Draft7Validator
    root = {**schema, '$id': _BASE} if resources else schema
    found = [p for error in kind(root, registry=registry).iter_errors(document) for p in _problems(error, file, written)]
    return sorted(set(found))


def _problems(error: ValidationError, file: str, written: Mapping[Path, Mark]) -> Iterable[Problem]:
    path: Path = tuple(error.absolute_path)
    value, limit = error.instance, error.validator_value
    match error.validator:
        case 'additionalProperties' | 'unevaluatedProperties':
            known = list(error.schema.get('properties', {}))
            for key in sorted(set(value) - set(known)):
                yield Problem(file, show((*path, key)), f"there is no key '{key}' here", suggest(key, known))
        case 'required':
            for key in (key for key in limit if key not in value):
                yield Problem(file, show(path), f"'{key}' is missing", f"add '{key}': {_described(error, key)}")
        case 'type':
            yield _wrong_type(file, path, value, limit, written.get(path))
        case 'enum' | 'const':
            allowed = limit if isinstance(limit, list) else [limit]
            words = ', '.join(f"'{item}'" for item in allowed)
            yield Problem(file, show(path), f"'{value}' is not known here", suggest(str(value), map(str, allowed), f'use {words}'))
        case 'pattern' | 'maxLength' | 'minLength':
            described = str(error.schema.get('description', '')).rstrip('.')
            length = f'{len(value)} characters: ' if error.validator != 'pattern' else ''
            yield Problem(file, show(path), f"{length}'{_short(value)}' has the wrong form", described or f'it must match {limit}')
        case 'propertyNames' | 'additionalItems':
            yield Problem(file, show(path), f'a name has the wrong form: {error.message}', str(error.schema.get('description', '')))
        case _:
            described = str(error.schema.get('description', '')).rstrip('.')
            yield Problem(file, show(path), _plain(error), described)


def _described(error: ValidationError, key: str) -> str:
    text = error.schema.get('properties', {}).get(key, {}).get('description', 'it is required')
    return str(text).rstrip('.')


def _wrong_type(file: str, path: Path, value: Any, wanted: Any, mark: Mark | None) -> Problem:
    names = wanted if isinstance(wanted, list) else [wanted]
    written = mark.text if mark and not isinstance(value, dict | list) else json.dumps(value, ensure_ascii=False)
    message = f'{_short(written)} is {_kind(value)}, not {" or ".join(_TYPES.get(n, n) for n in names)}'
    if 'string' in names and isinstance(value, bool | int | float):
        return Problem(file, show(path), message, f'quote it: {path[-1] if path else ""}: "{written}"')
    if 'object' in names and isinstance(value, list):
        return Problem(file, show(path), message, 'write a name before each entry: maps merge by name, lists cannot')
    return Problem(file, show(path), message, f'write {" or ".join(_TYPES.get(n, n) for n in names)}')


_TYPES = {
    'string': 'text', 'integer': 'a whole number', 'number': 'a number', 'boolean': 'true or false',
    'object': 'a map', 'array': 'a list', 'null': 'nothing',
}  # fmt: skip


def _kind(value: Any) -> str:
    match value:
        case bool():
            return 'a truth value'
        case int() | float():
            return 'a number'
        case str():
            return 'text'
        case dict():
            return 'a map'
        case list():
            return 'a list'
    return 'nothing'


def _plain(error: ValidationError) -> str:
    match error.validator:
        case 'minimum' | 'exclusiveMinimum':
            return f'{error.instance} is less than the minimum of {error.validator_value}'
        case 'maximum' | 'exclusiveMaximum':
            return f'{error.instance} is more than the maximum of {error.validator_value}'
        case 'minItems' | 'minProperties':
            return 'it is empty'
        case 'maxProperties':
            return f'{", ".join(error.instance)} exclude each other'
        case 'uniqueItems':
            return 'an entry stands here twice'
        case 'oneOf' | 'anyOf':
            return 'it fits none, or more than one, of the allowed forms'
        case 'not':
            return 'this combination is not allowed'
    return _short(error.message)


def _short(text: Any) -> str:
    one_line = ' '.join(str(text).split())
    return one_line if len(one_line) <= 80 else f'{one_line[:77]}…'


def suggest(word: str, known: Iterable[str], otherwise: str = '') -> str:
    """A hint that names the nearest known word, or all of them if they are few."""
    names = sorted(known)
    if close := difflib.get_close_matches(word, names, 1, 0.6):
        return f"did you mean '{close[0]}'?"
    if otherwise:
        return otherwise
    return f'known here: {", ".join(names)}' if names else 'remove it'
