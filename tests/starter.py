"""The starter chart and the runtime presets → value sets for tests, and objects rendered by helm."""

from __future__ import annotations

import functools
import json
import re
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from parts import ROOT

from generator.charts.serving import facts, substitute, told
from generator.charts.starter import load_templates
from generator.domain.generated import Runtime
from generator.strategies.routing import routing

CHART = ROOT / 'chart_templates' / 'model-server'
RUNTIMES = sorted((ROOT / 'chart_templates' / 'runtimes').glob('*.yaml'))
# A file with only `name` and `resolvesTo` is an alias, not a preset.
PRESETS = {path.stem: path for path in RUNTIMES if 'resolvesTo:' not in path.read_text(encoding='utf-8')}
TEMPLATES = sorted(path for path in (CHART / 'templates').rglob('*') if path.is_file())
SCHEMA = load_templates().starter.schema
DEFAULTS = yaml.safe_load((CHART / 'values.yaml').read_text(encoding='utf-8'))
Values = dict[str, Any]
Strict = Callable[..., None]


# --- values and rendering -------------------------------------------------------------------------------------------


def merge(below: Values, above: Mapping[str, Any]) -> Values:
    both = below.keys() & above.keys()
    maps = {key: merge(below[key], above[key]) for key in both if isinstance(above[key], dict)}
    return {**below, **above, **maps}


def compiled(values: Mapping[str, Any]) -> Values:
    """Values with the `routing` that chartloom compiles from them and the starter's defaults."""
    return {**values, 'routing': routing(merge(DEFAULTS, values))}


def preset(name: str) -> Values:
    """A preset for version 1.4.0 of a model recommender, with what its server is told."""
    spec: Values = yaml.safe_load(PRESETS[name].read_text(encoding='utf-8'))
    ports = {f'ports.{port}': str(each['containerPort']) for port, each in spec['values']['ports'].items()}
    texts = {'model': 'recommender', 'servedName': 'recommender', 'version': '1.4.0', 'mountPath': '/models', **ports}
    document: Values = substitute(spec, texts)
    values = document['values']
    for _, target, value in told(facts(Runtime(name, '', spec), texts)):
        values = merge(values, {target[0]: {target[1]: value}})
    return {**document, 'values': values}


def value_sets() -> dict[str, Values]:
    """The starter's defaults, its test values (ci/), and every preset with the model in its image or downloaded."""
    sets: dict[str, Values] = {'defaults': {}}
    for path in sorted((CHART / 'ci').glob('*-values.yaml')):
        sets[path.stem] = yaml.safe_load(path.read_text(encoding='utf-8'))
    for name in PRESETS:
        document = preset(name)
        sets[name] = merge({'image': {'repository': 'models/recommender'}}, document['values'])
        for kind, form in document['artifacts'].items():
            place = {key: form[key] for key in ('path', 'unpack')}
            artifact = {'delivery': 'download', 'uri': 'https://example.com/m', 'sha256': '0' * 64, **place}
            sets[f'{name}-{kind}'] = merge(merge(sets[name], form.get('values', {})), {'artifact': artifact})
    # The starter's test values already contain the compiled `routing`; a separate test checks it.
    return {name: values if name.endswith('-values') else compiled(values) for name, values in sets.items()}


VALUE_SETS = value_sets()
each_value_set = pytest.mark.parametrize('name', VALUE_SETS)
each_preset = pytest.mark.parametrize('name', PRESETS)


class Loader(yaml.CSafeLoader):
    """Reads = and << as strings, as Kubernetes does."""


Loader.yaml_implicit_resolvers = {k: v for k, v in Loader.yaml_implicit_resolvers.items() if k not in '=<'}


def as_yaml(values: Values) -> str:
    """Write YAML as JSON; characters that YAML does not allow are escaped."""
    text = json.dumps(values, ensure_ascii=False)
    return re.sub('[\x7f-\x9f\u2028\u2029\ufeff]', lambda found: f'\\u{ord(found[0]):04x}', text)


def run_helm(binary: Path, chart: Path, values: Values, release: str = 'r') -> subprocess.CompletedProcess[str]:
    command = [binary, 'template', release, chart, '--namespace', 'models', '--values', '-']
    return subprocess.run(command, input=as_yaml(values), capture_output=True, encoding='utf-8')


def render(binary: Path, values: Values, chart: Path = CHART, release: str = 'r') -> dict[tuple[str, str], Values]:
    """Render all objects, by kind and name; for the starter, with the compiled `routing`."""
    whole = compiled(values) if chart == CHART and 'routing' not in values else values
    done = run_helm(binary, chart, whole, release)
    assert done.returncode == 0, done.stderr
    objects = [obj for obj in yaml.load_all(done.stdout, Loader) if obj]
    by_name = {(obj['kind'], obj['metadata']['name']): obj for obj in objects}
    assert len(by_name) == len(objects), 'two objects have one name'
    return by_name


@functools.cache
def rendered(binary: Path, name: str) -> dict[tuple[str, str], Values]:
    return render(binary, VALUE_SETS[name])


def of_kind(objects: Mapping[tuple[str, str], Values], kind: str) -> Values:
    [found] = [obj for (its_kind, _), obj in objects.items() if its_kind == kind]
    return found


def policy_of(objects: Mapping[tuple[str, str], Values], *, test: bool = False) -> Values:
    """The network policy of the model server's pods, or of the helm test's."""
    kind = 'NetworkPolicy'
    return of_kind({key: obj for key, obj in objects.items() if key[1].endswith('-helm-test') is test}, kind)


def files_of(template: Values) -> dict[str, str]:
    """What the kubelet puts into the volume `files` of a pod, by name."""
    [volume] = [volume for volume in template['spec']['volumes'] if volume['name'] == 'files']
    keys = {item['path']: item['fieldRef']['fieldPath'] for item in volume['downwardAPI']['items']}
    annotations = template['metadata']['annotations']
    return {name: annotations[re.findall(r"^metadata\.annotations\['(.+)'\]$", key)[0]] for name, key in keys.items()}


def workloads(objects: Mapping[tuple[str, str], Values]) -> list[Values]:
    """The objects that create pods: one per track."""
    return [obj for (kind, _), obj in objects.items() if kind in ('Deployment', 'Rollout')]


def pod_specs(objects: Mapping[tuple[str, str], Values]) -> list[Values]:
    pods = [obj['spec'] for (kind, _), obj in objects.items() if kind == 'Pod']
    return [*(obj['spec']['template']['spec'] for obj in workloads(objects)), *pods]


def all_containers(spec: Values) -> list[Values]:
    return [*spec.get('initContainers', []), *spec['containers']]


def seen_by_the_container(text: str) -> str:
    """Expand a text as the kubelet does: $$ is one $; a reference becomes 'EXPANDED'."""
    return re.sub(r'\$(\$|\([^)]*\))', lambda found: '$' if found[1] == '$' else 'EXPANDED', text)
