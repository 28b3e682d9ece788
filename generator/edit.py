"""Changes of single values in a registry file, with its comments and order kept."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

from generator import yamlio
from generator.errors import Problem, ProblemsFound
from generator.paths import Path, show

_ATTEMPTS_HINT = 'set the values by hand, then run the command again'


def set_values(data: bytes, file: str, changes: Mapping[Path, str]) -> bytes:
    """Set texts at paths, making maps on the way; raises ProblemsFound where the file would not mean just that after it."""
    from ruamel.yaml import YAML
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString
    from ruamel.yaml.util import load_yaml_guess_indent

    text = yamlio.decode(data, file)
    _, indent, offset = load_yaml_guess_indent(text)
    editor: Any = YAML()
    editor.preserve_quotes = True
    editor.width = 1 << 16
    editor.allow_unicode = True
    editor.indent(mapping=2, sequence=indent or 2, offset=offset or 0)
    document = editor.load(text)
    for path, value in changes.items():
        _set(document, path, DoubleQuotedScalarString(value))
    out = io.StringIO()
    editor.dump(document, out)
    edited = out.getvalue().encode()
    _prove(data, edited, file, changes)
    return edited


def _set(document: Any, path: Path, value: Any) -> None:
    for step in path[:-1]:
        document = document.setdefault(step, {})
    document[path[-1]] = value


def _prove(before: bytes, after: bytes, file: str, changes: Mapping[Path, str]) -> None:
    wanted = yamlio.read(before, file)
    for path, value in changes.items():
        _set(wanted, path, value)
    comments = [line.strip() for line in before.decode().splitlines() if line.lstrip().startswith('#')]
    kept = [line.strip() for line in after.decode().splitlines() if line.lstrip().startswith('#')]
    if yamlio.read(after, file) != wanted or comments != kept:
        places = ', '.join(show(path) for path in changes)
        raise ProblemsFound([Problem(file, '', f'cannot set {places} without touching more', _ATTEMPTS_HINT)])
