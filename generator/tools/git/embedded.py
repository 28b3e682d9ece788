"""A folder → a problem if git would take it, or a folder around it, for a bare repository.

The files of such a folder would be git's configuration, which may name programs to run. git since 2.38 refuses it by
`safe.bareRepository`; this check serves older versions too, and has words for it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from generator.domain.problems import problem


def refuse_bare(folder: Path) -> None:
    """Raise ProblemsFound if git's search, from a folder upwards, meets a bare repository before a `.git`."""
    start = os.path.realpath(folder)
    for place in _upwards(start):
        git = os.path.join(place, '.git')
        if os.path.isfile(git) or _is_repository(git):
            return
        if _is_repository(place):
            shown = str(folder) if place == start else place
            raise _inside(shown) if _in_work_tree(place) else _bare(str(folder), place)


def _inside(place: str) -> Exception:
    hint = 'remove its HEAD: git would read settings from this folder, and run programs that they name'
    return problem(place, '', 'expected a folder of a work tree, found a bare git repository in it', hint)


def _bare(folder: str, place: str) -> Exception:
    hint = f'use a clone, or add the options --repo file://{place} --branch <branch> to a command that has them'
    return problem(folder, '', 'the repository has no work tree', hint)


def _upwards(place: str) -> Iterator[str]:
    yield place
    while (above := os.path.dirname(place)) != place:
        place = above
        yield place


def _in_work_tree(place: str) -> bool:
    """Whether there is a `.git` around a folder that is not in a `.git` itself, where no tree can put files."""
    above = _upwards(os.path.dirname(place))
    return '.git' not in place.split(os.sep) and any(os.path.lexists(os.path.join(each, '.git')) for each in above)


def _is_repository(place: str) -> bool:
    """Whether a folder has what git looks for; links count, and a repository may share the objects of another one."""

    def has(name: str) -> bool:
        return os.path.lexists(os.path.join(place, name))

    return has('HEAD') and (has('commondir') or (has('objects') and has('refs')))
