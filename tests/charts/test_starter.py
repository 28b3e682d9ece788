"""The starter chart and the runtime presets, judged by real helm, strict schemas, Pod Security and a shell."""

from __future__ import annotations

import copy
import functools
import itertools
import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from starter import (
    CHART,
    DEFAULTS,
    PRESETS,
    SCHEMA,
    TEMPLATES,
    VALUE_SETS,
    Strict,
    Values,
    all_containers,
    each_preset,
    each_value_set,
    files_of,
    merge,
    of_kind,
    pod_specs,
    policy_of,
    preset,
    render,
    rendered,
    run_helm,
    seen_by_the_container,
    workloads,
)

from generator.strategies.course import is_workload
from generator.strategies.routing import routing
from generator.values.emptied import is_hollow, without_empty_maps


class Plain(yaml.SafeDumper):
    """Writes no aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


# --- helm ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize('name', ['defaults', *sorted(path.stem for path in (CHART / 'ci').glob('*-values.yaml'))])
def test_lints_alone_without_a_word(helm: Path, name: str) -> None:
    values = [] if name == 'defaults' else ['--values', str(CHART / 'ci' / f'{name}.yaml')]
    done = subprocess.run([helm, 'lint', '--strict', *values, CHART], capture_output=True, encoding='utf-8')
    assert done.returncode == 0, done.stdout
    assert not re.search(r'^\[(INFO|WARNING|ERROR)\]', done.stdout, re.MULTILINE), done.stdout


@each_value_set
def test_both_helms_render_the_same(helms: list[Path], name: str) -> None:
    assert rendered(helms[0], name) == rendered(helms[1], name)


def test_the_name_of_the_helm_release_does_not_matter(helm4: Path) -> None:
    values = VALUE_SETS['everything-values']
    assert render(helm4, values, release='other') == rendered(helm4, 'everything-values')


@each_value_set
def test_objects_are_valid_in_strict_schemas(helm4: Path, strict: Strict, name: str) -> None:
    for obj in rendered(helm4, name).values():
        strict(obj, '1.35' if name == 'image-values' else '1.30')  # image volumes are younger than the rest
        strict(obj, '1.37')


@pytest.mark.parametrize('name', [None, *sorted(path.name for path in (CHART / 'ci').glob('*-values.yaml'))])
def test_values_bring_along_what_is_compiled_from_them(name: str | None, update_golden: bool) -> None:
    """The starter's defaults and its own test values, which nobody compiles when the chart is rendered alone."""
    file = CHART / 'ci' / name if name else CHART / 'values.yaml'
    text = file.read_text(encoding='utf-8')
    values = merge(DEFAULTS, yaml.safe_load(text))
    if update_golden and name:
        rest, *_ = text.partition('\nrouting:\n')
        own = {} if routing(values) == DEFAULTS['routing'] else {'routing': routing(values)}
        file.write_text(
            rest.rstrip() + '\n' + (yaml.dump(own, Dumper=Plain, sort_keys=False) if own else ''), encoding='utf-8'
        )
    else:
        assert values['routing'] == routing(values)


def test_templates_are_free_of_surprises() -> None:
    code = '\n'.join(path.read_text(encoding='utf-8') for path in TEMPLATES)
    forbidden = re.compile(
        r'\b(rand|lookup|now|date|gen[A-Z]|uuid|Capabilities|tpl\b|getHostByName|derive|required\b|fail\b)'
    )
    actions = re.findall(r'\{\{(?!-?\s*/\*).*?\}\}', code, re.DOTALL)
    assert [action for action in actions if forbidden.search(action)] == []
    assert re.findall(r'helm\.sh/hook: (.*)', code) == ['test']
    # Of Argo CD nothing that orders or hooks.
    assert set(re.findall(r'argocd\.argoproj\.io/\S+', code)) == {'argocd.argoproj.io/ignore-healthcheck:'}
    rest = code.replace((CHART / 'templates' / 'NOTES.txt').read_text(encoding='utf-8'), '')
    assert not re.search(r'Release\.Name\b', rest)
    # Python computes, templates place: none reads its own YAML again, none makes values up.
    assert re.findall(r'fromYaml|fromJson|dict "Values"', code) == []
    defines = re.findall(r'define "([^"]*)"', code)
    assert len(defines) == len(set(defines))
    assert all(name.startswith('model-server.') for name in defines)


def test_a_chart_version_restarts_no_pod(helm4: Path, tmp_path: Path) -> None:
    newer = shutil.copytree(CHART, tmp_path / 'model-server')
    chart = (newer / 'Chart.yaml').read_text(encoding='utf-8')
    chart = re.sub('^version: .*', 'version: 9.9.9', chart, flags=re.MULTILINE)
    (newer / 'Chart.yaml').write_text(re.sub('^appVersion: .*', 'appVersion: "2.0 of+May!"', chart, flags=re.MULTILINE))
    values = merge(VALUE_SETS['everything-values'], {'partOf': 'other', 'team': 'other'})
    before, after = rendered(helm4, 'everything-values'), render(helm4, values, newer)
    assert before.keys() == after.keys()
    changed = {key for key in before if before[key] != after[key]}
    assert ('Deployment', 'recommender') in changed
    labels = of_kind(after, 'Deployment')['metadata']['labels']
    assert labels['app.kubernetes.io/version'] == '2.0_of_May'
    assert labels['helm.sh/chart'] == 'model-server-9.9.9'
    assert [of_kind(before, kind).get('spec') for kind in ('Deployment', 'Service', 'Pod')] == [
        of_kind(after, kind).get('spec') for kind in ('Deployment', 'Service', 'Pod')
    ]


