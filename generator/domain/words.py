"""Texts and names as messages show them: short, harmless, and with the nearest known word as a hint."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable

from generator.domain.secrets import veil


def cut(text: str, most: int) -> str:
    """A text no longer than this, and without the credentials in it: half a one is enough to go on."""
    shown = veil(text)
    return shown if len(shown) <= most else f'{shown[: most - 3]}…'


def quoted(text: str) -> str:
    """A text as messages show it: short, on one line, and with nothing that a terminal would obey."""
    shown = cut(text, 80)
    return f"'{shown}'" if shown.isprintable() else repr(shown)


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word that is most like it, '' for none."""
    return next(iter(difflib.get_close_matches(word, sorted(known), 1, 0.6)), '')


def suggest(word: str, known: Iterable[str], otherwise: str = '') -> str:
    """A hint that names the nearest known word, or all of them if they are few."""
    names = sorted(known)
    if close := nearest(word, names):
        strange = next((letter for letter in word if not letter.isascii()), '')
        told = f' {strange!r} is {unicodedata.name(strange, "no ASCII letter")}' if strange and close.isascii() else ''
        return f'did you mean {quoted(close)}?{told}'
    if otherwise:
        return otherwise
    shown = ', '.join(name if name.isprintable() else repr(name) for name in names)
    return f'known here: {shown}' if names else 'remove it'
