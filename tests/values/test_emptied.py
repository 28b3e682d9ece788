"""Values of a delivery object under server-side apply: what Flux' API server holds after two commits in a row."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.values.emptied import is_hollow, without_empty_maps

ENTRY = {'properties': {'enabled': {'type': 'boolean'}, 'value': {'type': 'string'}}}
SCHEMA = json.dumps(
    {
        'properties': {
            'env': {'additionalProperties': {'$ref': '#/$defs/entry'}},
            'tracks': {'type': 'object'},
            'strategy': {'type': 'object'},
        },
        '$defs': {'entry': ENTRY},
    }
).encode()
Values = dict[str, Any]


def owned(values: Any, path: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
    """The fields of an applied object: in an open map each key is one, a list is one as a whole."""
    if not isinstance(values, dict):
        return set()
    return {(*path, key) for key in values}.union(*(owned(each, (*path, key)) for key, each in values.items()))


def removed(live: Values, gone: set[tuple[str, ...]], path: tuple[str, ...] = ()) -> Values | None:
    """A map without fields that are not applied any more; a map that loses all of them turns into null."""
    kept = {key: each for key, each in live.items() if (*path, key) not in gone}
    below = {
        key for way in gone if len(way) > len(path) + 1 and way[: len(path)] == path for key in way[len(path) :][:1]
    }
    kept = {
        key: removed(each, gone, (*path, key)) if key in below and isinstance(each, dict) else each
        for key, each in kept.items()
    }
    return kept or (None if live else {})


def merged(live: Any, new: Any) -> Any:
    if isinstance(live, dict) and isinstance(new, dict):
        return {**live, **{key: merged(live.get(key), each) for key, each in new.items()}}
    return new


def applied(old: Values, new: Values) -> Values:
    """What the API server holds after `old` and `new` were applied by the same manager (structured-merge-diff)."""
    return removed(merged(old, new), owned(old) - owned(new)) or {}


leaf = st.none() | st.booleans() | st.integers(0, 3) | st.just([]) | st.just([{}])
maps = st.recursive(
    st.dictionaries(st.sampled_from('ab'), leaf.filter(lambda each: each is not None), max_size=2),
    lambda inner: st.dictionaries(st.sampled_from(['a', 'b', 'env', 'tracks']), inner, max_size=3),
    max_leaves=12,
)


@given(maps, maps)
def test_what_is_applied_after_another_commit_is_exactly_that_commit(old: Values, new: Values) -> None:
    before, after = (without_empty_maps(values, SCHEMA) for values in (old, new))
    assert applied(before, after) == after
    assert 'null' not in json.dumps(applied(before, after))


def test_an_emptied_map_would_be_null() -> None:
    """As it was seen: the end of every native blue/green rollout."""
    begun = {'tracks': {'green': {'weight': 0, 'workload': {'image': {'tag': '2'}}}}}
    ended = {'tracks': {'green': {'weight': 0, 'workload': {}}}}
    assert applied(begun, ended) == {'tracks': {'green': {'weight': 0, 'workload': None}}}
    assert applied(begun, without_empty_maps(ended, SCHEMA)) == {'tracks': {'green': {'weight': 0}}}


@pytest.mark.parametrize(
    ('values', 'expected'),
    [
        ({'a': {}, 'b': {'c': {}}}, {}),
        ({'a': {'steps': [{'pause': {}}]}}, {'a': {'steps': [{'pause': {}}]}}),
        ({'env': {'EMPTY': {}}}, {'env': {'EMPTY': {'enabled': True}}}),
        ({'env': {'EMPTY': {'value': ''}}}, {'env': {'EMPTY': {'value': ''}}}),
        (
            {'tracks': {'stable': {'workload': {'env': {'EMPTY': {}}, 'args': []}}}},
            {'tracks': {'stable': {'workload': {'env': {'EMPTY': {'enabled': True}}, 'args': []}}}},
        ),
        ({'a': 0, 'b': '', 'c': False, 'd': []}, {'a': 0, 'b': '', 'c': False, 'd': []}),
    ],
)
def test_only_empty_maps_outside_of_lists_go(values: Values, expected: Values) -> None:
    assert without_empty_maps(values, SCHEMA) == expected


def test_a_map_of_empty_maps_is_hollow() -> None:
    assert is_hollow({'a': {'b': {}}})
    assert not is_hollow({'a': []})
    assert not is_hollow('')