def test_what_pods_hold_restarts_them_when_it_changes(helm4: Path) -> None:
    files = {'server.config': {'content': 'other'}}
    for change in ({'files': files}, {'artifact': {'sha256': '4' * 64}}):
        after = render(helm4, merge(VALUE_SETS['everything-values'], change))
        before = rendered(helm4, 'everything-values')
        assert of_kind(after, 'Deployment')['spec']['template'] != of_kind(before, 'Deployment')['spec']['template']


# --- values and their schema -----------------------------------------------------------------------------------------


def resolved(node: Values) -> Values:
    while '$ref' in node:
        node = SCHEMA['definitions'][node['$ref'].rsplit('/', 1)[-1]]
    return node


def schema_of(node: Values, key: str) -> Values | None:
    node = resolved(node)
    rest = node.get('additionalProperties')
    return node.get('properties', {}).get(key) or (rest if isinstance(rest, dict) else None)


Way = tuple[str | int, ...]


def maps_in(values: Any, node: Values, path: Way = ()) -> Iterator[tuple[Way, Values]]:
    """Every map of the values with its schema, from the root down."""
    if isinstance(values, dict):
        yield path, resolved(node)
        for key, value in values.items():
            below = schema_of(node, key)
            if below is not None:
                yield from maps_in(value, below, (*path, key))
    elif isinstance(values, list) and isinstance(below := resolved(node).get('items'), dict):
        for index, value in enumerate(values):
            yield from maps_in(value, below, (*path, index))


def with_misspelling(values: Values, path: Way) -> Values:
    values = copy.deepcopy(values)
    functools.reduce(lambda found, key: found[key], path, values)['mispelt'] = {}
    return values


def refused(values: Values) -> bool:
    return not jsonschema.Draft7Validator(SCHEMA).is_valid(values)


def test_the_schema_is_a_draft_07_schema() -> None:
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    for node in json_maps(SCHEMA):
        siblings = node.keys() - {'$ref', 'description'} if '$ref' in node else ()
        assert not siblings, f'draft-07 ignores what stands beside $ref: {node}'


def json_maps(node: Any) -> Iterator[Values]:
    if isinstance(node, dict):
        yield node
    for below in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from json_maps(below)


def test_every_map_is_closed_but_those_that_say_so() -> None:
    all_maps = [node for node in json_maps(SCHEMA) if node.get('type') == 'object']
    open_maps = [node for node in all_maps if 'additionalProperties' not in node]
    assert sorted(node['description'] for node in open_maps) == [
        'A specification.',
        'A specification.',
        'For charts that contain this one; this chart does not read it.',
        'Specification of the Canary, in the form of Flagger.',
        'Strategy of the Rollout, in the form of Argo Rollouts.',
    ]


def test_no_key_can_be_deleted_by_null() -> None:
    optional = {'global', 'removed'}  # values from before that name nothing to remove
    assert [*SCHEMA['required']] == [key for key in SCHEMA['properties'] if key not in optional]


def test_every_property_has_one_line_that_describes_it() -> None:
    objects = [node for node in json_maps(SCHEMA) if node.get('type') == 'object']  # not the conditions
    nodes = [below for node in objects for below in node.get('properties', {}).values()]
    rests = [node.get('additionalProperties') for node in objects]
    nodes += [rest for rest in rests if isinstance(rest, dict) and resolved(rest)['type'] == 'object']
    assert len(nodes) > 150
    for node in nodes:
        assert re.fullmatch(r'\S[^\n]{5,118}[^\s]', node.get('description', '')), node


ENTRIES = {  # of maps of named things: they say what differs from an empty one
    ('ports', 'http'),
    ('volumes', 'tmp'),
    ('networkPolicy', 'egress', 'dns'),
    ('networkPolicy', 'egress', 'dns', 'ports', 'tcp'),
    ('networkPolicy', 'egress', 'dns', 'ports', 'udp'),
    ('route', 'rules', 'main'),
}


def test_values_and_schema_have_the_same_keys() -> None:
    """Every default is in the schema, and the reverse, but for keys that mean something by their absence."""
    absent_by_default = {
        ('podSecurityContext', 'supplementalGroups'),
        ('podSecurityContext', 'seccompProfile', 'localhostProfile'),
        ('securityContext', 'runAsNonRoot'),
        ('securityContext', 'runAsUser'),
        ('securityContext', 'runAsGroup'),
        ('securityContext', 'capabilities', 'add'),
        ('affinity', 'nodeAffinity'),
        ('affinity', 'podAffinity'),
        ('affinity', 'podAntiAffinity'),
        ('tracks', 'canary'),
        ('tracks', 'blue'),
        ('tracks', 'green'),
        ('tracks', 'stable', 'emptied'),
    }
    missing = set()
    for path, node in maps_in(DEFAULTS, SCHEMA):
        values = functools.reduce(lambda found, key: found[key], path, DEFAULTS)
        keys = node.get('properties', {}).keys()
        assert node.get('additionalProperties') is not False or values.keys() <= keys, path
        # A rule of a route has what its router knows.
        if path not in ENTRIES and path != ('tracks', 'stable', 'workload') and path[:2] != ('routing', 'route'):
            missing |= {(*path, key) for key in keys - values.keys()}
    assert missing == absent_by_default


def test_a_misspelt_key_is_refused_at_any_depth(helms: list[Path]) -> None:
    values = merge(DEFAULTS, VALUE_SETS['everything-values'])
    assert not refused(values)
    closed = {path: node for path, node in maps_in(values, SCHEMA) if node.get('additionalProperties') is False}
    assert len(closed) > 80
    assert max(map(len, closed)) >= 7
    assert [path for path in closed if not refused(with_misspelling(values, path))] == []
    # The starter alone takes any workload of a track: it is closed when the starter is loaded (test_workload.py).
    one_each = {id(node): path for path, node in closed.items() if 'workload' not in path}.values()
    for path, binary in itertools.product(one_each, helms):
        done = run_helm(binary, CHART, with_misspelling(values, path))
        assert 'mispelt' in done.stderr, f'{binary} takes a misspelt key in {path}'
        assert done.returncode != 0


