"""Valid registries and their schemas → hostile registries (Hypothesis), and a run over one without git and helm."""

# ruff: noqa: E501 (lists of texts)

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from typing import Any

import registries as r
from hypothesis import strategies as st
from parts import ROOT
from resolved import SCHEMAS, TEMPLATES, releases_of

from generator.checks.registry import registry_problems
from generator.checks.warnings import registry_warnings
from generator.delivery.tree import render_charts, render_releases, render_repository
from generator.documents.read import read_yaml
from generator.domain.layout import registry_place
from generator.domain.problems import ProblemsFound
from generator.domain.tree import blob_id
from generator.plan.plan import Trees, make_plan
from generator.registry.load import load_registry

INVALID = ROOT / 'tests' / 'invalid'
NOTHING = object()  # of a value that is left out


def run(files: r.Files) -> int:
    """Load, check, resolve, render and plan; return the number of lines that tell the problems, any other exception is a bug."""
    try:
        registry = load_registry(
            files, files.__getitem__, SCHEMAS, check=lambda f, u: registry_problems(f, TEMPLATES, u)
        )
        charts, releases = releases_of(registry)
        registry_warnings(registry, TEMPLATES)
        tree = render_charts(charts) | render_releases(releases, registry, '')
        tree |= render_repository(registry, TEMPLATES, {}, '')
        ids = {path: blob_id(data) for path, data in tree.items()}
        make_plan(Trees(tree, ids, {}, {}, files.__getitem__, lambda paths: {}), {})
    except ProblemsFound as found:
        return len(str(found).splitlines())
    return 0


def bases() -> list[r.Files]:
    """Valid registries: small ones, and one that sets most of the keys."""
    return [r.tree(INVALID / '_base'), r.example(), {**r.settings(), **r.model(), **r.following(), **r.release()}]


def corpus() -> list[r.Files]:
    """The registries of tests/invalid."""
    base = r.tree(INVALID / '_base')
    folders = (folder for folder in sorted(INVALID.iterdir()) if (folder / 'registry').is_dir())
    return [{**base, **_registry(folder)} for folder in folders]


def _registry(folder: Any) -> r.Files:
    return {path: data for path, data in r.tree(folder).items() if path.startswith('registry/')}


# --- scalars that hurt -----------------------------------------------------------------------------------------------

NUMBERS = (
    0, -1, 1, 2**31, 2**53, 2**63, 2**64, 10**15, -(10**15), 0.1, 1e-9, 1e22, 1e300, 100.00001,
)  # fmt: skip
PLAIN = (
    '.inf', '-.Inf', '.nan', '1e400', '-1e999999999', '0x7fffffffffffffff', '0o777', '1_000', '1:30:30', '2026-11-30',
    '2026-11-30T10:00:00Z', 'yes', 'NO', '~', 'null', '', '<<', '=', '9' * 5000, '0.' + '9' * 5000, '-0', '1.', '.5',
    '0' * 400, '1' + '0' * 400 + '.0', '!!python/object/apply:os.system [id]', '&a x', '*a', '? a', '- - - -', '{{ x }}',
    '"\\u202e"', '"\\r"', '"\\0"', '"\\ud800"', '"\\U0010ffff"', '"\\uFEFF"', '|', '>-', '@', '`', '%', '#', "'", '"',
    '{a: b:c}', '[http://a/b, ::1]', '{a: b:c',
    '[' * 100, '{a: ' * 100, '[' * 60 + ']' * 60,
)  # fmt: skip
DIGITS = '9' * 5000
TEXTS = (
    '', ' ', '\t', '\n', 'a\nb', '\0', '\r', '\x1b[31m', '\x7f', '\x85', '\u2028', '\ufeff', '\u202e', '\U000e0041', '𐍈',
    'ü', '١٢', '１', '٣%', 'null', 'true', '~', '0', '-1', '1e999', 'NaN', 'Infinity', DIGITS, f'{DIGITS}m', f'{DIGITS}Gi',
    f'{DIGITS}%', f'{DIGITS}s', f'{DIGITS}ms', f'0.{DIGITS}', f'1.{DIGITS}Ei', f'{DIGITS}.{DIGITS}.{DIGITS}', f'1.{DIGITS}',
    f'>= {DIGITS}%', f'<= {DIGITS}ms', f'<= {DIGITS}', f'{DIGITS}:80', f'canary-{DIGITS}', '-' * 5000, 'a' * 5000, '/' * 5000,
    '-' * 100_000 + 'passw', 'a.' * 3000, '[' * 3000, '(' * 3000, '(a+)+$', '$(A)' * 1000, '$(A)', '{' * 3000, '://' * 2000,
    'sk-' * 2000, 'eyJ' * 2000, '-----BEGIN ' * 1000, 'Bearer ' * 1000, '..', '../..', '/../x', '/', '//', 'a b', 'a,b', 'a:b',
    '{{ .Values }}', '[[ x ]]', '{% x %}', '{model}', '{', '%s', '%', '*', '*.a.b', 'localhost', 'a' * 63, 'a' * 64, 'a' * 254,
    'https://[', 'https://[::1', 'https://a:99999', 'https://:0', 'http://a/' + 'b' * 4000, 'file://', 's3://', 'pvc://', 'hf://',
    'oci://a@sha256:', 'git@', '::1/129', '999.1.1.1/99', '1.1.1.1/33', '0/0', '1.99999999999', '1.0.0', '1.36.99999999999999',
    'sum(rate(x{SEL}[WINDOW', 'SEL', 'SEL WINDOW', '"SEL', "x{a='SEL'}", 'stable', 'canary', 'http', 'grpc', 'web', 'prod', 'global',
    'docker.io/a/b@sha256:', 'a@b@c', 'A' * 3000, '-a', 'a-', '0a', 'stable', 'finish', 'replace', 'weight-0', 'weight-99',
)  # fmt: skip
SCALARS = (*NUMBERS, *TEXTS, True, False, None)

