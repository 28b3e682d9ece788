"""Which file is to blame for a value: the last layer that writes it, a part of it, or something in its place."""

from __future__ import annotations

from typing import Any

import pytest

from generator.domain.generated import Layer
from generator.domain.places import Path
from generator.values.blame import written_at

FILE = 'registry/releases/prod/web.yaml'


def found(path: Path, values: Any, target: Path = ()) -> str:
    place = written_at(path, [Layer(FILE, ('spec', 'values', *target), target, values)])
    return place[1] if place else ''


@pytest.mark.parametrize(
    ('path', 'values', 'target', 'place'),
    [
        (('env', 'A', 'value'), {'env': {'A': {'value': 1}}}, (), '$.spec.values.env.A.value'),
        (('env',), {'env': {'A': {'value': 1}}}, (), '$.spec.values.env'),
        (('env', 'A', 'value'), {'env': 'text'}, (), '$.spec.values.env.A.value'),
        (('args', 0, 'x'), {'args': ['a']}, (), '$.spec.values.args[0].x'),
        (('env', 'B'), {'env': {'A': {'value': 1}}}, (), ''),
        (('env', 'A', 'value'), {'env': {}}, (), ''),
        (('env',), {'env': {}}, (), '$.spec.values.env'),
        (('env',), {'env': {'A': {}}}, (), ''),
        (('env', 'A'), {'value': 1}, ('env', 'A'), '$.spec.values.env.A'),
        (('env',), {'value': 1}, ('env', 'A'), '$.spec.values.env.A'),
        (('env',), {}, ('env', 'A'), ''),
        (('env', 'A'), {}, ('env', 'A'), '$.spec.values.env.A'),
        (('env', 'B'), {'value': 1}, ('env', 'A'), ''),
        (('env', 'A', 'value'), None, ('env', 'A'), '$.spec.values.env.A.value'),
        ((), {}, (), '$.spec.values'),
    ],
)
def test_the_place_of_a_value(path: Path, values: Any, target: Path, place: str) -> None:
    assert found(path, values, target) == place


class Counted(dict[str, Any]):
    """A map that counts the entries that are visited one after the other."""

    visited = 0

    def items(self) -> Any:
        for item in super().items():
            Counted.visited += 1
            yield item


def test_a_large_map_is_not_read_for_each_of_its_entries() -> None:
    """One file of a request could keep CI busy for minutes."""
    egress = Counted({f'e{number}': {'cidr': '10.0.0.0/8'} for number in range(5000)})
    for name in egress:
        assert found(('networkPolicy', 'egress', name), {'networkPolicy': {'egress': egress}})
        assert not found(('networkPolicy', 'egress', name, 'metrics'), {'networkPolicy': {'egress': egress}})
    assert Counted.visited == 0
    assert found(('networkPolicy', 'egress'), {'networkPolicy': {'egress': egress}})
    assert Counted.visited == 1
