"""What the writer writes is what all readers read: helm 3 and 4, ruamel, PyYAML and our own; and what a seal seals."""

from __future__ import annotations

import base64
import json
import random
import shutil
import subprocess
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import ruamel.yaml
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.documents.read import MAX_BYTES, read_yaml
from generator.documents.write import Comment, Comments, Dumped, dump_yaml, is_sealed, scalar_text, seal

COUNT = 20_000

WORDS = (
    'y n yes no on off true false null none nan inf ~ = << .inf -.inf .nan Y N Yes YES No NO True TRUE Null NULL'
).split()
NUMBERS = (
    '0 -0 1 +1 007 017 0o17 0x1F 0b11 1_000 1.0 1. .5 -.5 1e3 1e-05 1E+3 12e03 1:30 190:20:30 12:30:45.5 0.1 1,000 '
    '2024-01-01 2024-01-01T00:00:00Z 2026-11-22 1.2.3 00 0_ 0x 0o8 123456789012345678901234567890 ١٢'
).split()
SIGNS = [
    *'-?:,[]{}#&*!|>\'"%@`=~<.^$;\\/ \t\n\r',
    '- ', '? ', ': ', ' #', '---', '...', '--- a', '- - ', '!!int 1', '%YAML 1.1',
]  # fmt: skip
BLOCKS = [
    '|',
    '>',
    '|-',
    '|2',
    '>+',
    '|\n  a',
    '>-\n b',
    '? a\n: b',
    '- a\n- b',
    'a: 1\nb: 2',
    'a:\n  - b\n',
    '&a b',
    '*a',
    '<<: *a',
]
TEMPLATES = [
    '{{ .Values.x }}', '{{- fail "x" -}}', '{{', '}}', '{{/* c */}}', '[[ model ]]', '[[', ']]',
    '{% raw %}', '{%- x -%}', '{# x #}',
    '${HOME}', '$(HOME)', '$$', '%s %d', '`id`', '$__interval',
]  # fmt: skip
BREAKS = [
    '\n',
    '\r',
    '\r\n',
    '\x85',
    '\u2028',
    '\u2029',
    '\n\n',
    '\n ',
    ' \n',
    '\n\t',
    '\t\n',
    '\n#',
    '\n---\n',
    '\n...\n',
]
CHARACTERS = [
    *map(chr, [*range(0x21), *range(0x7E, 0xA2), 0xAD, 0x34F, 0x61C, 0x1680, 0x180E, 0x1FFF, 0x2000]),
    *map(chr, [*range(0x200A, 0x2010), 0x202E]),
    *'\u2066\u2069\u3000\ud7ff\ue000\ufdd0\ufe0f\ufeff\ufffd\ufffe\uffff\U00010000\U0001f600\U000e0001\U0001fffe\U0010ffff',
    'ü', 'ß', 'é', 'Ж', '中', '👨‍👩‍👧', 'ﷺ', 'İ', 'ı',
]  # fmt: skip
PLAIN = [
    'a',
    'model',
    'Model 7',
    'registry.example/a/b:1.2',
    'a b',
    "it's",
    'x_y-z',
    '/v1/models',
    'key=value',
    'cpu',
    '100m',
    '2Gi',
]
PIECES = [WORDS, NUMBERS, SIGNS, BLOCKS, TEMPLATES, BREAKS, CHARACTERS, PLAIN]


def texts(count: int, seed: int = 3) -> list[str]:
    """So many different texts: every piece alone, between others and at both ends, then seeded mixtures."""
    pick = random.Random(seed)
    every = [piece for group in PIECES for piece in group]
    found = dict.fromkeys(['', *every])
    found |= dict.fromkeys(
        shape.format(piece) for shape, piece in product(('{} ', ' {}', 'a{}b', '{}\n', '\n{}', 'a\n{}\nb\n'), every)
    )
    while len(found) < count:
        pieces = [pick.choice(pick.choice(PIECES)) for _ in range(pick.randint(1, 9))]
        if pick.random() < 0.02:
            pieces += [pick.choice('ab "\\') * pick.choice((70, 80, 130, 900, 1_100, 5_000))]
        found[pick.choice(('', ' ', '\n', '\n  ')).join(pieces)] = None
    return list(found)[:count]