hostile_scalars = st.sampled_from(SCALARS)
hostile_values = st.recursive(
    hostile_scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(TEXTS), inner, max_size=3),
    max_leaves=6,
) | st.builds(lambda depth, kind: _deep(depth, kind), st.sampled_from([5, 39, 45, 200]), st.booleans())


def _deep(depth: int, as_list: bool) -> Any:
    value: Any = 'x'
    for _ in range(depth):
        value = [value] if as_list else {'a': value}
    return value


# --- values of a schema ----------------------------------------------------------------------------------------------


def schema_at(kind: str, path: tuple[Any, ...]) -> tuple[Any, Any]:
    """The schema of a value in a document of this kind and the schema file it belongs to; (None, …) if it has none."""
    root = SCHEMAS.parsed(f'{kind.lower()}.json')
    schema: Any = root
    for index, step in enumerate(path):
        if schema is None:
            return None, root
        if path[:2] == ('spec', 'values') and index == 1:
            schema = root = SCHEMAS.parsed('values.json')
            continue
        schema, root = referred(schema, root)
        if isinstance(step, int):
            schema = schema.get('items')
        else:
            more = schema.get('additionalProperties')
            schema = schema.get('properties', {}).get(step) or (more if isinstance(more, dict) else None)
    return (None, root) if schema is None else referred(schema, root)


def referred(schema: Any, root: Any) -> tuple[Any, Any]:
    while '$ref' in schema:
        file, _, pointer = schema['$ref'].partition('#/')
        root = SCHEMAS.parsed(file) if file else root
        schema = root
        for part in pointer.split('/'):
            schema = schema[part]
    return schema, root


@st.composite
def instances(draw: Any, schema: Any, root: Any, depth: int = 0) -> Any:
    """A value that fits a schema, mostly."""
    schema, root = referred(schema, root)
    if draw(st.integers(0, 50)) == 50:
        return draw(hostile_values)
    if 'const' in schema:
        return schema['const']
    if 'enum' in schema:
        return draw(st.sampled_from(schema['enum']))
    kinds = schema.get('type', 'object')
    kind = draw(st.sampled_from(kinds)) if isinstance(kinds, list) else kinds
    match kind:
        case 'object':
            return draw(_objects(schema, root, depth))
        case 'array':
            few = st.integers(schema.get('minItems', 0), schema.get('minItems', 0) + 2)
            items = schema.get('items', {'type': 'string'})
            return [draw(instances(items, root, depth + 1)) for _ in range(draw(few) if depth < 6 else 0)]
        case 'boolean':
            return draw(st.booleans())
        case 'integer' | 'number':
            low, high = schema.get('minimum', 0), schema.get('maximum', 2**53)
            return draw(st.sampled_from([low, high, low + 1, 10, 50, low - 1, high + 1]))
    return draw(_texts(schema))


@st.composite
def _objects(draw: Any, schema: Any, root: Any, depth: int) -> Any:
    known = schema.get('properties', {})
    needed = [name for name in schema.get('required', []) if name in known]
    others = [name for name in known if name not in needed]
    names = needed + (draw(st.lists(st.sampled_from(others), max_size=3, unique=True)) if others and depth < 6 else [])
    found = {name: draw(instances(known[name], root, depth + 1)) for name in names}
    more = schema.get('additionalProperties')
    if isinstance(more, dict) and depth < 6:
        for name in draw(st.lists(_texts(schema.get('propertyNames', {}), root), max_size=2)):
            found[str(name)] = draw(instances(more, root, depth + 1))
    return found