@pytest.mark.parametrize(
    'values',
    [
        {'fullnameOverride': 'a' * 43},
        {'fullnameOverride': 'Recommender'},
        {'partOf': 'not a label'},
        {'replicaCount': '2'},
        {'replicaCount': None},
        {'args': 'one string'},
        {'parameters': {'a': {'b': 'c'}}},
        {'parameters': {'a': 9007199254740993}},
        {'ports': {'grpc': {'containerPort': 1, 'servicePort': 1}}},
        {'ports': {'a-name-too-long-for-kubernetes': {'containerPort': 1, 'appProtocol': 'http'}}},
        {'env': {'TOKEN': {'secret': 'token'}}},
        {'resources': {'limits': {'cpu': 2}}},
        {'resources': {'limits': {'cpus': '2'}}},
        {'resources': {'limits': {'gpu': '1'}}},
        {'resources': {'limits': {'nvidia.com/': '1'}}},
        {'volumes': {'artifact': {'type': 'emptyDir', 'mountPath': '/models'}}},
        {'volumes': {'host': {'type': 'hostPath', 'mountPath': '/host'}}},
        {'volumes': {'data': {'type': 'secret', 'mountPath': '/data'}}},
        {'containers': {'server': {'image': {'repository': 'a'}}}},
        {'securityContext': {'privileged': True}},
        {'artifact': {'delivery': 'download', 'uri': 'https://example.com/m', 'path': 'm'}},
        {'artifact': {'delivery': 'download', 'sha256': '0' * 64, 'path': 'm'}},
        {'artifact': {'delivery': 'download', 'uri': 'ftp://bucket/m', 'sha256': '0' * 64, 'path': 'm'}},
        {'artifact': {'delivery': 'download', 'uri': 'https://example.com/m', 'sha256': '0' * 64}},
        {'artifact': {'path': '../outside'}},
        {'artifact': {'delivery': 'volume'}},
        {'artifact': {'env': {'LD_PRELOAD': {'value': '/models/a.so'}}}},
        {'artifact': {'env': {'AWS_REGION': {'secret': 'a', 'key': 'b'}}}},
        {'artifact': {'credentials': {'secret': 'a', 'variables': {'PATH': 'b'}}}},
        {'artifact': {'credentials': {'variables': {'ARTIFACT_TOKEN': 'token'}}}},
        {'artifact': {'endpoint': 'ftp://store'}},
        {'startupProbe': {'type': 'exec', 'command': []}},
        {'route': {'enabled': True}},
        {'route': {'rules': {'main': {'type': 'Exact', 'rewrite': '/a'}}}},
        {'strategy': {'type': 'recreate'}},
        {'strategy': {'type': 'canary'}},
        {'strategy': {'rolling': {'maxSurge': '25'}}},
        {'podDisruptionBudget': {'maxUnavailable': 0}},  # no node could ever be drained
        {'podDisruptionBudget': {'maxUnavailable': '0%'}},
    ],
)
def test_a_wrong_value_is_refused(helms: list[Path], values: Values) -> None:
    merged = merge(DEFAULTS, values)
    assert refused({key: value for key, value in merged.items() if value is not None})
    assert [binary for binary in helms if run_helm(binary, CHART, values).returncode == 0] == []


# --- texts of users --------------------------------------------------------------------------------------------------

HOSTILE = [
    '', ' leading', 'trailing ', '\ttab', 'a\nb\n\n  c\n', '\n---\nkind: Evil\n', '--- x', '# x', 'a: b', 'a #b', '- a',
    'yes', 'No', 'on', 'y', '~', 'null', 'true', '1', '-0', '1e3', '0x1F', '0o17', '017', '1_000', '.5', '12:30',
    '.inf', '2024-01-01', '=', '<<', '? a', '&a', '*a', '!!int 3', '%TAG', '@a', '`id`', '|', '>-', '{}', '[1, 2]',
    '{"a": 1}', 'it\'s "quoted"', '{{ .Release.Name }}', '{{ fail "x" }}', '{{- /* x */ -}}', '{% x %}', '[[ model ]]',
    '${HOME}', '$HOME', '$(HOME)', '$$(HOME) $$$', '$(touch evil)', "'; touch evil #", '"; touch evil; "', '\\',
    'a\\nb', '%s %d', '<&>', 'ünïcödé …', '😀', '\U000e0001', '\x07\x1b\x85', '\xa0', '\u2028\u2029\ufeff',
    'x' * 20_000,
]  # fmt: skip
NOT_FOR_HELM_3 = ['a\x7fb', 'a\x80b', 'a\x9fb']  # its schema check fails on them: "control characters are not allowed"


def test_texts_come_out_as_they_are(helms: list[Path]) -> None:
    assert_unchanged(helms[0], HOSTILE)
    assert_unchanged(helms[1], HOSTILE + NOT_FOR_HELM_3)


def affinity_to(labels: list[str]) -> Values:
    selector = {'matchExpressions': [{'key': 'team', 'operator': 'In', 'values': labels}]}
    term = {'topologyKey': 'kubernetes.io/hostname', 'labelSelector': selector}
    return {'podAffinity': {'requiredDuringSchedulingIgnoredDuringExecution': [term]}}


