"""A document of the team and a generated block → the document with the block, whose first mark contains its digest."""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache

# The digest of the block goes between the two parts of the first mark.
_MARKS = {'README.md': (('<!-- chartloom: begin', ' -->'), '<!-- chartloom: end -->')}
_HASH_MARKS = (('# chartloom: begin', ''), '# chartloom: end')


def with_block(name: str, current: bytes, block: str) -> bytes:
    """Replace the marked block of a document, or append it; an empty block is removed."""
    (begin, rest), end = _MARKS.get(name, _HASH_MARKS)
    text = current.decode('utf-8', 'surrogateescape')
    marked = f'{begin} sha256:{_digest(block)}{rest}\n{block}{end}\n' if block else ''
    if found := _pair(name).search(text):
        text = text[: found.start()] + marked + text[found.end() :]
    elif block:
        text = f'{text.rstrip()}\n\n{marked}' if text else marked
    return text.encode('utf-8', 'surrogateescape')


def around(name: str, current: bytes) -> tuple[str, str]:
    """Return the text above the marked block of a document, and below it; without a block, all is above."""
    text = current.decode('utf-8', 'surrogateescape')
    found = _pair(name).search(text)
    return (text[: found.start()], text[found.end() :]) if found else (text, '')


def is_edited(name: str, current: bytes) -> bool:
    """Whether a person has edited the marked block of a document."""
    found = _pair(name).search(current.decode('utf-8', 'surrogateescape'))
    return found is not None and found['seal'] is not None and found['seal'] != _digest(found['block'])


def _digest(block: str) -> str:
    return hashlib.sha256(block.replace('\r\n', '\n').encode('utf-8', 'surrogateescape')).hexdigest()


@lru_cache(maxsize=4)
def _pair(name: str) -> re.Pattern[str]:
    """Match from an opening mark, alone on its line, to the next closing mark.

    A mark without its counterpart, or inside a sentence, must not match: the team's own text would be replaced.
    """
    (begin, rest), end = _MARKS.get(name, _HASH_MARKS)
    line_end = r'[ \t]*(?:\r?\n|\Z)'
    first, again = (
        rf'^{re.escape(begin)}(?: sha256:{digest})?{re.escape(rest)}{line_end}'
        for digest in ('(?P<seal>[0-9a-f]{64})', '[0-9a-f]{64}')
    )
    return re.compile(
        rf'{first}(?P<block>(?:(?!{again}).)*?)^{re.escape(end)}{line_end}', re.DOTALL | re.MULTILINE
    )  # fmt: skip
