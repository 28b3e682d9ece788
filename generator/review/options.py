"""The words of a command → its options by name, those that a server has and those that a change gives it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from generator.compare.effects import WORKLOADS
from generator.review.leaves import Leaf, leaves
from generator.review.records import Evidence, Side, Touched
from generator.values.arguments import arguments

_SHORT = {'tp': 'tensor-parallel-size', 'pp': 'pipeline-parallel-size', 'dp': 'data-parallel-size', 'q': 'quantization'}
# What switches something off: options and variables with such a value change nothing that was not there before.
OFF = ('false', 'off', 'no', '0', 'none', '')


def parsed(words: Any) -> dict[str, str]:
    """Options by their names without dashes in front, '_' as '-'; one without a value is 'on'."""
    found: dict[str, str] = {}
    given = [str(word) for word in words] if isinstance(words, list) else []
    for word, following in pairwise([*given, '']):
        if word.startswith('-'):
            name, equals, value = word.lstrip('-').partition('=')
            told = value if equals else '' if following.startswith('-') else following
            name = name.replace('_', '-')
            found[_SHORT.get(name, name)] = told or 'on'
    return found


def differing_options(leaf: Leaf) -> Iterator[tuple[str, str, str]]:
    """Yield the options of a command that differ: name, old and new value, '' for none."""
    before, after = (parsed(each) for each in (leaf.old, leaf.new))
    for name in dict.fromkeys([*before, *after]):
        if before.get(name) != after.get(name):
            yield name, before.get(name, ''), after.get(name, '')


def changed_options(touched: Touched, names: Sequence[str], *, new: bool = False) -> Iterator[Evidence]:
    """Yield the options of these names that differ; `new`: also those of workloads that had none before."""
    for leaf in leaves(touched, *WORKLOADS, new=new):
        if leaf.key in ('args', 'command'):
            for name, before, after in differing_options(leaf):
                if name in names:
                    yield Evidence(str(leaf.object.id), name, before or 'not set', after or 'not set')


def options_of(side: Side) -> dict[str, str]:
    """The options of the model server of a release."""
    return parsed([*side.merged.get('command', ()), *arguments(side.merged)])


_MOST = 1e18  # no size is larger; neither are inf and nan


def number(options: dict[str, str], *names: str) -> float | None:
    """The first of these options that is a number."""
    for name in names:
        try:
            found = float(options[name])
        except (KeyError, ValueError):
            continue
        if abs(found) < _MOST:
            return found
    return None
