"""Values of a server → what they tell it: by parameters, arguments, variables and configuration files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import takewhile
from posixpath import normpath
from typing import NamedTuple

from generator.domain.places import Path
from generator.domain.records import Values
from generator.domain.words import quoted
from generator.values.arguments import text_of
from generator.values.merge import enabled
from generator.values.references import expanded

_SECRET = '(from a Secret)'
# A property of Java: its name ends with =, : or a space.
_PROPERTY = re.compile(r'\s*([^#!=:\s][^=:\s]*)\s*[=:\s]\s*(.*?)\s*')
_PORT = re.compile(r':\d+$')


class Said(NamedTuple):
    """A place that tells the server something: what it is about, how people call it, and the texts that it tells."""

    key: str
    path: Path
    called: str
    texts: tuple[str, ...]
    part: str = ''  # the last name of a setting in it, such as model of --speculative-config.model

    @property
    def only(self) -> tuple[str, ...]:
        """The texts, if the server takes one: words after the first are other arguments."""
        return self.texts[:1] if self.path in (('args',), ('command',)) else self.texts

    @property
    def shown(self) -> str:
        return ', '.join(map(quoted, self.texts))


def said(places: Values, values: Values, *, secrets: bool = False) -> Iterator[Said]:
    """Yield what the places tell; with `secrets`, also those that get their text from a Secret.

    Servers read names of parameters with - and _ alike, some read the beginning of a name, and `a.b` is b of a.
    """
    if wanted := {_plain(key): key for key in places.get('parameters', ())}:
        for key, value in values['parameters'].items():
            if name := _wanted(key, wanted):
                texts = tuple(map(text_of, value)) or ('',) if isinstance(value, list) else (text_of(value),)
                yield Said(name, ('parameters', key), f"parameter '{key}'", texts, _part(key))
        for home, flag, texts in _flags(values):
            if name := _wanted(flag.lstrip('-'), wanted, whole=not flag.startswith('--')):
                yield Said(name, (home,), f"argument '{flag}'", texts, _part(flag))
    if variables := {key.upper(): key for home in ('env', 'otherEnv') for key in places.get(home, ())}:
        for key, variable in enabled(values['env']).items():
            name = variables.get(key.upper())
            if name and variable.get('secret') and secrets:
                yield Said(name, ('env', key), f"variable '{key}'", (_SECRET,))
            elif name and 'value' in variable and not variable.get('secret'):
                yield Said(name, ('env', key), f"variable '{key}'", (variable['value'],))
    for place, settings in places.get('settings', {}).items():
        file = file_at(place, values)
        # An address tells its port in one place, the rest in another.
        ports, keys = isinstance(settings, str), (settings,) if isinstance(settings, str) else settings
        for key, text in _properties(str(enabled(values['files']).get(file, {}).get('content', ''))):
            if key in keys:
                told = text.rpartition(':')[2] if ports else _PORT.sub('', text)
                yield Said(key, ('files', file, 'content'), f"'{key}' of {file}", (told,))


def file_at(place: str, values: Values) -> str:
    """Return the name of the file that is mounted at a place; '' if there is none."""
    files = enabled(values['files']).items()
    return next((name for name, file in files if normpath(f'/{file["mountPath"].lstrip("/")}') == place), '')


def _plain(key: str) -> str:
    return key.replace('_', '-').lower()


def _part(key: str) -> str:
    return key.partition('.')[2].rpartition('.')[2]


def _wanted(key: str, wanted: dict[str, str], *, whole: bool = False) -> str | None:
    plain = _plain(key).partition('.')[0]
    if plain in wanted or whole:
        return wanted.get(plain)
    return next((wanted[name] for name in wanted if name.startswith(plain)), None)


def _flags(values: Values) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Yield each flag of a command line with the key that has it, and its texts; without any it is a switch."""
    words = [*values['command'], *values['args']]
    if any('$(' in word for word in words):
        variables = {name: text for name, each in enabled(values['env']).items() if (text := each.get('value'))}
        words = [expanded(word, variables) for word in words]
    for index, word in enumerate(words):
        if word.startswith('-') and word.strip('-'):
            flag, sign, text = word.partition('=')
            after = takewhile(lambda word: not word.startswith('--'), words[index + 1 :])
            home = 'command' if index < len(values['command']) else 'args'
            yield home, flag, (text,) if sign else tuple(after) or ('true',)


def _properties(content: str) -> Iterator[tuple[str, str]]:
    """Yield the lines of a file of properties, without the ways of writing a character that hide it."""
    for line in re.sub(r'\\\r?\n\s*', '', content).splitlines():
        plain = re.sub(r'\\u([0-9A-Fa-f]{4})', lambda code: chr(int(code[1], 16)), line).replace('\\', '')
        if found := _PROPERTY.fullmatch(plain):
            yield found[1], found[2]