def assert_unchanged(binary: Path, texts: list[str]) -> None:
    numbered = {f'k{number}': text for number, text in enumerate(texts)}
    sane = [text for text in texts if text.isprintable()]
    labels = [text for text in texts if jsonschema.Draft7Validator(SCHEMA['definitions']['labelValue']).is_valid(text)]
    as_keys = {text: 'x' for text in sane if 0 < len(text) < 1000 and text != '<<'}  # Helm 3 fails on a key <<
    values = {
        'command': texts,
        'args': texts,
        'parameters': numbered,
        'env': {name: {'value': text} for name, text in numbered.items()},
        'files': {name: {'content': text, 'mountPath': f'/etc/{name}'} for name, text in numbered.items()},
        'livenessProbe': {'type': 'exec', 'command': texts},
        'nodeSelector': (selected := {f'k{number}': text for number, text in enumerate(labels)}),
        'podAnnotations': numbered | as_keys,
        'service': {'annotations': numbered | as_keys},
        'serviceAccount': {'annotations': numbered | as_keys},
        'tolerations': {name: {'key': text, 'value': text} for name, text in numbered.items()},
        'affinity': affinity_to(labels),  # passed through by toYaml
        'containers': {'api': {'image': {'repository': 'api'}, 'args': texts}},
    }
    objects = render(binary, values)
    template = of_kind(objects, 'Deployment')['spec']['template']
    server, api = template['spec']['containers']
    assert server['command'] == server['livenessProbe']['exec']['command'] == api['args'] == texts
    assert server['args'][: len(texts)] == texts
    assert dict(arg[2:].split('=', 1) for arg in server['args'][len(texts) :]) == numbered
    assert {variable['name']: variable['value'] for variable in server['env']} == numbered
    assert files_of(template) == numbered
    assert template['spec']['nodeSelector'] == selected
    annotations = template['metadata']['annotations'].items()
    assert {key: text for key, text in annotations if not key.startswith('chartloom.dev/file-')} == numbered | as_keys
    assert of_kind(objects, 'Service')['metadata']['annotations'] == numbered | as_keys
    assert of_kind(objects, 'ServiceAccount')['metadata']['annotations'] == numbered | as_keys
    assert {taint.get('value', '') for taint in template['spec']['tolerations']} == set(texts)
    assert template['spec']['affinity'] == values['affinity']


@pytest.mark.parametrize('text', HOSTILE)
def test_texts_reach_the_scripts_as_they_are(helm4: Path, text: str) -> None:
    path = '/' + re.sub(r'[ \t\r\n]', '', text)[:1000]
    values = {
        'artifact': {'delivery': 'download', 'uri': 'https://example.com' + path, 'sha256': '0' * 64, 'path': 'm'},
        'test': {'body': text, 'expect': text[:10_000], 'path': path},
    }
    objects = render(helm4, values)
    [init], [test] = (spec[key] for spec, key in zip(pod_specs(objects), ('initContainers', 'containers'), strict=True))
    env = {each['name']: seen_by_the_container(each['value']) for each in init['env'] + test['env']}
    assert env['ARTIFACT_URI'] == 'https://example.com' + path
    assert env['TEST_URL'] == 'http://model-server:80' + path
    assert (env['TEST_BODY'], env['TEST_EXPECT']) == (text, text[:10_000])


def test_numbers_come_out_as_they_are(helms: list[Path]) -> None:
    numbers = {'million': 1_000_000, 'billion': 5e9, 'small': 1e-7, 'half': 0.5, 'most': 9007199254740991, 'zero': 0}
    for binary in helms:
        [server] = pod_specs(render(binary, {'parameters': numbers}))[0]['containers']
        assert {key: float(value) for key, value in (arg[2:].split('=') for arg in server['args'])} == numbers
        assert '--million=1000000' in server['args']
        assert not re.search(r'\de[+]\d', str(rendered(binary, 'everything-values')))
        spec = of_kind(rendered(binary, 'everything-values'), 'Deployment')['spec']
        assert spec['progressDeadlineSeconds'] == 6_000_000
        assert spec['template']['spec']['securityContext']['runAsUser'] == 2_000_000


def test_long_lists_stay_whole(helms: list[Path]) -> None:
    many = [f'--argument-{number}={"x" * number}' for number in range(1500)]
    for binary in helms:
        [server] = pod_specs(render(binary, {'args': many, 'env': {f'E{n}': {'value': 'x'} for n in range(300)}}))[0][
            'containers'
        ]
        assert server['args'] == many
        assert len(server['env']) == 300


# --- what the objects mean -------------------------------------------------------------------------------------------


PROBES = ('startupProbe', 'readinessProbe', 'livenessProbe')


def selects(selector: Values, labels: Mapping[str, str]) -> bool:
    """As Kubernetes reads a selector: a Service's labels, or matchLabels and matchExpressions with the operator In."""
    wanted = selector.get('matchLabels', {} if 'matchExpressions' in selector else selector)
    ins = selector.get('matchExpressions', [])
    return wanted.items() <= labels.items() and all(labels.get(each['key']) in each['values'] for each in ins)


@each_value_set
def test_selectors_select_the_servers_pods_and_no_test_pod(helm4: Path, name: str) -> None:
    objects = rendered(helm4, name)
    by_kind = {kind: obj['spec'] for (kind, _), obj in objects.items() if 'spec' in obj}
    policies = any(kind == 'NetworkPolicy' for kind, _ in objects)
    policy = policy_of(objects)['spec'] if policies else {}
    everything = [policy['podSelector']] if policy else []
    everything += [by_kind['PodDisruptionBudget']['selector']] if 'PodDisruptionBudget' in by_kind else []
    everything += [by_kind['PodMonitor']['selector']] if 'PodMonitor' in by_kind else []
    pods = {}
    for item in workloads(objects):
        labels = item['spec']['template']['metadata']['labels']
        assert item['spec']['selector']['matchLabels'].items() <= labels.items()
        fullname = labels['app.kubernetes.io/name']
        release = {'app.kubernetes.io/name': fullname, 'app.kubernetes.io/instance': fullname}
        track = item['metadata']['name'].removeprefix(fullname).lstrip('-') or 'stable'
        own = release | ({} if item['kind'] == 'Rollout' else {'chartloom.dev/track': track})
        assert labels == own | VALUE_SETS[name].get('podLabels', {})
        pods[item['metadata']['name']] = labels
        if ('Canary', fullname) in objects:  # what Flagger makes of it
            pods[f'{fullname}-primary'] = {**labels, 'app.kubernetes.io/name': f'{fullname}-primary'}
    assert all(selects(selector, labels) for selector in everything for labels in pods.values())
    services = [obj['spec']['selector'] for (kind, _), obj in objects.items() if kind == 'Service']
    for (kind, _), obj in objects.items():
        if kind == 'Pod':
            labels = obj['metadata']['labels']
            assert not any(selects(selector, labels) for selector in [*everything, *services])
            if policy:
                assert selects(policy['ingress'][0]['from'][0]['podSelector'], labels)
                own = policy_of(objects, test=True)['spec']
                assert selects(own['podSelector'], labels)
                assert not any(selects(own['podSelector'], each) for each in pods.values())
                first, *others = own['egress']
                assert first == {'to': [{'podSelector': policy['podSelector']}], 'ports': policy['ingress'][0]['ports']}
                assert 'ingress' not in own
                assert others == policy.get('egress', [])


