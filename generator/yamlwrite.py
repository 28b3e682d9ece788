"""Plain data into YAML text that every reader understands alike, and the seal that tells an edit from an update.

A library's emitter either quotes for one YAML version only or breaks long lines as it likes; this one double-quotes
every string that any reader might take for something else.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from json.encoder import encode_basestring
from typing import Any

# By key: the text that stands above it, and the comments within its value.
Comments = Mapping[str, tuple[str, 'Comments']]

_PLAIN = re.compile(r'[A-Za-z_/][A-Za-z0-9_./-]*')
_WORDS = frozenset('y n yes no on off true false null none nan inf'.split())
# JSON leaves these alone, but YAML readers treat them as line breaks or refuse them, and reviewers do not see the last
# ones: soft hyphens, zero widths, and marks that turn the direction of what follows.
_UNSEEN = [0x7F, 0xAD, 0x61C, *range(0x200B, 0x2010), *range(0x2028, 0x202F), *range(0x2060, 0x2070)]
_UNSEEN += [0xFEFF, 0xFFFE, 0xFFFF]
_ESCAPES = {n: f'\\u{n:04x}' for n in _UNSEEN} | {n: f'\\x{n:02x}' for n in range(0x80, 0xA0)}
# Readers look for the colon of a key no further than this; behind a question mark a key may be of any length.
_LONGEST_KEY = 1000
_SEALED = re.compile(rb'chartloom sha256:([0-9a-f]{64})')


@lru_cache(maxsize=65536)
def scalar_text(text: str) -> str:
    """A string as YAML: plain where no reader can mistake it, else in double quotes."""
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    quoted = encode_basestring(text)
    return quoted if text.isascii() and '\x7f' not in text else quoted.translate(_ESCAPES)


def _scalar(value: Any) -> str:
    if isinstance(value, str):
        return scalar_text(value)
    if isinstance(value, bool):
        return 'true' if value else 'false'
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return _float(value)
    if isinstance(value, Mapping) and not value:
        return '{}'
    if isinstance(value, Sequence) and not value:
        return '[]'
    raise TypeError(f'{type(value).__name__} has no YAML form here')


def _float(value: float) -> str:
    """Digits and a point: 1e-05 is a number to some readers and a text to others."""
    text = json.dumps(value, allow_nan=False)
    if 'e' not in text:
        return text
    plain = format(Decimal(text), 'f')
    return plain if '.' in plain else f'{plain}.0'


@lru_cache(maxsize=65536)
def _key(text: str, indent: str) -> str:
    name = scalar_text(text)
    return f'{indent}{name}:' if len(name) < _LONGEST_KEY else f'{indent}? {name}\n{indent}:'


class Dumped(str):
    """A mapping that is text already: inside another one it need only be indented."""

    __slots__ = ()


def dump(value: Mapping[str, Any], comments: Comments | None = None) -> str:
    """Write a mapping in block style, in its order, with comments above its keys."""
    lines: list[str] = []
    _mapping(value, '', lines, comments)
    return '\n'.join(lines) + '\n' if lines else '{}\n'


def _mapping(value: Mapping[str, Any], indent: str, lines: list[str], comments: Comments | None = None) -> None:
    # Most of a run's time is spent here: texts and maps, which most values are, are told first.
    for key, item in value.items():
        inner = None
        if comments and key in comments:
            comment, inner = comments[key]
            lines.extend([f'{indent}# {line}' for line in comment.splitlines()])
        kind = type(item)
        if kind is str:
            lines.append(_text(key, item, indent))
        elif kind is dict and item:
            lines.append(_key(key, indent))
            _mapping(item, indent + '  ', lines, inner)
        elif kind is Dumped:
            lines.append(_key(key, indent))
            lines.extend([f'{indent}  {line}' if line else '' for line in item.removesuffix('\n').split('\n')])
        elif kind in (list, tuple) and item:
            lines.append(_key(key, indent))
            _sequence(item, indent + '  ', lines)
        else:
            lines.append(f'{_key(key, indent)} {_scalar(item)}')


@lru_cache(maxsize=16384)  # the same lines stand in most files of a run
def _text(key: str, text: str, indent: str) -> str:
    name = _key(key, indent)
    return f'{name} {_block(text, indent)}' if '\n' in text else f'{name} {scalar_text(text)}'


def _sequence(value: Sequence[Any], indent: str, lines: list[str]) -> None:
    for item in value:
        if isinstance(item, dict | list | tuple) and item:
            inner: list[str] = []
            if isinstance(item, dict):
                _mapping(item, indent + '  ', inner)
            else:
                _sequence(item, indent + '  ', inner)
            inner[0] = f'{indent}- {inner[0].lstrip(" ")}'
            lines.extend(inner)
        else:
            lines.append(f'{indent}- {_scalar(item)}')


def _block(text: str, indent: str) -> str:
    """Texts of several plain lines read best as a literal block; all else stays on the line."""
    if not _is_literal(text):
        return scalar_text(text)
    lines = text.removesuffix('\n').split('\n')
    chomping = '' if text.endswith('\n') else '-'
    return '\n'.join([f'|{chomping}', *(f'{indent}  {line}' if line else '' for line in lines)])


def _is_literal(text: str) -> bool:
    """Whether a literal block holds a text so that no reader and no editor changes it, and everybody sees all of it.

    The first line has no indentation that a reader would take for the block's, no line ends in spaces, at most one line
    break ends the text; and there are only printable ASCII and the Latin, Greek, Cyrillic … letters.
    """
    if text[0] in ' \n' or text.endswith(('\n\n', ' ')) or ' \n' in text:
        return False
    return _PRINTABLE.fullmatch(text) is not None


_PRINTABLE = re.compile('[\n -~\u00a1-\u00ac\u00ae-\u061b\u061d-\u1fff]*')


def seal(source: str, body: str, comment: str = '# {}') -> bytes:
    """A generated file: who made it from what, the digest of the rest, the rest."""
    data = body.encode()
    head = f'Generated by chartloom from {source}. Do not edit.', f'chartloom sha256:{hashlib.sha256(data).hexdigest()}'
    return ''.join([f'{comment.format(line)}\n' for line in head]).encode() + data


def is_sealed(data: bytes) -> bool:
    """Whether a generated file still is as some version of chartloom wrote it: its second line seals the rest."""
    head = data.split(b'\n', 2)
    found = _SEALED.search(head[1]) if len(head) == 3 else None
    return found is not None and found[1].decode() == hashlib.sha256(head[2]).hexdigest()
