"""A model and its runtime → the name, ports and files that its server is told, and that probes and tests ask for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from generator.domain.generated import Runtime
from generator.domain.places import Path
from generator.domain.problems import Problem
from generator.domain.records import Model, ModelVersion
from generator.domain.values import DOMAIN, Values
from generator.domain.words import quoted

Texts = Mapping[str, str]  # what stands for `[[ … ]]` in presets, by the text in it
SERVES = f'{DOMAIN}/serves'
_PORTS = range(1, 2**16)
_NAME = re.compile(r'\[\[ ([a-zA-Z.]+) \]\]')


def names(model: Model, version: ModelVersion, runtime: Runtime, starter: Values) -> dict[str, str]:
    """What stands for `[[ … ]]` in the preset of a model: names, ports and the directory of the artifact."""
    layers = [starter, runtime.spec['values'], model.spec, model.spec.get('values', {})]
    found = {'model': model.name, 'version': version.version, 'servedName': served_name(model)}
    for layer in layers:
        ports, artifact = layer.get('ports'), layer.get('artifact')
        for name, port in ports.items() if isinstance(ports, Mapping) else ():
            # Values of a model are not checked yet.
            number = port.get('containerPort') if isinstance(port, Mapping) else None
            if isinstance(number, int) and number in _PORTS:
                found[f'ports.{name}'] = str(int(number))
        if isinstance(artifact, Mapping) and isinstance(path := artifact.get('mountPath'), str):
            found['mountPath'] = path
    return found


def served_name(model: Model) -> str:
    return str(model.spec.get('servedName', model.name))


def substitute(value: Any, texts: Texts) -> Any:
    """Fill `[[ name ]]` in the strings of a preset; not for a user's strings."""
    if isinstance(value, str):
        return _NAME.sub(lambda match: texts[match[1]], value) if '[[' in value else value
    if isinstance(value, Mapping):
        return {substitute(key, texts): substitute(item, texts) for key, item in value.items()}
    if isinstance(value, list):
        return [substitute(item, texts) for item in value]
    return value


def facts(runtime: Runtime, texts: Texts) -> dict[str, Any]:
    """What the server of a chart is told, and where; {} if its runtime has no such places."""
    found: dict[str, Any] = substitute(runtime.spec.get('serves', {}), texts)
    if 'name' in found:
        found['name'] = {'text': texts['servedName'], **found['name']}
    for name, places in found.get('ports', {}).items():
        found['ports'][name] = {'text': texts[f'ports.{name}'], **places}
    return found


def told(served: Values) -> Iterator[tuple[Path, Path, Any]]:
    """Yield source in the preset, target and value of what tells the server its name, ports and files."""
    for name, places in served.get('ports', {}).items():
        yield from _values(('ports', name), places, int(places['text']))
    for key in ('name', 'files'):
        if key in served:
            yield from _values((key,), served[key], served[key]['text'])


def _values(source: Path, places: Values, value: int | str) -> Iterator[tuple[Path, Path, Any]]:
    for index, key in enumerate(places.get('parameters', ())):
        yield ('serves', *source, 'parameters', index), ('parameters', key), value
    for index, key in enumerate(places.get('env', ())):
        yield ('serves', *source, 'env', index), ('env', key), {'value': str(value)}


def written(source: Path, model: Model) -> Path:
    """The place in a model's file that sets what a server is told at `source` of the preset; () if it is a default."""
    match source[1:]:
        case ('name', *_) if 'servedName' in model.spec:
            return ('spec', 'servedName')
        case ('ports', str(port), *_) if 'containerPort' in (model.spec.get('ports', {}).get(port) or {}):
            return ('spec', 'ports', port, 'containerPort')
    return ()


def name_problems(model: Model, runtime: Runtime) -> Iterator[Problem]:
    """Yield what a runtime does not take as the name of a model."""
    if 'servedName' not in model.spec:
        return
    place, name = '$.spec.servedName', served_name(model)
    form = runtime.spec.get('serves', {}).get('name')
    if form is None:
        message = f"runtime '{runtime.name}' does not serve models by name"
        yield Problem(model.file, place, message, 'remove servedName')
    elif '/' in name and not form.get('slashes'):
        message = f"runtime '{runtime.name}' takes no names with '/', found {quoted(name)}"
        yield Problem(model.file, place, message, "write a name without '/'")
