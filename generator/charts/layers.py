"""Starter, runtime preset, model and version → the layers of values that are baked into a chart."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from generator.charts import monitoring, prediction, scaling, serving, startup
from generator.charts.accelerators import tolerations
from generator.charts.artifacts import Fragment, artifact_fragments, artifact_problems
from generator.charts.serving import Texts, substitute
from generator.domain.generated import Layer, Runtime, Templates
from generator.domain.places import Path, json_path
from generator.domain.problems import Problem
from generator.domain.records import Model, ModelVersion
from generator.domain.units import limit, seconds
from generator.domain.values import Values
from generator.domain.words import suggest
from generator.values.images import parse_image
from generator.values.removed import removal_layers

# Keys whose form in a model differs from the chart's values; other common keys have the same form.
_OTHERWISE = frozenset(['autoscaling', 'containers', 'resources', 'route', 'strategy', 'test'])


def model_layers(model: Model, version: ModelVersion, templates: Templates) -> list[Layer]:
    """Return the layers of a chart over the starter's values; the model's runtime must exist."""
    runtime, starter = templates.runtimes[model.runtime], templates.starter.values
    index = model.versions.index(version)
    texts = serving.names(model, version, runtime, starter)
    fragments = [
        *_startup(model, version, index, runtime, starter),
        *_fragments(model, version, index, runtime, starter, texts),
    ]
    layers = [
        *_preset(model, version, runtime, texts),
        *(Layer(model.file, source, target, values) for source, target, values in fragments),
        *removal_layers(model.file, model.removed),
    ]
    if 'values' in model.spec:
        layers.append(Layer(model.file, ('spec', 'values'), (), model.spec['values']))
    return layers


def _preset(model: Model, version: ModelVersion, runtime: Runtime, texts: Texts) -> Iterator[Layer]:
    """The runtime's values for every model, what its server is told, and the values for artifacts of this kind."""
    kind = version.spec.get('artifact', {}).get('kind', '')
    yield Layer(runtime.file, ('values',), (), substitute(runtime.spec['values'], texts))
    for source, target, value in serving.told(serving.facts(runtime, texts)):
        place = serving.written(source, model)
        yield Layer(model.file if place else runtime.file, place or source, target, value)
    if values := runtime.spec['artifacts'].get(kind, {}).get('values'):
        yield Layer(runtime.file, ('artifacts', kind, 'values'), (), substitute(values, texts))


def _startup(model: Model, version: ModelVersion, index: int, runtime: Runtime, starter: Values) -> Iterator[Fragment]:
    """Start-up time by the size of the artifact, unless the model sets its own startupProbe."""
    if 'artifact' in version.spec and 'startupProbe' not in model.spec:
        source: Path = ('spec', 'versions', index, 'artifact', 'size')
        yield from startup.startup_fragments(version.spec['artifact'], runtime.spec, starter, source)


def _fragments(
    model: Model, version: ModelVersion, index: int, runtime: Runtime, starter: Values, texts: Texts
) -> Iterator[Fragment]:
    spec = model.spec
    here: Path = ('spec', 'versions', index)
    yield ('metadata', 'name'), ('fullnameOverride',), model.name
    yield (*here, 'image'), ('image',), parse_image(version.image)
    yield from _artifact(version, here, runtime, texts)
    for key in sorted(spec.keys() & starter.keys() - _OTHERWISE):
        yield ('spec', key), (key,), spec[key]
    for name, container in sorted(spec.get('containers', {}).items()):
        yield ('spec', 'containers', name), ('containers', name), container
    yield from _resources(spec)
    yield from scaling.scaling_values(spec, runtime)
    yield from _routes(spec)
    for key, value in sorted(spec.get('scheduling', {}).items()):
        yield ('spec', 'scheduling', key), (key,), value
    yield from _test(model, version, here, runtime, texts)
    yield from monitoring.monitoring_values(model, runtime)


def _artifact(version: ModelVersion, here: Path, runtime: Runtime, texts: Texts) -> Iterator[Fragment]:
    artifact = version.spec.get('artifact')
    form = artifact and runtime.spec.get('artifacts', {}).get(artifact['kind'])
    if not artifact or form is None:
        return
    yield from artifact_fragments(artifact, substitute(form, texts), (*here, 'artifact'))


