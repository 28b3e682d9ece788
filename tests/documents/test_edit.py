"""Setting values in a registry file: only these values change, whatever the file looks like."""

from __future__ import annotations

import difflib
import random
import re

import pytest

from generator.documents.edit import set_values
from generator.documents.read import read_yaml
from generator.domain.problems import ProblemsFound

HEAD = 'apiVersion: chartloom/v1\nkind: Release\nmetadata:\n  name: web\n'
VERSION, CHART = ('spec', 'version'), ('spec', 'chart')
PINS = {VERSION: '1.10', CHART: '1.0.4'}

ODD = """\
     values:
       args:
       - a
       -   b
       containers:
            x:
             args:
                 - c
"""
LONG = f"""\
  values:
    args: [{'word ' * 60}]{'   '}
    a: >-
      folded
      text
    b: |2+
        kept{'  '}


"""
# What a release may look like, and what it must look like without `rollback`.
REMOVALS = {
    'a line of its own': (
        'spec:\n  version: "1"\n  rollback: "1.0.0"  # why\n  # of values\n  values: {}\n',
        'spec:\n  version: "1"\n  # of values\n  values: {}\n',
    ),
    'the last line': ('spec:\n  version: "1"\n  rollback: "1.0.0"', 'spec:\n  version: "1"\n'),
    'the first of a flow map': ('spec: {rollback: "1.0.0", version: "1"}\n', 'spec: {version: "1"}\n'),
    'the last of a flow map': ('spec: {version: "1", rollback: "1.0.0"}\n', 'spec: {version: "1"}\n'),
    'alone in a flow map': ('spec: {rollback: "1.0.0"}\n', 'spec: {}\n'),
    'a quoted key': ('spec:\n  "rollback": "1.0.0"\n  version: "1"\n', 'spec:\n  version: "1"\n'),
    'not there': ('spec:\n  version: "1"\n', 'spec:\n  version: "1"\n'),
}
# What a release may look like, and what it must look like after it was pinned.
CASES = {
    'no pins yet': (
        'spec:\n  values:\n    replicaCount: 3\n',
        'spec:\n  version: "1.10"\n  chart: "1.0.4"\n  values:\n    replicaCount: 3\n',
    ),
    'quotes stay as they are': (
        'spec:\n  version: \'1.9\'\n  chart: "1.0.3"\n',
        'spec:\n  version: \'1.10\'\n  chart: "1.0.4"\n',
    ),
    'plain text stays plain where it can': (
        'spec:\n  version: 1.9.1\n  chart: 1.0.3\n',
        'spec:\n  version: "1.10"\n  chart: 1.0.4\n',
    ),
    'comments everywhere': (
        '# a\nspec: # b\n  # of version\n  version: "1.9"   # why\n\n  # of chart\n  chart: 1.0.3\t# tab\n# end\n',
        '# a\nspec: # b\n  # of version\n  version: "1.10"   # why\n\n  # of chart\n  chart: 1.0.4\t# tab\n# end\n',
    ),
    'a comment stays with what it is about': (
        'spec:\n  # five pods in three zones\n  values:\n    replicaCount: 5\n',
        'spec:\n  version: "1.10"\n  chart: "1.0.4"\n  # five pods in three zones\n  values:\n    replicaCount: 5\n',
    ),
    'a chart goes below its version': (
        'spec:\n  values: {}\n  version: "1.9"  # kept\n  strategy: {rolling: {maxSurge: 1}}\n',
        'spec:\n  values: {}\n  version: "1.10"  # kept\n  chart: "1.0.4"\n  strategy: {rolling: {maxSurge: 1}}\n',
    ),
    'an empty map': ('spec: {}\n', 'spec: {version: "1.10", chart: "1.0.4"}\n'),
    'an empty map with room and a comment': (
        'spec: { }  # nothing\n',
        'spec: {version: "1.10", chart: "1.0.4" }  # nothing\n',
    ),
    'a flow map': (
        'spec: {values: {replicaCount: 3}, version: "1.9"}\n',
        'spec: {values: {replicaCount: 3}, version: "1.10", chart: "1.0.4"}\n',
    ),
    'a flow map of other things': (
        'spec: {values: {replicaCount: 3}}\n',
        'spec: {version: "1.10", chart: "1.0.4", values: {replicaCount: 3}}\n',
    ),
    'a flow map on several lines': (
        'spec: {\n  version: "1.9", # kept\n  values: {\n    replicaCount: 3 } }\n',
        'spec: {\n  version: "1.10", chart: "1.0.4", # kept\n  values: {\n    replicaCount: 3 } }\n',
    ),
    'odd but valid indentation': (
        'spec:\n     version:     "1.9"\n     chart:   1.0.3\n' + ODD,
        'spec:\n     version:     "1.10"\n     chart:   1.0.4\n' + ODD,
    ),
    'long lines, folded and literal texts, trailing spaces': (
        'spec:\n' + LONG + '  chart: 1.0.3',
        'spec:\n  version: "1.10"\n' + LONG + '  chart: 1.0.4',
    ),
    'no line end at the end': ('spec:\n  version: "1.9"', 'spec:\n  version: "1.10"\n  chart: "1.0.4"'),
    'letters of more than one byte before it': (
        '# 👨‍👩‍👧 ünï\nspec:\n  values: {team: "Ж👍"}\n  version: "1.9"\n',
        '# 👨‍👩‍👧 ünï\nspec:\n  values: {team: "Ж👍"}\n  version: "1.10"\n  chart: "1.0.4"\n',
    ),
    'quoted keys and a key of the same name elsewhere': (
        'spec:\n  "version": "1.9"\n  values: {version: "1.9", spec: {chart: 1.0.3}}\n  \'chart\': 1.0.3\n',
        'spec:\n  "version": "1.10"\n  values: {version: "1.9", spec: {chart: 1.0.3}}\n  \'chart\': 1.0.4\n',
    ),
    'escapes': ('spec:\n  version: "1\\x2e9"\n', 'spec:\n  version: "1.10"\n  chart: "1.0.4"\n'),
}  # fmt: skip
each_case = pytest.mark.parametrize('case', CASES)


