"""The YAML reader: plain data or problems, never anything else, and never another meaning than other readers find."""

from __future__ import annotations

import io
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from parts import ROOT
from ruamel.yaml import YAML

from generator.documents.read import MAX_BYTES, MAX_DEPTH, MAX_PROBLEMS, Mark, read_yaml, yaml_marks
from generator.domain.problems import ProblemsFound

DOCUMENTS = [
    file.read_text(encoding='utf-8')
    for folder in ('tests/invalid/_base/registry', 'gitops_example/registry')
    for file in sorted((ROOT / folder).rglob('*.yaml'))
]


def read(text: str) -> Any:
    return read_yaml(text.encode(), 'x.yaml')


def problems(data: str | bytes) -> list[str]:
    with pytest.raises(ProblemsFound) as error:
        read_yaml(data.encode() if isinstance(data, str) else data, 'x.yaml')
    return [str(found) for found in error.value.problems]


@pytest.mark.parametrize(
    ('text', 'value'),
    [
        ('3', 3), ('-3', -3), ('0', 0), ('1.5', 1.5), ('-0.5', -0.5), ('1.10', 1.1),
        ('9007199254740991', 9007199254740991), ('64.0', 64), ('-3.00', -3), ('0.0', 0), ('1.05', 1.05),
        ('true', True), ('false', False), ('"true"', 'true'), ("'3'", '3'), ('1.0.0', '1.0.0'), ('v1', 'v1'),
        ('-', None),
        ('1Gi', '1Gi'), ('500m', '500m'), ('25%', '25%'), ('10m', '10m'), ('2026-11', '2026-11'),
        ('sha256:1', 'sha256:1'),
        ('2026-11-03 retrained', '2026-11-03 retrained'), ('[]', []), ('{}', {}), ('[1, a]', [1, 'a']),
        ('{a: 1}', {'a': 1}),
        ('|\n  1\n', '1\n'), ('>-\n  yes\n  no\n', 'yes no'), ('"\\u00e9"', 'é'), ('Ελλάδα', 'Ελλάδα'),
        ('a # b', 'a'), ('a#b', 'a#b'),
    ],
)  # fmt: skip
def test_values_are_what_they_seem(text: str, value: Any) -> None:
    document = f'key: {text}'
    if value is None:
        assert problems(document)
        return
    found = read(document)['key']
    assert (found, type(found)) == (value, type(value))


AMBIGUOUS = [
    *'y n yes No ON off True FALSE Null NULL ~ null = << .nan .inf -.INF'.split(),
    *'+.5 -.5 .5 1. +1 -0 007 08 0o17 0x1F -0x1F 0b11'.split(),
    *'1_000 +_1 1e5 1E-5 1.e5 1:30 1:30:20.5 12345678901234567'.split(),
    *'2026-11-03 2026-1-3 2026-11-03T10:00:00Z'.split(),
    '2026-11-03 10:00:00',
    '2026-11-03\t10:00:00',
]  # fmt: skip


@pytest.mark.parametrize('text', AMBIGUOUS)
def test_what_readers_take_for_different_things_is_refused_as_value_and_as_key(text: str) -> None:
    assert len(problems(f'key: {text}')) == 1
    assert len(problems(f'{text}: value')) == 1
    assert read(f'"key": "{text}"') == {'key': text}
    assert read(f"'{text}': value") == {text: 'value'}


# No text to Go's readers, which helm and kubectl have; a merge key and '=' are for no reader plain values.
BY_GO = {'y', 'n', '2026-1-3', '2026-11-03\t10:00:00', '=', '<<', '+_1'}


@pytest.mark.parametrize('text', [text for text in AMBIGUOUS if text not in BY_GO])
def test_that_list_is_measured_and_not_guessed(text: str) -> None:
    """Some reader takes each of them for something else than text."""
    others = [yaml.safe_load(f'key: {text}'), YAML(typ='safe', pure=True).load(f'key: {text}')]
    assert others != [{'key': text}] * 2


PIECES = [
    *AMBIGUOUS, '', 'a', 'é', 'key', '0.0', '1.2.3', '#', ' #', '"', "'", '|', '>-', '%', '@', '`', '\\', '\\x41',
    '&a', '*a', '!!str', '{', '}',
    '[', ']', ',', ',,', ': ', ':', '- ', '-', '? ', '?', '\t', '\n', '\r\n', '\n\n', '\n  ', '\n    ', '---\n',
    '...\n', '\ufeff', '\u2028',
    '\x85', '\x07', '\x7f', '\u200b', '\U0001f600', '{{ x }}', 'key: value', '{a: b}', '- - a', '"a": b',
]  # fmt: skip


