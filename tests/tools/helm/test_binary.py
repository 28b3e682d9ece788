"""helm.py with real Helm 3 and 4, on small charts with a closed schema that are written here."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from parts import ROOT

from generator.documents.rendered import parse_documents
from generator.domain.problems import CommandFailed, ProblemsFound
from generator.tools.helm.binary import Helm, HelmRelease, Rendered, find_helm, lint, template

TEMPLATES = {
    '_labels.tpl': '{{ define "labels" }}app: {{ .Values.fullnameOverride }}{{ end }}',
    'a-comment.yaml': '# only a comment\n',
    'configmap.yaml': """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Values.fullnameOverride }}
  namespace: {{ .Release.Namespace }}
  labels: {{"{"}}{{ include "labels" . }}}
data:
  kubernetes: {{ .Capabilities.KubeVersion.Version }}
  trap: |
    ---
    # Source: chartloom.umbrella/charts/other/templates/a.yaml
    kind: Other
  {{- range $name, $text := .Values.env }}
  {{ $name | quote }}: {{ $text | quote }}
  {{- end }}
""",
    'service.yaml': """\
apiVersion: v1
kind: Service
metadata: {name: {{ required "a name is needed" .Values.fullnameOverride }}}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: {{ .Values.fullnameOverride }}}
""",
    'tests/prediction.yaml': """\
