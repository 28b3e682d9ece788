"""Releases whose versions move in one commit → a problem if they are in several production environments."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from generator.domain.problems import Problem
from generator.domain.records import Registry
from generator.domain.words import quoted, some


def together_problems(registry: Registry, moving: Iterable[str], *, together: bool) -> Iterator[Problem]:
    """Judge the releases (`env/model`) whose versions move: a fault should not reach all regions at once."""
    names = sorted({name.partition('/')[0] for name in moving})
    found = [registry.environments[name] for name in names if registry.environments[name].is_production]
    if len(found) > 1 and not together:
        which = some(quoted(each.name) for each in found)
        message = f'versions would move in {len(found)} production environments in one commit: {which}'
        hint = 'move them one after the other, or add --together'
        yield Problem(found[1].file, '$.spec.production', message, hint, 'together')
