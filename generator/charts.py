"""Model versions → chart versions: the files of each chart, its digests, and the ledger that makes them immutable."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from generator import yamlwrite
from generator.chart_readme import chart_readme
from generator.dashboards import dashboard
from generator.domain import (
    DOMAIN,
    VALUES_CONTRACT,
    Chart,
    LedgerEntry,
    Model,
    ModelVersion,
    Settings,
    Starter,
    Templates,
    Tree,
    Values,
)
from generator.errors import problem
from generator.images import images, show_image
from generator.layering import merge_checked
from generator.model_values import model_layers
from generator.monitoring import DASHBOARD, wants_gpus
from generator.paths import Path, show
from generator.strategies.checks import QUERIES
from generator.strategies.compile import STRATEGY

FIRST_VERSION = '1.0.0'
# Stands for the chart's version while its content is compared: private-use characters, which no registry text holds.
_VERSION = '\ue000version\ue001'


@dataclass(frozen=True, slots=True)
class ModelCharts:
    """What a model's chart folder must hold: the whole ledger, and the charts that may have to be written."""

    ledger: tuple[LedgerEntry, ...]
    charts: Mapping[str, Chart]  # by chart version; only those made in this run

    def newest(self, model_version: str) -> LedgerEntry | None:
        return next((e for e in reversed(self.ledger) if e.model_version == model_version), None)


def make_charts(
    model: Model, settings: Settings, templates: Templates, base: Sequence[LedgerEntry], base_ids: Mapping[str, str]
) -> ModelCharts:
    """The charts of a model on top of the ledger of the base tree.

    A chart is made for the newest model version and for each version that the base has none of; one whose content the
    ledger already holds keeps its version, any other gets the next patch version. `base_ids` are blob ids by path.
    Raises ProblemsFound where a version that has been followed by another one is not what it was when it was published.
    """
    ledger = list(base)
    charts = {}
    for version in model.versions:
        known = [entry for entry in base if entry.model_version == version.version]
        if known and version is not model.newest:
            _check_unchanged(model, version, known[-1])
            continue
        draft = _content(model, version, settings, templates)
        content = digest(draft.files)
        if known and known[-1].content == content:
            charts[known[-1].version] = _numbered(draft, known[-1].version, ())
            continue
        number = next_patch(ledger[-1].version) if ledger else FIRST_VERSION
        reasons = _reasons(draft, known, version, ledger, base_ids)
        chart = _numbered(draft, number, reasons)
        bump = 'patch' if ledger else 'initial'
        ledger.append(
            LedgerEntry(number, version.version, digest(chart.files), content, _source(version), bump, reasons)
        )
        charts[number] = chart
    return ModelCharts(tuple(ledger), charts)