@st.composite
def spoilt(draw: st.DrawFn) -> str:
    """A real registry file with some pieces put in, cut out and written twice, or nothing but such pieces."""
    if draw(st.booleans()):
        return ''.join(draw(st.lists(st.sampled_from([*PIECES, ' ', '\n']), max_size=14)))
    lines = draw(st.sampled_from(DOCUMENTS)).splitlines(keepends=True)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(lines) - 1))
        piece = draw(st.sampled_from(PIECES))
        match draw(st.sampled_from(['value', 'insert', 'delete', 'double', 'indent'])):
            case 'value':
                lines[at] = f'{lines[at].partition(":")[0]}: {piece}\n'
            case 'insert':
                column = draw(st.integers(0, len(lines[at])))
                lines[at] = lines[at][:column] + piece + lines[at][column:]
            case 'delete' if len(lines) > 1:
                del lines[at]
            case 'double':
                lines.insert(draw(st.integers(0, len(lines))), lines[at])
            case 'indent':
                lines[at] = ' ' * draw(st.integers(0, 6)) + lines[at].lstrip(' ')
    return ''.join(lines)


@settings(deadline=None)
@given(
    st.one_of(
        spoilt().map(str.encode),
        st.binary(max_size=60),
        st.text(max_size=60).map(lambda t: t.encode('utf-8', 'replace')),
    )
)
def test_any_bytes_give_a_value_or_problems(data: bytes) -> None:
    try:
        read_yaml(data, 'x.yaml')
    except ProblemsFound as error:
        for found in error.problems:
            assert found.message
            assert found.hint
            assert '\n' not in found.message + found.hint


@settings(deadline=None)
@given(spoilt())
def test_other_readers_find_the_same_or_refuse(text: str) -> None:
    try:
        found = read(text)
    except ProblemsFound:
        return
    if not isinstance(found, dict):  # no file of ours is anything else, and readers differ in block texts without a map
        return
    for other in (yaml.safe_load, YAML(typ='safe', pure=True).load):
        value = refusal = None
        try:
            value = other(io.StringIO(text))
        except Exception as error:
            refusal = str(error)
        # Tabs, and a comment right behind the sign of a block text, are not for every reader.
        assert same(found, value) if refusal is None else '\t' in text or 'block scalar' in refusal


def same(one: Any, other: Any) -> bool:
    """Equal, in the same types and the same order."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(value, other[key]) for key, value in one.items())
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


def test_marks_tell_the_line_and_how_it_was_written() -> None:
    marks = yaml_marks(b'\xef\xbb\xbf# comment\nspec:\n  version: 1.10\n  list:\n  - "a"\n  - {b: 2}\n', 'x.yaml')
    assert marks['spec', 'version'] == Mark(3, '1.10')
    assert marks['spec', 'list', 0] == Mark(5, 'a')
    assert marks['spec', 'list', 1, 'b'] == Mark(6, '2')
    assert marks['spec',].line == 3  # where the map begins that is the value


def test_a_file_may_be_as_big_and_as_deep_as_the_limits() -> None:
    padding = '#' * (MAX_BYTES - len('a: 1\n'))
    assert read('a: 1\n' + padding) == {'a': 1}
    assert problems('a: 1\n' + padding + '#') == [
        'x.yaml: the file has 1048577 bytes, the limit is 1048576\n  hint: split the file, or remove it'
    ]
    assert read('[' * MAX_DEPTH + ']' * MAX_DEPTH)
    assert len(problems('[' * 100_000)) == 1


def test_a_bomb_costs_no_more_than_its_size() -> None:
    lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]']
    lines += [f'a{n}: &a{n} [{", ".join([f"*a{n - 1}"] * 10)}]' for n in range(1, 300)]
    assert len(problems('\n'.join(lines))) == MAX_PROBLEMS + 1


def test_a_key_twice_is_told_with_its_line_at_any_depth() -> None:
    assert problems('a:\n- b: 1\n  c: 2\n  b: 3\n') == [
        'x.yaml::$.a[0].b: line 4: duplicate key\n  hint: keep one of the two'
    ]
