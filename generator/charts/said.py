"""Values of a server → what they tell it: by parameters, arguments, variables and configuration files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import takewhile
from posixpath import normpath
from typing import NamedTuple

from generator.domain.places import Path
from generator.domain.values import Values
from generator.domain.words import quoted
from generator.values.arguments import text_of
from generator.values.merge import enabled
from generator.values.references import expanded

_SECRET = '(from a Secret)'
# A property of Java: its name ends with =, : or a space.
_PROPERTY = re.compile(r'\s*([^#!=:\s][^=:\s]*)\s*[=:\s]\s*(.*?)\s*')
_PORT = re.compile(r':\d+$')


class Said(NamedTuple):
    """A place that tells the server something: how people call it, and the texts that it tells."""

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


class Heard(NamedTuple):
    """All that values tell a server: parameters with the names that it reads, variables, those of Secrets, files."""

    parameters: list[tuple[str, Said]]
    variables: dict[str, list[Said]]
    secrets: dict[str, list[Said]]
    files: Values


def heard(values: Values) -> Heard:
    """Return what values tell, once for all that is asked of them."""
    parameters = []
    for key, value in values['parameters'].items():
        texts = tuple(map(text_of, value)) or ('',) if isinstance(value, list) else (text_of(value),)
        parameters.append((_plain(key), Said(('parameters', key), f"parameter '{key}'", texts, _part(key))))
    for home, flag, texts in _flags(values):
        name = _plain(flag.removeprefix('--'))  # a short name keeps its -
        parameters.append((name, Said((home,), f"argument '{flag}'", texts, _part(flag))))
    variables: dict[str, list[Said]] = {}
    secrets: dict[str, list[Said]] = {}
    for key, variable in enabled(values['env']).items():
        if variable.get('secret'):
            secrets.setdefault(key.upper(), []).append(Said(('env', key), f"variable '{key}'", (_SECRET,)))
        elif 'value' in variable:
            variables.setdefault(key.upper(), []).append(Said(('env', key), f"variable '{key}'", (variable['value'],)))
    return Heard(parameters, variables, secrets, values['files'])


def said(places: Values, of: Heard, *, secrets: bool = False) -> Iterator[tuple[str, Said]]:
    """Yield what is told at the places, with the key there; with `secrets`, also what gets its text from a Secret."""
    if names := places.get('parameters'):
        read = _names(tuple(names))
        for name, found in of.parameters:
            if name in read:
                yield read[name], found
    for home in ('env', 'otherEnv'):
        for key in places.get(home, ()):
            for found in (*of.variables.get(key, ()), *(of.secrets.get(key, ()) if secrets else ())):
                yield key, found
    for place, settings in places.get('settings', {}).items():
        file = file_at(place, of.files)
        # An address tells its port in one place, the rest in another.
        ports, keys = isinstance(settings, str), (settings,) if isinstance(settings, str) else settings
        for key, text in _properties(str(of.files[file]['content'])) if file else ():
            if key in keys:
                told = text.rpartition(':')[2] if ports else _PORT.sub('', text)
                yield key, Said(('files', file, 'content'), f"'{key}' of {file}", (told,))


@lru_cache(maxsize=256)
def _names(keys: tuple[str, ...]) -> dict[str, str]:
    """Each name that a server may read as one of these parameters: some parsers take the beginning of a name."""
    plain = {_plain(key): key for key in keys}
    found = {name[:end]: key for name, key in plain.items() for end in range(1, len(name))}
    return found | plain | {f'-{name}': key for name, key in plain.items()}


def file_at(place: str, files: Values) -> str:
    """Return the name of the file that is mounted at a place; '' if there is none."""
    found = enabled(files).items()
    return next((name for name, file in found if normpath(f'/{file["mountPath"].lstrip("/")}') == place), '')


def _plain(key: str) -> str:
    """Servers read - and _ alike, and a.b as b of a."""
    return key.partition('.')[0].replace('_', '-').lower()


def _part(key: str) -> str:
    return key.partition('.')[2].rpartition('.')[2]


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


@lru_cache(maxsize=64)
def _properties(content: str) -> tuple[tuple[str, str], ...]:
    """Return the lines of a file of properties, without the ways of writing a character that hide it."""
    found = []
    for line in re.sub(r'\\\r?\n\s*', '', content).splitlines():
        plain = re.sub(r'\\u([0-9A-Fa-f]{4})', lambda code: chr(int(code[1], 16)), line).replace('\\', '')
        if setting := _PROPERTY.fullmatch(plain):
            found.append((setting[1], setting[2]))
    return tuple(found)
