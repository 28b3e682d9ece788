"""The starter's templates as charts hold them: the same objects from three files, and no empty document."""

from __future__ import annotations

import functools
import re
import shutil
from pathlib import Path

import pytest
import yaml
from starter import CHART, TEMPLATES, VALUE_SETS, Loader, each_value_set, render, run_helm

from generator.charts.concatenate import concatenate
from generator.charts.starter import load_templates

STARTER = load_templates().starter
TEXTS = {path.relative_to(CHART).as_posix(): path.read_text(encoding='utf-8') for path in TEMPLATES}
MAKERS = {path for path, text in TEXTS.items() if re.search(r'^apiVersion: .*\nkind: .*\n.*metadata\b', text, re.M)}


@pytest.fixture(scope='module')
def chart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The starter in the form of a chart."""
    folder = tmp_path_factory.mktemp('charts') / 'model-server'
    for path, data in STARTER.files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    dashboard = '{"uid": "$UID", "title": "$NAME"}'
    (folder / 'dashboard.json').write_text(dashboard)
    return folder


@pytest.fixture(scope='module')
def source(chart: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The starter as it stands, with the same dashboard."""
    folder = shutil.copytree(CHART, tmp_path_factory.mktemp('source') / 'model-server')
    shutil.copy(chart / 'dashboard.json', folder)
    return folder


@functools.cache
def documents(helm: Path, name: str, chart: Path) -> list[str]:
    """The documents that helm prints, each with the line that names its file."""
    done = run_helm(helm, chart, VALUE_SETS[name])
    assert done.returncode == 0, done.stderr
    return re.split(r'^---\n', done.stdout, flags=re.MULTILINE)[1:]


@each_value_set
def test_three_files_make_the_same_objects_as_all_of_them(helm: Path, name: str, chart: Path, source: Path) -> None:
    found = [yaml.load(document, Loader) for document in documents(helm, name, chart)]
    assert {(obj['kind'], obj['metadata']['name']): obj for obj in found} == render(helm, VALUE_SETS[name], source)
    assert len(found) == len(render(helm, VALUE_SETS[name], source))


@each_value_set
def test_no_document_is_empty_and_each_names_its_source(helm: Path, name: str, chart: Path) -> None:
    found = documents(helm, name, chart)
    for document in found:
        source = re.match(r'# Source: model-server/templates/objects\.yaml\n# source: (templates/\S+)\n', document)
        assert source, document
        assert source[1] in MAKERS
        assert document.count('# source: ') == 1
        assert yaml.load(document, Loader)['kind'], document


def test_every_file_of_the_starter_that_makes_objects_is_named_by_one(helm4: Path, chart: Path) -> None:
    named = {
        line.removeprefix('# source: ')
        for name in VALUE_SETS
        for document in documents(helm4, name, chart)
        for line in document.splitlines()
        if line.startswith('# source: ')
    }
    assert named == MAKERS


def test_a_chart_holds_three_template_files() -> None:
    assert {path for path in STARTER.files if path.startswith('templates/')} == {
        'templates/_model-server.tpl', 'templates/objects.yaml', 'templates/NOTES.txt',
    }  # fmt: skip
    assert STARTER.files['templates/NOTES.txt'].decode() == TEXTS['templates/NOTES.txt']


def test_an_object_is_named_inside_its_condition() -> None:
    first = '{{- include "s.removed" . }}\n'
    one = '{{- if .Values.one }}\n# Why.\napiVersion: v1\nkind: One\nmetadata:\n  name: one\n{{- end }}\n'
    many = '{{- range .Values.many }}\n---\napiVersion: v1\nkind: Many\n{{- include "s.metadata" . }}\n{{- end }}\n'
    target = '{{- define "s.target" -}}\napiVersion: v1\nkind: One\nname: one\n{{- end }}\n'
    helper = (
        '{{/* What\nit is. */}}\n{{- define "s.gap" -}}\na\n\nb\n{{- end }}\n\n'
        '{{/* More. */}}\n{{- define "s.pod" -}}\napiVersion: v1\nkind: Pod\nmetadata:\n{{- end }}\n'
    )
    files = {
        'templates/tests/one.yaml': first + one, 'templates/many.yaml': first + many, 'templates/_b.tpl': target,
        'templates/_a.tpl': helper, 'templates/NOTES.txt': 'notes\n',
    }  # fmt: skip
    assert concatenate(files, 's') == {
        'templates/_s.tpl': (
            '{{- define "s.gap" -}}\na\n\nb\n{{- end }}\n'
            '{{- define "s.pod" -}}\n# source: templates/_a.tpl\napiVersion: v1\nkind: Pod\nmetadata:\n{{- end }}\n'
        )
        + target,
        'templates/objects.yaml': first
        + many.replace('---\n', '---\n# source: templates/many.yaml\n').replace('}}\n{{- end', '}}{{- end')
        + one.replace('# Why.\n', '---\n# source: templates/tests/one.yaml\n'),
        'templates/NOTES.txt': 'notes\n',
    }


def test_an_end_an_else_and_what_starts_behind_an_end_get_no_line_of_their_own() -> None:
    helper = (
        '{{- define "s.a" -}}\n{{- if .a }}\n  {{- .a }}\n  {{- else }}\n{{- . }}\n{{- end }}\n  {{- with .b }}\n'
        'b: {{ . }}\n{{- end }}\n{{- end }}\n{{- define "s.b" -}}\n{{- end }}\n'
    )
    assert concatenate({'templates/_a.tpl': helper, 'templates/NOTES.txt': ''}, 's')['templates/_s.tpl'] == (
        '{{- define "s.a" -}}\n{{- if .a }}\n  {{- .a }}{{- else }}\n{{- . }}{{- end }}{{- with .b }}\n'
        'b: {{ . }}{{- end }}{{- end }}\n{{- define "s.b" -}}{{- end }}\n'
    )


def test_the_order_of_files_does_not_matter() -> None:
    assert concatenate(dict(reversed(TEXTS.items())), 'm') == concatenate(TEXTS, 'm')
