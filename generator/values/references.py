"""Merged values → faults of references such as $(NAME), which Kubernetes replaces by variables of the same container.

Kubernetes keeps a reference to nothing as it stands, so a server would get the text `$(NAME)`. In a variable only those
above it count: the templates put each variable below those that it refers to. `$$` stands for `$`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any

from generator.domain.places import Path
from generator.domain.problems import Fault
from generator.domain.values import Values
from generator.domain.words import quoted, some, suggest
from generator.values.merge import enabled

# What no variable can be called is text, such as $(cat file) in a script.
_VARIABLE = re.compile(r'[A-Za-z_][A-Za-z0-9_.-]*')
# In every container; other Services have no variables, because charts turn them off.
_ALWAYS = 'KUBERNETES_'
_OF_DOWNLOADS = ('URI', 'SHA256', 'DIRECTORY', 'TARGET', 'UNPACK', 'FILES')
_CIRCLES = 10
# Linux starts no process with a longer variable (MAX_ARG_STRLEN).
LONGEST = 131_072
_PROBES = ('startupProbe', 'readinessProbe', 'livenessProbe')


def reference_faults(values: Values) -> Iterator[Fault]:
    """Yield references to no variable of their container, and variables that refer to each other."""
    if _refers(values):
        yield from _of_container((), values)
    for name, container in enabled(values['containers']).items():
        if _refers(container):
            yield from _of_container(('containers', name), container)
    if values['artifact']['delivery'] == 'download' and _refers(values['artifact']):
        own = (f'ARTIFACT_{name}' for name in _OF_DOWNLOADS)
        yield from _of_variables(('artifact', 'env'), enabled(values['artifact']['env']), {*own})


def _refers(container: Values) -> bool:
    """Whether a container has anything like a reference: most have none, and every release is looked at."""
    for variable in container.get('env', {}).values():
        if '$(' in variable.get('value', ''):
            return True
    for words in (container.get('command', ()), container.get('args', ()), container.get('parameters', {}).values()):
        for word in words:
            if '$(' in (word if type(word) is str else str(word)):
                return True
    for probe in _PROBES:
        for word in container.get(probe, {}).get('command', ()):
            if '$(' in word:
                return True
    return False


def references(text: str) -> list[str]:
    """Return the names that a text refers to, in order."""
    return [name for name, _ in _pieces(text) if _VARIABLE.fullmatch(name)] if '$(' in text else []


def expanded(text: str, variables: Mapping[str, str]) -> str:
    """Replace references as Kubernetes does; those to other variables stay."""
    return ''.join(variables.get(name, piece) if name else piece for name, piece in _pieces(text))


def _pieces(text: str) -> Iterator[tuple[str, str]]:
    """Yield the name and text of each reference, and the texts between them, with '' as name and `$$` as `$`."""
    start = at = 0
    last = text.rfind(')')  # no reference ends after it
    while 0 <= (at := text.find('$', at)) < len(text) - 1:
        if text[at + 1] == '(' and at < last:
            close = text.index(')', at)
            yield '', text[start:at]
            yield text[at + 2 : close], text[at : close + 1]
            start = at = close + 1
        elif text[at + 1] == '$':
            yield '', text[start : at + 1]
            start = at = at + 2
        else:
            at += 1
    yield '', text[start:]


def expanded_variables(variables: Mapping[str, str]) -> dict[str, str]:
    """Return variables with their references replaced; none may refer to itself, by way of others or not."""
    done: dict[str, str] = {}
    for name in _in_order(variables):
        done[name] = expanded(variables[name], done)
    return {name: done[name] for name in variables}


def _in_order(variables: Mapping[str, str]) -> Iterator[str]:
    """Yield the variables, each after those that it refers to; there are no circles."""
    needed = {name: [each for each in references(text) if each in variables] for name, text in variables.items()}
    yield from TopologicalSorter(needed).static_order()


def _too_long(variables: Mapping[str, str]) -> str:
    """Return the first variable that is longer than a process may get when its references are replaced, or ''."""
    sizes: dict[str, int] = {}
    for name in _in_order(variables):
        parts = _pieces(variables[name])
        sizes[name] = sum(sizes.get(each, len(text)) if each else len(text.encode()) for each, text in parts)
        if sizes[name] > LONGEST:
            return name
    return ''


def _of_container(path: Path, container: Values) -> Iterator[Fault]:
    variables = enabled(container.get('env', {}))
    yield from _of_variables((*path, 'env'), variables, ())
    for key in ('command', 'args'):
        for text in container.get(key, ()):
            yield from _unknown((*path, key), text, variables)
    for key, value in container.get('parameters', {}).items():
        for text in value if isinstance(value, list) else (value,):
            if isinstance(text, str):
                yield from _unknown((*path, 'parameters', key), text, variables)
    for probe in _PROBES:
        found = container.get(probe, {})
        for text in found.get('command', ()) if found.get('type') == 'exec' else ():
            yield from _of_probe((*path, probe, 'command'), text, variables)


def _of_variables(path: Path, variables: Mapping[str, Any], own: Collection[str]) -> Iterator[Fault]:
    named = {name: found for name, each in variables.items() if (found := references(_text(each)))}
    for name in named:
        yield from _unknown((*path, name), _text(variables[name]), {*variables, *own})
    circles = list(_circles(named))
    if named and not circles and (name := _too_long({name: _text(each) for name, each in variables.items()})):
        message = f'{quoted(name)} has more than {LONGEST:,} bytes when its references are replaced'
        yield Fault((*path, name), message, 'shorten it, or write a file: no process takes a longer variable')
    for circle in circles:
        if len(circle) == 1:
            message = f"'{circle[0]}' refers to itself, and Kubernetes knows no value of the image"
            yield Fault((*path, circle[0]), message, 'write the whole value')
        else:
            others = tuple((*path, name) for name in circle[1:])
            message = f'{some(map(quoted, circle))} refer to each other in a circle'
            yield Fault((*path, circle[0]), message, 'write the value of one of them', others)


def _text(variable: Values) -> str:
    return '' if variable.get('secret') else str(variable.get('value', ''))


def _unknown(path: Path, text: str, variables: Collection[str]) -> Iterator[Fault]:
    for name in references(text):
        if name not in variables and not name.startswith(_ALWAYS):
            hint = f'add {name} to env, or write $$({name}) for the text itself'
            message = f"'$({name})' refers to no variable of its container"
            yield Fault(path, message, suggest(name, variables, hint))


def _of_probe(path: Path, text: str, variables: Mapping[str, Any]) -> Iterator[Fault]:
    yield from _unknown(path, text, variables)
    for name in references(text):
        if variables.get(name, {}).get('secret'):
            message = f"'$({name})' is of a Secret, which Kubernetes does not write into the command of a probe"
            yield Fault(path, message, f'let a shell read it: sh -c, and "${name}" in its script')


def _circles(named: Mapping[str, list[str]]) -> Iterator[list[str]]:
    """Yield the first circles of references, each from its first name on; none shares a name with another."""
    left = dict(named)
    for _ in range(_CIRCLES):
        try:
            TopologicalSorter(left).prepare()
            return
        except CycleError as error:
            circle = error.args[1][:0:-1]
            first = circle.index(min(circle))
            yield [*circle[first:], *circle[:first]]
            left = {name: [] if name in circle else found for name, found in left.items()}
