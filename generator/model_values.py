"""Starter, runtime preset, model and version → the layers of values that are baked into a chart."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any
from urllib.parse import urlsplit

from generator import prediction
from generator.domain import Layer, Model, ModelVersion, Runtime, Templates, Values
from generator.errors import Problem
from generator.images import parse_image
from generator.paths import Path, show
from generator.schema import suggest

_NAME = re.compile(r'\[\[ ([a-zA-Z]+) \]\]')
# Same name and shape in the registry and in the chart.
_SAME = (
    'team', 'command', 'args', 'parameters', 'env', 'ports', 'metrics',
    'startupProbe', 'readinessProbe', 'livenessProbe', 'volumes', 'files',
)  # fmt: skip
STARTER_VALUES = 'chart_templates/model-server/values.yaml'


def model_layers(model: Model, version: ModelVersion, templates: Templates) -> list[Layer]:
    """The layers of a chart over the starter's values; the model's runtime must be known."""
    runtime = templates.runtimes[model.runtime]
    preset = substitute(runtime.spec.get('values', {}), {'model': model.name, 'version': version.version})
    index = model.versions.index(version)
    return [
        Layer(runtime.file, ('values',), (), preset),
        *(
            Layer(model.file, source, target, values)
            for source, target, values in _fragments(model, version, index, runtime)
        ),
    ]


Fragment = tuple[Path, Path, Any]


def _fragments(model: Model, version: ModelVersion, index: int, runtime: Runtime) -> Iterator[Fragment]:
    spec = model.spec
    here: Path = ('spec', 'versions', index)
    yield ('metadata', 'name'), ('fullnameOverride',), model.name
    yield (*here, 'image'), ('image',), parse_image(version.image)
    yield from _artifact(version, here, runtime, model.name)
    for key in _SAME:
        if key in spec:
            yield ('spec', key), (key,), spec[key]
    for name, container in sorted(spec.get('containers', {}).items()):
        yield ('spec', 'containers', name), ('containers', name), container
    yield from _resources(spec)
    yield from _scaling(spec)
    yield from _routes(spec)
    for key, value in sorted(spec.get('scheduling', {}).items()):
        yield ('spec', 'scheduling', key), (key,), value
    yield from _test(model, version, here, runtime)
    if 'values' in spec:
        yield ('spec', 'values'), (), spec['values']


def _artifact(version: ModelVersion, here: Path, runtime: Runtime, model: str) -> Iterator[Fragment]:
    artifact = version.spec.get('artifact')
    form = artifact and runtime.spec.get('artifacts', {}).get(artifact['kind'])
    if not artifact or form is None:
        return
    source = (*here, 'artifact')
    form = substitute(form, {'model': model, 'version': version.version})
    values: dict[str, Any] = {'uri': artifact['uri'], 'sha256': artifact.get('sha256', ''), 'path': form['path']}
    url = urlsplit(artifact['uri'])
    if url.scheme == 'pvc':
        values |= {'delivery': 'volume', 'claimName': url.netloc, 'subPath': url.path.strip('/')}
    else:
        values |= {'delivery': 'download', 'unpack': bool(form.get('unpack', False))}
        port = url.port or {'http': 80, 'https': 443}[url.scheme]
        store = {'cidr': '0.0.0.0/0', 'ports': {'store': {'port': port, 'protocol': 'TCP'}}}
        yield (*source, 'uri'), ('networkPolicy', 'egress', 'artifact-store'), store
    yield source, ('artifact',), values
    if 'size' in artifact:
        yield (*source, 'size'), ('artifact', 'sizeLimit'), _room(artifact['size'], unpack=values.get('unpack', False))


_MEBIBYTES = {'Ki': Fraction(1, 1024), 'Mi': Fraction(1), 'Gi': Fraction(1024), 'Ti': Fraction(1024**2)}


def _room(size: str, *, unpack: bool) -> str:
    """What a volume must hold for a while: an archive and what is unpacked from it, and a tenth for the file system."""
    mebibytes = Fraction(size[:-2]) * _MEBIBYTES[size[-2:]] * (2 if unpack else 1)
    return f'{math.ceil(mebibytes * Fraction(11, 10))}Mi'


def _resources(spec: Values) -> Iterator[Fragment]:
    resources = spec.get('resources', {})
    for key in ('requests', 'limits'):
        if key in resources:
            quantities = {name: str(quantity) for name, quantity in resources[key].items()}
            yield ('spec', 'resources', key), ('resources', key), quantities
    for name, count in sorted(resources.get('accelerators', {}).items()):
        source = ('spec', 'resources', 'accelerators', name)
        yield source, ('resources', 'limits', name), str(count)
        # Nodes with accelerators are kept free of other pods by a taint of the same name.
        taint = {'key': name, 'operator': 'Exists', 'effect': 'NoSchedule'}
        yield source, ('tolerations', re.sub(r'[^a-z0-9]+', '-', name.lower()).strip('-')), taint


def _scaling(spec: Values) -> Iterator[Fragment]:
    if 'replicas' in spec:
        yield ('spec', 'replicas'), ('replicaCount',), spec['replicas']
    if 'autoscaling' in spec:
        yield ('spec', 'autoscaling'), ('autoscaling', 'enabled'), True
        yield ('spec', 'autoscaling'), ('autoscaling',), spec['autoscaling']


def _routes(spec: Values) -> Iterator[Fragment]:
    route = spec.get('route', {})
    if 'timeout' in spec.get('traffic', {}):
        yield ('spec', 'traffic', 'timeout'), ('route', 'timeout'), spec['traffic']['timeout']
    if 'rules' in route:
        yield ('spec', 'route', 'rules'), ('route', 'rules', 'main', 'enabled'), False
        for name, rule in sorted(route['rules'].items()):
            yield ('spec', 'route', 'rules', name), ('route', 'rules', name), route_rule(rule)
    if 'methods' in route.get('grpc', {}):
        yield ('spec', 'route', 'grpc', 'methods'), ('grpcRoute', 'methods'), route['grpc']['methods']


def route_rule(rule: Values) -> dict[str, Any]:
    """A rule of the registry in the chart's form."""
    found = {'enabled': True, 'path': rule['path'], 'type': 'PathPrefix', 'port': rule.get('port', 'http')}
    return found | ({'rewrite': rule['rewrite']} if 'rewrite' in rule else {})


