"""Registry files of two sides → merged by meaning, or the keys that both set to different values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

from generator.documents.merge import merge_files
from generator.documents.three_way import ABSENT, Conflict
from generator.domain.credentials import veiled
from generator.domain.places import json_path
from generator.domain.problems import Problem, ProblemsFound
from generator.domain.words import cut
from generator.pipeline.sides import AGAIN, Sides, Three


def merged_registry(sides: Sides, registry: Mapping[str, Three]) -> dict[str, bytes | None]:
    """Merge registry files; raises ProblemsFound with all keys that both sides set to different values."""
    files: dict[str, bytes | None] = {}
    problems: list[Problem] = []
    for name, three in registry.items():
        try:
            found, faults = _merged(sides, name, three)
        except ProblemsFound as error:
            problems += error.problems
            continue
        problems += faults
        files[name] = found
    if problems:
        raise ProblemsFound(problems)
    return files


def is_own_result(sides: Sides, name: str, three: Three) -> bool:
    """Whether what is staged is what this module merges: an earlier run was killed, and no person resolved it."""
    found, problems = _merged(sides, name, replace(three, resolved=None))
    return not problems and found == three.resolved


def _merged(sides: Sides, name: str, three: Three) -> tuple[bytes | None, list[Problem]]:
    if three.removed or three.resolved is not None:
        return three.resolved, []
    base, ours, theirs = three.base, three.ours, three.theirs
    if ours in (base, theirs):
        return theirs, []
    if theirs == base:
        return ours, []
    if ours is None or theirs is None:
        here, there = ('removed', 'changed') if ours is None else ('changed', 'removed')
        first = '' if sides.staged else f'{sides.by_hand}, '
        hint = f"to keep it: {first}{AGAIN}; to remove it: 'git rm' it instead"
        return theirs, [Problem(name, '', f'{here} on this branch, {there} in {sides.name}', hint)]
    merged = merge_files(base, ours, theirs, name)
    if merged.conflicts:
        return theirs, [_conflict(sides, name, each) for each in merged.conflicts]
    if merged.data is None:
        message = f'the lines of this branch and of {sides.name} cannot be merged without losing a comment'
        return theirs, [Problem(name, '', message, f'{_how(sides)}, merge the file by hand, {AGAIN}')]
    return merged.data, []


def _how(sides: Sides) -> str:
    return 'edit the file' if sides.staged else sides.by_hand


def _conflict(sides: Sides, name: str, found: Conflict) -> Problem:
    shown = [_shown(found, value) for value in (found.ours, found.theirs)]
    message = f'this branch sets {shown[0]}, {sides.name} {shown[1]}'
    write = 'write the value' if sides.staged else f'{sides.by_hand}, write the value'
    return Problem(name, json_path(found.path), message, f'{write} that is to hold, {AGAIN}')


def _shown(found: Conflict, value: object) -> str:
    if value is ABSENT:
        return 'nothing'
    shown = veiled(found.path, value)
    return cut(json.dumps(shown) if shown is None or isinstance(shown, bool) else str(shown), 80)