def line(pick: random.Random) -> str:
    """A line that a literal block may hold, or nearly so."""
    starts = [
        '',
        '',
        ' ',
        '  ',
        '    ',
        '#',
        '# ',
        '- ',
        '? ',
        '---',
        '...',
        '%',
        '\t',
        '|',
        '>',
        '"',
        "'",
        '{{ ',
        '&a ',
        '*a',
        '!',
    ]
    words = [
        '',
        'a',
        'key: value',
        'ünï',
        'Ж',
        'x # y',
        '---',
        'end: |',
        '{a: [',
        ': ',
        '0',
        'null',
        '\xa0',
        '\u200b',
        '\u1fff',
        '\u2000',
    ]
    return (
        pick.choice(starts) + pick.choice(words) + pick.choice(['', '', '', ' ', '\t'] if pick.random() < 0.2 else [''])
    )


def blocks(count: int, seed: int = 5) -> list[str]:
    """Texts of several lines: most of them come out as literal blocks."""
    pick = random.Random(seed)
    found: dict[str, None] = {}
    while len(found) < count:
        lines = [line(pick) if pick.random() < 0.9 else '' for _ in range(pick.randint(1, 6))]
        found['\n'.join(lines) + pick.choice(('', '\n', '\n', '\n\n'))] = None
    return list(found)


def everywhere(many: list[str]) -> dict[str, Any]:
    """Texts as values, as keys, in lists, and deep inside."""
    return {
        'values': {f'k{number}': text for number, text in enumerate(many)},
        'keys': {text: number for number, text in enumerate(many)},
        'lists': [many, [[text, {'inner': text}] for text in many[::20]]],
        'deep': [{'a': {'b': text, 'c': [{'d': text}, text]}} for text in many[::20]],
        'parents': {text: {text: text} for text in many[::20]},
    }


@pytest.fixture(scope='module')
def chart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A chart that shows its values as helm has them; encoded, for rendered manifests are YAML again."""
    folder = tmp_path_factory.mktemp('tiny')
    (folder / 'templates').mkdir()
    (folder / 'Chart.yaml').write_text('apiVersion: v2\nname: tiny\nversion: 1.0.0\n')
    (folder / 'templates' / 'all.yaml').write_text('all: {{ toJson .Values | b64enc }}\n')
    return folder


def seen(helm: Path, chart: Path, text: str) -> Any:
    """What helm makes of a file of values."""
    command = [helm, 'template', 'r', chart, '--values', '-']
    done = subprocess.run(command, input=text.encode(), capture_output=True)
    assert done.returncode == 0, done.stderr.decode()[:2000]
    (encoded,) = (line[5:] for line in done.stdout.split(b'\n') if line.startswith(b'all: '))
    return json.loads(base64.b64decode(encoded))


def changed(wanted: Any, got: Any) -> list[Any]:
    """Up to ten texts that came out otherwise; [] when all is equal."""
    if wanted == got:
        return []
    both = zip(walk(wanted), walk(got), strict=False)
    return [pair for pair in both if pair[0] != pair[1]][:10] or ['more or fewer']


def walk(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for key in sorted(value):
            yield key
            yield from walk(value[key])
    elif isinstance(value, list):
        for item in value:
            yield from walk(item)
    else:
        yield value


# --- 20,000 hostile texts --------------------------------------------------------------------------------------------


def test_texts_survive_helm_as_values_and_as_keys(helm: Path, chart: Path) -> None:
    many = texts(COUNT)
    assert len(set(many)) == COUNT
    values = everywhere(many)
    assert changed(values, seen(helm, chart, dump_yaml(values))) == []


def test_texts_survive_in_the_values_of_a_chart(helm: Path, chart: Path, tmp_path: Path) -> None:
    """Helm reads a chart's own values.yaml by other code than the one of --values."""
    values = everywhere(texts(5_000, seed=11))
    own = shutil.copytree(chart, tmp_path / 'chart')
    (own / 'values.yaml').write_text(dump_yaml(values), encoding='utf-8', newline='')
    assert changed(values, seen(helm, own, '{}')) == []


