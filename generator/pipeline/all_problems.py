"""Problems that stop a run → the same with those of files that do not depend on the invalid ones."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence, Set

from generator.domain.layout import SETTINGS, environment_file, model_file, registry_place, release_file
from generator.domain.problems import Problem, ProblemsFound

UNKNOWN = b'\\'  # the content of a file that cannot be read: a backslash may be the escape of any letter


def with_further(
    problems: Sequence[Problem],
    names: Collection[str],
    invalid: Callable[[str], bytes | None],
    resolve: Callable[[Sequence[str]], object],
    heirs: Callable[[Set[str]], Set[str]],
) -> ProblemsFound:
    """Add the problems that `resolve` finds in registry files that are valid and do not depend on an invalid one.

    `invalid` returns the content of a file that does not fit its schema, else None: then its routes are known; `heirs`
    are the files of environments that inherit from some.
    """
    found_in = {problem.file for problem in problems}
    if SETTINGS in found_in:
        return ProblemsFound(problems)
    texts = {name: invalid(name) for name in found_in.intersection(names) if _is_application(name)}
    spoilt = found_in - {name for name, text in texts.items() if text is None}
    spoilt |= heirs(spoilt)
    left = [
        name
        for name in names
        if name not in spoilt and spoilt.isdisjoint(_needs(name)) and not _may_be_member(name, texts.values())
    ]
    if len(left) == len(names) and spoilt == found_in:
        return ProblemsFound(problems)
    try:
        resolve(left)
    except ProblemsFound as error:
        return ProblemsFound([*problems, *(found for found in error.problems if found not in problems)])
    return ProblemsFound(problems)


def _is_application(name: str) -> bool:
    return (registry_place(name) or ('',))[0] == 'Application'


def _needs(name: str) -> Iterable[str]:
    """The registry files on which a release or a rollout depends, without applications."""
    kind, release = registry_place(name) or ('', '')
    if kind not in ('Release', 'Rollout'):
        return ()
    environment, _, model = release.partition('/')
    needed = [environment_file(environment), model_file(model)]
    return [*needed, release_file(release)] if kind == 'Rollout' else needed


def _may_be_member(name: str, applications: Iterable[bytes | None]) -> bool:
    """Whether a release or a rollout may have its routes from one of these invalid applications."""
    kind, release = registry_place(name) or ('', '')
    model = release.partition('/')[2].encode()
    named = any(text and (model in text or UNKNOWN in text) for text in applications)
    return kind in ('Release', 'Rollout') and named
