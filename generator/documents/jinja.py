"""Jinja2 templates → documents: `[[ ]]` belongs to chartloom, `{{ }}` to helm or Argo."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Template


@lru_cache(maxsize=16)
def _template(source: bytes) -> Template:
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        variable_start_string='[[', variable_end_string=']]', undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True, autoescape=False,
    )  # fmt: skip
    environment.filters['cell'] = cell
    environment.filters['line'] = lambda text: ' '.join(str(text).split())
    return environment.from_string(source.decode())


def render_document(source: bytes, **names: Any) -> str:
    """Render a document; an undefined name is an error."""
    return _template(source).render(**names)


def cell(text: Any) -> str:
    """Write text for a cell of a Markdown table: on one line, with | escaped."""
    return ' '.join(str(text).split()).replace('|', '\\|')
