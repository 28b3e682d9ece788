"""Facts of a chart about its server, and merged values → values that tell the server, or ask it for, something else.

The facts are kept in the chart, so that values of a release are judged by the chart that it pins.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from generator.charts.bounds import bound_faults
from generator.charts.said import Heard, Said, heard, said
from generator.domain.layout import model_file
from generator.domain.places import Path
from generator.domain.problems import Fault
from generator.domain.values import Values
from generator.domain.words import cut, quoted
from generator.values.merge import enabled

# The values in which a server is told, or that say what it should be. Of an artifact it is not where it comes from.
_PLACE = ('delivery', 'mountPath', 'path')
TOLD_IN = ('args', 'command', 'env', 'files', 'parameters', 'parameterForms', 'ports')
# Those with the paths of requests.
_REQUESTS = ('startupProbe', 'readinessProbe', 'livenessProbe', 'test')
ASKED_IN = ('route', *_REQUESTS)


def differ(one: Values, other: Values, keys: Iterable[str]) -> bool:
    """Whether two values may differ in what a server is told or asked; merged values share what is unchanged."""
    placed = any(one['artifact'][key] != other['artifact'][key] for key in _PLACE)
    return placed or any(one.get(key) is not other.get(key) for key in keys)


def serving_faults(served: Values, values: Values, model: str) -> Iterator[Fault]:
    """Yield the values that tell the server other than what the chart asks it for; `served` are the chart's facts."""
    if not served:
        return
    file = model_file(model)
    if prefix := served.get('environment'):
        for key in values['parameters']:
            hint = f'write it into env as {prefix}{key.upper().replace("-", "_")}'
            yield Fault(('parameters', key), f'the server takes no parameters, found {quoted(key)}', hint)
    of, ports = heard(values), enabled(values['ports'])
    for name, places in served.get('ports', {}).items():
        if name in ports:
            yield from _port(name, str(ports[name]['containerPort']), places, of, file)
    if 'name' in served:
        for told in _contradictions(served['name'], served['name']['text'], of):
            message = (
                f'{told.called} is {told.shown}, but probes and tests ask for {quoted(_name(served["name"]["text"]))}'
            )
            hint = f'remove it; to serve that name, write servedName: {cut(_name(told.texts[0]), 80)} in {file}'
            yield Fault(told.path, message, hint)
    ports_told = [places for name, places in served.get('ports', {}).items() if name in ports]
    yield from _silences([*ports_told, *([served['name']] if 'name' in served else [])], of)
    if 'files' in served and values['artifact']['delivery'] != 'baked':
        yield from _silences([served['files']], of)
        for told in _contradictions(served['files'], served['files']['text'], of):
            message = f'{told.called} is {told.shown}, but the artifact is in {quoted(served["files"]["text"])}'
            yield Fault(told.path, message, 'remove it, or the artifact')
    yield from bound_faults(served, values, of)


def _silences(told: Iterable[Values], of: Heard) -> Iterator[Fault]:
    """Yield what a server is not told any more: its own default is another one."""
    for places in told:
        names = [(home, key) for home in ('parameters', 'env') for key in places.get(home, ())]
        kept = any(home == 'env' and (key in of.variables or key in of.secrets) for home, key in names)
        if names and not kept and not any(said(places, of)):
            message = f"'{names[0][1]}' is removed, but it tells the server {quoted(places['text'])}"
            yield Fault(names[0], message, 'keep it')


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


def _port(name: str, number: str, places: Values, of: Heard, file: str) -> Iterator[Fault]:
    wrong = list(_contradictions(places, number, of))
    if wrong and number != places['text']:
        message = f"port '{name}' has containerPort {number}, but the server is told {places['text']}"
        yield Fault(('ports', name, 'containerPort'), message, f'write {_written(name, number)} in {file} instead')
        return
    for told in wrong:
        message = f"{told.called} is {told.shown}, but port '{name}' has containerPort {number}"
        yield Fault(told.path, message, f'remove it; for that port, write {_written(name, told.texts[0])} in {file}')


def _written(name: str, number: str) -> str:
    return f'ports: {{{name}: {{containerPort: {cut(number, 20)}}}}}'


def _contradictions(places: Values, text: str, of: Heard) -> Iterator[Said]:
    several = places.get('slashes')  # a server of which clients tell the name in their requests may have some more
    for _, told in said(places, of):
        texts = told.texts if 'path' in places else told.only
        if text not in told.texts if several else set(texts) != {text}:
            yield told
