"""Changes of a release as data, each with the rules that must find something dangerous in it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

# What a case begins with: 'model', environments ('prod', 'eu', 'staging') and their releases ('prod-release', …), and
# 'prod-rollout'. @model@ and @prod@ stand for the names that the case has among the others.
Specs = dict[str, dict[str, Any]]
Change = Callable[[Specs], None]
ENVIRONMENTS = ('prod', 'eu', 'staging')
NEWEST = 'newest'
NULL = object()  # is written as null, which removes what is inherited


@dataclass(frozen=True)
class Case:
    """A change with the identifiers of all rules that find something dangerous in it; none for noise."""

    base: Specs
    change: Change
    rules: frozenset[str]
    refused: bool = False  # it cannot be generated, and the report says why


Cases = Mapping[str, Case]


def danger(base: Specs, change: Change, *rules: str) -> Case:
    assert rules
    return Case(base, change, frozenset(rules))


def noise(base: Specs, change: Change) -> Case:
    return Case(base, change, frozenset())


def put(part: str, *path: str | int, value: Any) -> Change:
    """Set a value in a part of the specs; None removes it."""

    def change(specs: Specs) -> None:
        place: Any = specs.setdefault(part, {})
        for step in path[:-1]:
            place = place.setdefault(step, {}) if isinstance(step, str) else place[step]
        if value is None:
            place.pop(path[-1], None)
        else:
            place[path[-1]] = None if value is NULL else copy.deepcopy(value)

    return change


def drop(part: str) -> Change:
    return lambda specs: specs.pop(part) and None


def values(*path: str, value: Any) -> Change:
    """A value of the release in prod."""
    return put('prod-release', 'values', *path, value=value)


def several(*changes: Change) -> Change:
    return lambda specs: [change(specs) for change in changes] and None


def newest(*changes: Change) -> Change:
    """A change of the model, and the pin of prod to the chart that it makes."""
    return several(*changes, put('prod-release', 'version', value=NEWEST))


def model(*path: str | int, value: Any) -> Change:
    """A value of the model, in a chart that prod gets."""
    return newest(put('model', *path, value=value))


def to(version: str, chart: str, where: str = 'prod-release') -> Change:
    """A pin that somebody writes by hand."""
    return several(put(where, 'version', value=version), put(where, 'chart', value=chart))


def version(*path: str | int, value: Any) -> Change:
    """Something else in version 2, which prod gets."""
    return model('versions', 1, *path, value=value)
