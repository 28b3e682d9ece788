"""Three states of a document → one with the changes of both sides, by meaning; what both sides set differently.

Maps are merged by keys, lists of versions (or of other maps that have a version or a name) by these; every other value
is one piece.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from generator.domain.places import Path


class _Absent:
    """The value of a key that is not there: null is a value, it removes an inherited one."""

    def __repr__(self) -> str:
        return 'nothing'


ABSENT: Final = _Absent()
_IDENTITIES = ('version', 'name')
_NUMBERS = re.compile(r'v?([0-9]{1,18}(?:[.-][0-9]{1,18})*)')


@dataclass(frozen=True, slots=True)
class Conflict:
    """A place that both sides set, to different values."""

    path: Path
    ours: Any
    theirs: Any


@dataclass(frozen=True, slots=True)
class Merged:
    value: Any
    conflicts: list[Conflict] = field(default_factory=list)


def merge_values(base: Any, ours: Any, theirs: Any) -> Merged:
    """Merge two states that come from `base`; where there are conflicts, the value has that of `theirs`."""
    found = Merged(None, [])
    value = _merged(base, ours, theirs, (), found.conflicts)
    return Merged(value, found.conflicts)


def _merged(base: Any, ours: Any, theirs: Any, path: Path, conflicts: list[Conflict]) -> Any:
    if same(ours, theirs) or same(base, ours):
        return theirs
    if same(base, theirs):
        return ours
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return _maps(base if isinstance(base, dict) else {}, ours, theirs, path, conflicts, list_of='')
    if identity := identity_of(base, ours, theirs):
        before, mine, others = (_by(identity, side) for side in (base, ours, theirs))
        merged = _maps(before, mine, others, path, conflicts, list_of=identity)
        return list(merged.values())
    conflicts.append(Conflict(path, ours, theirs))
    return theirs


def same(one: Any, other: Any) -> bool:
    """Whether two values are equal and of the same types: for Python, 1 is equal to true and to 1.0."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(value, other[key]) for key, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and bool(one == other)


def identity_of(*sides: Any) -> str:
    """The key by which items of all these lists are known, '' if there is none; ABSENT is an empty list."""
    lists = [side for side in sides if side is not ABSENT]
    if not lists or not all(isinstance(each, list) for each in lists):
        return ''
    return next((key for key in _IDENTITIES if any(lists) and all(_known_by(key, each) for each in lists)), '')


def _known_by(key: str, items: list[Any]) -> bool:
    names = [item.get(key) if isinstance(item, dict) else None for item in items]
    return all(isinstance(name, str) for name in names) and len(set(names)) == len(names)


def _by(identity: str, items: Any) -> dict[str, Any]:
    return {} if items is ABSENT else {item[identity]: item for item in items}


def _maps(
    base: Mapping[str, Any], ours: Mapping[str, Any], theirs: Mapping[str, Any], path: Path,
    conflicts: list[Conflict], *, list_of: str,
) -> dict[str, Any]:  # fmt: skip
    sides, merged = (base, ours, theirs), dict[str, Any]()
    if list_of and _reordered(base, ours, theirs):
        conflicts.append(Conflict(path, list(ours), list(theirs)))
    for key in ordered(list(base), list(ours), list(theirs), by_version=list_of == 'version'):
        before, mine, others = (side.get(key, ABSENT) for side in sides)
        value = _merged(before, mine, others, (*path, key), conflicts)
        if value is not ABSENT:
            merged[key] = value
    return merged


def _reordered(base: Mapping[str, Any], ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> bool:
    """Whether both sides put what was there before into another order, and not the same one."""
    common = [key for key in base if key in ours and key in theirs]
    mine, others = ([key for key in side if key in common] for side in (ours, theirs))
    return common != mine != others != common


def ordered(base: Sequence[str], ours: Sequence[str], theirs: Sequence[str], *, by_version: bool) -> list[str]:
    """The keys of both sides in the order of theirs; what only ours has follows the key that it follows there.

    Where both sides add versions at the same place, the lower one comes first if both are numbers, else that of theirs:
    the last one is what environments follow.
    """
    found = list(theirs)
    common = [key for key in base if key in ours and key in theirs]
    if common == [key for key in theirs if key in common] != (mine := [key for key in ours if key in common]):
        places = iter(mine)  # only ours moved them
        found = [next(places) if key in common else key for key in theirs]
    at = 0
    for key in ours:
        if key in found:
            at = found.index(key) + 1
            continue
        while at < len(found) and found[at] not in base and found[at] not in ours:
            if by_version and _is_lower(key, found[at]):
                break
            at += 1
        found.insert(at, key)
        at += 1
    return found


def _is_lower(version: str, other: str) -> bool:
    numbers = [_NUMBERS.fullmatch(each) for each in (version, other)]
    mine, theirs = ([int(part) for part in re.split('[.-]', found[1])] if found else [] for found in numbers)
    return bool(mine and theirs and mine < theirs)
