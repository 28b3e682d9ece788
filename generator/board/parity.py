"""A release and the one before it → the values that differ between them, and who says so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from generator.board.records import Differing
from generator.compare.fields import ABSENT, Field
from generator.compare.told import shown_sides
from generator.domain.generated import ResolvedRelease
from generator.domain.layout import is_generated
from generator.domain.places import Path, json_path
from generator.domain.values import Values
from generator.plan.adoption import differences
from generator.releases.explain import set_by


def parity(there: ResolvedRelease, here: ResolvedRelease) -> Iterator[Differing]:
    """Yield the values that differ, in the order of their keys.

    A file of the registry sets a value for this release, else for the release before, if the value is not set
    here. What follows from a chart in an environment (its host names) is set by that.
    """
    mine, theirs = [*reversed(here.layers)], [*reversed(there.layers)]
    for path, old, new in sorted(differences(there.merged, here.merged, (), ABSENT), key=lambda each: _key(each[0])):
        found = set_by(path, mine) or set_by(path, theirs)
        file = found[0] if found else ''
        yield Differing(_key(path), *shown(path, old, new), here.environment.file if is_generated(file) else file)


def drifted(desired: Values, found: Values) -> Iterator[str]:
    """Yield the values of a generated file that are not what the registry says."""
    for path, wanted, is_there in differences(desired, found, (), ABSENT):
        ours, its = shown(path, wanted, is_there)
        yield f'{_key(path)}: {its}, by the registry {ours}'


def shown(path: Path, old: Any, new: Any) -> tuple[str, str]:
    """Both values, short and without credentials."""
    return shown_sides(Field(tuple(map(str, path)), old, new))


def _key(path: Path) -> str:
    return json_path(path).removeprefix('$.')