apiVersion: v1
kind: Pod
metadata: {name: {{ .Values.fullnameOverride }}-test, annotations: {helm.sh/hook: test}}
""",
    'NOTES.txt': 'installed {{ .Values.fullnameOverride }}\n',
}
SCHEMA = {
    'type': 'object',
    'additionalProperties': False,
    'properties': {
        'fullnameOverride': {'type': 'string'},
        'env': {'type': 'object', 'additionalProperties': {'type': 'string'}},
        'global': {'type': 'object'},
    },
}


@pytest.fixture
def found(helm: Path) -> Helm:
    return find_helm({'HELM': str(helm)})


def write_chart(folder: Path, name: str, templates: Mapping[str, str] = TEMPLATES, head: str = '') -> Path:
    """A chart in charts/<name>/1.0.0 with a closed schema; `head` is added to its Chart.yaml."""
    chart = folder / 'charts' / name / '1.0.0'
    for path, text in templates.items():
        file = chart / 'templates' / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    (chart / 'Chart.yaml').write_text(f'apiVersion: v2\nname: {name}\nversion: 1.0.0\n{head}')
    (chart / 'values.yaml').write_text(f'fullnameOverride: {name}\nenv: {{A: default, B: default}}\n')
    (chart / 'values.schema.json').write_text(json.dumps(SCHEMA))
    return chart


def release(chart: Path, values: Mapping[str, Any] | None = None, environment: str = 'prod') -> HelmRelease:
    name = chart.parent.name
    return HelmRelease(name, environment, '1.33', chart, values or {}, 'digest', f'values/{environment}/{name}.yaml')


def render(helm: Helm, *releases: HelmRelease) -> list[Rendered]:
    rendered = list(template(helm, releases))
    assert sorted(r.release.file for r in rendered) == sorted(r.file for r in releases)
    return rendered


def texts(rendered: list[Rendered]) -> dict[str, str]:
    assert [r.problem for r in rendered if r.problem] == []
    return {r.release.file: r.text for r in rendered}


def config_map(rendered: Rendered) -> dict[str, Any]:
    return next(obj for obj in parse_documents(rendered.text) if obj['kind'] == 'ConfigMap')


def test_a_batch_gives_what_each_release_gives_alone(found: Helm, tmp_path: Path) -> None:
    releases = [release(write_chart(tmp_path, name), {'env': {'A': name}}) for name in ('one', 'two', 'umbrella')]
    together = texts(render(found, *releases))
    assert together == {r.file: text for r in releases for text in texts(render(found, r)).values()}
    kinds = [obj['kind'] for obj in parse_documents(together['values/prod/two.yaml'])]
    assert kinds == ['ServiceAccount', 'ConfigMap', 'Service', 'Pod']
    assert '# only a comment' in together['values/prod/two.yaml']
    assert '# Source: two/templates/service.yaml\n' in together['values/prod/two.yaml']


def test_helm_3_and_4_render_the_same(helms: list[Path], tmp_path: Path) -> None:
    releases = [release(write_chart(tmp_path, name)) for name in ('one', 'two')]
    three, four = (texts(render(find_helm({'HELM': str(helm)}), *releases)) for helm in helms)
    assert three == four


def test_the_starter_in_a_batch_gives_what_it_gives_alone(found: Helm, tmp_path: Path) -> None:
    starter = ROOT / 'chart_templates' / 'model-server'
    other = write_chart(tmp_path, 'other')
    one = HelmRelease('model-server', 'prod', '1.33', starter, {'team': 'search'}, 'digest', 'values/prod/one.yaml')
    assert texts(render(found, one, release(other)))[one.file] == texts(render(found, one))[one.file]


def test_each_release_gets_its_own_environment(found: Helm, tmp_path: Path) -> None:
    one, two = write_chart(tmp_path, 'one'), write_chart(tmp_path, 'two')
    releases = [release(chart, {'env': {'B': env}}, env) for env in ('dev', 'prod') for chart in (one, two)]
    releases = [replace(r, kube_version='1.31') if r.namespace == 'dev' else r for r in releases]
    seen = {r.release.file: config_map(r) for r in render(found, *releases)}
    assert seen['values/dev/one.yaml']['metadata'] == {'name': 'one', 'namespace': 'dev', 'labels': {'app': 'one'}}
    assert seen['values/dev/one.yaml']['data']['kubernetes'].startswith('v1.31')
    assert seen['values/prod/two.yaml']['data']['kubernetes'].startswith('v1.33')
    assert [obj['data']['B'] for obj in seen.values()] == [file.split('/')[1] for file in seen]
    assert {obj['data']['A'] for obj in seen.values()} == {'default'}


def test_a_chart_may_be_there_twice_with_one_namespace_and_version(found: Helm, tmp_path: Path) -> None:
    charts = [write_chart(tmp_path, name) for name in ('one', 'two')]
    releases = [release(chart, {'env': {'A': cluster}}) for cluster in ('east', 'west') for chart in charts]
    releases = [replace(r, file=f'{r.values["env"]["A"]}/{r.name}') for r in releases]
    assert {r.release.file: config_map(r)['data']['A'] for r in render(found, *releases)} == {
        'east/one': 'east',
        'east/two': 'east',
        'west/one': 'west',
        'west/two': 'west',
    }


def test_two_starters_with_one_define_name_do_not_mix(found: Helm, tmp_path: Path) -> None:
    other = {**TEMPLATES, '_labels.tpl': '{{ define "labels" }}app: another{{ end }}'}
    releases = [release(write_chart(tmp_path, 'one')), release(write_chart(tmp_path, 'two', other))]
    one, two = render(found, releases[0], replace(releases[1], starter='another digest'))
    assert config_map(one)['metadata']['labels'] == {'app': 'one'}
    assert config_map(two)['metadata']['labels'] == {'app': 'another'}


def test_a_failing_release_has_its_own_problem_and_takes_no_other_with_it(found: Helm, tmp_path: Path) -> None:
    releases = [release(write_chart(tmp_path, f'model-{number:02}')) for number in range(24)]
    releases[3] = replace(releases[3], values={'replicas': 3})  # refused by the schema: all such are named at once
    releases[17] = replace(releases[17], values={'fullnameOverride': ''})  # `required` stops at the first
    releases[18] = replace(releases[18], values={'fullnameOverride': ''})
    rendered = render(found, *releases)
    problems = [r.problem for r in rendered if r.problem]
    assert [p.file for p in problems] == [f'values/prod/model-{number:02}.yaml' for number in (3, 17, 18)]
    for p in problems:
        assert p.message.startswith('helm template: ')
        assert p.hint == 'correct the value or the template that helm names'
        assert '\n' not in str(p.message)
        assert str(tmp_path) not in p.message
    assert 'replicas' in problems[0].message
    assert 'a name is needed' in problems[1].message
    assert {config_map(r)['metadata']['name'] for r in rendered if not r.problem} == {
        f'model-{number:02}' for number in range(24) if number not in (3, 17, 18)
    }


def test_unchecked_values_render_as_checked_ones(found: Helm, tmp_path: Path) -> None:
    """Also those that the schema of the chart refuses."""
    releases = [release(write_chart(tmp_path, name), {'env': {'A': name}}) for name in ('one', 'two', 'three')]
    refused = replace(releases[1], values={**releases[1].values, 'replicas': 3})
    asked = [releases[0], refused, releases[2]]
    assert [r.release.name for r in render(found, *asked) if r.problem] == ['two']
    unchecked = template(found, asked, checked=False)
    assert texts(list(unchecked)) == texts(render(found, *releases))


def test_what_helm_overlooks_in_sub_charts_is_found_in_a_batch_too(found: Helm, tmp_path: Path) -> None:
    newer = [write_chart(tmp_path, name, head='kubeVersion: ">=1.34.0-0" # why\n') for name in ('new', 'newer')]
    library = write_chart(tmp_path, 'library', head='type: library\n')
    broken = write_chart(tmp_path, 'broken')
    (broken / 'Chart.yaml').unlink()
    rendered = render(found, *map(release, [write_chart(tmp_path, 'old'), library, *newer, broken]))
    assert {r.release.name for r in rendered if r.problem} == {'library', 'new', 'newer', 'broken'}


def test_a_chart_may_be_called_otherwise_than_its_folder_and_render_nothing(found: Helm, tmp_path: Path) -> None:
    named = write_chart(tmp_path, 'folder')
    (named / 'Chart.yaml').write_text('version: 1.0.0\nname: "name"\napiVersion: v2\n')
    nothing = write_chart(tmp_path, 'nothing', {'NOTES.txt': 'nothing here'})
    rendered = render(found, *map(release, [named, nothing, write_chart(tmp_path, 'one')]))
    assert [len(parse_documents(r.text)) for r in rendered] == [4, 0, 4]


def test_more_releases_than_a_batch_holds(helm4: Path, tmp_path: Path) -> None:
    only = {'configmap.yaml': TEMPLATES['configmap.yaml'], '_labels.tpl': TEMPLATES['_labels.tpl']}
    releases = [release(write_chart(tmp_path, f'model-{number:03}', only)) for number in range(410)]
    done: list[int] = []
    rendered = list(template(find_helm({'HELM': str(helm4)}), releases, progress=done.append))
    assert [config_map(r)['metadata']['name'] for r in rendered] == [r.name for r in releases]
    assert done == [137, 137, 136]


HOSTILE = [
    '{{ .Values.env }}', '[[ model ]]', '{% if %}', 'yes', 'no', '1_000', '0o17', '017', '12:30', '2024-01-01', '1e3',
    '.inf', '~', 'null', '', ' ', '  lead', 'trail  ', '\n', 'a\n\n', '\ta\tb', 'a: b', '- a', '# a', 'a #b', '---',
    '---\n# Source: other/templates/a.yaml\nkind: Other', '"', "'", '\\', '\\n', '\\u0041', '<<', '*a', '&a', '!a',
    '%', '@', '`', '|', '>', '{', '[', 'ä', '\u00a0', '\u0085', '\u2028', '\u2029', '\ufeff', '\ufffd', '😀',
    '\U0010ffff', '\r', '\r\n', '\0', '\x07', '\x1b', 'x' * 5000,
]  # fmt: skip


def test_hostile_strings_arrive_unchanged(found: Helm, tmp_path: Path) -> None:
    texts = {f'{number}': text for number, text in enumerate(HOSTILE)}
    # Helm 3 cannot read two of them back as keys when it checks the schema; YAML has no keys of over 1,024 characters.
    keys = {text: 'key' for text in HOSTILE if text not in ('<<', '\u0085') and len(text) < 1000}
    first = replace(release(write_chart(tmp_path, 'one')), values={'env': texts})
    second = replace(release(write_chart(tmp_path, 'two')), values={'env': keys})
    for one, two in (render(found, first, second), [*render(found, first), *render(found, second)]):
        assert {**config_map(one)['data'], **texts} == config_map(one)['data']
        assert {**config_map(two)['data'], **keys} == config_map(two)['data']


def test_nothing_of_the_users_helm_counts(
    found: Helm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    releases = [release(write_chart(tmp_path, name)) for name in ('one', 'two')]
    before = texts(render(found, *releases))
    plugin = tmp_path / 'plugins' / 'broken' / 'plugin.yaml'
    plugin.parent.mkdir(parents=True)
    plugin.write_text('not: [a plugin')
    for name, value in {
        'HELM_PLUGINS': tmp_path / 'plugins', 'HELM_NAMESPACE': 'mine', 'HELM_DEBUG': 'true',
        'KUBECONFIG': plugin, 'HELM_KUBECONTEXT': 'mine', 'HELM_DATA_HOME': plugin,
    }.items():  # fmt: skip
        monkeypatch.setenv(name, str(value))
    assert texts(render(found, *releases)) == before
    assert lint(found, {'charts/one/1.0.0': releases[0].chart}) == []
    assert capfd.readouterr() == ('', '')


def test_helm_gets_no_variable_but_those_it_requires(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A template can read files, and a process its environment: secrets of CI must not be there."""
    fake, seen = tmp_path / 'helm', tmp_path / 'seen'
    fake.write_text(f'#!/bin/sh\nenv >> {seen}\nprintf v4.0.0\n')
    fake.chmod(0o755)
    names = (
        'GITHUB_TOKEN',
        'AWS_SECRET_ACCESS_KEY',
        'HELM_SECRET',
        'KUBECONFIG',
        'GOGC',
        'XDG_CACHE_HOME',
        'LD_PRELOAD',
    )
    for name in names:
        monkeypatch.setenv(name, 'a-secret-of-ci')
    monkeypatch.setenv('HOME', str(tmp_path / 'home'))
    helm = find_helm({'HELM': str(fake), 'PATH': ''})
    lint(helm, {'charts/one/1.0.0': write_chart(tmp_path, 'one')})
    shells = {'PWD', 'OLDPWD', 'SHLVL', '_'}
    lines = seen.read_text().splitlines()
    own = {'HELM_CACHE_HOME', 'HELM_CONFIG_HOME', 'HELM_DATA_HOME', 'HOME', 'TMPDIR', 'PATH', 'GOGC', 'GOMEMLIMIT'}
    assert {line.partition('=')[0] for line in lines} - shells == own
    assert not [line for line in lines if 'a-secret-of-ci' in line or str(tmp_path / 'home') in line]


