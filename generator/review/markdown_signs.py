"""Texts of people → Markdown that shows them as they are: no link, mention, issue number or HTML of theirs works.

Forges look for names and numbers in what Markdown has made of a text, so that no sign before them helps: only code is
left alone.
"""

from __future__ import annotations

import html
import re

from generator.domain.unseen import in_one_line


def code(text: str) -> str:
    """A span of code, between more backticks than it has in a row; '' for nothing."""
    text = in_one_line(text)
    if not text.strip():
        return ''
    fence = '`' * (1 + max(map(len, re.findall('`+', text)), default=0))
    space = ' ' if text[0] in '` ' or text[-1] in '` ' else ''
    return f'{fence}{space}{text}{space}{fence}'


def cell(text: str) -> str:
    """The same in a table: there a bar would begin the next cell, in code, too."""
    return code(text.replace('|', '\\|'))


def in_html(text: str) -> str:
    """Code in a line of HTML, in which Markdown is not read."""
    return f'<code>{html.escape(in_one_line(text))}</code>'
