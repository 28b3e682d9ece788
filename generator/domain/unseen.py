"""Characters that people do not see, or see in another order → found, and written as escapes on one line.

They see a comment or nothing where programs have a value. Such are control characters, those for the direction of text,
those without a width, and those that are drawn as nothing.
"""

from __future__ import annotations

import re

# Unicode's Bidi_Control and Default_Ignorable_Code_Point; further line ends; annotations; joiners and controls of
# scripts; and signs that are drawn as nothing: a Braille cell without dots, a note without a head, a Khitan filler.
UNSEEN = (
    '\x85\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u2d7f\u3164'
    '\ufe00-\ufe0e\ufeff\uffa0\ufff0-\ufffb\U0001107f\U00013430-\U0001345f\U00016fe4\U0001bca0-\U0001bca3\U0001d159'
    '\U0001d173-\U0001d17a\U000e0000-\U000e0fff'
)
# U+FE0F colours the sign before it, as of an emoji or (with U+20E3 behind it) of a key; after all else it is unseen.
COLOUR = '(?<![^\0-\x7f\\w\\s\u0300-\u036f\ufe00-\ufe0f])(?<!\u2139)\ufe0f(?!\u20e3)'

_ESCAPED = re.compile(f'[{UNSEEN}]|{COLOUR}')


def in_one_line(text: str) -> str:
    """Write what is not seen as escapes, and line breaks and tabs, too."""
    if text.isascii() and text.isprintable():
        return text
    text = _ESCAPED.sub(_escape, text)
    return text if text.isprintable() else ''.join(each if each.isprintable() else _code(each) for each in text)


def _escape(found: re.Match[str]) -> str:
    return _code(found[0])


def _code(character: str) -> str:
    return character.encode('unicode_escape').decode()