@pytest.mark.parametrize(
    ('name', 'selected'),
    [
        ('canary-values', {'': 'stable', '-stable': 'stable', '-canary': 'canary'}),
        ('canary-istio-all-values', {'': 'canary', '-stable': 'stable', '-canary': 'canary'}),
        ('blue-green-values', {'': 'blue', '-preview': 'green'}),
        ('green-values', {'': 'green', '-preview': 'blue'}),
        ('rollout-values', {'': None, '-canary': None}),
        ('rollout-blue-green-values', {'': None, '-preview': None}),
        ('flagger-values', {}),
        ('defaults', {'': None}),
    ],
)
def test_services_select_their_track(helm4: Path, name: str, selected: dict[str, str | None]) -> None:
    """None: the pods of all tracks, or Argo Rollouts says which."""
    found = {
        key[1].removeprefix('model-server'): obj for key, obj in rendered(helm4, name).items() if key[0] == 'Service'
    }
    tracks = {ending: obj['spec']['selector'].get('chartloom.dev/track') for ending, obj in found.items()}
    assert tracks == selected


def test_a_track_has_parts_of_its_own(helm4: Path) -> None:
    objects = rendered(helm4, 'canary-values')
    specs = {name: objects['Deployment', name]['spec'] for name in ('model-server', 'model-server-canary')}
    images = [spec['template']['spec']['containers'][0]['image'][-64:] for spec in specs.values()]
    assert images == ['4' * 64, '3' * 64]
    sizes = [objects['HorizontalPodAutoscaler', name]['spec'] for name in specs]
    assert [(size['minReplicas'], size['maxReplicas']) for size in sizes] == [(2, 2), (1, 1)]
    assert files_of(specs['model-server']['template']) == {'models.config': 'old'}, 'each pod has its own files'


def test_a_track_without_empty_maps_has_the_same_pods(helm4: Path) -> None:
    """Values of releases contain none: `emptied` names the maps of its workload that are empty."""
    others = {'LEVEL': {'value': 'x'}}
    tops = {
        'env': others, 'parameters': {'a': 1}, 'nodeSelector': {'a': 'b'}, 'podAnnotations': {'a': 'b'},
        'files': {'f': {'content': 'x', 'mountPath': '/f'}}, 'tolerations': {'a': {'operator': 'Exists'}},
        'containers': {'api': {'image': {'repository': 'api'}, 'env': others}}, 'imagePullSecrets': {'login': {}},
        'affinity': {'podAntiAffinity': {'requiredDuringSchedulingIgnoredDuringExecution': [{'topologyKey': 'zone'}]}},
    }  # fmt: skip
    old = {key: value for key, value in DEFAULTS.items() if is_workload(key)}
    emptied = [key for key, value in old.items() if is_hollow(value)]
    assert emptied
    assert emptied == sorted(set(emptied) & set(tops), key=emptied.index), 'each empty map has a value at the top'
    track = without_empty_maps({'workload': old}, json.dumps(SCHEMA).encode()) | {'emptied': emptied}
    assert not any(is_hollow(value) for value in track['workload'].values())
    pods = of_kind(render(helm4, {**tops, 'tracks': {'stable': track}}), 'Deployment')['spec']['template']
    assert pods == of_kind(rendered(helm4, 'defaults'), 'Deployment')['spec']['template']


@each_value_set
def test_ports_that_are_named_exist(helm4: Path, name: str) -> None:
    objects = rendered(helm4, name)
    containers = pod_specs(objects)[0]['containers']
    names = [port['name'] for container in containers for port in container.get('ports', [])]
    assert len(names) == len(set(names))
    for container in containers:
        own = {port[key] for port in container.get('ports', []) for key in ('name', 'containerPort')}
        for probe in (container.get(kind, {}) for kind in PROBES):
            assert {action['port'] for action in probe.values() if isinstance(action, dict) and 'port' in action} <= own
    for (kind, _), obj in objects.items():
        if kind == 'Service':
            assert {port['targetPort'] for port in obj['spec']['ports']} <= set(names)
            assert all(port['appProtocol'] for port in obj['spec']['ports'])


@each_value_set
def test_a_pod_has_time_to_start_and_to_stop(helm4: Path, name: str) -> None:
    for item in workloads(rendered(helm4, name)):
        has_time(item['spec'], name)


def has_time(spec: Values, name: str) -> None:
    pod = spec['template']['spec']
    for container in pod['containers']:
        wait = container.get('lifecycle', {}).get('preStop', {}).get('sleep', {}).get('seconds', 0)
        assert wait == (0 if name == 'nothing-values' or container['name'] == 'log-shipper' else 15)
        assert wait < pod['terminationGracePeriodSeconds']
        probe = container.get('startupProbe')
        if probe and name != 'everything-values':
            assert probe['periodSeconds'] * probe['failureThreshold'] < spec['progressDeadlineSeconds']


