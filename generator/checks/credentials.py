"""Registry → problems: literals that look like credentials. A reader of the repository must not become their owner,
nor a reader of what chartloom says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from generator.domain.places import Path, show
from generator.domain.problems import Problem
from generator.domain.records import Registry
from generator.domain.secrets import HIDDEN, token

# --password=… and the like, in arguments and configuration files; not a reference, a path or an empty text.
_ASSIGNED = re.compile(
    r'(?im)^[ \t-]*["\']?[\w.-]*passw(?:or)?d["\']?[ \t]*[:=][ \t]*["\']?(?![$<{%*/!&])(?!\w+:)[^\s"\',#]{4,}'
)
_WRITTEN_OUT = {'args', 'command', 'files'}

# Names of variables and parameters that hold secrets. A password is one whatever it looks like.
_PASSWORD = re.compile(r'(?i)(?:^|[._-])(?:password|passwd|passphrase)$')
_SECRET = re.compile(
    r'(?i)(?:^|[._-])(?:secret|token|api_?key|api-key|access_?key|access-key|private_?key|private-key|credentials?)$'
)
_VARIABLES = ('env', 'parameters')
# Tokens of a language, and Secrets of Kubernetes: names that tell nothing.
_HARMLESS = re.compile(
    r'(?i)(?:^|[._-])(?:[bes]os|pad|unk|sep|cls|mask|stop|start|end|begin|special|image|video|audio|think|'
    r'(?:image_?)?pull|tls|per|max|min|first|last|new|next|prompt|eot|eom)[._-]?(?:token|secret)$'
)
_WORDS = frozenset('true false none null required optional enabled disabled prompt file vault env'.split())
_ELSEWHERE = re.compile(r'[$<{%*/\[]|[a-z][a-z0-9+.-]*://')


def credential_problems(registry: Registry) -> Iterator[Problem]:
    """A problem for each text of the registry that looks like a credential; the text itself is never shown."""
    groups = (registry.models, registry.environments, registry.releases, registry.applications)
    places = [(registry.settings.file, registry.settings.spec)]
    places += [(item.file, item.spec) for group in groups for item in group.values()]
    for file, spec in places:
        # All texts at once first: most files hold nothing that a second look would be worth.
        texts: list[str] = []
        names: list[str] = []
        _collect(spec, texts, names)
        if not _is_suspicious(texts, names):
            continue
        for path, value in _strings(spec, ('spec',)):
            if what := credential(path, value):
                yield Problem(file, show(path), f'this looks like {what}', _hint(path))


def _collect(value: object, texts: list[str], names: list[str]) -> None:
    """All texts, and all names of variables and parameters."""
    if isinstance(value, str):
        texts.append(value)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key in _VARIABLES and isinstance(item, dict):
                names.extend(item)
            _collect(item, texts, names)
    elif isinstance(value, list):
        for item in value:
            _collect(item, texts, names)


def _is_suspicious(texts: list[str], names: list[str]) -> bool:
    text = '\n'.join(texts)
    if 'passw' in text.lower() or token(text):
        return True
    return any(_PASSWORD.search(name) or _SECRET.search(name) for name in names)


def credential(path: Path, value: str) -> str:
    """What kind of credential a text seems to be, or ''."""
    if what := token(value):
        return what
    if not _WRITTEN_OUT.isdisjoint(path) and 'passw' in value.lower() and _ASSIGNED.search(value):
        return 'a password'
    name = _variable(path)
    if not name or len(value) < 4 or value.lower() in _WORDS or _ELSEWHERE.match(value):
        return ''
    if _PASSWORD.search(name):
        return f'the password {name}'
    if _SECRET.search(name) and not _HARMLESS.search(name) and _is_random(value):
        return f'the secret {name}'
    return ''


def veiled(path: Path, value: Any) -> Any:
    """A value as messages may show it: without the texts in it that look like credentials.

    Also without those of variables that are written as a list of names and values, as Kubernetes has them.
    """
    if isinstance(value, dict):
        where = (*path[:-1], value['name']) if 'name' in value and 'value' in value else path
        return {key: veiled((*where, key), item) for key, item in value.items()}
    if isinstance(value, list):
        return [veiled((*path, index), item) for index, item in enumerate(value)]
    if isinstance(value, bool) or value is None:
        return value
    return HIDDEN if credential(path, str(value)) else value


def _variable(path: Path) -> str:
    """The name of the variable or parameter whose literal stands at a path, or ''.

    Of whatever is written there in place of a map or a text, too.
    """
    steps = [step for step in path if not isinstance(step, int)]
    if steps[-1:] == ['value']:
        steps.pop()
    return str(steps[-1]) if len(steps) > 1 and steps[-2] in _VARIABLES else ''


def _is_random(value: str) -> bool:
    """Letters with digits and without a space: keys look so, words and plain numbers do not."""
    digits = sum(letter.isdigit() for letter in value)
    return len(value) >= 8 and 1 < digits < len(value) and not any(letter.isspace() for letter in value)


def _hint(path: Path) -> str:
    if 'env' in path:
        return 'put it into a Secret and name that instead of the value: {secret: <name>, key: <key>}'
    if 'files' in path:
        return 'put it into a Secret and mount that: a volume of type secret'
    if path[:2] == ('spec', 'repository'):
        return "leave it out: git's credentials are git's, and 'secret' names those of Flux"
    if 'artifact' in path:
        return 'use an address that pods may read without it, or pvc://<claim>/<path>'
    if not {'args', 'command', 'parameters'}.isdisjoint(path):
        return 'put it into a Secret, take that into env, and write $(NAME of the variable) here'
    return 'remove it, and change it where it is used: it is known to all who can read this repository'


def _strings(value: object, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _strings(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _strings(item, (*path, index))
