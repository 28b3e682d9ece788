"""A model and its runtime → the name, ports and files that its server is told, and values that contradict them.

What probes, tests and routes ask for and what the server is told come from here; `facts` are kept in the chart, so that
values of a release are judged by the chart that it pins.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any, NamedTuple

from generator.domain.generated import Runtime
from generator.domain.layout import model_file
from generator.domain.places import Path
from generator.domain.problems import Fault, Problem
from generator.domain.records import DOMAIN, Model, ModelVersion, Values
from generator.domain.words import cut, quoted
from generator.values.merge import enabled

Texts = Mapping[str, str]  # what stands for `[[ … ]]` in presets, by the text in it
SERVES = f'{DOMAIN}/serves'
_REQUESTS = ('startupProbe', 'readinessProbe', 'livenessProbe', 'test')
ASKED_IN = ('artifact', 'route', *_REQUESTS)
# The values in which a server is told, or that say what it should be.
TOLD_IN = ('args', 'artifact', 'env', 'files', 'parameters', 'ports')
_PORTS = range(1, 2**16)
_NAME = re.compile(r'\[\[ ([a-zA-Z.]+) \]\]')


class _Said(NamedTuple):
    """A place that tells the server something: how people call it, and the texts that it tells."""

    path: Path
    called: str
    texts: tuple[str, ...]


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


def serving_faults(served: Values, values: Values, model: str) -> Iterator[Fault]:
    """Yield the values that tell the server other than what the chart asks it for; `served` are the chart's facts."""
    if not served:
        return
    file = model_file(model)
    if prefix := served.get('environment'):
        for key in values['parameters']:
            hint = f'write it into env as {prefix}{key.upper().replace("-", "_")}'
            yield Fault(('parameters', key), f'the server takes no parameters, found {quoted(key)}', hint)
    ports = enabled(values['ports'])
    for name, places in served.get('ports', {}).items():
        if name in ports:
            yield from _port(name, str(ports[name]['containerPort']), places, values, file)
    if 'name' in served:
        for said in _contradictions(served['name'], served['name']['text'], values):
            message = (
                f'{said.called} is {_shown(said)}, but probes and tests ask for {quoted(_name(served["name"]["text"]))}'
            )
            hint = f'remove it; to serve that name, write servedName: {cut(_name(said.texts[0]), 80)} in {file}'
            yield Fault(said.path, message, hint)
    if 'files' in served and values['artifact']['delivery'] != 'baked':
        for said in _contradictions(served['files'], served['files']['text'], values):
            message = f'{said.called} is {_shown(said)}, but the artifact is in {quoted(served["files"]["text"])}'
            yield Fault(said.path, message, 'remove it, or the artifact')


def request_faults(served: Values, values: Values, model: str) -> Iterator[Fault]:
    """Yield requests for another model; an image with models in it may serve more than one."""
    name = served.get('name', {})
    if 'path' not in name or values['artifact']['delivery'] == 'baked':
        return
    own, file = _name(name['text']), model_file(model)
    for path, asked in _asked(values):
        _, prefix, rest = asked.partition(name['path'])
        other = re.split('[/:?]', rest, maxsplit=1)[0]
        if prefix and other and other != own:
            message = f'the path {quoted(asked)} asks for {quoted(other)}, but the server serves {quoted(own)}'
            hint = f'write {name["path"]}{own}; to serve that name, write servedName: {cut(other, 80)} in {file}'
            yield Fault(path, message, hint, (path[:-1],))


def _asked(values: Values) -> Iterator[tuple[Path, str]]:
    """The paths of requests that reach the server, as it sees them."""
    for key in _REQUESTS:
        if values[key].get('type', 'http') == 'http':
            yield (key, 'path'), values[key].get('path', '')
    if values['route']['enabled']:
        for key, rule in enabled(values['route']['rules']).items():
            yield ('route', 'rules', key, 'path'), rule.get('rewrite') or rule['path']


def _name(text: str) -> str:
    # TorchServe is told name=file.
    return text.partition('=')[0]


def _shown(said: _Said) -> str:
    return ', '.join(map(quoted, said.texts))


def _port(name: str, number: str, places: Values, values: Values, file: str) -> Iterator[Fault]:
    wrong = list(_contradictions(places, number, values))
    if wrong and number != places['text']:
        message = f"port '{name}' has containerPort {number}, but the server is told {places['text']}"
        yield Fault(('ports', name, 'containerPort'), message, f'write {_written(name, number)} in {file} instead')
        return
    for said in wrong:
        message = f"{said.called} is {_shown(said)}, but port '{name}' has containerPort {number}"
        yield Fault(said.path, message, f'remove it; for that port, write {_written(name, said.texts[0])} in {file}')


def _written(name: str, number: str) -> str:
    return f'ports: {{{name}: {{containerPort: {cut(number, 20)}}}}}'


def _contradictions(places: Values, text: str, values: Values) -> Iterator[_Said]:
    for said in _said(places, values):
        if text not in said.texts:
            yield said


def _said(places: Values, values: Values) -> Iterator[_Said]:
    """What the places tell; servers read names of parameters with - and _ alike, and the last argument counts."""
    wanted = {_plain(key) for key in places.get('parameters', ())}
    for key, value in values['parameters'].items():
        if _plain(key) in wanted:
            texts = tuple(map(str, value)) or ('',) if isinstance(value, list) else (str(value),)
            yield _Said(('parameters', key), f"parameter '{key}'", texts)
    for word, after in pairwise((*values['args'], '')):
        if word.startswith('--') and _plain(word[2:].partition('=')[0]) in wanted:
            flag, sign, text = word.partition('=')
            yield _Said(('args',), f"argument '{flag}'", (text if sign else after,))
    variables = {key.upper() for key in (*places.get('env', ()), *places.get('otherEnv', ()))}
    for key, variable in enabled(values['env']).items():
        if key.upper() in variables and 'value' in variable and not variable.get('secret'):
            yield _Said(('env', key), f"variable '{key}'", (variable['value'],))
    for file, setting in places.get('settings', {}).items():
        for line in str(enabled(values['files']).get(file, {}).get('content', '')).splitlines():
            key, _, text = line.partition('=')
            if key.strip() == setting:
                number = text.strip().rpartition(':')[2]  # of an address
                yield _Said(('files', file, 'content'), f"'{setting}' of {file}", (number,))


def _plain(key: str) -> str:
    return key.replace('_', '-').lower()
