"""A registry file and a model → the places that name the model's Service: who has them, calls it.

A Service has the name of its model. A text names it as a host: in a URL, with a port, with its namespace, or alone in a
value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from generator.domain.places import Path


def named_in(document: Any, model: str, namespace: str, *, inside: bool) -> Iterator[Path]:
    """Yield the paths below `spec` that name the Service of a model in a namespace; a short name counts only
    `inside` it."""
    spec = document.get('spec') if isinstance(document, Mapping) else None
    for path, text in _texts(spec, ('spec',)):
        if _host(model, namespace).search(text) or (inside and _is_short(path, text, model)):
            yield path


def _texts(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str):
        yield path, value
        return
    steps = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    for step, item in steps:
        yield from _texts(item, (*path, step))


def _host(model: str, namespace: str) -> re.Pattern[str]:
    return re.compile(rf'(?<![\w.-]){re.escape(model)}\.{re.escape(namespace)}(?:\.svc(?:\.[\w.-]+)?)?(?![\w-])')


def _is_short(path: Path, text: str, model: str) -> bool:
    """Whether a text is the short name of the Service: alone in a value, in a URL, or with a port."""
    if text == model:
        return path[1:2] == ('values',)
    return re.search(rf'(?://|@){re.escape(model)}(?![\w.-])|(?<![\w./-]){re.escape(model)}:\d', text) is not None
