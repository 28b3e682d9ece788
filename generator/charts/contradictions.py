"""Facts of a chart about its server, and merged values → values that tell the server, or ask it for, something else.

The facts are kept in the chart, so that values of a release are judged by the chart that it pins.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import NamedTuple

from generator.domain.layout import model_file
from generator.domain.places import Path
from generator.domain.problems import Fault
from generator.domain.records import Values
from generator.domain.words import cut, quoted
from generator.values.merge import enabled

# The values in which a server is told, or that say what it should be.
TOLD_IN = ('args', 'artifact', 'env', 'files', 'parameters', 'ports')
# Those with the paths of requests.
_REQUESTS = ('startupProbe', 'readinessProbe', 'livenessProbe', 'test')
ASKED_IN = ('artifact', 'route', *_REQUESTS)


class _Said(NamedTuple):
    """A place that tells the server something: how people call it, and the texts that it tells."""

    path: Path
    called: str
    texts: tuple[str, ...]


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
    told = [places for name, places in served.get('ports', {}).items() if name in ports]
    yield from _silences([*told, *([served['name']] if 'name' in served else [])], values)
    if 'files' in served and values['artifact']['delivery'] != 'baked':
        yield from _silences([served['files']], values)
        for said in _contradictions(served['files'], served['files']['text'], values):
            message = f'{said.called} is {_shown(said)}, but the artifact is in {quoted(served["files"]["text"])}'
            yield Fault(said.path, message, 'remove it, or the artifact')


def _silences(told: Iterable[Values], values: Values) -> Iterator[Fault]:
    """Yield what a server is not told any more: its own default is another one."""
    variables = {key.upper() for key in enabled(values['env'])}
    for places in told:
        names = [(home, key) for home in ('parameters', 'env') for key in places.get(home, ())]
        kept = any(home == 'env' and key in variables for home, key in names)
        if names and not kept and not any(_said(places, values)):
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