def _texts(schema: Any, root: Any = None) -> st.SearchStrategy[str]:
    if root is not None:
        schema, _ = referred(schema, root)
    if 'enum' in schema:
        return st.sampled_from(schema['enum'])
    common = st.sampled_from(
        ['http', 'grpc', 'web', 'ranker', 'stable', 'canary', 'nvidia.com/gpu', 'cpu', 'a', 'A', '/', '/a']
    )
    if 'pattern' in schema:
        fitting = st.from_regex(schema['pattern']).map(lambda text: text.removesuffix('\n'))
        return common | fitting | st.builds(_stretched, fitting, st.sampled_from([1, 20, 400, 5000]))
    return common | st.sampled_from(TEXTS)


def _stretched(text: str, times: int) -> str:
    """A text with more of its last digit or letter."""
    return re.sub(r'([0-9])(?!.*[0-9])|(\w)(?!.*\w)', lambda found: found[0] * times, text, count=1, flags=re.DOTALL)


# --- mutations -------------------------------------------------------------------------------------------------------


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """All paths of a document."""
    yield path
    for key, item in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from places(item, (*path, key))


def at(document: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        document = document[step]
    return document


@st.composite
def registries(draw: Any) -> r.Files:
    """A hostile registry: one of the bases or of the corpus, with a few changes in one or two of its files."""
    files = dict(draw(st.sampled_from([*_SOUND, *_SOUND, None])) or draw(st.sampled_from(_CORPUS)))
    for file in draw(st.lists(st.sampled_from(sorted(files)), min_size=1, max_size=2, unique=True)):
        try:
            document = copy.deepcopy(read_yaml(files[file], file))
        except ProblemsFound:
            continue
        kind = (registry_place(file) or ('Model', ''))[0]
        for _ in range(draw(st.sampled_from([1, 1, 1, 2, 2, 4]))):
            document = draw(_changed(kind, document))
        files[file] = draw(_spelt(document))
    return files


@st.composite
def _changed(draw: Any, kind: str, document: Any) -> Any:
    if not isinstance(document, dict | list):
        return document
    path = draw(st.sampled_from(list(places(document))))
    value = at(document, path)
    schema, root = schema_at(kind, path)
    how = draw(st.sampled_from(['add'] * 8 + ['schema'] * 3 + ['hostile', 'drop', 'copy', 'rename', 'elsewhere']))
    new: Any = NOTHING
    if how == 'add' and isinstance(value, dict):
        known = (schema or {}).get('properties', {})
        name = draw(st.sampled_from([*known, 'values', *TEXTS[:20]]) if known else st.sampled_from(TEXTS))
        inner, inner_root = schema_at(kind, (*path, name))
        value[name] = draw(instances(inner, inner_root) if inner is not None else hostile_values)
        return document
    if how == 'rename' and isinstance(value, dict) and value:
        value[draw(st.sampled_from(TEXTS))] = value.pop(draw(st.sampled_from(sorted(value))))
        return document
    if how == 'copy' and isinstance(value, list) and value:
        value.extend(copy.deepcopy(value) * draw(st.sampled_from([1, 1, 60])))
        return document
    if how in ('schema', 'add') and schema is not None:
        new = draw(instances(schema, root))
    elif how == 'elsewhere':
        new = copy.deepcopy(at(document, draw(st.sampled_from(list(places(document))))))
    elif how != 'drop':
        new = draw(hostile_values)
    if not path:
        return {} if new is NOTHING else new
    parent = at(document, path[:-1])
    if new is NOTHING:
        del parent[path[-1]]
    else:
        parent[path[-1]] = new
    return document


@st.composite
def _spelt(draw: Any, document: Any) -> bytes:
    """A document as YAML, sometimes with raw text where a value was, or with bytes of it lost, doubled or spoilt."""
    text = json.dumps(document, indent=1, ensure_ascii=draw(st.booleans()))
    raw = text.encode('utf-8', 'surrogatepass')
    match draw(st.sampled_from(['as it is'] * 20 + ['plain', 'plain', 'key', 'cut', 'twice', 'bytes'])):
        case 'plain':
            lines = text.split('\n')
            line = draw(st.integers(0, len(lines) - 1))
            head, colon, _ = lines[line].partition(': ')
            lines[line] = f'{head}{colon}{draw(st.sampled_from(PLAIN))},' if colon else lines[line]
            return '\n'.join(lines).encode('utf-8', 'surrogatepass')
        case 'key':
            lines = text.split('\n')
            lines.insert(1, f'{draw(st.sampled_from(PLAIN))}: 1,')
            return '\n'.join(lines).encode('utf-8', 'surrogatepass')
        case 'cut':
            return raw[: draw(st.integers(0, len(raw)))]
        case 'twice':
            return raw + draw(st.sampled_from([b'', b'\n---\n', b'\n'])) + raw
        case 'bytes':
            at_ = draw(st.integers(0, len(raw)))
            strange = draw(
                st.sampled_from(
                    [b'\0', b'\r', b'\xff', b'\xe2\x80\xae', b'\xef\xbb\xbf', b'\t', b'\n', b'"', b'{', b'#']
                )
            )
            return raw[:at_] + strange + raw[at_:]
    return raw


_SOUND = bases()
_CORPUS = corpus()
