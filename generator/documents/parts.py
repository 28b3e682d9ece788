"""A YAML document that is like many others → plain data, of which what many of them say below a key is parsed once."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise
from typing import Any

from generator.documents.read import decode_yaml, read_yaml_text
from generator.domain.problems import ProblemsFound

_COMMENTS = re.compile('(?: *(?:#.*)?\n)*(?=[A-Za-z])')  # above the first key
_KEY = re.compile('\n(?=[A-Za-z])')
_MARKER = re.compile(r'\n(?:---|\.\.\.)|\r(?!\n)')  # between documents; a line end of another kind


def read_alike(data: bytes, file: str) -> Any:
    """The same as `read_yaml` finds, and tells; it shares maps and lists with other documents, so change none."""
    text = decode_yaml(data, file)
    found = _read_by_keys(text)
    return read_yaml_text(text, file) if found is None else found


def _read_by_keys(text: str) -> dict[str, Any] | None:
    """A map key by key; None where that is no way to read the text, and where there is a fault to tell.

    A line that begins with a letter begins a key of the outermost map: what belongs to the key above is indented, or a
    list.
    """
    first = _COMMENTS.match(text)
    if first is None or _MARKER.search(text):
        return None
    found: dict[str, Any] = {}
    starts = [0, *(match.end() for match in _KEY.finditer(text, first.end())), len(text)]
    for start, end in pairwise(starts):
        part = _read_part(text[start:end])
        if part is None or not found.keys().isdisjoint(part):
            return None
        found.update(part)
    return found


@lru_cache(maxsize=4096)
def _read_part(text: str) -> dict[str, Any] | None:
    try:
        found = read_yaml_text(text, '')
    except ProblemsFound:
        return None
    return found if isinstance(found, dict) else None
