"""Differences of objects → those that matter: the API server knows a quantity in any spelling, and some changes of pods
do what everybody expects of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from generator.compare.difference import Difference
from generator.compare.fields import ABSENT, Field
from generator.domain.units import quantity
from generator.review.leaves import Leaf, leaves_of
from generator.review.options import OFF, differing_options

# What is on by default, as far as its name tells: to say that it is off switches it off.
_GUARD = re.compile(
    r'require|verif|auth|tls|ssl|secur|check|token|valid|guard|limit|encrypt|sign|safe|protect', re.IGNORECASE
)
_QUANTITIES = ('limits', 'requests', 'sizeLimit', 'storage')


def without_noise(found: Iterable[Difference]) -> Iterator[Difference]:
    for each in found:
        if each.kind != 'change':
            yield each
        elif fields := tuple(field for field in each.fields if not _is_same(field)):
            yield replace(each, fields=fields)


def _is_same(field: Field) -> bool:
    """Whether two quantities are equal: 1 and 1000m."""
    if not {*field.path[-2:]} & {*_QUANTITIES} or not all(
        isinstance(side, str | int) for side in (field.old, field.new)
    ):
        return False
    try:
        return quantity(str(field.old)) == quantity(str(field.new))
    except (ValueError, ArithmeticError):
        return False


def is_harmless(each: Difference, field: Field) -> bool:
    """Whether all that a field of a pod changes is more of CPU or memory, another name of the same image, or an option
    that is new and off."""
    return all(_is_expected(leaf) for leaf in leaves_of(each, field))


def _is_expected(leaf: Leaf) -> bool:
    above = leaf.path[-2:-1]
    if leaf.key == 'image':
        return _content(leaf.old) == _content(leaf.new) != ('', '')
    if above == ('requests',) or (above == ('limits',) and '/' not in leaf.key):
        return _is_more(leaf)
    if leaf.key in ('args', 'command'):
        same = [_words(each) for each in (leaf.old, leaf.new)]
        return same[0] == same[1] and all(not old and _is_off(name, new) for name, old, new in differing_options(leaf))
    variable = leaf.path[-3:-2] == ('env',) and leaf.old is ABSENT and not _GUARD.search(leaf.path[-2])
    return variable and (leaf.key == 'name' or (leaf.key == 'value' and str(leaf.new).lower() in OFF))


def _is_more(leaf: Leaf) -> bool:
    """Whether a request is raised or made, a limit is raised, or a limit of CPU goes: nothing is killed for it."""
    if leaf.new is ABSENT:
        return leaf.path[-2:] == ('limits', 'cpu')
    if leaf.old is ABSENT:
        return leaf.path[-2:-1] == ('requests',)
    return quantity(str(leaf.new)) >= quantity(str(leaf.old))


def _content(image: Any) -> tuple[str, str]:
    """The repository and the digest of an image, whatever its tag is; '' for both without a digest."""
    name, _, digest = str(image).partition('@')
    return (re.sub(r':[^:/]*$', '', name), digest) if digest else ('', '')


def _is_off(name: str, value: str) -> bool:
    if _GUARD.search(name):
        return False
    return value.lower() in OFF if value != 'on' else name.startswith(('no-', 'disable-'))


def _words(given: Any) -> list[str]:
    """The words of a command that are no options."""
    return [str(word) for word in given if not str(word).startswith('-')] if isinstance(given, list) else []
