"""Problems that stop a run → the same with those of files that do not depend on the invalid ones."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence

from generator.domain.layout import SETTINGS, environment_file, model_file, registry_place, release_file
from generator.domain.problems import Problem, ProblemsFound


def with_further(
    problems: Sequence[Problem], names: Collection[str], resolve: Callable[[Sequence[str]], object]
) -> ProblemsFound:
    """Add the problems that `resolve` finds in registry files that are valid and do not depend on an invalid one."""
    spoilt = {problem.file for problem in problems}
    left = [name for name in names if name not in spoilt and spoilt.isdisjoint(_needs(name))]
    if SETTINGS in spoilt or len(left) == len(names):
        return ProblemsFound(problems)
    try:
        resolve(left)
    except ProblemsFound as error:
        return ProblemsFound([*problems, *(found for found in error.problems if found not in problems)])
    return ProblemsFound(problems)


def _needs(name: str) -> Iterable[str]:
    """The registry files on which a release or a rollout depends."""
    kind, release = registry_place(name) or ('', '')
    if kind not in ('Release', 'Rollout'):
        return ()
    environment, _, model = release.partition('/')
    needed = [environment_file(environment), model_file(model)]
    return [*needed, release_file(release)] if kind == 'Rollout' else needed