def test_literal_blocks_survive_helm(helm: Path, chart: Path) -> None:
    many = blocks(COUNT)
    written = dump_yaml(values := everywhere(many))
    assert written.count(': |') > COUNT / 2, 'most of these texts should be written as blocks'
    assert changed(values, seen(helm, chart, written)) == []


@pytest.mark.parametrize('make', [texts, blocks])
def test_texts_survive_other_readers(make: Any) -> None:
    values = everywhere(make(COUNT))
    written = dump_yaml(values)
    assert changed(values, yaml.load(written, yaml.CSafeLoader)) == []
    assert changed(values, ruamel.yaml.YAML(typ='safe').load(written)) == []
    some = everywhere(make(COUNT)[::200])
    assert changed(some, yaml.safe_load(dump_yaml(some))) == []
    assert changed(some, ruamel.yaml.YAML(typ='safe', pure=True).load(dump_yaml(some))) == []


@pytest.mark.parametrize('make', [texts, blocks])
def test_texts_survive_our_own_reader(make: Any) -> None:
    many = make(COUNT)
    for number in range(0, COUNT, 1_000):
        values = everywhere(many[number : number + 1_000])
        for part in values:
            for piece in (values[part],) if isinstance(values[part], dict) else values[part]:
                written = dump_yaml({part: piece}).encode()
                assert len(written) < MAX_BYTES, number
                assert changed({part: piece}, read_yaml(written, 'f')) == []


text = st.text(st.characters(exclude_categories=['Cs']))
nested = st.recursive(
    text | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(st.dictionaries(text, nested, max_size=5))
def test_anything_nested_comes_back_with_its_types(values: dict[str, Any]) -> None:
    for read in (lambda text: yaml.load(text, yaml.CSafeLoader), ruamel.yaml.YAML(typ='safe', pure=True).load):
        assert repr(read(dump_yaml(values))) == repr(values)


# --- the form --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    'text', ['recommender', 'saved-model.tar', '/v1/models', 'nvidia.com/gpu', 'IfNotPresent', '_x', 'Yeah']
)
def test_what_nobody_can_mistake_stays_plain(text: str) -> None:
    assert scalar_text(text) == text


@pytest.mark.parametrize('text', [*WORDS, *NUMBERS, *SIGNS, '', 'a b', 'a:b', 'ünï', '1a', '100m', '2Gi', 'a@b'])
def test_what_some_reader_might_mistake_is_quoted(text: str) -> None:
    assert scalar_text(text).startswith('"') or text == '/'


def test_what_reviewers_would_not_see_is_escaped() -> None:
    written = dump_yaml({'a': 'left\u202eright\u200b\u00ad', 'b': 'x\ny\u202e\n'})
    assert written == 'a: "left\\u202eright\\u200b\\u00ad"\nb: "x\\ny\\u202e\\n"\n'


def test_block_style() -> None:
    values = {
        'empty': {'map': {}, 'list': [], 'text': ''},
        'list': ['a', {'b': 1, 'c': ['d']}, [True, 0.5], {}, []],
        'text': 'first\n\n  second # no comment\n',
        'open': 'no line break\nat the end',
        'indented': '  a\n',
        'more': 'a\n\n',
        'trailing': 'a \nb\n',
    }
    assert dump_yaml(values) == (
        'empty:\n  map: {}\n  list: []\n  text: ""\n'
        'list:\n  - a\n  - b: 1\n    c:\n      - d\n  - - true\n    - 0.5\n  - {}\n  - []\n'
        'text: |\n  first\n\n    second # no comment\nopen: |-\n  no line break\n  at the end\n'
        'indented: "  a\\n"\nmore: "a\\n\\n"\ntrailing: "a \\nb\\n"\n'
    )  # fmt: skip
    assert dump_yaml({}) == '{}\n'


