"""A model version → the files of its chart, with a placeholder for the chart's version."""

from __future__ import annotations

import json
import marshal
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from generator.charts import serving
from generator.charts.comments import Commented, commented
from generator.charts.contradictions import request_faults, serving_faults
from generator.charts.dashboard import dashboard
from generator.charts.layers import model_layers
from generator.charts.monitoring import DASHBOARD, wants_gpus
from generator.charts.readme import chart_readme
from generator.documents.write import dump_yaml
from generator.domain.generated import Chart, Layer, Starter, Templates
from generator.domain.problems import ProblemsFound, problem
from generator.domain.records import Model, ModelVersion
from generator.domain.settings import Settings
from generator.domain.strategy import WrittenStrategy, written_strategy
from generator.domain.values import DOMAIN, VALUES_CONTRACT, Values
from generator.strategies.queries import QUERIES
from generator.strategies.routing import routing
from generator.strategies.written import STRATEGY, annotation
from generator.values.blame import to_problems, written_at
from generator.values.images import images, show_image
from generator.values.layers import merge_checked
from generator.values.removed import idle_problems
from generator.values.sizes import CHART, largest, object_size, quick_size, shown

SIGNATURE = f'{DOMAIN}/signature'
# Placeholder for the chart's version while contents are compared: private-use characters, which registries cannot have.
VERSION = '\ue000version\ue001'


def draft_chart(model: Model, version: ModelVersion, settings: Settings, templates: Templates) -> Chart:
    """Return a chart with a placeholder for its version and without change notes, to compare contents."""
    layers = tuple(model_layers(model, version, templates))
    starter = templates.starter
    values = merge_checked(layers, starter.values, starter.described, model.file)
    runtime = templates.runtimes[model.runtime]
    served = serving.facts(runtime, serving.names(model, version, runtime, starter.values))
    told, asked = (check(served, values, model.name) for check in (serving_faults, request_faults))
    if faults := [*told, *asked]:
        raise ProblemsFound(to_problems(faults, layers, model.file))
    if model.removed and (idle := list(idle_problems(layers, starter.values))):
        raise ProblemsFound(idle)
    # Helm checks these by the schema again, in tests and in `verify`.
    values = {**values, 'routing': routing(values)}
    _check_size(values, layers, model.file)
    queries = runtime.spec.get('queries', {})
    annotations = _annotations(model, version, starter, values, runtime.name, queries)
    if served:
        annotations[serving.SERVES] = json.dumps(served)
    if queries:
        annotations[DASHBOARD] = 'dashboard.json'
    files = {
        **starter.files,
        'Chart.yaml': _chart_yaml(model, version, settings, runtime.name, starter, annotations),
        'values.yaml': _values_yaml(model, values, starter),
        'README.md': chart_readme(model, version, VERSION, values, templates),
    }
    if queries:
        slo, gpus = model.spec.get('slo', {}), wants_gpus(model.spec)
        files['dashboard.json'] = dashboard(model.runtime, queries, slo, gpus=gpus).encode()
    return Chart(
        model=model.name, version=VERSION, model_version=version.version, values=values,
        schema=starter.described, annotations=annotations, strategy=_strategy(model), files=files, layers=layers,
    )  # fmt: skip


def _check_size(values: Values, layers: Sequence[Layer], file: str) -> None:
    """Raise ProblemsFound if a chart alone leaves no room in the objects of its releases."""
    if quick_size(values) * 6 > CHART and (size := object_size(values)) > CHART:
        keys = largest(values)
        found = ', '.join(shown(values, key, escaped=True) for key in keys)
        message = f'the values of the chart have {size:,} bytes, {CHART:,} is the limit: {found}'
        place = written_at(keys[0], layers) or (file, '$.spec')
        raise problem(*place, message, 'put what is large into the image or a volume')


def _strategy(model: Model) -> WrittenStrategy | None:
    if 'strategy' not in model.spec:
        return None
    return written_strategy(model.spec['strategy'], model.file, ('spec', 'strategy'))