def _resources(spec: Values) -> Iterator[Fragment]:
    resources = spec.get('resources', {})
    for key in ('requests', 'limits'):
        if key in resources:
            quantities = {name: str(quantity) for name, quantity in resources[key].items()}
            yield ('spec', 'resources', key), ('resources', key), quantities
    for name, count in sorted(resources.get('accelerators', {}).items()):
        yield ('spec', 'resources', 'accelerators', name), ('resources', 'limits', name), str(count)
    yield from tolerations(spec)


def _routes(spec: Values) -> Iterator[Fragment]:
    route = spec.get('route', {})
    yield from _limits(spec)
    if 'rules' in route:
        yield ('spec', 'route', 'rules'), ('route', 'rules', 'main', 'enabled'), False
        for name, rule in sorted(route['rules'].items()):
            yield ('spec', 'route', 'rules', name), ('route', 'rules', name), route_rule(rule)
    if 'methods' in route.get('grpc', {}):
        yield ('spec', 'route', 'grpc', 'methods'), ('grpcRoute', 'methods'), route['grpc']['methods']


def _limits(spec: Values) -> Iterator[Fragment]:
    """Time limits of requests: as the model sets them, else a multiple of the p99 of its slo."""
    if 'timeout' in spec.get('traffic', {}):
        yield ('spec', 'traffic', 'timeout'), ('route', 'timeout'), spec['traffic']['timeout']
    if 'p99' not in spec.get('slo', {}):
        return
    source, p99 = ('spec', 'slo', 'p99'), seconds(spec['slo']['p99'])
    if 'timeout' not in spec.get('traffic', {}):
        yield source, ('route', 'timeout'), limit(max(Decimal(1), 4 * p99))
    # A prediction changes nothing, so it may be sent again. A try has no limit of its own: one that times out is not
    # sent again, so its limit would be that of every request.
    yield source, ('route', 'retries', 'attempts'), 2


def route_rule(rule: Values) -> dict[str, Any]:
    """Convert a rule of the registry to the chart's form."""
    found = {'enabled': True, 'path': rule['path'], 'type': 'PathPrefix', 'port': rule.get('port', 'http')}
    return found | ({'rewrite': rule['rewrite']} if 'rewrite' in rule else {})


def _test(model: Model, version: ModelVersion, here: Path, runtime: Runtime, texts: Texts) -> Iterator[Fragment]:
    spec, signature = model.spec, version.spec.get('signature')
    protocol = runtime.spec.get('protocols', {}).get('http', 'none')
    if signature and (request := prediction.request(protocol, signature)):
        yield (*here, 'signature'), ('test',), request
    elif 'ready' in runtime.spec and 'test' not in spec:
        # Without a sample request the test can only check that the model is ready.
        yield ('spec', 'runtime'), ('test',), substitute(runtime.spec['ready'], texts)
    if 'test' in spec:
        yield ('spec', 'test'), ('test',), spec['test']


def model_problems(model: Model, templates: Templates) -> list[Problem]:
    """Return problems that a schema cannot find: unknown runtime or artifact kind, duplicate versions, no checksum."""
    problems = []
    runtime = templates.runtimes.get(model.runtime)
    if runtime is None:
        message = f"runtime '{model.runtime}' not found"
        return [Problem(model.file, '$.spec.runtime', message, suggest(model.runtime, templates.runtimes))]
    seen: dict[str, int] = {}
    for index, version in enumerate(model.versions):
        place = ('spec', 'versions', index)
        if version.version in seen:
            message = f"duplicate version '{version.version}', first in versions[{seen[version.version]}]"
            problems.append(
                Problem(model.file, json_path((*place, 'version')), message, 'give each version its own name')
            )
        seen.setdefault(version.version, index)
        if artifact := version.spec.get('artifact'):
            kinds = runtime.spec.get('artifacts', {})
            problems += artifact_problems(model.file, artifact, kinds, runtime.name, (*place, 'artifact'))
    problems += scaling.scaling_problems(model, runtime)
    problems += serving.name_problems(model, runtime)
    if model.name == 'global':
        problems.append(
            Problem(model.file, '$.metadata.name', "the name 'global' is reserved by Helm", 'choose another name')
        )
    return problems