def _test(model: Model, version: ModelVersion, here: Path, runtime: Runtime) -> Iterator[Fragment]:
    spec, signature = model.spec, version.spec.get('signature')
    protocol = runtime.spec.get('protocols', {}).get('http', 'none')
    if signature and (request := prediction.request(protocol, signature)):
        yield (*here, 'signature'), ('test',), request
    elif 'ready' in runtime.spec and 'test' not in spec:
        # Without a request that could be answered the best that can be asked is whether the model is there.
        ready = substitute(runtime.spec['ready'], {'model': model.name, 'version': version.version})
        yield ('spec', 'runtime'), ('test',), ready
    if 'test' in spec:
        yield ('spec', 'test'), ('test',), spec['test']


def substitute(value: Any, names: Mapping[str, str]) -> Any:
    """Fill `[[ name ]]` in the strings of a preset; a user's strings never pass here."""
    if isinstance(value, str):
        return _NAME.sub(lambda match: names[match[1]], value) if '[[' in value else value
    if isinstance(value, Mapping):
        return {substitute(key, names): substitute(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [substitute(item, names) for item in value]
    return value


def model_problems(model: Model, templates: Templates) -> list[Problem]:
    """What a schema cannot see: unknown runtime or artifact kind, repeated versions, a missing checksum."""
    problems = []
    runtime = templates.runtimes.get(model.runtime)
    if runtime is None:
        message = f"there is no runtime '{model.runtime}'"
        return [Problem(model.file, '$.spec.runtime', message, suggest(model.runtime, templates.runtimes))]
    seen: dict[str, int] = {}
    for index, version in enumerate(model.versions):
        place = ('spec', 'versions', index)
        if version.version in seen:
            message = f"version '{version.version}' stands here twice, first as versions[{seen[version.version]}]"
            problems.append(Problem(model.file, show((*place, 'version')), message, 'give each version its own name'))
        seen.setdefault(version.version, index)
        problems += _artifact_problems(model, version, runtime, (*place, 'artifact'))
    if model.name == 'global':
        problems.append(
            Problem(model.file, '$.metadata.name', "'global' is helm's word for shared values", 'choose another name')
        )
    return problems


def _artifact_problems(model: Model, version: ModelVersion, runtime: Runtime, place: Path) -> Iterator[Problem]:
    artifact = version.spec.get('artifact')
    if not artifact:
        return
    kinds = runtime.spec.get('artifacts', {})
    if artifact['kind'] not in kinds:
        message = f"runtime '{runtime.name}' does not serve artifacts of kind '{artifact['kind']}'"
        yield Problem(model.file, show((*place, 'kind')), message, suggest(artifact['kind'], kinds))
    if not _is_address(artifact['uri']):
        hint = 'write https://<host>[:<port>]/<path>'
        yield Problem(model.file, show((*place, 'uri')), f"'{artifact['uri']}' is no address", hint)
    if 'sha256' not in artifact and not artifact['uri'].startswith('pvc://'):
        hint = "add sha256: the output of 'sha256sum' on the file"
        yield Problem(model.file, show(place), 'a downloaded artifact has no sha256', hint)


def _is_address(uri: str) -> bool:
    try:
        return urlsplit(uri).port != 0
    except ValueError:  # no number, or no port that there is
        return False