def test_the_autoscaler_owns_the_replicas(helm4: Path) -> None:
    """Also of a fixed number: if the field vanished later, the API server would set 1."""
    for values, fewest, most in (('everything-values', 2, 2000000), ('defaults', 2, 2)):
        objects = rendered(helm4, values)
        assert 'replicas' not in of_kind(objects, 'Deployment')['spec']
        scaler = of_kind(objects, 'HorizontalPodAutoscaler')
        assert scaler['metadata']['annotations']['validations.keda.sh/hpa-ownership'] == 'false'
        assert (scaler['spec']['minReplicas'], scaler['spec']['maxReplicas']) == (fewest, most)
    none = rendered(helm4, 'image-values')
    assert of_kind(none, 'Deployment')['spec']['replicas'] == 0
    assert 'HorizontalPodAutoscaler' not in {kind for kind, _ in none}


def test_labels_do_not_change_with_what_flux_appends_to_a_version(helm4: Path, tmp_path: Path) -> None:
    """Else every object of a release would change with each commit that Flux fetches."""
    chart = shutil.copytree(CHART, tmp_path / 'model-server')
    about = (chart / 'Chart.yaml').read_text(encoding='utf-8')
    version = yaml.safe_load(about)['version']
    (chart / 'Chart.yaml').write_text(about.replace(version, f'{version}+99c44e9ed1ae.1'), encoding='utf-8')
    done = run_helm(helm4, chart, {})
    assert done.returncode == 0, done.stderr
    labels = {
        item['metadata'].get('labels', {}).get('helm.sh/chart') for item in yaml.safe_load_all(done.stdout) if item
    }
    assert labels - {None} == {f'model-server-{version}'}, 'the pod of the helm test has none'


def test_the_artifact_is_written_by_the_init_container_alone(helm4: Path) -> None:
    spec = of_kind(rendered(helm4, 'everything-values'), 'Deployment')['spec']['template']['spec']
    mounts = {
        container['name']: {mount['name']: mount for mount in container.get('volumeMounts', [])}
        for container in all_containers(spec)
    }
    assert 'readOnly' not in mounts['artifact']['artifact']
    assert mounts['server']['artifact'] == {'name': 'artifact', 'mountPath': '/models', 'readOnly': True}
    assert mounts['api']['artifact']['readOnly'] is True
    volume = of_kind(rendered(helm4, 'volume-values'), 'Deployment')['spec']['template']['spec']
    [mount] = [mount for mount in volume['containers'][0]['volumeMounts'] if mount['name'] == 'artifact']
    assert mount == {
        'name': 'artifact',
        'mountPath': '/models/forecaster/1',
        'subPath': 'forecaster/2.0.0',
        'readOnly': True,
    }


def test_a_network_policy_lets_in_what_is_named_and_no_more(helm4: Path) -> None:
    spec = policy_of(rendered(helm4, 'everything-values'))['spec']
    assert spec['policyTypes'] == ['Ingress', 'Egress']

    def namespace(name: str) -> Values:
        return {'namespaceSelector': {'matchLabels': {'kubernetes.io/metadata.name': name}}}

    def port(port: str | int, protocol: str = 'TCP') -> Values:
        return {'port': port, 'protocol': protocol}

    prometheus = {'podSelector': {'matchLabels': {'app.kubernetes.io/name': 'prometheus'}}, **namespace('monitoring')}
    assert spec['ingress'][1:] == [
        {'from': [{'podSelector': {}, 'namespaceSelector': {}}], 'ports': [port('grpc')]},
        {'from': [{'podSelector': {}, **namespace('gateways')}], 'ports': [port('http')]},
        {'from': [prometheus], 'ports': [port('metrics')]},
        {'from': [{'podSelector': {}}]},
    ]
    dns = {'podSelector': {'matchLabels': {'k8s-app': 'kube-dns'}}, **namespace('kube-system')}
    assert spec['egress'] == [
        {'to': [{'ipBlock': {'cidr': '10.30.0.0/16'}}, {'podSelector': {}, **namespace('data')}]},
        {'to': [dns], 'ports': [port(53), port(53, 'UDP')]},
        {'to': [{'ipBlock': {'cidr': '10.20.0.0/16'}}], 'ports': [port(443)]},
    ]
    assert policy_of(rendered(helm4, 'nothing-values'))['spec'].keys() == {'podSelector', 'policyTypes'}


def test_routes_write_out_what_the_api_would_add(helm4: Path) -> None:
    objects = rendered(helm4, 'everything-values')
    backends = {
        kind: [backend for rule in of_kind(objects, kind)['spec']['rules'] for backend in rule['backendRefs']]
        for kind in ('HTTPRoute', 'GRPCRoute')
    }
    whole = {'group': '', 'kind': 'Service', 'name': 'recommender', 'weight': 1}
    assert backends['HTTPRoute'] == [{**whole, 'port': 80}, {**whole, 'port': 8501}]
    assert backends['GRPCRoute'] == [{**whole, 'port': 8500}]
    for kind in backends:
        parent = of_kind(objects, kind)['spec']['parentRefs'][0]
        assert (parent['group'], parent['kind']) == ('gateway.networking.k8s.io', 'Gateway')


# --- Pod Security "restricted" (kubernetes.io/docs/concepts/security/pod-security-standards) --------------------------

VOLUME_TYPES = {*'configMap csi downwardAPI emptyDir ephemeral image persistentVolumeClaim projected secret'.split()}
SAFE_SYSCTLS = {'kernel.shm_rmid_forced', 'net.ipv4.ip_local_port_range', 'net.ipv4.tcp_syncookies'}


