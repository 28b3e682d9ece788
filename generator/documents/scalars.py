"""A plain scalar → whether all YAML readers read it alike, and what to write instead if not."""

from __future__ import annotations

import json
import re
from typing import Any

WORDS: dict[str, Any] = {'true': True, 'false': False}
NOTHING = ('', '~', 'null')
# Plain scalars that PyYAML, ruamel, helm or kubectl does not read as a string (measured).
_DOUBTFUL = frozenset(
    'y Y n N yes Yes YES no No NO on On ON off Off OFF True TRUE False FALSE Null NULL .nan .NaN .NAN = <<'.split()
)
SPECIAL = _DOUBTFUL.union(WORDS, NOTHING)
NUMBER = re.compile(r'-?(?:0|[1-9][0-9]{0,15})(?:\.[0-9]+)?')
DOUBTFUL_NUMBER = re.compile(
    r'[-+]?\.(?:inf|Inf|INF)'
    r'|[-+.]?[0-9][0-9_]*(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?|[-+]?0[xX][0-9a-fA-F_]+|[-+]?0[oO][0-7_]+|[-+]?0[bB][01_]+'
    r'|[-+][0-9_]+|[-+]?\.[0-9_]+(?:[eE][-+]?[0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?'
    r'|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{1,2}:.*)?'
)
NUMERIC = frozenset('0123456789+-.')  # first characters of numbers
_DATE = re.compile(r'[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}')


def quote_hint(text: str) -> str:
    """Return what to write instead of an ambiguous scalar."""
    if len(text) > 80:
        return 'quote the text'
    quoted = f'quote the text: {json.dumps(text, ensure_ascii=False)}'
    if text.lower() == 'null':
        return f'write null to remove what is inherited, or {quoted}'
    if text.lower() in ('yes', 'on', 'y', 'true'):
        return f'write true for a boolean, or {quoted}'
    if text.lower() in ('no', 'off', 'n', 'false'):
        return f'write false for a boolean, or {quoted}'
    if _DATE.match(text) or not any(letter.isdigit() for letter in text) or (text.isdigit() and len(text) > 16):
        return quoted
    return f'{quoted}, or write a plain decimal number'
