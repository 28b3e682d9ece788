"""Two values schemas: what the newer one refuses, and what it takes in addition."""

from __future__ import annotations

from typing import Any

import pytest

from generator.compare.schemas import schema_steps


def closed(**properties: Any) -> dict[str, Any]:
    return {'type': 'object', 'additionalProperties': False, 'properties': properties}


def steps(old: Any, new: Any) -> list[tuple[str, str]]:
    return [(step.rule, step.text) for step in schema_steps(closed(a=old), closed(a=new))]


@pytest.mark.parametrize(
    ('old', 'new', 'rule', 'text'),
    [
        ({'type': 'string'}, {'type': 'integer'}, 'retyped-value', 'a was string and is integer'),
        ({}, {'type': 'string'}, 'retyped-value', 'a was of any type and is string'),
        ({'type': 'string'}, {'type': ['string', 'null']}, 'widened-schema', 'a may also be null'),
        ({'enum': ['x', 'y']}, {'enum': ['x']}, 'tightened-schema', "a may not be 'y'"),
        ({'enum': ['x']}, {'enum': ['x', 'y']}, 'widened-schema', "a may be 'y'"),
        ({'type': 'string'}, {'type': 'string', 'enum': ['x']}, 'tightened-schema', 'a may not be any other value'),
        ({'const': 1}, {}, 'widened-schema', 'a may be any value'),
        ({'minimum': 1}, {'minimum': 2}, 'tightened-schema', 'a: minimum 1 → 2'),
        ({'minimum': 2}, {'minimum': 1}, 'widened-schema', 'a: minimum 2 → 1'),
        ({'minimum': 2}, {}, 'widened-schema', 'a: minimum 2 → none'),
        ({'maxLength': 9}, {'maxLength': 8}, 'tightened-schema', 'a: maxLength 9 → 8'),
        ({}, {'maxLength': 8}, 'tightened-schema', 'a: maxLength none → 8'),
        ({'maxItems': 8}, {'maxItems': 9}, 'widened-schema', 'a: maxItems 8 → 9'),
        ({'pattern': '^a'}, {'pattern': '^b'}, 'tightened-schema', 'a: pattern is another'),
        ({'pattern': '^a'}, {}, 'widened-schema', 'a: pattern is removed'),
        ({}, {'pattern': '^a'}, 'tightened-schema', 'a: pattern is new'),
        ({'allOf': [{'minimum': 1}]}, {'allOf': [{'minimum': 2}]}, 'tightened-schema', 'a: allOf is another'),
        (closed(b={}), closed(), 'removed-value', 'a.b is removed'),
        (closed(), closed(b={}), 'new-value', 'a.b is new'),
        (closed(b={}), {**closed(b={}), 'required': ['b']}, 'tightened-schema', 'a.b is required'),
        ({'type': 'object'}, closed(), 'tightened-schema', 'a takes no other keys'),
        (closed(), {'type': 'object'}, 'widened-schema', 'a takes other keys'),
        ({'items': {'enum': ['x', 'y']}}, {'items': {'enum': ['x']}}, 'tightened-schema', "a[] may not be 'y'"),
    ],
)  # fmt: skip
def test_a_change_of_a_schema(old: Any, new: Any, rule: str, text: str) -> None:
    assert steps(old, new) == [(rule, text)]


def test_texts_for_people_are_no_change() -> None:
    assert steps({'description': 'a', 'title': 'b', 'default': 1}, {'description': 'c', 'default': 2}) == []


def test_a_map_that_has_to_have_all_its_names_requires_them() -> None:
    """Charts write it shorter: a closed map with as many keys as names."""
    short = {**closed(b={}, c={}), 'minProperties': 2}
    assert steps(short, {**closed(b={}, c={}), 'required': ['b', 'c']}) == []
    assert steps(short, {**closed(b={}, c={}), 'required': ['b']}) == [
        ('widened-schema', 'a.c is not required any more'),
    ]


def test_definitions_are_followed_once_also_in_circles() -> None:
    def tree(most: int) -> dict[str, Any]:
        node = {'type': 'object', 'maxProperties': most, 'additionalProperties': {'$ref': '#/definitions/node'}}
        return {**closed(a={'$ref': '#/definitions/node'}), 'definitions': {'node': node}}

    assert [step.text for step in schema_steps(tree(5), tree(4))] == ['a: maxProperties 5 → 4']


def test_a_key_that_others_may_still_have_is_compared_with_them() -> None:
    opened = {'type': 'object', 'additionalProperties': {'type': 'string'}}
    old = {**opened, 'properties': {'b': {'type': 'integer'}}}
    assert steps(old, opened) == [('retyped-value', 'a.b was integer and is string')]