def breaches(spec: Values) -> list[str]:
    """The rules of the profile that a pod breaks."""
    pod = spec.get('securityContext', {})
    found = [key for key in ('hostNetwork', 'hostPID', 'hostIPC') if spec.get(key)]
    found += ['volume type' for volume in spec.get('volumes', []) if not volume.keys() - {'name'} <= VOLUME_TYPES]
    found += ['sysctl' for sysctl in pod.get('sysctls', []) if sysctl['name'] not in SAFE_SYSCTLS]
    found += ['runAsUser'] if pod.get('runAsUser') == 0 else []
    for container in [*all_containers(spec), *spec.get('ephemeralContainers', [])]:
        own = container.get('securityContext', {})
        capabilities = own.get('capabilities', {})
        profile = own.get('seccompProfile', pod.get('seccompProfile', {})).get('type')
        rules = {
            'privileged': not own.get('privileged'),
            'allowPrivilegeEscalation': own.get('allowPrivilegeEscalation') is False,
            'runAsNonRoot': own.get('runAsNonRoot', pod.get('runAsNonRoot')) is True,
            'runAsUser': own.get('runAsUser') != 0,
            'seccompProfile': profile in {'RuntimeDefault', 'Localhost'},
            'capabilities': 'ALL' in capabilities.get('drop', ()),
            'added capabilities': {*capabilities.get('add', ())} <= {'NET_BIND_SERVICE'},
            'hostPort': not any(port.get('hostPort') for port in container.get('ports', [])),
            'procMount': own.get('procMount', 'Default') == 'Default',
            'host': '"host":' not in json.dumps([container.get(kind) for kind in (*PROBES, 'lifecycle')]),
            'windows': not (own.get('windowsOptions') or pod.get('windowsOptions') or {}).get('hostProcess'),
            'seLinux': not (own.get('seLinuxOptions') or pod.get('seLinuxOptions') or {}).keys() & {'user', 'role'},
            'appArmor': (own.get('appArmorProfile') or pod.get('appArmorProfile') or {}).get('type') != 'Unconfined',
        }
        found += [rule for rule, kept in rules.items() if not kept]
    return found


@each_value_set
def test_pods_keep_to_the_restricted_profile(helm4: Path, name: str) -> None:
    for spec in pod_specs(rendered(helm4, name)):
        assert breaches(spec) == []
        assert (spec['automountServiceAccountToken'], spec['enableServiceLinks']) == (False, False)
        for container in all_containers(spec):
            assert container['securityContext']['readOnlyRootFilesystem'] is (container['name'] != 'log-shipper')
            assert container['name'] == 'log-shipper' or {'cpu', 'memory'} <= container['resources']['requests'].keys()


@pytest.mark.parametrize(
    ('rule', 'where', 'value'),
    [
        ('hostNetwork', ('hostNetwork',), True),
        ('volume type', ('volumes', 0), {'name': 'a', 'hostPath': {'path': '/'}}),
        ('runAsNonRoot', ('securityContext', 'runAsNonRoot'), False),
        ('runAsUser', ('securityContext', 'runAsUser'), 0),
        ('seccompProfile', ('securityContext', 'seccompProfile'), {}),
        ('runAsUser', ('containers', 1, 'securityContext', 'runAsUser'), 0),
        ('allowPrivilegeEscalation', ('initContainers', 0, 'securityContext'), {'capabilities': {'drop': ['ALL']}}),
        ('capabilities', ('containers', 0, 'securityContext', 'capabilities'), {'drop': ['NET_RAW']}),
        ('added capabilities', ('containers', 0, 'securityContext', 'capabilities', 'add'), ['SYS_ADMIN']),
        ('privileged', ('containers', 0, 'securityContext', 'privileged'), True),
        ('hostPort', ('containers', 0, 'ports', 0, 'hostPort'), 80),
        ('host', ('containers', 0, 'readinessProbe', 'httpGet', 'host'), 'example.com'),
    ],
)
def test_the_profile_is_really_checked(helm4: Path, rule: str, where: tuple[str | int, ...], value: Any) -> None:
    spec = copy.deepcopy(pod_specs(rendered(helm4, 'everything-values'))[0])
    functools.reduce(lambda found, key: found[key], where[:-1], spec)[where[-1]] = value  # type: ignore[index]
    assert rule in breaches(spec)


# --- runtime presets -------------------------------------------------------------------------------------------------


def test_there_is_one_curl_image() -> None:
    assert DEFAULTS['artifact']['image'] == DEFAULTS['test']['image']
    assert DEFAULTS['test']['image']['digest']


@each_preset
def test_a_preset_is_a_layer_over_the_starters_values(name: str) -> None:
    text = PRESETS[name].read_text(encoding='utf-8')
    assert text.startswith('# '), 'sources of the figures come first'
    names = {*re.findall(r'\[\[ (.*?) \]\]', text)}
    assert names <= {'model', 'version', 'servedName', 'mountPath', 'ports.http', 'ports.grpc', 'ports.metrics'}
    document = preset(name)
    assert document['name'] == name
    assert 'image' not in document['values'], 'a model version names its image'
    assert 'readOnlyRootFilesystem' not in text
    merged = merge(DEFAULTS, VALUE_SETS[name])
    jsonschema.Draft7Validator(SCHEMA).validate(merged)
    jsonschema.Draft7Validator(SCHEMA).validate(merge(merged, {'test': document.get('ready', {})}))
    assert {merged['metrics']['port'], merged['test']['port']} <= merged['ports'].keys()
    assert merged['volumes']['tmp'] == DEFAULTS['volumes']['tmp']


def test_tensorflow_serving_starts_without_the_shell_that_keeps_signals_away(helm4: Path) -> None:
    objects = rendered(helm4, 'tensorflow-serving-saved-model')
    spec = of_kind(objects, 'Deployment')['spec']['template']['spec']
    [server] = spec['containers']
    assert server['command'] == ['/usr/bin/tensorflow_model_server']
    assert {'--port=8500', '--rest_api_port=8501', '--model_base_path=/models/recommender'} <= {*server['args']}
    [monitoring] = [arg.partition('=')[2] for arg in server['args'] if arg.startswith('--monitoring_config_file=')]
    [mount] = [mount for mount in server['volumeMounts'] if mount['mountPath'] == monitoring]
    assert (
        'path: "/monitoring/prometheus/metrics"'
        in files_of(of_kind(objects, 'Deployment')['spec']['template'])[mount['subPath']]
    )
    target = {each['name']: each['value'] for each in spec['initContainers'][0]['env']}['ARTIFACT_TARGET']
    assert target == '/models/recommender/1'


