"""What stands beside the values of a chart: sections, descriptions, and examples that can be taken as they are."""

from __future__ import annotations

import functools
import itertools
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from starter import CHART, DEFAULTS, SCHEMA, merge, render

from generator.charts.comments import commented
from generator.charts.schema import FILLED
from generator.documents.schema import values_faults
from generator.documents.write import Comment, Comments, dump_yaml
from generator.values.checks import value_faults

TEXT = (CHART / 'values.yaml').read_text(encoding='utf-8')
FOUND = commented(TEXT.encode())


def comments_in(comments: Comments, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], Comment]:
    own = {(*path, key): comment for key, comment in comments.items()}
    below = [comments_in(comment.inner, (*path, key)) for key, comment in comments.items()]
    return functools.reduce(lambda all_of_them, more: all_of_them | more, below, own)


ALL = comments_in(FOUND.comments)


def value_at(path: tuple[str, ...]) -> Any:
    return functools.reduce(lambda found, key: found[key], path, DEFAULTS)


def schema_at(path: tuple[str, ...]) -> Any:
    """What the schema says at a path, before and behind its reference."""

    def below(found: Any, key: str) -> Any:
        while '$ref' in found:
            found = functools.reduce(lambda part, name: part[name], found['$ref'].split('/')[1:], SCHEMA)
        return found.get('properties', {}).get(key, found.get('additionalProperties'))

    return functools.reduce(below, path, SCHEMA)


def test_every_top_key_has_the_description_of_the_schema_and_others_have_it_or_none() -> None:
    for path, comment in ALL.items():
        if comment.text or len(path) == 1:
            assert comment.text == schema_at(path)['description']
    assert {path[0] for path, comment in ALL.items() if comment.text} == SCHEMA['properties'].keys()


def test_an_empty_map_that_people_fill_has_an_example_of_an_entry() -> None:
    def empty(value: Any, path: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
        if value == {}:
            return {path}
        below = value.items() if isinstance(value, dict) else ()
        return {found for key, item in below for found in empty(item, (*path, key))}

    ours = {*FILLED, 'global'}
    credentials = ('artifact', 'credentials')
    by_the_model = {('monitoring', 'rules', 'alerts'), (*credentials, 'variables'), (*credentials, 'files')}
    wanted = {path for path in empty(DEFAULTS) if path[0] not in ours} - by_the_model
    assert {path for path, comment in ALL.items() if comment.example} == wanted
    assert len(wanted) > 15


EXAMPLES = {'.'.join(path): comment.example for path, comment in ALL.items() if comment.example}


@pytest.mark.parametrize('place', EXAMPLES)
def test_an_example_is_a_value_that_fits(helm4: Path, place: str) -> None:
    entry = yaml.safe_load(EXAMPLES[place].removeprefix('Example: '))
    values = functools.reduce(lambda inner, key: {key: inner}, reversed(place.split('.')), entry)
    merged = merge(DEFAULTS, values)
    assert not values_faults((CHART / 'values.schema.json').read_bytes(), merged)
    assert not value_faults(merged)
    assert render(helm4, values)


def test_every_key_is_in_a_section_and_what_chartloom_fills_in_one_of_its_own() -> None:
    sections: dict[str, list[str]] = {}
    title = ''
    for key in DEFAULTS:
        title = FOUND.sections.get(key, title)
        sections.setdefault(title, []).append(key)
    assert '' not in sections
    assert next(iter(sections)) == '# --- Often set ---'
    assert 'replicaCount' in sections['# --- Often set ---']
    assert sorted(sections['# --- Filled by chartloom: do not set these ---']) == sorted(FILLED)


def test_the_file_is_written_in_block_style() -> None:
    for before, line in itertools.pairwise(TEXT.splitlines()):
        assert not re.search(r'[{\[](?![}\]])', line.split('#')[0])
        assert before or not line or line.startswith('#')


def test_an_example_stands_while_the_value_is_empty() -> None:
    body = '# Words.\n# Example: a: b\nwords: {}\n\n# More.\nmore:\n  # Example: c: d\n  inner: {}\n'
    found = commented(f'# Head.\n\n# --- One ---\n\n{body}'.encode())
    assert (found.head, found.sections) == ('# Head.', {'words': '# --- One ---'})
    assert dump_yaml({'words': {}, 'more': {'inner': {}}}, found.comments) == body.replace('\n\n', '\n')
    assert dump_yaml({'words': {'x': 'text'}, 'more': {'inner': {'z': 1}}}, found.comments) == (
        '# Words.\nwords:\n  x: text\n# More.\nmore:\n  inner:\n    z: 1\n'
    )
