"""Registry files become a Registry or problems, whatever stands in them; what the tool carries is complete."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
import registries as r
from charting import make_charts
from hypothesis import given, settings
from hypothesis import strategies as st
from parts import ROOT

from generator.charts.starter import load_templates
from generator.checks.registry import registry_problems
from generator.checks.releases import shared_problems
from generator.delivery.tree import render_charts, render_releases, render_repository
from generator.documents.read import read_yaml, yaml_marks
from generator.documents.schema import RegistrySchemas
from generator.domain.places import json_path
from generator.domain.problems import Problem, ProblemsFound
from generator.domain.records import Registry
from generator.registry.load import load_registry
from generator.releases.resolve import resolve_releases

TEMPLATES = load_templates()
SCHEMAS = RegistrySchemas(TEMPLATES.schemas)
BASE = {
    file.relative_to(ROOT / 'tests/invalid/_base').as_posix(): file.read_bytes()
    for file in sorted((ROOT / 'tests/invalid/_base').rglob('*.yaml'))
}


def load(files: Mapping[str, bytes], **options: Any) -> Registry:
    return load_registry(files, files.__getitem__, SCHEMAS, **options)


def problems(files: Mapping[str, bytes], **options: Any) -> list[Problem]:
    with pytest.raises(ProblemsFound) as error:
        load(files, **options)
    return list(error.value.problems)


def test_each_kind_stands_in_its_folder() -> None:
    found = load(BASE)
    assert found.settings.url == 'https://git.shop.example/platform/ml-gitops.git'
    assert list(found.models) == ['ranker', 'web']
    assert [version.version for version in found.models['ranker'].versions] == ['1.4.0', '1.5.0']
    assert list(found.environments) == ['prod', 'staging']
    assert list(found.releases) == ['prod/ranker', 'staging/ranker', 'staging/web']
    assert found.applications['shop'].members == ('ranker', 'web')


def test_files_that_are_not_ours_are_left_alone() -> None:
    names = [
        'README.md',
        'models/README.md',
        'models/.gitkeep',
        'OWNERS',
        'releases/prod/CODEOWNERS',
        'schemas/model.json',
    ]
    assert load(BASE | {f'registry/{name}': b'\xff' for name in names}) == load(BASE)


def test_one_model_is_read_with_what_it_needs_and_no_more() -> None:
    """What is broken elsewhere stops no operation on this model."""
    read = []
    files = BASE | {'registry/models/other.yaml': b'{', 'registry/releases/prod/other.yaml': b'{'}
    files |= r.application('far', ['other'])

    def reader(name: str) -> bytes:
        read.append(name.removeprefix('registry/').removesuffix('.yaml'))
        return files[name]

    found = load_registry(files, reader, SCHEMAS, ['ranker'])
    assert (list(found.models), list(found.releases)) == (['ranker'], ['prod/ranker', 'staging/ranker'])
    assert list(found.applications) == ['shop']
    assert found.model_names == {'other', 'ranker', 'web'}
    assert found.release_names == {'prod/other', 'prod/ranker', 'staging/ranker', 'staging/web'}
    assert {name for name in read if 'other' in name or 'web' in name} == set()


def test_the_check_sees_what_could_be_read_and_is_told_what_could_not() -> None:
    seen = {}

    def check(found: Registry, unread: Any) -> list[Problem]:
        seen.update(models=list(found.models), unread=set(unread))
        return [Problem('registry/settings.yaml', '', 'from the check', 'h')]

    files = BASE | {'registry/models/web.yaml': b'{', 'registry/environments/prod.yaml': b'kind: Model'}
    told = problems(files, check=check)
    assert seen == {'models': ['ranker'], 'unread': {'registry/models/web.yaml', 'registry/environments/prod.yaml'}}
    assert {problem.file for problem in told} == {*seen['unread'], 'registry/settings.yaml'}


def test_without_settings_the_rest_is_checked_all_the_same() -> None:
    files = {name: data for name, data in BASE.items() if 'settings' not in name} | r.release('prod', 'nobody')
    told = problems(files, check=lambda found, unread: registry_problems(found, TEMPLATES, unread))
    assert [problem.message for problem in told] == ["model 'nobody' not found", 'file not found']


def test_a_name_is_part_of_a_problem_of_reading_too() -> None:
    def unreadable(name: str) -> bytes:
        raise ProblemsFound([Problem(name, '', 'cannot be read: it is away', 'h')])

    with pytest.raises(ProblemsFound) as error:
        load_registry(BASE, unreadable, SCHEMAS)
    assert len(error.value.problems) == len(BASE)


def test_what_the_tool_carries_is_complete() -> None:
    assert {
        'model.json',
        'environment.json',
        'release.json',
        'application.json',
        'settings.json',
        'rollout.json',
        'stops.json',
        'strategy.json',
        'values.json',
    } == set(TEMPLATES.schemas)
    assert 'values.schema.json' in TEMPLATES.starter.files
    assert not [name for name in TEMPLATES.starter.files if name.startswith('ci/') or name.endswith('.py')]
    assert {'custom', 'tensorflow-serving', 'triton'} <= set(TEMPLATES.runtimes)


# Any registry gives a tree or problems. What helm makes of the tree is for other tests; here nothing may be half told.


def outcome(files: Mapping[str, bytes]) -> dict[str, bytes] | list[Problem]:
    """What the whole line makes of a registry of which nothing is published yet."""
    try:
        found = load(files, check=lambda read, unread: registry_problems(read, TEMPLATES, unread))
        charts = {name: make_charts(model, found.settings, TEMPLATES) for name, model in found.models.items()}
        releases = resolve_releases(found, charts, nothing_else, found.releases.values())
        if told := shared_problems(releases, found):
            return told
        return (
            render_charts(charts) | render_releases(releases, found, '') | render_repository(found, TEMPLATES, {}, '')
        )
    except ProblemsFound as error:
        return list(error.problems)


def nothing_else(model: str, entry: Any) -> Any:
    raise AssertionError('nothing is published')


def assert_whole(files: Mapping[str, bytes]) -> None:
    """A tree, or problems that each say what, where and what to do, of a place that is there."""
    made = outcome(files)
    if isinstance(made, dict):
        assert made
        return
    for problem in made:
        assert problem.message
        assert problem.hint
        assert '\n' not in problem.message + problem.hint
        assert problem.file in files or problem.file == 'registry/settings.yaml'
        if problem.path:
            shown = places(files[problem.file], problem.file)
            assert not shown or problem.path in shown or any(problem.path.startswith(place) for place in shown - {'$'})


def places(data: bytes, file: str) -> set[str]:
    try:
        return {json_path(path) for path in yaml_marks(data, file)}
    except ProblemsFound:
        return set()


Draw = Callable[[st.SearchStrategy[Any]], Any]
PIECES = [
    'yes', '~', '1.10', '0x1F', '2026-11-03', '&a', '*a', '<<: {a: 1}', '{{ x }}', '[[ model ]]', '{', ']', '"', "'",
    '|', '>', '\t', '#', ': ', '- ', '---\n',
    '!!int', '\x00', '\u2028', '\ufeff', 'http', 'web', 'ranker', '../x', '$(X)', 'ü', '-1', '"1"', '[]', '{}',
    '{a: {}}', 'null',
]  # fmt: skip


@settings(deadline=None)
@given(st.data())
def test_any_text_in_a_registry_gives_a_tree_or_problems(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(BASE)))
    lines = BASE[name].decode().splitlines(keepends=True)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(lines) - 1))
        piece = data.draw(st.sampled_from(PIECES))
        column = data.draw(st.integers(0, len(lines[at])))
        changed = {
            'value': [f'{lines[at].partition(":")[0]}: {piece}\n'],
            'insert': [lines[at][:column] + piece + lines[at][column:]],
            'cut': [lines[at][:column]],
            'double': [lines[at]] * 2,
            'indent': [' ' * data.draw(st.integers(0, 6)) + lines[at].lstrip(' ')],
            'delete': [],
        }
        lines[at : at + 1] = changed[data.draw(st.sampled_from(sorted(changed)))]
        lines = lines or ['']
    assert_whole(BASE | {name: ''.join(lines).encode()})


@settings(deadline=None)
@given(
    st.sampled_from(sorted([*BASE, 'registry/x', 'registry/models/Ü.yaml', 'registry/releases/x/y/z.yaml'])),
    st.binary(max_size=40),
)
def test_any_bytes_in_a_registry_give_a_tree_or_problems(name: str, content: bytes) -> None:
    assert_whole(BASE | {name: content})


VALUES = TEMPLATES.starter.schema
KINDS = {
    kind: json.loads(TEMPLATES.schemas[f'{kind.lower()}.json'])
    for kind in ('Settings', 'Model', 'Environment', 'Release', 'Rollout', 'Application')
}
TEXTS = [
    '', 'x', 'web', 'ranker', 'http', 'grpc', 'metrics', 'true', '1', '1.0.0', '2.0.0', '1Gi', '500m', '25%', '0%',
    '/', '/x/', '/a b', '../x', 'ü', '\x00',
    '\x1b[31m', 'a\nb', '{{ x }}', '[[ model ]]', '$(X)', 'a' * 70, 'a' * 300, 'download', 'volume', 'tcp', 'exec',
    'staging', 'prod', 'https://x.example:70000/',
    'https://[::::]/x', 'pvc://a/b', '*', 'docker.io/a:b', 'nvidia.com/gpu', 'newest', 'service', 'custom', 'triton',
    'onnx', 'file', '10m', '1h', '>= 99%', '<= 150ms', '<= 3', 'sum(x{SEL})',
]  # fmt: skip
NAMES = 'http grpc main tmp web ranker artifact files telemetry dns nvidia.com/gpu cpu memory LEVEL rolling'.split()
SHAPES = [
    [],
    {},
    ['x'],
    [1],
    [{}],
    {'a': {}},
    {'enabled': False},
    {'http': {'enabled': False}},
    {'': ''},
    {'x' * 64: 'y'},
]
NUMBERS = [0, 1, -1, 3, 60, 8080, 2**31, 2**53, 0.1, 1e300]
WILD = st.none() | st.booleans() | st.sampled_from(NUMBERS) | st.sampled_from(TEXTS) | st.sampled_from(SHAPES)


def resolve(schema: Any, root: Any) -> tuple[Any, Any]:
    while isinstance(schema, dict) and '$ref' in schema:
        file, _, pointer = schema['$ref'].partition('#/')
        root = json.loads(TEMPLATES.schemas[file]) if file else root
        schema = root
        for part in pointer.split('/'):
            schema = schema[part]
    return schema, root


def fitting(draw: Draw, schema: Any, root: Any, depth: int = 0) -> Any:
    """A value as its schema wants it, most of the time."""
    schema, root = resolve(schema, root)
    if not isinstance(schema, dict) or draw(st.integers(0, 14)) == 0:
        return copy.deepcopy(draw(WILD))
    if 'enum' in schema or 'const' in schema:
        return draw(st.sampled_from(schema.get('enum') or [schema['const']]))
    kind = schema.get('type', 'string')
    match draw(st.sampled_from(kind if isinstance(kind, list) else [kind])):
        case 'boolean':
            return draw(st.booleans())
        case 'integer' | 'number':
            low = schema.get('minimum', 0)
            return draw(st.sampled_from([low, low + 1, 2, 5, 60, 8080, schema.get('maximum', 9999)]))
        case 'array':
            return [fitting(draw, schema.get('items', {}), root, depth + 1) for _ in range(draw(st.integers(0, 2)))]
        case 'object' if depth < 4:
            known, rest = schema.get('properties', {}), schema.get('additionalProperties')
            chosen = [key for key in known if key in schema.get('required', []) or draw(st.integers(0, 2)) == 0]
            found = {key: fitting(draw, known[key], root, depth + 1) for key in chosen}
            names = draw(st.lists(st.sampled_from(NAMES), max_size=2)) if isinstance(rest, dict) else []
            return found | {name: fitting(draw, rest, root, depth + 1) for name in names}
    return draw(st.sampled_from(TEXTS))


def below(document: Any, schema: Any) -> tuple[list[tuple[Any, Any, Any]], Any]:
    """Every map of a document with its schema and the root of that; `values` with the schema of charts."""
    found: list[tuple[Any, Any, Any]] = []

    def walk(value: Any, its: Any, root: Any) -> None:
        its, root = resolve(its, root)
        if isinstance(value, dict) and isinstance(its, dict):
            found.append((value, its, root))
            for key, item in value.items():
                its_own = its.get('properties', {}).get(key, its.get('additionalProperties'))
                walk(
                    item,
                    *((VALUES, VALUES) if key == 'values' and its_own.get('properties') is None else (its_own, root)),
                )
        elif isinstance(value, list) and isinstance(its, dict):
            for item in value:
                walk(item, its.get('items'), root)

    walk(document, schema, schema)
    return found, document


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_any_document_in_a_registry_gives_a_tree_or_problems(data: st.DataObject) -> None:
    """Keys that the schemas know, with values that mostly fit: this reaches what stands behind the schemas."""
    spoil(data, BASE, data.draw(st.sampled_from(sorted(BASE))))


@settings(deadline=None, max_examples=100)
@given(st.data())
def test_any_rollout_gives_a_tree_or_problems(data: st.DataObject) -> None:
    """An aborted one: its pods may have changed, so there is no problem to begin with."""
    case = ROOT / 'tests/invalid/rollout-pods-changed'
    files = {file.relative_to(case).as_posix(): file.read_bytes() for file in case.rglob('*.yaml')}
    (name,) = (path for path in files if 'rollouts' in path)
    files[name] = files[name].replace(b'aborted: false', b'aborted: true')
    spoil(data, BASE | files, name)


def spoil(data: st.DataObject, files: Mapping[str, bytes], name: str) -> None:
    document = read_yaml(files[name], name)
    if document['kind'] not in ('Settings', 'Application', 'Rollout') and data.draw(st.booleans()):
        document['spec']['values'] = {}
    for _ in range(data.draw(st.integers(1, 4))):
        maps, _ = below(document, KINDS[document['kind']])
        node, schema, root = data.draw(st.sampled_from(maps[1:]))
        keys = list(schema.get('properties', ())) or (
            NAMES if isinstance(schema.get('additionalProperties'), dict) else []
        )
        if keys:
            key = data.draw(st.sampled_from(keys))
            node[key] = fitting(
                data.draw, schema.get('properties', {}).get(key, schema.get('additionalProperties')), root
            )
    assert_whole({**files, name: r.as_yaml(document)})
