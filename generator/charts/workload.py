"""The starter's schema of values → the same, with the values that a track may have of its own listed."""

from __future__ import annotations

import json

from generator.strategies.course import is_workload

# So it stands in the starter's file, which accepts any workload by itself.
_OPEN = '"type": "object", "$comment": "chartloom lists here what a track may have of its own"'
_INDENT = ' ' * 10


def with_workload(schema: bytes) -> bytes:
    """Close the schema of a track's workload: a value has there the form that it has at the top."""
    text = schema.decode()
    properties = json.loads(text)['properties']
    entries = (
        json.dumps({name: {'description': value['description'], '$ref': f'#/properties/{name}'}}, ensure_ascii=False)
        for name, value in properties.items()
        if is_workload(name)
    )
    lines = ',\n'.join(f'{_INDENT}  {entry[1:-1]}' for entry in entries)
    closed = f'"type": "object", "additionalProperties": false,\n{_INDENT}"properties": {{\n{lines}\n{_INDENT}}}'
    assert text.count(_OPEN) == 1, 'the starter says where its tracks have their workload'
    return text.replace(_OPEN, closed).encode()
