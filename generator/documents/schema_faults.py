"""A document that its schema refuses → faults in words: what is wrong with the value, and what to write instead."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from generator.documents.read import Mark
from generator.documents.schema_way import Way
from generator.domain.credentials import veiled
from generator.domain.places import Path
from generator.domain.problems import Fault
from generator.domain.words import cut, nearest, quoted, suggest

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

_BASE = 'https://chartloom.dev/schemas/'

_OBJECT = ('the name of an object', "lower-case letters, digits, '-' and '.'")
_QUANTITY = ('a quantity', 'a number and a unit, such as 500m, 2 or 1Gi')
_FULL_PATH = ('a full path', 'text that begins with / and has no colon')
# Forms that the schema of a chart defines once and uses in many places: what such a value is, and how it is written.
_FORMS = {
    'label': ('a name', 'lower-case letters, digits and hyphens, at most 63 characters'),
    'labelKey': ('the name of a label', "letters, digits, '-', '_' and '.', behind a domain and / where it has one"),
    'labelValue': ('the value of a label', "letters, digits, '-', '_' and '.', at most 63 characters"),
    'objectName': _OBJECT,
    'objectNameOrNone': _OBJECT,
    'portName': ('the name of a port', 'at most 15 lower-case letters, digits and hyphens, not only digits'),
    'resourceName': ('the name of a resource', 'cpu, memory, ephemeral-storage, or one with a domain: nvidia.com/gpu'),
    'quantity': _QUANTITY,
    'quantityOrNone': _QUANTITY,
    'urlPath': ('a path', 'text that begins with / and has no spaces'),
    'directory': _FULL_PATH,
    'directoryOrNone': _FULL_PATH,
    'relativePath': ('a path inside a folder', 'names joined by /, none of them . or ..'),
    'hostnames.items': ('a host name', 'lower-case letters, digits and hyphens between dots'),
    'accelerators.names': ('the name of an accelerator', 'a domain, / and a name, such as nvidia.com/gpu'),
    'files.names': ('the name of a file', "letters, digits, '-', '_' and '.', and no folder"),
    'env.names': ('the name of a variable', "letters, digits, '_', '-' and '.', not beginning with a digit"),
    'parameters.names': ('the name of a parameter', "letters, digits, '_', '-' and '.'; the -- before it is added"),
}
_TYPES = {
    'string': 'text', 'integer': 'a whole number', 'number': 'a number', 'boolean': 'true or false',
    'object': 'a map', 'array': 'a list', 'null': 'nothing',
}  # fmt: skip
_LISTED = 16
_ALLOWED = {0: 'none is', 1: 'one is'}


def explain(schema: Any, document: Any, written: Mapping[Path, Mark], others: Mapping[str, Any]) -> list[Fault]:
    """All faults of a document that is known to be invalid; `others` are the schemas that this one names."""
    from jsonschema import Draft7Validator, Draft202012Validator
    from jsonschema.validators import extend
    from referencing import Registry
    from referencing.jsonschema import DRAFT202012

    kind = Draft202012Validator if '2020' in str(schema.get('$schema')) else Draft7Validator
    validator: Any = extend(kind, {'pattern': _pattern})
    resources = [(_BASE + uri, DRAFT202012.create_resource(content)) for uri, content in others.items()]
    registry: Any = Registry().with_resources(resources)
    root = {**schema, '$id': f'{_BASE}this.json'} if others else schema
    errors = validator(root, registry=registry).iter_errors(document)
    found = {fault for error in errors for fault in _faults(error, Way(error, schema, others), written)}
    return sorted(found, key=lambda fault: ([*map(str, fault.path)], fault.message)) or [
        Fault((), 'it does not fit its schema')
    ]


def _pattern(validator: Any, pattern: str, instance: Any, schema: Any) -> Iterator[ValidationError]:
    """The keyword with JSON Schema's meaning of $: to Python it stands before a last line end, too."""
    from jsonschema.exceptions import ValidationError

    if isinstance(instance, str) and not re.search(_python(pattern), instance):
        yield ValidationError(f'{instance!r} does not match {pattern!r}')


def _python(pattern: str) -> str:
    return re.sub(r'\$$', r'\\Z', pattern)


