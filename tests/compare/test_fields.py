"""Fields that differ: items of lists are matched by what identifies them, sets and rules by content."""

from __future__ import annotations

from typing import Any

import pytest

from generator.compare.fields import ABSENT, differing, same


def found(old: Any, new: Any) -> list[tuple[str, Any, Any]]:
    return [(field.place, field.old, field.new) for field in differing(old, new)]


def test_equal_values_have_no_difference_and_kinds_are_told_apart() -> None:
    assert found({'a': [1, {'b': 2}]}, {'a': [1, {'b': 2}]}) == []
    assert found({'a': 1}, {'a': True}) == [('a', 1, True)]
    assert found({'a': 1}, {'a': 1.0}) == [('a', 1, 1.0)]
    assert found({'a': [1]}, {'a': [True]}) == [('a', [1], [True])]
    assert not same([1], [1.0])


def test_what_one_side_has_alone_is_one_field() -> None:
    assert found({'a': {'b': 1}}, {}) == [('a', {'b': 1}, ABSENT)]
    assert found({}, {'a': {'b': 1}}) == [('a', ABSENT, {'b': 1})]
    assert repr(ABSENT) == 'absent'


@pytest.mark.parametrize('key', ['containers', 'initContainers', 'ports', 'env', 'volumes'])
def test_items_with_names_are_matched_wherever_they_stand(key: str) -> None:
    old = {key: [{'name': 'a', 'x': 1}, {'name': 'b', 'x': 1}]}
    new = {key: [{'name': 'b', 'x': 2}, {'name': 'c', 'x': 1}, {'name': 'a', 'x': 1}]}
    assert found(old, new) == [
        (f'{key}[b].x', 1, 2),
        (f'{key}[c]', ABSENT, {'name': 'c', 'x': 1}),
    ]


def test_mounts_and_ports_without_names_have_other_keys() -> None:
    old = {'volumeMounts': [{'mountPath': '/a', 'readOnly': True}], 'ports': [{'containerPort': 1}]}
    new = {'volumeMounts': [{'mountPath': '/a', 'readOnly': False}], 'ports': [{'containerPort': 2}]}
    assert [place for place, *_ in found(old, new)] == [
        'volumeMounts[/a].readOnly', 'ports[1]', 'ports[2]',
    ]  # fmt: skip


def test_host_names_have_no_order_and_rules_are_matched_by_content() -> None:
    assert found({'hostnames': ['a', 'b']}, {'hostnames': ['b', 'a']}) == []
    assert found({'hostnames': ['a']}, {'hostnames': ['b']}) == [
        ('hostnames[a]', 'a', ABSENT), ('hostnames[b]', ABSENT, 'b'),
    ]  # fmt: skip
    rules = [{'path': '/a', 'to': 1}, {'path': '/b', 'to': 1}]
    assert found({'rules': rules}, {'rules': [rules[1], {'path': '/a', 'to': 2}]}) == [('rules[0].to', 1, 2)]
    assert found({'rules': rules}, {'rules': rules[1:]}) == [('rules[0]', rules[0], ABSENT)]
    assert found({'rules': rules}, {'rules': rules[::-1]}) == [('rules', rules, rules[::-1])]


def test_two_items_of_one_name_are_matched_by_content() -> None:
    old = [{'name': 'a', 'x': 1}, {'name': 'a', 'x': 2}]
    assert found({'l': old}, {'l': [old[0], {'name': 'a', 'x': 3}]}) == [('l[1].x', 2, 3)]


def test_words_of_a_command_and_steps_are_one_value() -> None:
    assert found({'args': ['a', 'b']}, {'args': ['b', 'a']}) == [('args', ['a', 'b'], ['b', 'a'])]
    steps = [{'setWeight': 5}, {'pause': {}}]
    assert found({'steps': steps}, {'steps': [{'setWeight': 9}, {'pause': {}}]}) == [('steps[0].setWeight', 5, 9)]
