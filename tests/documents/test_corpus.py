"""Valid YAML documents → the same data as a second reader (pure Python, YAML 1.2), or a refusal that is deliberate."""

from __future__ import annotations

import re

import pytest
from ruamel.yaml import YAML

from generator.documents.edit import set_values
from generator.documents.read import read_yaml
from generator.domain.problems import ProblemsFound

SAME = r"""
{name: dev, server: https://kubernetes.default.svc}
===
[https://a.example:8443/x, a:b, ::1]
===
{a: http://b, c: [s3://x/y, d]}
===
{"a":1,"b":[1,2]}
===
{"a":"b","c":{"d":true}}
===
{image: "a", digest: sha256:11}
===
{a: b:c}
===
{a:b: c}
===
[a: b, c]
===
{a: 1, }
===
[a, b, ]
===
a: {b: c
  , d: e}
===
- - a
  - b
- c
===
-
  a: 1
-
  - b
===
a:
- 1
- 2
b:
  - 3
===
a: |
  text
   more

  end
b: >-
  folded
  text

  para
===
a: |2
    two
b: |+
  keep

c: >2-
   x
===
a: |
 # not a comment
 b: c
===
a: "x\
  y"
===
a: "x
  y

  z"
===
a: 'it''s
  two'
===
a: plain
  more
  lines
===
"a": 'b'
'c': "d"
===
? a
: b
===
? "a b"
: - c
===
---
a: b
...
===
---
a: b
===
--- |
  text
===
--- {a: b}
===
# comment
a: b # c
# d
===
a: b#c
===
a: -b
===
a: ?b
===
a: :b
===
a: "\u263A \x41 \t \/ \n"
===
a: "\/"
===
a: "\_\N"
===
a: ☺ ü 日本
===
☺: b
===
a b c: d
===
a: [b, [c, {d: e}], "f"]
===
{}
===
[]
===
a: {}
b: []
===
a: ""
b: ''
===
a: "b" # c
d: 'e' # f
===
a: b

c: d
===
a: >
  b
  c
d: |-
  e
===
a: 'b: c'
d: "{{ e }}"
f: "[g]"
===
a: b,c
d: e]f
===
a: 100%
===
a: x@y
b: a*b
c: a&b
d: a!b
===
[a-b, c.d, e/f, g_h, "i", 'j']
===
[a b, c  d]
===
{a: b c, d e: f}
===
{a: "b:c", 'd': e}
===
a: [b
 ,c]
===
a: ["b",
"c"]
===
%YAML 1.2
---
a: b
===
a: -1
b: 1.5
"""
REFUSED = r"""
{
  a: 1,
  # comment
  b: [
    x, y
  ],
}
===
a: {b, c: d}
===
a: {b: , c: d}
===
a: !!str b
===
a: &x b
===
a: yes
===
a: 0o17
===
a: 1e3
===
a: 2026-11-30
===
a: null
===
a:
===
a: {x: 10.0.0.0/8, y: 12:30x}
===
{a: -, b}
===
{url: https://user@host:443/path?q=1&r=a,b}
===
<<: {a: b}
"""
# What no editor shows, or what is long.
SPECIAL = [
    '\ufeffa: b', 'a: b\r\nc: d\r\n',
    'a: |\r\n  x\r\n  y\r\n', 'a: b', 'a:  b  \n', '\n\na: b\n\n', f'a: {"x " * 3000}',
    'a: b\n \nc: d', 'a: "\\_"', '--- \na: b\n...',
]  # fmt: skip
# Values that YAML readers do not read alike, and what hides where a value comes from.
DELIBERATE = re.compile(
    r'\S+ is ambiguous: YAML readers read it differently|the value is missing|(?:tags|anchors) are not supported: .*'
    r"|(?:line 1: )?(?:merge keys are not supported: '<<'|the key \S+ is read as a string only by some YAML readers)"
)


def documents(text: str) -> list[str]:
    return text.strip('\n').split('\n===\n')


@pytest.mark.parametrize('text', [*documents(SAME), *SPECIAL])
def test_valid_documents_are_read_as_by_another_reader(text: str) -> None:
    assert read_yaml(text.encode(), 'registry/x.yaml') == another(text)


@pytest.mark.parametrize('text', documents(REFUSED))
def test_what_is_refused_is_refused_on_purpose(text: str) -> None:
    another(text)
    with pytest.raises(ProblemsFound) as raised:
        read_yaml(text.encode(), 'registry/x.yaml')
    assert all(DELIBERATE.fullmatch(problem.message) for problem in raised.value.problems), str(raised.value)


def another(text: str) -> object:
    return YAML(typ='safe', pure=True).load(text.removeprefix('\ufeff'))


def test_the_problems_of_a_document_are_told_once() -> None:
    """The first parser stops at the address; the other one begins again."""
    with pytest.raises(ProblemsFound) as raised:
        read_yaml(b'a: yes\nb: {c: https://d}\ne: no\n', 'x.yaml')
    assert [problem.path for problem in raised.value.problems] == ['$.a', '$.e']


def test_a_value_next_to_an_address_is_set() -> None:
    before = b'# c\nspec: {version: "1", url: https://a:1/b, chart: 1.0.0}  # x\n'
    changes = {('spec', 'version'): '2', ('spec', 'chart'): '1.0.1'}
    assert set_values(before, 'x.yaml', changes) == before.replace(b'"1"', b'"2"').replace(b'1.0.0', b'1.0.1')


def test_a_long_document_is_not_read_by_the_slow_parser() -> None:
    text = 'a: {b: c:d}\n' + '# a comment\n' * 10_000
    with pytest.raises(ProblemsFound, match="found unexpected ':'"):
        read_yaml(text.encode(), 'x.yaml')
    assert read_yaml(text[:1200].encode(), 'x.yaml') == {'a': {'b': 'c:d'}}