def _faults(error: ValidationError, way: Way, written: Mapping[Path, Mark]) -> Iterable[Fault]:
    path: Path = tuple(error.absolute_path)
    value, limit = error.instance, error.validator_value
    match error.validator:
        case 'additionalProperties':
            known = list(error.schema.get('properties', {}))
            listed = '' if len(known) <= _LISTED else f'none of the {len(known)} keys here is like it: see the schema'
            for key in sorted(set(value) - set(known)):
                yield Fault((*path, key), f'there is no key {quoted(key)} here', suggest(key, known, listed))
        case 'required':
            for key in (key for key in limit if key not in value):
                about = way.described(key)
                yield Fault(path, f"'{key}' is missing", f"add '{key}'" + (f': {about}' if about else ''))
        case 'dependentRequired' | 'dependencies':
            for key, wanted in ((k, w) for k, needs in limit.items() if k in value for w in needs if w not in value):
                yield Fault((*path, key), f"'{key}' means nothing without '{wanted}'", f"remove it, or add '{wanted}'")
        case 'type':
            yield _wrong_type(path, error, way, written.get(path))
        case 'enum' | 'const':
            allowed = [str(item) for item in (limit if isinstance(limit, list) else [limit])]
            use = f"use '{allowed[0]}'" if len(allowed) == 1 else ''
            yield Fault(
                path,
                f'{path[-1] if path else ""} {_shown(value, path)} is not known'.lstrip(),
                suggest(str(value), allowed, use),
            )
        case 'oneOf' | 'anyOf':
            if isinstance(value, dict):  # else its type is told
                yield _one_of(path, value, limit, way)
        case 'pattern' | 'minLength' | 'maxLength' | 'not':
            yield _wrong_form(path, str(value), error, way)
        case 'minItems' | 'minProperties':
            yield Fault(path, 'there is no entry', f'write at least one: {way.described()}')
        case 'uniqueItems':
            twice = next(item for index, item in enumerate(value) if item in value[:index])
            yield Fault(path, f'{_shown(twice, path)} stands here twice', 'keep one of them')
        case _:
            yield Fault(path, _plain(error), way.described())


def _wrong_form(path: Path, value: str, error: ValidationError, way: Way) -> Fault:
    place = (*path, value) if way.is_name else path
    what, how = _FORMS.get(way.form, ('', ''))
    hint = f'write {how}' if how else way.described()
    if error.validator == 'not':
        return Fault(place, f'{quoted(value)} is a name that the chart uses itself', 'choose another name')
    if not value:
        return Fault(place, 'the name is empty' if way.is_name else 'it is empty', hint)
    if error.validator == 'maxLength':
        return Fault(
            place, f'{_shown(value, path)} has {len(value)} characters, {error.validator_value} are allowed', hint
        )
    return Fault(place, f'{_shown(value, path)} {f"is not {what}" if what else "has the wrong form"}', hint)


def _wrong_type(path: Path, error: ValidationError, way: Way, mark: Mark | None) -> Fault:
    value, wanted = error.instance, error.validator_value
    names = wanted if isinstance(wanted, list) else [wanted]
    kinds = ' or '.join(_TYPES[name] for name in names)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    shown = veiled(path, value)
    written = mark.text if mark and shown == value else ''
    text = written or (shown if isinstance(shown, str) else json.dumps(shown, ensure_ascii=False))
    message = f'{_shown(value, path) if isinstance(value, str) else _short(text)} is {_kind(value)}, not {kinds}'
    if 'string' in names and (is_number or isinstance(value, bool)):
        if not re.search(_python(error.schema.get('pattern', '')), text):
            return Fault(path, message, way.described())
        # Without a mark the text is gone: 1.10 is 1.1 by now, and quoting that would be another version.
        as_text = f'quote it: {path[-1] if path else ""}: "{text}"'
        return Fault(path, message, as_text if mark else 'put it in quotes, as it stands in the file')
    if 'string' in names:
        return Fault(path, message, f'write {kinds}; quote text that holds a colon and a space or begins with {{ or [')
    if 'object' in names and isinstance(value, str) and (close := nearest(value, error.schema.get('properties', ()))):
        return Fault(path, message, f'write a map with the key {quoted(close)}')
    if 'object' in names and isinstance(value, list):
        known = error.schema.get('properties', {})
        named = 'write a name before each entry: maps merge by name, lists cannot'
        return Fault(path, message, f'write a map; {suggest("", known)}' if 0 < len(known) <= _LISTED else named)
    if isinstance(value, str) and not {'integer', 'number', 'boolean'}.isdisjoint(names):
        return Fault(path, message, f'write {kinds}, without quotes')
    return Fault(path, message, 'begin each entry with a hyphen' if names == ['array'] else f'write {kinds}')


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
    return 'a list'


def _one_of(path: Path, value: Any, branches: list[Any], way: Way) -> Fault:
    """Of branches that each want one key, which is how our schemas use the keyword."""
    names = [key for branch in branches for key in branch.get('required', [])]
    present = [name for name in names if name in value]
    if len(present) > 1:
        return Fault(path, f'{" and ".join(map(repr, present))} exclude each other', 'keep one of them')
    either = ' or '.join(map(repr, names))
    return Fault(path, f'{either} is missing', way.described())


def _plain(error: ValidationError) -> str:
    value, limit = error.instance, error.validator_value
    match error.validator:
        case 'minimum' | 'exclusiveMinimum':
            return f'{value} is less than the minimum of {limit}'
        case 'maximum' | 'exclusiveMaximum':
            return f'{value} is more than the maximum of {limit}'
        case 'maxProperties' if limit == 1:
            return f'{" and ".join(value)} exclude each other'
        case 'maxItems' | 'maxProperties':
            entries = 'one entry' if len(value) == 1 else f'{len(value)} entries'
            return f'{entries}, {_ALLOWED.get(limit, f"{limit} are")} allowed'
    return _short(error.message)


def _shown(value: Any, path: Path) -> str:
    return quoted(str(veiled(path, value)))


def _short(text: str) -> str:
    return cut(' '.join(text.split()), 80)