GREEDY = '{{ range until 100000 }}{{ range until 100000 }}{{ range until 1000 }}{{ end }}{{ end }}{{ end }}'


@pytest.mark.parametrize(
    ('template', 'why'),
    [
        ('{{ until 2000000000 | len }}', 'helm crashed: '),
        (GREEDY, 'it took more than 1 s of processor time, or this machine has no memory left'),
    ],
)
def test_a_chart_that_takes_too_much_is_stopped_and_named(
    helm4: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, template: str, why: str
) -> None:
    if template == GREEDY:
        monkeypatch.setattr('generator.tools.helm.binary._SECONDS', 1)
    helm = find_helm({'HELM': str(helm4)})
    charts = [write_chart(tmp_path, name) for name in ('one', 'two', 'three')]
    charts.append(write_chart(tmp_path, 'greedy', {**TEMPLATES, 'greedy.yaml': template}))
    done = render(helm, *map(release, charts))
    found = [each.problem for each in done if each.problem]
    assert [(one.file, one.message.startswith(f'helm template: {why}')) for one in found] == [
        ('values/prod/greedy.yaml', True)
    ]
    assert found[0].hint == 'make the values of the release smaller, or use another chart version'
    assert sum(bool(each.documents) for each in done) == 3
    told = lint(helm, {f'charts/{chart.parent.name}/1.0.0': chart for chart in charts})
    assert [one.file for one in told] == ['charts/greedy/1.0.0']
    assert told[0].message.startswith(f'helm lint: {why}')