@pytest.mark.parametrize(
    ('number', 'written'),
    [
        (1_000_000, '1000000'),
        (2.0, '2.0'),
        (0.00001, '0.00001'),
        (-1.5e-7, '-0.00000015'),
        (1e22, '10000000000000000000000.0'),
        (True, 'true'),
    ],
)
def test_numbers_are_written_so_that_no_reader_takes_them_for_text(
    number: float, written: str, helm: Path, chart: Path
) -> None:
    assert dump_yaml({'number': number}) == f'number: {written}\n'
    assert seen(helm, chart, dump_yaml({'number': number})) == {'number': number}
    assert yaml.safe_load(dump_yaml({'number': number})) == {'number': number}


@pytest.mark.parametrize('value', [None, float('nan'), float('inf'), {1, 2}, b'bytes', {'inner': [None]}])
def test_what_yaml_has_no_one_form_for_is_refused(value: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        dump_yaml({'a': value})


def test_a_key_of_any_length_is_read(helm: Path, chart: Path) -> None:
    values = {
        'x' * size: {'y' * size: ['z' * size, {'é ' * size: 'a\nb\n'}]}
        for size in (900, 997, 998, 1_000, 1_024, 1_026, 1_028, 5_000)
    }
    assert seen(helm, chart, dump_yaml(values)) == values
    assert read_yaml(dump_yaml(values).encode(), 'f') == values


@pytest.mark.parametrize('make', [texts, blocks])
def test_what_is_text_already_comes_out_as_if_it_were_not(make: Any) -> None:
    """A delivery object takes the values of its release as they were dumped for people."""
    for values in everywhere(make(4_000)), {'a': {}}, {'text': 'a\n'}, {'x' * 2_000: {'y': ['a\nb\n']}}:
        direct = dump_yaml({'spec': {'helm': {'values': values}, 'last': 1}})
        assert dump_yaml({'spec': {'helm': {'values': Dumped(dump_yaml(values))}, 'last': 1}}) == direct


def test_comments_stand_above_their_keys() -> None:
    inner = {'b': Comment('two\nlines', {}, 'an example')}
    comments: Comments = {'a': Comment('about a', inner), 'd': Comment('', {}), 'e': Comment('nowhere', {})}
    written = dump_yaml({'a': {'b': 1, 'c': {'b': 2}}, 'd': 3}, comments)
    assert written == '# about a\na:\n  # two\n  # lines\n  b: 1\n  c:\n    b: 2\nd: 3\n'
    assert yaml.safe_load(written) == {'a': {'b': 1, 'c': {'b': 2}}, 'd': 3}
    assert dump_yaml({'a': {'b': {}}}, comments) == '# about a\na:\n  # two\n  # lines\n  # an example\n  b: {}\n'


# --- the seal --------------------------------------------------------------------------------------------------------


def test_a_seal_tells_an_edit_from_an_update() -> None:
    sealed = seal('registry/x.yaml', dump_yaml({'a': 'b\nc\n', 'ü': 1}))
    assert sealed.startswith(b'# Generated by chartloom from registry/x.yaml. Do not edit.\n# chartloom sha256:')
    assert is_sealed(sealed)
    for at in range(sealed.index(b'sha256:') + 7, len(sealed)):
        edited = sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :]
        assert not is_sealed(edited), at
    assert not is_sealed(sealed + b'\n')
    assert not is_sealed(sealed.replace(b'\n', b'\r\n'))
    assert not is_sealed(b'')
    assert not is_sealed(b'a: b\nc: d\n')
