"""Parameters and their forms → the arguments of a server, as the templates of a chart write them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from generator.domain.values import Values


def arguments(container: Values) -> list[str]:
    """Return the arguments of a container with its `args`, `parameters` and `parameterForms`."""
    forms = container.get('parameterForms', {})
    named = sorted(container.get('parameters', {}).items())
    return [*container.get('args', ()), *(word for key, value in named for word in _words(key, value, forms))]


def _words(key: str, value: Any, forms: Values) -> Iterator[str]:
    match value, _form(key, forms, 'lists' if isinstance(value, list) else 'switches'):
        case True, 'pair' | 'opposite' | 'flag':
            yield f'--{key}'
        case False, 'opposite' if key.startswith('disable-'):
            yield f'--enable-{key.removeprefix("disable-")}'
        case False, 'pair' | 'opposite':
            yield f'--no-{key}'
        case False, 'flag':
            return
        case [_, *_], 'words':
            yield from (f'--{key}', *map(text_of, value))
        case [_, *_], 'commas':
            yield f'--{key}={",".join(map(text_of, value))}'
        case [*_], form if form != 'json':
            yield from (f'--{key}={text_of(item)}' for item in value)
        case _:
            yield f'--{key}={text_of(value)}'


def _form(key: str, forms: Values, kind: str) -> str | None:
    """Servers that know --some-key take --some_key, too."""
    keys = forms.get('keys', {})
    found: str | None = keys.get(key) or keys.get(key.replace('_', '-')) or forms.get(kind)
    return found


def text_of(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(',', ':'))
