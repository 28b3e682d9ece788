"""The starter's schema of values → the same, with the list of values that a track may override."""

from __future__ import annotations

import json

from generator.strategies.course import is_workload

# The text in the starter's file, which by itself accepts any workload.
_OPEN = '"type": "object", "$comment": "chartloom lists here the values that a track may override"'
_INDENT = ' ' * 10


def with_workload(schema: bytes) -> bytes:
    """Close the schema of a track's workload: each value has the same form as at the top level."""
    text = schema.decode()
    properties = json.loads(text)['properties']
    entries = (
        json.dumps({name: {'description': value['description'], '$ref': f'#/properties/{name}'}}, ensure_ascii=False)
        for name, value in properties.items()
        if is_workload(name)
    )
    lines = ',\n'.join(f'{_INDENT}  {entry[1:-1]}' for entry in entries)
    closed = f'"type": "object", "additionalProperties": false,\n{_INDENT}"properties": {{\n{lines}\n{_INDENT}}}'
    assert text.count(_OPEN) == 1, 'the starter marks the workload of a track once'
    return text.replace(_OPEN, closed).encode()
