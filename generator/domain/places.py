"""Keys and indexes that lead to a value in a document → a JSON path."""

from __future__ import annotations

import re

Path = tuple[str | int, ...]

_PLAIN = re.compile(r'[A-Za-z_][A-Za-z0-9_-]*')


def json_path(path: Path) -> str:
    """Show a path as `$.spec.versions[0].image`; keys that are not plain words are in brackets."""
    parts = ['$']
    for step in path:
        if isinstance(step, int):
            parts.append(f'[{step}]')
        else:
            key = step if step.isprintable() else repr(step)[1:-1]  # an escape sequence must not reach a terminal
            parts.append(f'.{step}' if _PLAIN.fullmatch(step) else f"['{key}']")
    return ''.join(parts)