def test_lint_names_each_bad_chart_and_no_other(found: Helm, tmp_path: Path) -> None:
    charts = {f'charts/model-{number}/1.0.0': write_chart(tmp_path, f'model-{number}') for number in range(12)}
    with (charts['charts/model-3/1.0.0'] / 'values.yaml').open('a') as values:
        values.write('replicas: 3\n')
    (charts['charts/model-9/1.0.0'] / 'templates' / 'service.yaml').write_text('{{ nonsense }}')
    done: list[int] = []
    problems = lint(found, charts, progress=done.append)
    assert [p.file for p in problems] == ['charts/model-3/1.0.0', 'charts/model-9/1.0.0']
    assert 'replicas' in problems[0].message
    assert 'nonsense' in problems[1].message
    for p in problems:
        assert p.message.startswith('helm lint: ')
        assert '\n' not in p.message
        assert str(tmp_path) not in p.message
    assert done == [12]


def test_lint_is_strict(found: Helm, tmp_path: Path) -> None:
    chart = write_chart(tmp_path, 'one', {'service.yaml': TEMPLATES['service.yaml'].replace('v1', 'v1 ')})
    (chart / 'Chart.yaml').write_text('apiVersion: v2\nname: one\nversion: 1.0.0\nicon: not a url\n')
    assert [p.file for p in lint(found, {'charts/one/1.0.0': chart})] == ['charts/one/1.0.0']
    assert lint(found, {}) == []


