"""Values → how large they are where they are kept, and which keys take the space."""

from __future__ import annotations

import json
import marshal
from typing import Any

from generator.documents.write import dump_yaml
from generator.domain.places import Path
from generator.domain.values import Values

# The files of one server are annotations of its pods: the API server allows 262,144 bytes for all annotations of an
# object (ValidateAnnotationsSize), and client-side apply keeps the whole object in one more.
FILES = 131_072
# What client-side apply keeps of an object is an annotation, too. No object is larger than the values it is made from,
# so these stay below 262,144 bytes by what the templates add. Then the Secret of a Helm release, at most 1 MiB, has
# room for chart, values and the objects of two tracks: tests/checks/test_sizes.py.
OBJECTS = 245_760
# The values of a chart alone; a release may add to them.
CHART = 196_608
_MOST = 3  # keys to show
_MOSTLY = 0.8  # part of a key that one of its inner keys takes, if that one is shown instead


def yaml_size(values: Values) -> int:
    """Return the bytes of values in a delivery object, without their indentation there."""
    return len(dump_yaml(values).encode())


def object_size(values: Any) -> int:
    """Return the bytes of values in the JSON of Kubernetes, which escapes <, > and &."""
    text = json.dumps(values, ensure_ascii=False, separators=(',', ':'))
    return len(text.encode()) + 5 * sum(map(text.count, '<>&')) + 3 * sum(map(text.count, '\u2028\u2029'))


def quick_size(values: Values) -> int:
    """Return the bytes of values in a form of Python's, which takes the least time: to rule out what is far too small.

    YAML is at most 8 times as long, by the indentation of one-letter lines; JSON of Kubernetes 6 times, by escapes.
    """
    return len(marshal.dumps(dict(values), 2))


def files_size(files: Values) -> dict[str, int]:
    """Return the bytes of names and contents of files, by name."""
    return {name: len(name.encode()) + len(file['content'].encode()) for name, file in files.items()}


def largest(values: Values) -> list[Path]:
    """Return the keys that take the most space, largest first, each as deep as it takes nearly all of the key above."""
    sizes = {key: object_size(value) for key, value in values.items()}
    first = sorted(sizes, key=lambda key: (-sizes[key], key))[:_MOST]
    many = [key for key in first if sizes[key] * 10 > sum(sizes.values())] or first[:1]
    return [_inner((key,), values[key], sizes[key]) for key in many]


def _inner(path: Path, value: Any, size: int) -> Path:
    if not isinstance(value, dict) or not value:
        return path
    sizes = {key: object_size(inner) for key, inner in value.items()}
    key = max(sizes, key=lambda name: sizes[name])
    return _inner((*path, key), value[key], sizes[key]) if sizes[key] >= _MOSTLY * size else path


def shown(values: Values, path: Path, *, escaped: bool = False) -> str:
    """Show a key of values with its size: of a text as it is, or `escaped` as in the JSON of Kubernetes."""
    value: Any = values
    for step in path:
        value = value[step]
    size = len(value.encode()) if isinstance(value, str) and not escaped else object_size(value)
    return f'{".".join(map(str, path))} {round(size / 1000):,} kB'