def _annotations(
    model: Model, version: ModelVersion, starter: Starter, values: Values, runtime: str, queries: Values
) -> dict[str, str]:
    """What later runs read from this chart even if the model has changed; strings, as Helm requires."""
    found = {
        f'{DOMAIN}/values-contract': str(VALUES_CONTRACT),
        f'{DOMAIN}/model': model.name,
        f'{DOMAIN}/model-version': version.version,
        f'{DOMAIN}/runtime': runtime,
        f'{DOMAIN}/starter': starter.version,
    }
    if 'route' in model.spec:
        found[f'{DOMAIN}/hostname'] = model.hostname
    if 'grpc' in model.spec.get('route', {}):
        found[f'{DOMAIN}/grpc-hostname'] = model.grpc_hostname
    if 'auth' in model.spec.get('route', {}):
        found[f'{DOMAIN}/auth'] = model.spec['route']['auth']
    if 'strategy' in model.spec:
        found[STRATEGY] = annotation(model.spec['strategy'])
    if told := {key: queries[key] for key in ('success', 'total', 'latency') if key in queries}:
        found[QUERIES] = json.dumps(told)
    if 'signature' in version.spec:
        found[SIGNATURE] = json.dumps(version.spec['signature'], sort_keys=True, ensure_ascii=False)
    if 'slo' in model.spec:
        found[f'{DOMAIN}/slo'] = json.dumps(model.spec['slo'], sort_keys=True)
    names = [
        {'name': path[-2] if len(path) > 1 else 'server', 'image': show_image(image)} for path, image in images(values)
    ]
    found['artifacthub.io/category'] = 'ai-machine-learning'
    found['artifacthub.io/images'] = json.dumps(names, ensure_ascii=False)
    return found


def _chart_yaml(
    model: Model,
    version: ModelVersion,
    settings: Settings,
    runtime: str,
    starter: Starter,
    annotations: Mapping[str, str],
) -> bytes:
    about = settings.spec.get('charts', {})
    document: dict[str, Any] = {
        'apiVersion': 'v2',
        'name': model.name,
        'description': ' '.join(str(model.spec['description']).split()),
        'type': 'application',
        'version': VERSION,
        'appVersion': version.version,
        'kubeVersion': starter.about['kubeVersion'],  # as the starter's templates require
        'keywords': _keywords(model, version, runtime),
        'home': about.get('home') or _home(settings.url),
        'sources': [settings.standard_url],
        'maintainers': [
            {key: maintainer[key] for key in ('name', 'email', 'url') if key in maintainer}
            for maintainer in about.get('maintainers') or [{'name': model.spec['team']}]
        ],
        'icon': about.get('icon', ''),
        'annotations': annotations,
    }
    text = dump_yaml({key: value for key, value in document.items() if value})
    return (_HEAD.format(model.file) + _quoted_app_version(text)).encode()


def _keywords(model: Model, version: ModelVersion, runtime: str) -> list[str]:
    """Keywords of a chart; a service of runtime custom without an artifact is not a model."""
    what = 'model-serving' if runtime != 'custom' or 'artifact' in version.spec else 'service'
    return ['machine-learning', what, *dict.fromkeys((model.runtime, runtime))]


def _home(url: str) -> str:
    """The web page of a repository, if its URL is one."""
    return url.removesuffix('.git') if url.startswith('https://') else ''


_HEAD = '# Generated by chartloom from {}. Do not edit.\n'


def _quoted_app_version(text: str) -> str:
    """Quote appVersion always: without quotes, YAML reads 1.10 as the number 1.1."""
    lines = text.split('\n')
    at = next(number for number, line in enumerate(lines) if line.startswith('appVersion: '))
    value = lines[at].removeprefix('appVersion: ')
    lines[at] = f'appVersion: {value}' if value.startswith('"') else f'appVersion: "{value}"'
    return '\n'.join(lines)


def _values_yaml(model: Model, values: Values, starter: Starter) -> bytes:
    text = commented(starter.files['values.yaml'])
    untouched = _starter_parts(starter)
    parts = (
        untouched[key] if value is starter.values.get(key) else _alike(starter, key, marshal.dumps(value, 2))
        for key, value in values.items()
    )
    return (_HEAD.format(model.file) + text.head + '\n' + ''.join(parts)).encode()


@lru_cache(maxsize=2)
def _starter_parts(starter: Starter) -> Mapping[str, str]:
    """The starter's own values by key, as text for every chart that does not change them."""
    text = commented(starter.files['values.yaml'])
    return {key: _part(key, value, text) for key, value in starter.values.items()}


@lru_cache(maxsize=256)  # most parts are of one model: the others are asked for again soon
def _alike(starter: Starter, key: str, value: bytes) -> str:
    """A part that the models of a runtime have in common is written once; equal bytes are equal values and types."""
    return _part(key, marshal.loads(value), commented(starter.files['values.yaml']))


def _part(key: str, value: Any, text: Commented) -> str:
    """A top-level key with its value, below the heading of its section if it is the first."""
    section = f'\n{text.sections[key]}\n' if key in text.sections else ''
    return section + dump_yaml({key: value}, text.comments)
