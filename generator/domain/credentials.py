"""A text and its place → the kind of credential it seems to be; a document → the same without credentials."""

from __future__ import annotations

import re
from typing import Any

from generator.domain.places import Path
from generator.domain.secrets import HIDDEN, token

# --password=… and similar, in arguments and configuration files; not a reference, a path or an empty text.
_ASSIGNED = re.compile(
    r'(?im)^[ \t-]*+["\']?[\w.-]*passw(?:or)?d["\']?[ \t]*[:=][ \t]*["\']?(?![$<{%*/!&])(?!\w+:)[^\s"\',#]{4,}'
)
_WRITTEN_OUT = {'args', 'command', 'files'}

# Names of variables and parameters that hold secrets. The value of a password is a secret in any format.
_PASSWORD = re.compile(r'(?i)(?:^|[._-])(?:password|passwd|passphrase)$')
_SECRET = re.compile(
    r'(?i)(?:^|[._-])(?:secret|token|api_?key|api-key|access_?key|access-key|private_?key|private-key|credentials?)$'
)
VARIABLES = ('env', 'parameters')
# Names that do not indicate a secret: tokens of a language model, and names of Kubernetes Secrets.
_HARMLESS = re.compile(
    r'(?i)(?:^|[._-])(?:[bes]os|pad|unk|sep|cls|mask|stop|start|end|begin|special|image|video|audio|think|'
    r'(?:image_?)?pull|tls|per|max|min|first|last|new|next|prompt|eot|eom)[._-]?(?:token|secret)$'
)
_WORDS = frozenset('true false none null required optional enabled disabled prompt file vault env'.split())
_ELSEWHERE = re.compile(r'[$<{%*/\[]|[a-z][a-z0-9+.-]*://')


def credential(path: Path, value: str) -> str:
    """Return the kind of credential that a text seems to be, or ''."""
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
    """Return a value that messages may show: texts that look like credentials are hidden.

    This includes variables written as a list of names and values, as in Kubernetes.
    """
    if isinstance(value, dict):
        where = (*path[:-1], value['name']) if 'name' in value and 'value' in value else path
        return {key: veiled((*where, key), item) for key, item in value.items()}
    if isinstance(value, list):
        return [veiled((*path, index), item) for index, item in enumerate(value)]
    if isinstance(value, bool) or value is None:
        return value
    return HIDDEN if credential(path, str(value)) else value


def names_a_secret(name: str) -> bool:
    """Whether a variable or parameter of this name may hold a secret."""
    return bool(_PASSWORD.search(name) or _SECRET.search(name))


def _variable(path: Path) -> str:
    """The name of the variable or parameter whose literal is at a path, or ''; the literal may have a wrong type."""
    steps = [step for step in path if not isinstance(step, int)]
    if steps[-1:] == ['value']:
        steps.pop()
    return str(steps[-1]) if len(steps) > 1 and steps[-2] in VARIABLES else ''


def _is_random(value: str) -> bool:
    """Letters and digits without a space: keys look like this, words and plain numbers do not."""
    digits = sum(letter.isdigit() for letter in value)
    return len(value) >= 8 and 1 < digits < len(value) and not any(letter.isspace() for letter in value)
