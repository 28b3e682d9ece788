"""A model version and the values of its chart → the README that tells a user of that model what it is."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from generator.documents.jinja import cell, render_document
from generator.domain.records import Model, ModelVersion, Templates, Values
from generator.values.images import show_image


def chart_readme(
    model: Model, version: ModelVersion, chart_version: str, values: Values, templates: Templates
) -> bytes:
    """The README of a chart, by the template chart-README.md.j2."""
    spec = version.spec
    text = render_document(
        templates.documents['chart-README.md.j2'],
        model=model, version=version, chart_version=chart_version, runtime=templates.runtimes[model.runtime].spec,
        values={**values, 'ports': _all_ports(values)}, image=show_image(values['image']),
        signature=_shown(spec.get('signature', {})), metrics=spec.get('metrics', {}), artifact=spec.get('artifact'),
        slo=model.spec.get('slo', {}), keys=_keys(templates.starter.described),
    )  # fmt: skip
    return text.encode()


def _all_ports(values: Values) -> dict[str, Any]:
    """Ports of the server and of its sidecars: the Service may point at either."""
    sidecars = (spec.get('ports', {}) for spec in values['containers'].values() if spec.get('enabled', True))
    every = (item for ports in (values['ports'], *sidecars) for item in ports.items())
    return {name: port for name, port in every if port.get('enabled', True)}


def _shown(signature: Values) -> dict[str, Any]:
    """A signature for people: -1 is any size, and no dimensions make a scalar."""
    return {
        side: {
            name: {**tensor, 'shape': ['any' if size == -1 else size for size in tensor['shape']] or ['scalar']}
            for name, tensor in tensors.items()
        }
        for side, tensors in signature.items()
    }


@lru_cache(maxsize=4)
def _keys(schema_text: bytes) -> str:
    """The table of the top keys: as long as the rest of a README, and the same in all."""
    properties = json.loads(schema_text)['properties'].items()
    return '\n'.join(f'| `{key}` | {cell(item.get("description", ""))} |' for key, item in properties)
