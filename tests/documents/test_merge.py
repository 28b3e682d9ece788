"""Three texts of a registry file → one: values by meaning, comments of both sides; or the keys that both set."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.documents.merge import merge_files
from generator.documents.nulls import read_with_nulls
from generator.documents.three_way import ABSENT, Conflict, merge_values, ordered
from generator.documents.write import dump_yaml

BASE = """\
# A model.
kind: Model
spec:
  team: shop  # who
  replicas: 2
  versions:
  # the first
  - version: "1.0"
    image: x:1
    # where it is
    artifact:
      uri: s3://a
  - version: "1.1"
    image: x:2
  # commented out
  resources:
    cpu: "4"
    # no limit
  text: |
    a
    # b
"""

OURS = '  # ours\n  - version: "1.3"\n    image: x:3\n'
THEIRS = '  # theirs\n  - version: "1.2"\n    image: x:4\n'


def merged(ours: str, theirs: str, base: str | None = BASE) -> str:
    found = merge_files(base.encode() if base is not None else None, ours.encode(), theirs.encode(), 'f')
    assert found.conflicts == ()
    assert found.data is not None
    return found.data.decode()


def changed(*pairs: tuple[str, str], text: str = BASE) -> str:
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new, 1)
    return text


def conflicts(ours: str, theirs: str, base: str | None = BASE) -> list[Conflict]:
    return list(merge_files(base and base.encode(), ours.encode(), theirs.encode(), 'f').conflicts)


def test_changes_and_comments_of_both_sides_are_kept() -> None:
    ours = changed(
        ('  replicas: 2\n', '  # for the sale\n  replicas: 3  # until May\n'),
        (
            '    image: x:2\n',
            '    image: x:2\n    metrics:\n      recall: 0.5\n  # ours\n  - version: "1.3"\n    image: x:3\n',
        ),
    )
    theirs = changed(
        ('team: shop', 'team: store'),
        ('    image: x:2\n', f'    image: x:2\n    notes: better\n{THEIRS}'),
        ('    cpu: "4"\n', '    cpu: "4"\n    memory: 1Gi\n'),
    )
    assert merged(ours, theirs) == changed(
        ('team: shop', 'team: store'),
        ('  replicas: 2\n', '  # for the sale\n  replicas: 3  # until May\n'),
        ('    image: x:2\n', f'    image: x:2\n    notes: better\n    metrics:\n      recall: 0.5\n{THEIRS}{OURS}'),
        ('    cpu: "4"\n', '    cpu: "4"\n    memory: 1Gi\n'),
    )  # fmt: skip


@pytest.mark.parametrize(
    ('ours', 'theirs', 'both'),
    [
        ([('# who', '# whose')], [('team: shop', 'team: store')], ['team: store', '# whose']),
        ([('# where it is', '# where it was')], [('s3://a', 's3://b')], ['# where it was', 's3://b']),
        ([('# no limit', '# no limit yet')], [('cpu: "4"', 'cpu: "5"')], ['# no limit yet', 'cpu: "5"']),
        ([('# b', '# c')], [('replicas: 2', 'replicas: 3')], ['    # c', 'replicas: 3']),
        ([('  # the first\n', '')], [('image: x:1', 'image: x:9')], ['image: x:9']),
        ([('# A model.', '# A model.\n# ours')], [('# A model.', '# A model.\n# theirs')], ['# ours', '# theirs']),
        ([('  replicas: 2\n', '')], [('team: shop', 'team: store')], ['team: store']),
    ],
)  # fmt: skip
def test_a_comment_of_one_side_and_a_value_of_the_other(
    ours: list[tuple[str, str]], theirs: list[tuple[str, str]], both: list[str]
) -> None:
    for mine, others in ((ours, theirs), (theirs, ours)):
        text = merged(changed(*mine), changed(*others))
        assert [part for part in both if part not in text] == []
    assert '# the first' not in merged(changed(('  # the first\n', '')), changed(('x:1', 'x:9')))


def test_a_file_that_one_side_writes_as_json() -> None:
    text = '{"spec": {"a": 1, "b": 2}}'
    found = merged(text.replace('1', '3'), text.replace('2', '4'), text)
    assert read_with_nulls(found.encode(), 'f')[0] == {'spec': {'a': 3, 'b': 4}}
    found = merged('a: {b: 1, c: 3}\n', 'a: {b: 2, c: 2}\n', 'a: {b: 1, c: 2}\n')
    assert found == 'a: {"b": 2, "c": 3}\n'


def test_braces_with_a_comment_are_left_to_a_person() -> None:
    base = '{\n"a": 1, # one\n"b": 2}\n'
    found = merge_files(base.encode(), base.replace('1', '3').encode(), base.replace('2', '4').encode(), 'f')
    assert (found.data, found.conflicts) == (None, ())


def test_both_sides_set_a_key() -> None:
    mine, others = changed(('replicas: 2', 'replicas: 3')), changed(('replicas: 2', 'replicas: 4'))
    assert conflicts(mine, others) == [Conflict(('spec', 'replicas'), 3, 4)]
    assert conflicts(mine, mine.replace('shop', 'store')) == []


def test_a_version_that_both_added_with_different_images() -> None:
    mine, others = (changed(('    image: x:2\n', f'    image: x:2\n  - version: "2"\n    image: {i}\n')) for i in 'ab')
    assert conflicts(mine, others) == [Conflict(('spec', 'versions', '2', 'image'), 'a', 'b')]


def test_removed_here_and_changed_there() -> None:
    mine, others = changed(('  replicas: 2\n', '')), changed(('replicas: 2', 'replicas: 4'))
    assert conflicts(mine, others) == [Conflict(('spec', 'replicas'), ABSENT, 4)]
    assert conflicts(others, mine) == [Conflict(('spec', 'replicas'), 4, ABSENT)]


def test_null_is_a_value() -> None:
    assert conflicts('a: null\n', 'a: 2\n', 'a: 1\n') == [Conflict(('a',), None, 2)]
    assert merged('a: null\nb: 1\n', 'a: 1\nb: 2\n', 'a: 1\nb: 1\n') == 'a: null\nb: 2\n'


def test_true_is_not_one() -> None:
    assert conflicts('a: {b: true}\n', 'a: {b: 2}\n', 'a: {b: 1}\n') == [Conflict(('a', 'b'), True, 2)]
    assert merged('a: {b: true}\n', 'a: {b: 1}\nc: 1\n', 'a: {b: 1}\n') == 'a: {b: true}\nc: 1\n'


def test_both_added_the_file() -> None:
    assert merged('a: 1\nb: 2\n', 'a: 1\nc: 3\n', None) == 'a: 1\nc: 3\nb: 2\n'
    assert conflicts('a: 1\n', 'a: 2\n', None) == [Conflict(('a',), 1, 2)]


def test_lists_without_identity_are_one_value() -> None:
    assert conflicts('a: [1, 2]\n', 'a: [1, 3]\n', 'a: [1]\n') == [Conflict(('a',), [1, 2], [1, 3])]


@pytest.mark.parametrize(
    ('base', 'ours', 'theirs', 'expected'),
    [
        ('ab', 'abx', 'aby', 'abyx'),
        ('12', '124', '123', '1234'),
        ('12', '123', '124', '1234'),
        ('12', '12x', '123', '123x'),
        ('13', '123', '134', '1234'),
        ('12', '', '123', '123'),
        ('123', '231', '1234', '2314'),
    ],
)
def test_order_of_versions(base: str, ours: str, theirs: str, expected: str) -> None:
    assert ordered(list(base), list(ours), list(theirs), by_version=True) == list(expected)


def test_two_orders_of_versions_are_a_conflict() -> None:
    base, ours, theirs = ([{'version': each} for each in order] for order in ('123', '213', '132'))
    assert [each.path for each in merge_values({'v': base}, {'v': ours}, {'v': theirs}).conflicts] == [('v',)]


LEAF = st.one_of(st.integers(0, 3), st.sampled_from(['x', 'y z', 'a: b', '']), st.booleans())
TREE = st.recursive(LEAF, lambda inner: st.dictionaries(st.sampled_from('abcd'), inner, max_size=4), max_leaves=8)
DOCUMENT = st.dictionaries(st.sampled_from('pqrs'), TREE, min_size=1, max_size=4)


@settings(max_examples=100, deadline=None)
@given(DOCUMENT, DOCUMENT, DOCUMENT)
def test_the_text_says_what_the_values_say(base: Any, ours: Any, theirs: Any) -> None:
    wanted = merge_values(base, ours, theirs)
    texts = [f'# {name}\n{dump_yaml(each)}'.encode() for name, each in (('b', base), ('o', ours), ('t', theirs))]
    found = merge_files(*texts, 'f')  # type: ignore[arg-type]
    if wanted.conflicts:
        assert list(found.conflicts) == wanted.conflicts
        return
    assert found.data is not None
    assert read_with_nulls(found.data, 'f')[0] == wanted.value
    assert b'# o\n' in found.data
    assert b'# t\n' in found.data
    assert merge_files(texts[0], texts[1], texts[1], 'f').data == texts[1]


def test_versions_of_any_length_have_an_order() -> None:
    """A version of thousands of digits is no number that Python reads; the schema refuses it later."""
    long = '9' * 5000
    assert ordered(['1'], ['1', long], ['1', '9.9'], by_version=True) == ['1', '9.9', long]
    assert ordered(['1'], ['1', '2.10'], ['1', '2.9'], by_version=True) == ['1', '2.9', '2.10']
    assert ordered(['1'], ['1', '2.9'], ['1', '2.10'], by_version=True) == ['1', '2.9', '2.10']
