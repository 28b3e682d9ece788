"""JSON with one entry a line."""

from __future__ import annotations

import json
from typing import Any

import pytest

from generator.documents.compact import compact


def test_opened_keys_have_one_entry_a_line() -> None:
    document = {'type': 'object', 'properties': {'a': {'b': [1, 'x y']}, 'ü"': {}}, 'panels': [{'c': 1}, 2], 'no': {}}
    assert compact(document, ('properties', 'panels', 'no')) == (
        '{\n'
        '  "type": "object",\n'
        '  "properties": {\n'
        '    "a": {"b":[1,"x y"]},\n'
        '    "ü\\"": {}\n'
        '  },\n'
        '  "panels": [\n'
        '    {"c":1},\n'
        '    2\n'
        '  ],\n'
        '  "no": {}\n'
        '}\n'
    )


@pytest.mark.parametrize('opened', [(), ('a',), ('a', 'b', 'c', 'd', 'e')])
def test_it_reads_as_what_it_was_made_of(opened: tuple[str, ...]) -> None:
    document: dict[str, Any] = {'a': {'b': {'c': 1}}, 'b': [], 'c': 'text', 'd': None, 'e': [[1, 2], {'a': True}]}
    assert json.loads(compact(document, opened)) == document
    assert list(json.loads(compact(document, opened))) == list(document)