def _source(version: ModelVersion) -> str:
    spec = {key: version.spec[key] for key in ('image', 'artifact', 'signature') if key in version.spec}
    return hashlib.sha256(json.dumps(spec, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _check_unchanged(model: Model, version: ModelVersion, published: LedgerEntry) -> None:
    if published.source != _source(version):
        place = show(('spec', 'versions', model.versions.index(version)))
        message = f"version '{version.version}' was published with another image, artifact or signature"
        hint = f'take the change back, and add it as a new version: chart {published.version} stays as it is'
        raise problem(model.file, place, message, hint)


def next_patch(version: str) -> str:
    major, minor, patch = version.split('.')
    return f'{major}.{minor}.{int(patch) + 1}'


def digest(files: Tree) -> str:
    """Identity of a chart: sha256 over its sorted paths and their sha256; of an archive helm makes no two alike."""
    return digest_of({path: _sha256(data) for path, data in files.items()})


def digest_of(hashes: Mapping[str, str]) -> str:
    """The same from the files' own sha256 by path."""
    lines = ''.join(f'{path} {hashed}\n' for path, hashed in sorted(hashes.items()))
    return hashlib.sha256(lines.encode()).hexdigest()


@lru_cache(maxsize=1024)
def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _reasons(
    draft: Chart,
    known: Sequence[LedgerEntry],
    version: ModelVersion,
    ledger: Sequence[LedgerEntry],
    base_ids: Mapping[str, str],
) -> tuple[str, ...]:
    if not known:
        return (f'model version {version.version}',) if ledger else ('first chart of the model',)
    folder = f'charts/{draft.model}/{known[-1].version}/'
    changed = [
        path
        for path, data in sorted(draft.files.items())
        if path not in ('Chart.yaml', 'README.md') and base_ids.get(folder + path) not in (None, *_blob_ids(data))
    ]
    return (f'changed: {", ".join(changed)}',) if changed else ('changed: Chart.yaml or README.md',)


def _blob_ids(data: bytes) -> tuple[str, str]:
    head = b'blob %d\0' % len(data)
    return hashlib.sha1(head + data, usedforsecurity=False).hexdigest(), hashlib.sha256(head + data).hexdigest()


def _content(model: Model, version: ModelVersion, settings: Settings, templates: Templates) -> Chart:
    """A chart with a stand-in for its version and without change notes: what equality is judged by."""
    layers = tuple(model_layers(model, version, templates))
    starter = templates.starter
    values = merge_checked(layers, starter.values, starter.files['values.schema.json'], model.file)
    queries = templates.runtimes[model.runtime].spec.get('queries', {})
    annotations = _annotations(model, version, values, templates.runtimes[model.runtime].name, queries)
    if queries:
        annotations[DASHBOARD] = 'dashboard.json'
    files = {
        **starter.files,
        'Chart.yaml': _chart_yaml(model, version, settings, starter.files, annotations),
        'values.yaml': _values_yaml(model, values, starter),
        'README.md': chart_readme(model, version, _VERSION, values, templates),
    }
    if queries:
        slo, gpus = model.spec.get('slo', {}), wants_gpus(model.spec)
        files['dashboard.json'] = dashboard(model.runtime, queries, slo, gpus=gpus).encode()
    return Chart(
        model=model.name, version=_VERSION, model_version=version.version, values=values,
        schema=starter.files['values.schema.json'], annotations=annotations, files=files, layers=layers,
    )  # fmt: skip


def _numbered(draft: Chart, version: str, reasons: tuple[str, ...]) -> Chart:
    files = dict(draft.files)
    for name in ('Chart.yaml', 'README.md'):
        quoted = files[name].replace(yamlwrite.scalar_text(_VERSION).encode(), version.encode())
        files[name] = quoted.replace(_VERSION.encode(), version.encode())
    if reasons:
        kind = 'added' if version == FIRST_VERSION else 'changed'
        notes = json.dumps([{'kind': kind, 'description': reason} for reason in reasons], ensure_ascii=False)
        files['Chart.yaml'] += f'  artifacthub.io/changes: {yamlwrite.scalar_text(notes)}\n'.encode()
    return Chart(
        model=draft.model, version=version, model_version=draft.model_version, values=draft.values,
        schema=draft.schema, annotations=draft.annotations, files=files, layers=draft.layers,
    )  # fmt: skip


def _annotations(model: Model, version: ModelVersion, values: Values, runtime: str, queries: Values) -> dict[str, str]:
    """What later runs must know of this chart, whatever the model says by then; strings, as Helm demands."""
    found = {
        f'{DOMAIN}/values-contract': str(VALUES_CONTRACT),
        f'{DOMAIN}/model': model.name,
        f'{DOMAIN}/model-version': version.version,
        f'{DOMAIN}/runtime': runtime,
    }
    if 'route' in model.spec:
        found[f'{DOMAIN}/hostname'] = model.hostname
    if 'grpc' in model.spec.get('route', {}):
        found[f'{DOMAIN}/grpc-hostname'] = model.grpc_hostname
    if 'auth' in model.spec.get('route', {}):
        found[f'{DOMAIN}/auth'] = model.spec['route']['auth']
    if 'strategy' in model.spec:
        found[STRATEGY] = json.dumps(model.spec['strategy'], sort_keys=True)
    if told := {key: queries[key] for key in ('success', 'total', 'latency') if key in queries}:
        found[QUERIES] = json.dumps(told)
    if 'slo' in model.spec:
        found[f'{DOMAIN}/slo'] = json.dumps(model.spec['slo'], sort_keys=True)
    names = [
        {'name': path[-2] if len(path) > 1 else 'server', 'image': show_image(image)} for path, image in images(values)
    ]
    found['artifacthub.io/category'] = 'ai-machine-learning'
    found['artifacthub.io/images'] = json.dumps(names, ensure_ascii=False)
    return found


def _chart_yaml(
    model: Model, version: ModelVersion, settings: Settings, starter: Tree, annotations: Mapping[str, str]
) -> bytes:
    about = settings.spec.get('charts', {})
    document: dict[str, Any] = {
        'apiVersion': 'v2',
        'name': model.name,
        'description': ' '.join(str(model.spec['description']).split()),
        'type': 'application',
        'version': _VERSION,
        'appVersion': version.version,
        'kubeVersion': kube_version(starter['Chart.yaml']),
        'keywords': _keywords(model, version, str(annotations[f'{DOMAIN}/runtime'])),
        'home': about.get('home') or _home(settings.url),
        'sources': [settings.url],
        'maintainers': [
            {key: maintainer[key] for key in ('name', 'email', 'url') if key in maintainer}
            for maintainer in about.get('maintainers') or [{'name': model.spec['team']}]
        ],
        'icon': about.get('icon', ''),
        'annotations': annotations,
    }
    text = yamlwrite.dump({key: value for key, value in document.items() if value})
    return (_HEAD.format(model.file) + _quoted_app_version(text)).encode()


def _keywords(model: Model, version: ModelVersion, runtime: str) -> list[str]:
    """A service of runtime custom without an artifact is no model."""
    what = 'model-serving' if runtime != 'custom' or 'artifact' in version.spec else 'service'
    return ['machine-learning', what, *dict.fromkeys((model.runtime, runtime))]


def _home(url: str) -> str:
    """The page of a repository, where its address is one."""
    return url.removesuffix('.git') if url.startswith('https://') else ''


_HEAD = '# Generated by chartloom from {}. Do not edit.\n'


def _quoted_app_version(text: str) -> str:
    """Readers take an unquoted appVersion for a number as soon as one looks like it: quote it always."""
    lines = text.split('\n')
    at = next(number for number, line in enumerate(lines) if line.startswith('appVersion: '))
    value = lines[at].removeprefix('appVersion: ')
    lines[at] = f'appVersion: {value}' if value.startswith('"') else f'appVersion: "{value}"'
    return '\n'.join(lines)


@lru_cache(maxsize=4)
def kube_version(chart_yaml: bytes) -> str:
    """The starter's kubeVersion: what its templates need is theirs to say."""
    from generator.yamlio import read

    return str(read(chart_yaml, 'chart_templates/model-server/Chart.yaml')['kubeVersion'])


def _values_yaml(model: Model, values: Values, starter: Starter) -> bytes:
    comments = _comments(starter.files['values.schema.json']).get
    untouched = _starter_parts(starter)
    parts = (
        untouched[key] if value is starter.values.get(key) else yamlwrite.dump({key: value}, comments)
        for key, value in values.items()
    )
    return (_HEAD.format(model.file) + ''.join(parts)).encode()


@lru_cache(maxsize=2)
def _starter_parts(starter: Starter) -> Mapping[str, str]:
    """The starter's own values by key, as they stand in every chart whose model touches none of them."""
    comments = _comments(starter.files['values.schema.json']).get
    return {key: yamlwrite.dump({key: value}, comments) for key, value in starter.values.items()}


@lru_cache(maxsize=4)
def _comments(schema_text: bytes) -> Mapping[Path, str]:
    """Descriptions of the schema's first two levels: more would drown the values."""
    schema = json.loads(schema_text)
    found: dict[Path, str] = {}
    for key, item in schema['properties'].items():
        found[(key,)] = item.get('description', '')
        for inner, sub in item.get('properties', {}).items():
            found[(key, inner)] = sub.get('description', '')
    return found
