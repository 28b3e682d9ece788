"""A model version and the values of its chart → the README of the chart, for users of the model."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from generator.charts.schema import FILLED
from generator.documents.jinja import cell, render_document
from generator.domain.generated import Starter, Templates
from generator.domain.records import Model, ModelVersion
from generator.domain.values import Values
from generator.values.images import show_image

_FILLED_SHOWN = ', '.join(f'`{key}`' for key in FILLED)
_TYPES = {
    'string': 'string', 'integer': 'integer', 'number': 'number', 'boolean': 'boolean', 'object': 'map',
    'array': 'list',
}  # fmt: skip


def chart_readme(
    model: Model, version: ModelVersion, chart_version: str, values: Values, templates: Templates
) -> bytes:
    """Render the README of a chart by the template chart-README.md.j2."""
    spec = version.spec
    text = render_document(
        templates.documents['chart-README.md.j2'],
        model=model, version=version, chart_version=chart_version, runtime=templates.runtimes[model.runtime].spec,
        values={**values, 'ports': _all_ports(values)}, image=show_image(values['image']),
        signature=_shown(spec.get('signature', {})), metrics=spec.get('metrics', {}), artifact=spec.get('artifact'),
        slo=model.spec.get('slo', {}), keys=_keys(values, templates.starter), filled=_FILLED_SHOWN,
    )  # fmt: skip
    return text.encode()


def _all_ports(values: Values) -> dict[str, Any]:
    """Ports of the server and of its sidecars: the Service may point at either."""
    sidecars = (spec.get('ports', {}) for spec in values['containers'].values() if spec.get('enabled', True))
    every = (item for ports in (values['ports'], *sidecars) for item in ports.items())
    return {name: port for name, port in every if port.get('enabled', True)}


def _shown(signature: Values) -> dict[str, Any]:
    """A signature for the README: size -1 becomes 'any', no dimensions become 'scalar'."""
    return {
        side: {
            name: {**tensor, 'shape': ['any' if size == -1 else size for size in tensor['shape']] or ['scalar']}
            for name, tensor in tensors.items()
        }
        for side, tensors in signature.items()
    }


def _keys(values: Values, starter: Starter) -> str:
    """The rows of the table of top-level keys, without keys that users do not set."""
    untouched = _starter_rows(starter)
    rows = (
        untouched[key] if value is starter.values.get(key) else _row(key, value, starter)
        for key, value in values.items()
        if key in untouched
    )
    return '\n'.join(rows)


@lru_cache(maxsize=2)
def _starter_rows(starter: Starter) -> Mapping[str, str]:
    """The rows of the starter's own values, which most READMEs share."""
    unset = {*FILLED, 'global'}
    return {key: _row(key, value, starter) for key, value in starter.values.items() if key not in unset}


def _row(key: str, value: Any, starter: Starter) -> str:
    schema = _resolved(starter.schema, key)
    described = cell(starter.schema['properties'][key]['description'])
    return f'| `{key}` | {_TYPES[schema.get("type", "string")]} | {_default(value)} | {described} |'


def _resolved(schema: Values, key: str) -> Values:
    """The schema of a top-level key, with its $ref resolved."""
    found: Values = schema['properties'][key]
    while '$ref' in found:
        section, name = found['$ref'].split('/')[1:]
        found = schema[section][name]
    return found


def _default(value: Any) -> str:
    """A value for a table cell; maps and lists are shortened."""
    match value:
        case Mapping() if value:
            return '`{…}`'
        case list() if value:
            return '`[…]`'
    text = cell(json.dumps(value, ensure_ascii=False))
    return text if '`' in text else f'`{text}`'
