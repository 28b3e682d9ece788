"""Changed files of values/ → the keys of each release with their old and new values, for `plan` and commit messages."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from generator.domain.credentials import veiled
from generator.domain.layout import values_file
from generator.domain.places import Path
from generator.domain.problems import ProblemsFound
from generator.plan.adoption import Edit, edits_of

_MOST_KEYS = 5
_LONGEST_VALUE = 40


def value_moves(
    files: Mapping[str, bytes | None], before: Mapping[str, bytes], releases: Iterable[str]
) -> dict[str, str]:
    """Describe which values of these releases differ from `before`, by release."""
    moves: dict[str, str] = {}
    for name in releases:
        file = values_file(name)
        new, old = files.get(file), before.get(file)
        if new and old and (text := _told(file, old, new)):
            moves[name] = text
    return moves


def _told(file: str, old: bytes, new: bytes) -> str:
    try:
        edits, _ = edits_of(file, old, new)
    except ProblemsFound:  # what is replaced was edited by hand, and is no YAML any more
        return ''
    keys = [
        f'{".".join(map(str, edit.path))} {_short(edit.path, edit.before)} → {_short(edit.path, edit.after)}'
        for edit in edits
    ]
    more = [f'and {len(keys) - _MOST_KEYS} more values'] if len(keys) > _MOST_KEYS else []
    return ', '.join([*keys[:_MOST_KEYS], *more])


def _edited(edit: Edit) -> str:
    before, after = (_short(edit.path, value) for value in (edit.before, edit.after))
    return f'{".".join(map(str, edit.path))} {before} → {after}'


def _short(path: Path, value: Any) -> str:
    if value is None:
        return 'not set'
    value = veiled(path, value)
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = ' '.join(text.split())
    return text if len(text) <= _LONGEST_VALUE else f'{text[: _LONGEST_VALUE - 1]}…'
