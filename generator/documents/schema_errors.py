"""A document and its schema → the errors of jsonschema, which says where in the schema each is; in linear time."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

import jsonschema_rs

from generator.documents.dates import FORMATS, is_date

if TYPE_CHECKING:
    from jsonschema import FormatChecker
    from jsonschema.exceptions import ValidationError

_BASE = 'https://chartloom.dev/schemas/'


def schema_errors(schema: Any, document: Any, others: Mapping[str, Any]) -> Iterator[ValidationError]:
    """Yield the errors of a document; `others` are the schemas that this one refers to."""
    from jsonschema import Draft7Validator, Draft202012Validator
    from jsonschema.validators import extend
    from referencing import Registry
    from referencing.jsonschema import DRAFT202012

    kind = Draft202012Validator if '2020' in str(schema.get('$schema')) else Draft7Validator
    validator: Any = extend(kind, {'pattern': _pattern, 'uniqueItems': _unique})
    resources = [(_BASE + uri, DRAFT202012.create_resource(content)) for uri, content in others.items()]
    registry: Any = Registry().with_resources(resources)
    root = {**schema, '$id': f'{_BASE}this.json'} if others else schema
    found: Iterator[ValidationError] = validator(root, registry=registry, format_checker=_dates()).iter_errors(document)
    return found


def _dates() -> FormatChecker:
    from jsonschema import FormatChecker

    found = FormatChecker(())
    for name in FORMATS:
        found.checks(name)(is_date)
    return found


def _pattern(validator: Any, pattern: str, instance: Any, schema: Any) -> Iterator[ValidationError]:
    """Check `pattern` as the schema does: in linear time, and $ does not match before a final line end."""
    from jsonschema.exceptions import ValidationError

    if isinstance(instance, str) and not matches(pattern, instance):
        yield ValidationError(f'{instance!r} does not match {pattern!r}')


def matches(pattern: str, text: str) -> bool:
    """Whether a text matches, in linear time."""
    return bool(_form(pattern).is_valid(text))


@cache
def _form(pattern: str) -> Any:
    return jsonschema_rs.Draft7Validator({'pattern': pattern})


def _unique(validator: Any, wanted: bool, instance: Any, schema: Any) -> Iterator[ValidationError]:
    """Check `uniqueItems` in linear time."""
    from jsonschema.exceptions import ValidationError

    if wanted and isinstance(instance, list) and twice(instance) is not None:
        yield ValidationError('duplicate entry')


def twice(items: list[Any]) -> Any:
    """Return the first entry that an earlier one equals, or None."""
    seen: set[str] = set()
    for item in items:
        text = json.dumps(item, sort_keys=True)
        if text in seen:
            return item
        seen.add(text)
    return None