def test_triton_finds_the_onnx_file_and_drains_within_the_grace(helm4: Path) -> None:
    spec = of_kind(rendered(helm4, 'triton-onnx'), 'Deployment')['spec']['template']['spec']
    [server] = spec['containers']
    assert {'--model-repository=/models', '--model-control-mode=none', '--exit-timeout-secs=30'} <= {*server['args']}
    assert server['lifecycle']['preStop']['sleep']['seconds'] + 30 < spec['terminationGracePeriodSeconds']
    assert {'name': 'shm', 'emptyDir': {'medium': 'Memory', 'sizeLimit': '512Mi'}} in spec['volumes']
    target = {each['name']: each['value'] for each in spec['initContainers'][0]['env']}['ARTIFACT_TARGET']
    assert target == '/models/recommender/1/model.onnx'


# --- branches --------------------------------------------------------------------------------------------------------

ACTION = re.compile(r'\{\{-?\s*(?:/\*.*?\*/|(if|with|range|else|end|define)?\b.*?)\s*-?\}\}', re.DOTALL)


# Constants, what is there always, and what was looked at just before.
NEVER_EMPTY = re.compile(
    r':= (list|dict)\s|(with|range) (list|merge|prepend|\.spec|\.artifact|\$spec|\.volume) '
    r'|with \.Values\.(route|networkPolicy) |:= \$route\.gateway|range \$targets|\.hostnames \| default'
    r'|range \.(backendRefs|route) |routing\.(services|ingresses)|range \. |range \$cidr := |\$(sha256|key) := \. '
)


def branches(text: str) -> dict[int, str]:
    """Where in a template a branch begins, and what to write there to make its way fail: by position."""
    places: dict[int, str] = {}
    blocks: list[tuple[str, bool]] = []
    for action in ACTION.finditer(text):
        match action[1]:
            case 'range' | 'with' if NEVER_EMPTY.search(action[0]):
                blocks.append((action[1], True))
            case 'if' | 'with' | 'range':
                blocks.append((action[1], False))
                places[action.end()] = '{{ fail "taken" }}'
            case 'define':
                blocks.append(('define', True))
            case 'else':
                last = not re.match(r'\{\{-?\s*else\s+(if|with)\b', action[0])
                blocks[-1] = (blocks[-1][0], last)
                places[action.end()] = '{{ fail "taken" }}'
            case 'end':
                _, has_else = blocks.pop()
                if not has_else:
                    places[action.start()] = action[0][:3].strip() + ' else }}{{ fail "taken" }}'
    assert not blocks
    return places


ONE = {'suffix': '', 'service': '', 'annotations': {}}
EMPTIED = [  # what only null can do, or makes no sense
    {'volumes': {'tmp': None}},
    {'ports': {'http': None}},
    {'route': {'enabled': True, 'gateway': {'name': 'public'}}, 'routing': {'route': []}},
    {'artifact': {'delivery': 'volume', 'claimName': 'models'}},
    *(
        {
            'route': {'enabled': True, 'type': kind, 'gateway': {'name': 'public'}},
            'routing': {'route': [], 'ingresses': [ONE]},
        }
        for kind in ('istio', 'nginx')
    ),
    *({'tracks': {'stable': None}, 'autoscaling': {'enabled': True, 'type': kind}} for kind in ('hpa', 'keda')),
    *(
        {'tracks': {'stable': {'enabled': False}}, 'autoscaling': {'enabled': True, 'type': kind}}
        for kind in ('hpa', 'keda')
    ),
    {
        'args': ['--verbose'],
        'podAnnotations': {'a': 'b'},
        'tolerations': {'all': {'key': '', 'operator': 'Exists'}, 'any': {}},
    },
    {'test': {'enabled': False}, 'networkPolicy': {'ingress': {'all': {}}}},
    {'externalSecrets': {'secrets': {'nothing': {'remoteKey': 'a', 'keys': []}}}},
]


@pytest.mark.slow
def test_the_test_values_take_every_branch_of_the_templates_both_ways(helm4: Path, tmp_path: Path) -> None:
    """Every branch fails. Each rendering tells one that is taken, which is then left alone; the rest never was."""
    chart = shutil.copytree(CHART, tmp_path / 'model-server')
    (chart / 'values.schema.json').unlink()  # half of the time
    texts = {path.relative_to(CHART): path.read_text(encoding='utf-8') for path in TEMPLATES}
    armed = {(path, place): alarm for path, text in texts.items() for place, alarm in branches(text).items()}
    total = len(armed)

    def write(path: Path) -> None:
        text = texts[path]
        for place in sorted((place for its_path, place in armed if its_path == path), reverse=True):
            alarm = armed[path, place].replace('taken', f'taken {path}:{place}:')
            text = text[:place] + alarm + text[place:]
        (chart / path).write_text(text, encoding='utf-8')

    for path in texts:
        write(path)
    own = [values for name, values in VALUE_SETS.items() if name == 'defaults' or name.endswith('-values')]
    for values in own + EMPTIED:
        while (done := run_helm(helm4, chart, values)).returncode:
            taken = re.search(r'taken (\S+?):(\d+):', done.stderr)
            assert taken, done.stderr
            path = Path(taken[1])
            del armed[path, int(taken[2])]
            write(path)
    assert total > 120
    never = [f'{path}:{texts[path].count(chr(10), 0, place) + 1}' for path, place in armed]
    assert not never, '\n'.join(never)