@each_case
@pytest.mark.parametrize('newline', ['\n', '\r\n'], ids=['lf', 'crlf'])
@pytest.mark.parametrize(
    'around', [('', ''), ('---\n', ''), ('\ufeff', ''), ('%YAML 1.2\n---\n', ''), ('\n\n# top\n', '')]
)
def test_only_the_values_change(case: str, newline: str, around: tuple[str, str]) -> None:
    before, after = ((around[0] + HEAD + text + around[1]).replace('\n', newline) for text in CASES[case])
    assert set_values(before.encode(), 'f', PINS).decode() == after
    assert set_values(after.encode(), 'f', PINS).decode() == after


@each_case
def test_the_file_says_just_that_afterwards(case: str) -> None:
    before = (HEAD + CASES[case][0]).encode()
    wanted = read_yaml(before, 'f')
    wanted['spec'] |= {'version': '1.10', 'chart': '1.0.4'}
    assert read_yaml(set_values(before, 'f', PINS), 'f') == wanted


@pytest.mark.parametrize(
    'value',
    ['1.10', '1e3', '0x1F', 'no', 'true', '1_0', '2026-11-22', '1.0.0', 'v1', '0', '1+2', '12:30', 'null', '.5'],
)
@pytest.mark.parametrize('old', ['"a"', "'a'", 'a', None])
def test_a_version_stays_text(value: str, old: str | None) -> None:
    before = HEAD + (f'spec:\n  version: {old}\n' if old else 'spec:\n  values: {}\n')
    assert read_yaml(set_values(before.encode(), 'f', {VERSION: value}), 'f')['spec']['version'] == value


