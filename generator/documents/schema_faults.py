"""A document that does not match its schema → faults: what is wrong with each value, and what to write instead."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

from generator.documents.dates import no_day
from generator.documents.kubernetes_forms import form_hint, list_hint, scalar_hint
from generator.documents.read import Mark
from generator.documents.schema_errors import matches, schema_errors, twice
from generator.documents.schema_way import Way
from generator.domain.credentials import veiled
from generator.domain.places import Path
from generator.domain.problems import MAX_PROBLEMS, MORE_PROBLEMS, Fault
from generator.domain.words import cut, nearest, quoted, suggest

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

_OBJECT = ('object name', "lower-case letters, digits, '-' and '.'")
_QUANTITY = ('quantity', 'a number and a unit, such as 500m, 2 or 1Gi')
_ROUTE = ('path', "letters, digits and -._~!$&'()*+,;=:@ between single slashes, without . or .. alone")
_FULL_PATH = ('absolute path', 'text that starts with / and has no colon')
# Formats that the schema of a chart defines once and uses in many places: the name of the format, and a description.
_FORMS = {
    'label': ('name', 'lower-case letters, digits and hyphens, at most 63 characters'),
    'labelKey': ('label name', "letters, digits, '-', '_' and '.', with an optional domain and / before them"),
    'labelValue': ('label value', "letters, digits, '-', '_' and '.', at most 63 characters"),
    'objectName': _OBJECT,
    'objectNameOrNone': _OBJECT,
    'portName': ('port name', 'at most 15 lower-case letters, digits and hyphens, not only digits'),
    'resourceName': ('resource name', 'cpu, memory, ephemeral-storage, or a name with a domain: nvidia.com/gpu'),
    'quantity': _QUANTITY,
    'quantityOrNone': _QUANTITY,
    'urlPath': ('path', 'text that starts with / and has no spaces'),
    'routePath': _ROUTE,
    'routePathOrNone': _ROUTE,
    'directory': _FULL_PATH,
    'directoryOrNone': _FULL_PATH,
    'relativePath': ('relative path', 'names joined by /, none of them . or ..'),
    'hostnames.items': ('host name', 'lower-case letters, digits and hyphens between dots'),
    'accelerators.names': ('accelerator name', 'a domain, / and a name, such as nvidia.com/gpu'),
    'files.names': ('file name', "letters, digits, '-', '_' and '.', without a folder"),
    'env.names': ('variable name', "letters, digits, '_', '-' and '.', not starting with a digit"),
    'parameters.names': ('parameter name', "letters, digits, '_', '-' and '.', without the leading --"),
}
_TYPES = {
    'string': 'a string', 'integer': 'an integer', 'number': 'a number', 'boolean': 'true or false',
    'object': 'a map', 'array': 'a list',
}  # fmt: skip
_LISTED = 16
_ALLOWED = {0: 'none is', 1: 'one is'}


def explain(schema: Any, document: Any, written: Mapping[Path, Mark], others: Mapping[str, Any]) -> list[Fault]:
    """Return all faults of an invalid document, sorted; `others` are the schemas that this one refers to."""
    every = (
        fault
        for error in schema_errors(schema, document, others)
        for fault in _faults(error, Way(error, schema, others), written)
    )
    found = dict.fromkeys(islice(every, MAX_PROBLEMS + 1))
    shown = sorted([*found][:MAX_PROBLEMS], key=lambda fault: ([*map(str, fault.path)], fault.message))
    more = [Fault((), MORE_PROBLEMS, 'fix these first')] if len(found) > MAX_PROBLEMS else []
    return [*shown, *more] or [Fault((), 'does not match its schema')]


def _faults(error: ValidationError, way: Way, written: Mapping[Path, Mark]) -> Iterable[Fault]:
    path: Path = tuple(error.absolute_path)
    value, limit = error.instance, error.validator_value
    match error.validator:
        case 'additionalProperties':
            known = list(error.schema.get('properties', {}))
            listed = '' if len(known) <= _LISTED else f'see the schema for the {len(known)} keys allowed here'
            for key in sorted(set(value) - set(known)):
                hint = form_hint((*path, key), value[key], known, way.value_keys) or suggest(key, known, listed)
                yield Fault((*path, key), f'unknown key {quoted(key)}', hint)
        case 'required':
            for key in (key for key in limit if key not in value):
                about = way.described(key)
                hint = f"add '{key}'" + (f': {about}' if about else '')
                yield Fault(path, f"'{key}' is missing", hint, ((*path, key),))
        case 'dependentRequired' | 'dependencies':
            for key, wanted in ((k, w) for k, needs in limit.items() if k in value for w in needs if w not in value):
                yield Fault((*path, key), f"'{key}' requires '{wanted}'", f"add '{wanted}', or remove '{key}'")
        case 'type':
            yield _wrong_type(path, error, way, written.get(path))
        case 'enum' | 'const':
            allowed = [str(item) for item in (limit if isinstance(limit, list) else [limit])]
            use = f"use '{allowed[0]}'" if len(allowed) == 1 else ''
            yield Fault(
                path,
                f'unknown {_name(path)} {_shown(value, path)}',
                suggest(str(value), allowed, use),
            )
        case 'oneOf' | 'anyOf':
            if isinstance(value, dict):  # otherwise its type is reported
                yield _one_of(path, value, limit, way)
        case 'pattern' | 'minLength' | 'maxLength' | 'not':
            yield _wrong_form(path, str(value), error, way)
        case 'format':
            yield no_day(path, str(value))
        case 'minItems' | 'minProperties':
            yield Fault(path, 'expected at least one entry, found none', f'write at least one: {way.described()}')
        case 'uniqueItems':
            yield Fault(path, f'duplicate entry {_shown(twice(value), path)}', 'keep one of them')
        case _:
            yield Fault(path, _plain(error), way.described())


def _wrong_form(path: Path, value: str, error: ValidationError, way: Way) -> Fault:
    place = (*path, value) if way.is_name else path
    what, how = _FORMS.get(way.form, ('', ''))
    hint = f'write {how}' if how else way.described()
    if error.validator == 'not':
        return Fault(place, f'name {quoted(value)} is reserved for the chart', 'choose another name')
    if not value:
        return Fault(place, 'the name is empty' if way.is_name else 'the value is empty', hint)
    if error.validator == 'maxLength':
        return Fault(
            place, f'{_shown(value, path)} has {len(value)} characters, {error.validator_value} are allowed', hint
        )
    return Fault(place, f'invalid {what or "format"}{"" if what else ":"} {_shown(value, path)}', hint)


def _wrong_type(path: Path, error: ValidationError, way: Way, mark: Mark | None) -> Fault:
    value, wanted = error.instance, error.validator_value
    # null stands there for editors: the reader has taken it out.
    names = [name for name in (wanted if isinstance(wanted, list) else [wanted]) if name != 'null']
    kinds = ' or '.join(_TYPES[name] for name in names)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    shown = veiled(path, value)
    written = mark.text if mark and shown == value else ''
    text = written or (shown if isinstance(shown, str) else json.dumps(shown, ensure_ascii=False))
    found = _shown(value, path) if isinstance(value, str) else _short(text)
    message = f'expected {kinds}, found {_kind(value)}: {found}'
    if 'string' in names and (is_number or isinstance(value, bool)):
        if not matches(error.schema.get('pattern', ''), text):
            return Fault(path, message, way.described())
        # Without a mark the original text is unknown: 1.10 was read as 1.1, and quoting that gives another version.
        as_text = f'quote it: {path[-1] if path else ""}: "{text}"'
        return Fault(path, message, as_text if mark else 'quote it as it is written in the file')
    if 'string' in names:
        return Fault(path, message, f'write {kinds}; quote text that contains ": " or starts with {{ or [')
    if 'object' in names and not isinstance(value, list) and (hint := scalar_hint(path)):
        return Fault(path, message, hint)
    if 'object' in names and isinstance(value, str) and (close := nearest(value, error.schema.get('properties', ()))):
        return Fault(path, message, f'write a map with the key {quoted(close)}')
    if 'object' in names and isinstance(value, list):
        known = error.schema.get('properties', {})
        named = list_hint(path, value)
        return Fault(path, message, f'write a map; {suggest("", known)}' if 0 < len(known) <= _LISTED else named)
    if isinstance(value, str) and not {'integer', 'number', 'boolean'}.isdisjoint(names):
        return Fault(path, message, f'write {kinds}, without quotes')
    return Fault(path, message, 'start each entry with a hyphen' if names == ['array'] else f'write {kinds}')


def _name(path: Path) -> str:
    return path[-1] if path and isinstance(path[-1], str) else 'value'


def _kind(value: Any) -> str:
    match value:
        case bool():
            return 'a boolean'
        case int() | float():
            return 'a number'
        case str():
            return 'a string'
        case dict():
            return 'a map'
    return 'a list'


def _one_of(path: Path, value: Any, branches: list[Any], way: Way) -> Fault:
    """Explain `oneOf`: in our schemas each branch requires one key."""
    names = [key for branch in branches for key in branch.get('required', [])]
    present = [name for name in names if name in value]
    if len(present) > 1:
        return Fault(path, f'{" and ".join(map(repr, present))} are mutually exclusive', 'keep one of them')
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
            return f'{" and ".join(value)} are mutually exclusive'
        case 'maxItems' | 'maxProperties':
            entries = 'one entry' if len(value) == 1 else f'{len(value)} entries'
            return f'{entries}, {_ALLOWED.get(limit, f"{limit} are")} allowed'
    return _short(error.message)


def _shown(value: Any, path: Path) -> str:
    return quoted(str(veiled(path, value)))


def _short(text: str) -> str:
    return cut(' '.join(text.split()), 80)
