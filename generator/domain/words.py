"""Texts and names → their form in messages: short, printable, without credentials; unknown names → a hint."""

from __future__ import annotations

import difflib
import unicodedata
from bisect import bisect
from collections.abc import Iterable

from generator.domain.secrets import veil

# Limits of the search for similar words, which takes long for long ones and for many.
_LONGEST = 100
_NEIGHBOURS = 100
_LISTED = 100


def cut(text: str, most: int) -> str:
    """Shorten a text to `most` characters and hide its credentials first, because a part of one is sensitive too."""
    shown = veil(text)
    return shown if len(shown) <= most else f'{shown[: most - 3]}…'


def quoted(text: str) -> str:
    """Quote a text for a message: short, on one line, without control characters."""
    shown = cut(text, 80)
    return f"'{shown}'" if shown.isprintable() else repr(shown)


def some(names: Iterable[str], most: int = 3) -> str:
    """List the first names, and the number of the others."""
    shown = list(names)
    more = len(shown) - most
    return ', '.join(shown) if more <= 0 else f'{", ".join(shown[:most])} and {more} more'


def either(names: Iterable[str]) -> str:
    """Quote names as alternatives: 'a', 'b' or 'c'."""
    *others, last = map(quoted, names)
    return f'{", ".join(others)} or {last}' if others else last


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the most similar known word, or ''; of very many, only those that begin alike are compared."""
    names = sorted(known)
    if len(word) > _LONGEST:
        return ''
    if len(names) > 2 * _NEIGHBOURS:
        place = bisect(names, word)
        names = names[max(0, place - _NEIGHBOURS) : place + _NEIGHBOURS]
    return next(iter(difflib.get_close_matches(word, names, 1, 0.6)), '')


def suggest(word: str, known: Iterable[str], otherwise: str = '') -> str:
    """Return a hint: the most similar known word, else `otherwise`, else all known words."""
    names = sorted(known)
    if close := nearest(word, names):
        strange = next((letter for letter in word if not letter.isascii()), '')
        told = f' {strange!r} is {unicodedata.name(strange, "no ASCII letter")}' if strange and close.isascii() else ''
        return f'did you mean {quoted(close)}?{told}'
    if otherwise:
        return otherwise
    shown = some((name if name.isprintable() else repr(name) for name in names), _LISTED)
    return f'known here: {shown}' if names else 'remove it'