@pytest.mark.parametrize('value', ['it\'s "quoted"', 'a\nb', '\\', '# x', 'a: b', '{{ x }}', '\u2028', '', ' '])
@pytest.mark.parametrize('old', ['"a"', "'a'", 'a', None])
def test_any_text_can_be_set(value: str, old: str | None) -> None:
    before = HEAD + (f'spec:\n  version: {old}\n' if old else 'spec: {}\n')
    assert read_yaml(set_values(before.encode(), 'f', {VERSION: value}), 'f')['spec']['version'] == value


@pytest.mark.parametrize(
    'spec',
    [
        'spec:\n  version: |-\n    1.9\n',  # a block of lines: where it ends is not for us to say
        'spec:\n  version: {a: b}\n',
        'spec: text\n',
        '',
        '? spec\n: values: {}\n',
    ],
)
def test_what_cannot_be_set_is_told_and_left_alone(spec: str) -> None:
    with pytest.raises(ProblemsFound) as error:
        set_values((HEAD + spec).encode(), 'registry/x.yaml', PINS)
    (problem,) = error.value.problems
    assert (problem.file, problem.message) == (
        'registry/x.yaml',
        'cannot set $.spec.version, $.spec.chart without changing other values',
    )
    assert 'by hand' in problem.hint


def test_a_file_that_is_wrong_already_is_told_first() -> None:
    with pytest.raises(ProblemsFound, match='duplicate key'):
        set_values((HEAD + 'spec:\n  version: "1"\n  version: "2"\n').encode(), 'f', PINS)


@pytest.mark.parametrize('seed', range(200))
def test_random_files_keep_every_other_line(seed: int) -> None:
    """A release put together from odd pieces: the lines without a pin are those of before."""
    pick = random.Random(seed)
    pieces = [
        '  values:\n    a: 1   # one\n\n',
        '  strategy: {rolling:   {maxSurge: 1}}\n',
        '  # a comment of its own\n',
        '\n',
        '  other:\n  - x\n  -   k: [1,2,  3]\n      # inside\n      z: "\\u00fc"\n',
        "  text: 'it''s'\n",
        '  long: ' + 'word ' * 40 + '\n     and more\n',
        '  block: |\n     deep\n\n       deeper\n',
        '#far left\n',
    ]
    pins = [
        f'  {name}: {pick.choice(quote)}1.0.3{pick.choice(["", "  # why", " "])}\n'
        for name, quote in (('version', ['']), ('chart', ['']))
    ]
    chosen = pick.sample(pieces, pick.randint(1, len(pieces))) + pick.sample(pins, pick.randint(0, 2))
    pick.shuffle(chosen)
    if all(re.fullmatch(r'\s*(#.*)?', piece.strip()) for piece in chosen):
        chosen.append('  values: {}\n')
    before = HEAD + 'spec:\n' + ''.join(chosen)
    after = set_values(before.encode(), 'f', PINS).decode()
    touched = [line for line in difflib.ndiff(before.split('\n'), after.split('\n')) if line[:1] in '+-']
    assert all(re.match(r'[+-]   (version|chart): ', line) for line in touched), touched
    wanted = read_yaml(before.encode(), 'f')
    wanted['spec'] |= {'version': '1.10', 'chart': '1.0.4'}
    assert read_yaml(after.encode(), 'f') == wanted


@pytest.mark.parametrize('name', REMOVALS)
def test_a_key_is_removed_with_its_line(name: str) -> None:
    before, after = (HEAD + text for text in REMOVALS[name])
    assert set_values(before.encode(), 'web.yaml', {('spec', 'rollback'): None}).decode() == after


def test_a_quoted_key_is_removed_with_its_quotes() -> None:
    assert set_values(b'{"a": "x", "b": "y"}', 'f', {('b',): None}) == b'{"a": "x"}'
    assert set_values(b"{'a': x, 'b': z}", 'f', {('a',): None}) == b"{'b': z}"
