"""A text → the first character in it that reviewers see in another way than programs do.

They see a comment or nothing where YAML has a value, or letters in another order. Such are a carriage return alone,
characters for the direction of text, characters without a width, and spaces that are no spaces to YAML.
"""

from __future__ import annotations

import re
import unicodedata

from generator.domain.layout import REGISTRY
from generator.domain.unseen import COLOUR, UNSEEN

_SPACES = '\xa0\u1680\u2000-\u200a\u202f\u205f\u3000'
_IN_FILES = re.compile(f'\r(?!\n)|[{UNSEEN}{_SPACES}]|{COLOUR}')
_IN_VALUES = re.compile(f'\r(?!\n)|[\0-\x08\x0b\x0c\x0e-\x1f{UNSEEN}]|{COLOUR}')
# Generated files may contain what an older chartloom wrote: only what YAML readers do not agree on is refused.
_IN_GENERATED = re.compile('[\x85\u2028\u2029\ufeff]')

_CONTROLS = {
    0: 'NULL', 7: 'BELL', 8: 'BACKSPACE', 11: 'VERTICAL TAB', 12: 'FORM FEED', 13: 'CARRIAGE RETURN', 27: 'ESCAPE',
    127: 'DELETE', 133: 'NEXT LINE',
}  # fmt: skip


def strange_in_file(text: str, file: str) -> re.Match[str] | None:
    """Find a character that a file must not contain as it is."""
    if text.isascii() and '\r' not in text:
        return None
    return (_IN_FILES if file.startswith(f'{REGISTRY}/') else _IN_GENERATED).search(text)


def strange_in_value(text: str) -> str:
    """Return a character that no value may contain, or ''; escapes can put any into one."""
    found = _IN_VALUES.search(text)
    return found[0] if found else ''


def is_space(character: str) -> bool:
    """Whether a character looks like a space; in double quotes its escape is seen."""
    return unicodedata.category(character) == 'Zs'


def named(character: str) -> str:
    """Return code and name of a character, U+202E (RIGHT-TO-LEFT OVERRIDE)."""
    name = _CONTROLS.get(ord(character)) or unicodedata.name(character, '')
    return f'U+{ord(character):04X} ({name})' if name else f'U+{ord(character):04X}'
