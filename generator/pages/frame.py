"""The parts of a page → HTML that needs nothing else: no network; its policy allows its own style and script only.

A package with a page has page.html, which fills the blocks of frame.html, page.css and page.js, which follow those of
the frame. All that a page shows is escaped.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from generator.domain.unseen import in_one_line

if TYPE_CHECKING:
    from jinja2 import Template


def written(package: str, **shown: Any) -> str:
    """Write the page of a package; `shown` is what page.html asks for."""
    from markupsafe import Markup

    style, script = (_data(__package__, f'frame.{kind}') + _data(package, f'page.{kind}') for kind in ('css', 'js'))
    return _template(package).render(
        shown, style=Markup(style), style_hash=_hash(style), script=Markup(script), script_hash=_hash(script)
    )


@cache
def _template(package: str) -> Template:
    from jinja2 import DictLoader, Environment, StrictUndefined

    names = {name: _data(__package__, name) for name in ('frame.html', 'parts.html')}
    names['page.html'] = _data(package, 'page.html')
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, finalize=visible,
        loader=DictLoader(names),
    )  # fmt: skip
    return environment.get_template('page.html')


@cache
def _data(package: str, name: str) -> str:
    return files(package).joinpath(name).read_text(encoding='utf-8')


def _hash(text: str) -> str:
    return b64encode(hashlib.sha256(text.encode()).digest()).decode()


def visible(value: Any) -> Any:
    """Write characters that people do not see, or that change the order of others, as escapes; line breaks, too."""
    return in_one_line(value) if type(value) is str else value
