"""Merged values → settings of a server that go beyond its artifact and its ports.

Two kinds are kept in the facts of a chart. What is `fixed` has one of a few texts, or else the server reads other files
than those that were checked, or nobody reaches it. What it `reads` may be in the artifact, where checksums guard it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from posixpath import basename, normpath
from typing import Any

from generator.charts.said import Heard, Said, file_at, said
from generator.domain.places import Path
from generator.domain.problems import Fault
from generator.domain.values import Values
from generator.domain.words import quoted
from generator.values.merge import enabled

# Keys of settings in JSON that name files or repositories; of other keys, texts with a / do.
_NAMES_FILES = re.compile(r'(.*_)?(model|path|tokenizer|repo|dir|uri|url|image|audio|video)')
# Not a number below 0.
_ARGUMENT = re.compile(r'-+[A-Za-z]|\$\(')
_NOT_REACHED = "but port '{}' is asked on all addresses, without TLS, a path in front or a key"
_ROUTES = 'TLS and auth belong to the route of the model'


def bound_faults(served: Values, values: Values, of: Heard) -> Iterator[Fault]:
    """Yield what makes a server read files outside of its artifact, or listen where nobody asks it."""
    ports = enabled(values['ports'])
    for name, places in served.get('ports', {}).items():
        if name in ports and 'fixed' in places:
            yield from _fixed(places['fixed'], of, _NOT_REACHED.format(name), _ROUTES)
    files = served.get('files')
    if files and values['artifact']['delivery'] != 'baked':
        target = normpath(f'{values["artifact"]["mountPath"]}/{values["artifact"]["path"]}')
        reason = f'but the server may read only the artifact, in {quoted(target)}'
        yield from _words(files, values)
        yield from _fixed(files.get('fixed', {}), of, reason, 'add the files to the artifact')
        yield from _read(files.get('reads', {}), of, target, reason)
    yield from _twice(served, values)
    yield from _hidden(values)


def _fixed(places: Values, of: Heard, reason: str, more: str) -> Iterator[Fault]:
    told: set[str] = set()
    allowed = _allowed(places)
    for key, each in said(places, of, secrets=True):
        if each.path[0] != 'env' or each.path[1] == key:  # many servers know no other spelling
            told.add(key)
        texts = allowed[key]
        if any(text.lower() not in texts for text in each.only):
            right = next((text for text in texts if text), '')
            hint = f'write {right}' if right else f'remove it; {more}'
            yield Fault(each.path, f'{each.called} is {each.shown}, {reason}', hint)
    for key, texts in allowed.items():
        if key not in told and '' not in texts:
            message = f"'{key}' is removed, {reason}"
            yield Fault(_home(key, places, of), message, f'write {texts[0]}')


def _read(places: Values, of: Heard, target: str, reason: str) -> Iterator[Fault]:
    allowed = _allowed(places)
    for key, each in said(places, of, secrets=True):
        if any(text not in allowed[key] and not _within(text, each, target) for text in each.texts):
            hint = f'remove it, or add the files to the artifact and write a path below {target}'
            yield Fault(each.path, f'{each.called} is {each.shown}, {reason}', hint)


def _words(files: Values, values: Values) -> Iterator[Fault]:
    """Report a command that names other files first; in a command of a model's own, they stand somewhere."""
    if not (first := files.get('words')):
        return
    words = [*values['command'], *values['args']]
    own = values['command'] != first[: len(values['command'])] or not values['command']
    if words[: len(first)] == first or (own and any(files['text'] in word for word in words)):
        return
    found = ' '.join(words[: len(first)])
    message = f'the server is started by {quoted(found)}, but the artifact is in {quoted(files["text"])}'
    yield Fault(('args',), message, f"begin with '{' '.join(first)}'", (('command',),))


def _allowed(places: Values) -> dict[str, list[str]]:
    found = {key: texts for home in ('parameters', 'env') for key, texts in places.get(home, {}).items()}
    return found | {key: texts for settings in places.get('settings', {}).values() for key, texts in settings.items()}


def _home(key: str, places: Values, of: Heard) -> Path:
    for home in ('parameters', 'env'):
        if key in places.get(home, {}):
            return home, key
    place = next(place for place, settings in places['settings'].items() if key in settings)
    return 'files', file_at(place, of.files) or basename(place), 'content'


def _within(text: str, told: Said, target: str) -> bool:
    """Whether all that a text names is in the artifact; also name=path, settings in JSON, and one of them alone."""
    found = _json(text)
    if isinstance(found, dict | list):
        return all(_is_in(path, target) for path in _named(found))
    if told.part:
        return not _names(told.part, text) or _is_in(text, target)
    return text in ('', 'false') or _is_in(text.rpartition('=')[2], target)


def _named(found: Any, key: str = '') -> Iterator[str]:
    """Yield what settings in JSON name."""
    match found:
        case dict():
            for name, value in found.items():
                yield from _named(value, name)
        case list():
            for value in found:
                yield from _named(value, key)
        case str() if _names(key, found):
            yield found


def _names(key: str, text: str) -> bool:
    return bool(text) and ('/' in text or _NAMES_FILES.fullmatch(key.replace('-', '_')) is not None)


def _json(text: str) -> Any:
    try:
        # What a variable holds could be more than one text.
        return json.loads(text) if text[:1] in ('{', '[') and '$' not in text else None
    except (ValueError, RecursionError):
        return None


def _is_in(text: str, target: str) -> bool:
    # A variable could lead out again.
    return '$' not in text and f'{normpath(text)}/'.startswith(f'{target}/')


def _twice(served: Values, values: Values) -> Iterator[Fault]:
    """Report parameters that are one for the server; of switches, the last counts. Others are compared with facts."""
    opposites = values['parameterForms'].get('switches') in ('pair', 'opposite')
    seen: dict[str, str] = {}
    for key in values['parameters']:
        one = _one(key, opposites)
        first = seen.setdefault(one, key)
        if first is not key and one not in _compared(served):
            message = f'{quoted(key)} and {quoted(first)} are one parameter of the server'
            yield Fault(('parameters', key), message, 'remove one of the two', (('parameters', first),))


def _compared(served: Values) -> set[str]:
    places = [*served.get('ports', {}).values(), served.get('name', {}), served.get('files', {})]
    return {_one(key, opposites=False) for place in places for key in place.get('parameters', ())}


def _one(key: str, opposites: bool) -> str:
    plain = key.replace('_', '-').lower()
    if not opposites:
        return plain
    plain = plain.removeprefix('no-')
    return f'enable-{plain.removeprefix("disable-")}' if plain.startswith('disable-') else plain


def _hidden(values: Values) -> Iterator[Fault]:
    """Report entries of lists that the server takes for arguments of their own."""
    for key, value in values['parameters'].items():
        for text in value if isinstance(value, list) else ():
            if _ARGUMENT.match(str(text)):
                message = f"entry {quoted(str(text))} of parameter '{key}' is another argument for the server"
                yield Fault(('parameters', key), message, 'write it as a parameter of its own')