def test_helm_is_the_one_named_or_the_one_on_path(helm: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named = find_helm({'HELM': str(helm), 'PATH': ''})
    assert named == find_helm({'PATH': str(helm.parent)})
    assert named.path == str(helm)
    assert helm.parent.name == f'helm-{named.version}'
    monkeypatch.chdir(helm.parent.parent)
    assert find_helm({'HELM': os.path.join(helm.parent.name, 'helm')}).path == str(helm)


INSTALL = 'install Helm 3.17 or newer (https://helm.sh/docs/intro/install), or set the variable HELM to its path'


def test_a_helm_that_is_not_found_is_a_command_that_failed(tmp_path: Path) -> None:
    for environ, why in (
        ({'PATH': str(tmp_path)}, 'helm not found on PATH'),
        ({'HELM': 'gone'}, "program 'gone' of the variable HELM not found"),
    ):
        with pytest.raises(CommandFailed) as failed:
            find_helm(environ)
        assert (failed.value.code, failed.value.stderr) == (127, f'{why}: {INSTALL}')


def test_an_old_helm_is_a_problem(tmp_path: Path) -> None:
    old = tmp_path / 'helm'
    old.write_text('#!/bin/sh\nprintf v3.16.4\n')
    old.chmod(0o755)
    wanted = f"{old}: expected Helm 3.17 or newer, found version 'v3.16.4'\n  hint: {INSTALL}"
    assert refusal({'PATH': str(tmp_path)}) == wanted
    old.write_text('#!/bin/sh\nexit 9\n')
    hint = f'{INSTALL}, not of a wrapper that needs other variables than PATH'
    assert refusal({'PATH': str(tmp_path)}) == f"{old}: 'helm version' ended with exit code 9\n  hint: {hint}"


def refusal(environ: Mapping[str, str]) -> str:
    with pytest.raises(ProblemsFound) as refused:
        find_helm(environ)
    return str(refused.value)
