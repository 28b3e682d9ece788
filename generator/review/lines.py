"""A registry file before and after a change, and the field of a risk → the line that it most likely comes from."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from itertools import takewhile

from generator.documents.read import Mark
from generator.domain.places import Path, json_path


def changed_lines(old: bytes, new: bytes) -> list[int]:
    """The numbers of the lines that the older text has not; if there are none, where the two begin to differ."""
    before, after = old.splitlines(), new.splitlines()
    known = {*before}
    if found := [number for number, line in enumerate(after, 1) if line not in known]:
        return found
    pairs = zip(before, after, strict=False)
    equal = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
    return [max(1, min(equal + 1, len(after)))]


def likely_line(field: str, marks: Mapping[Path, Mark], changed: Collection[int]) -> int:
    """Of changed lines, the one whose keys are the last ones of a field of an object; else the first."""
    wanted = _keys(field)
    best, line = 0, min(changed)
    for path, mark in marks.items():
        if mark.line in changed:
            alike = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(wanted, path[::-1], strict=False)))
            best, line = (alike, mark.line) if alike > best else (best, line)
    return line


def _keys(field: str) -> list[str]:
    """The keys of a field, the last one first: spec.containers[server].image."""
    return [part for part in re.split(r'[.\[\]]+', field) if part][::-1]


def nearest_line(place: str, marks: Mapping[Path, Mark]) -> int:
    """The line of a value by its JSON path, or of the nearest that holds it."""
    lines = {'': 1, **{json_path(path): mark.line for path, mark in marks.items()}}
    while place not in lines:
        place = place[: max(place.rfind('.'), place.rfind('['), 0)]
    return lines[place]
