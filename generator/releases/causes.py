"""Problems of each release → one problem for each cause; a cause of several releases names them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from generator.domain.layout import environment_file
from generator.domain.problems import Problem
from generator.domain.records import Release
from generator.domain.words import some

_Key = tuple[str, ...]


def one_for_each_cause(found: Iterable[tuple[Release, Sequence[Problem]]]) -> list[Problem]:
    """Fold the problems at one place whose texts differ in the names of the release only; the first text is kept.

    Otherwise a setting that an environment lacks would be reported for each of its releases.
    """
    causes: dict[_Key, dict[str, list[Problem]]] = {}
    for release, problems in found:
        for each in problems:
            causes.setdefault(_key(each, release), {}).setdefault(release.name, []).append(each)
    return [problem for concerned in causes.values() for problem in _folded(concerned)]


def _folded(concerned: dict[str, list[Problem]]) -> list[Problem]:
    first = next(iter(concerned.values()))
    if len(concerned) == 1:
        return first
    return [replace(each, message=f'{each.message}; releases: {some(concerned)}') for each in first]


def _key(problem: Problem, release: Release) -> _Key:
    """The place and the texts of a problem without the names of its release."""
    return problem.file, problem.path, *(_unnamed(text, release) for text in (problem.message, problem.hint))


def _unnamed(text: str, release: Release) -> str:
    for name in (environment_file(release.environment), release.name):
        text = text.replace(name, '')
    for name in (release.environment, release.model):
        text = text.replace(f"'{name}'", "''")
    return text
