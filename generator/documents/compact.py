"""Plain data → small JSON with one entry per line and no spaces within entries, so that diffs stay readable."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any


def compact(document: Mapping[str, Any], opened: Collection[str]) -> str:
    """Write a JSON object with one key per line; the values of the keys `opened` have one entry per line too."""
    lines = [_entry(key, value, opened=key in opened) for key, value in document.items()]
    return '{\n' + ',\n'.join(lines) + '\n}\n'


def _entry(key: str, value: Any, *, opened: bool) -> str:
    name = f'  {_text(key)}: '
    match value:
        case Mapping() if opened and value:
            inner = [f'    {_text(below)}: {_text(item)}' for below, item in value.items()]
            return name + '{\n' + ',\n'.join(inner) + '\n  }'
        case Sequence() if opened and value and not isinstance(value, str):
            return name + '[\n' + ',\n'.join(f'    {_text(item)}' for item in value) + '\n  ]'
    return name + _text(value)


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(',', ':'))
