"""Similar YAML documents → plain data; equal text below a top-level key is parsed once."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise
from typing import Any

from generator.documents.read import decode_yaml, read_yaml_text
from generator.domain.problems import ProblemsFound

_COMMENTS = re.compile('(?: *(?:#.*)?\n)*(?=[A-Za-z])')  # above the first key
_KEY = re.compile('\n(?=[A-Za-z])')
_MARKER = re.compile(r'\n(?:---|\.\.\.)|\r(?!\n)')  # between documents; or a carriage return as line end


def read_alike(data: bytes, file: str) -> Any:
    """Do the same as `read_yaml`. Do not change the result: its maps and lists are shared with other documents."""
    text = decode_yaml(data, file)
    found = _read_by_keys(text)
    return read_yaml_text(text, file) if found is None else found


def _read_by_keys(text: str) -> dict[str, Any] | None:
    """Read a map key by key; None if the text cannot be split this way or has a fault.

    A line that starts with a letter starts a key of the outermost map: the value of the key above is indented, or a
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
