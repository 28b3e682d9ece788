"""Members of applications → problems: models that a file of somebody else takes in.

Members reach each other, use Secrets of each other, and have the host name and the auth of their application: its file
alone cannot decide that for models of others.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

from generator.checks.scope import Scope
from generator.domain.places import json_path
from generator.domain.problems import Problem
from generator.domain.records import Application, Model, Registry
from generator.domain.words import quoted

_KEY = 'applications'


def refused_members(scope: Scope) -> Iterator[Problem]:
    """Report members whose own file names other applications, or none."""
    yield from _unnamed(scope.registry, lambda application, model: _KEY in model.spec)


def taken_members(
    registry: Registry, changed: Collection[str], before: Callable[[str], Collection[str]], published: Collection[str]
) -> Iterator[Problem]:
    """Report published models that become members although their own file does not say so.

    `changed` are the applications that differ from the published ones, `before` gives the published members of one.
    A model that is new comes with its application, or before it: nobody else has it yet.
    """

    def is_taken(application: Application, model: Model) -> bool:
        is_new = application.name in changed and model.name not in before(application.name)
        return is_new and model.name in published and _KEY not in model.spec

    yield from _unnamed(registry, is_taken)


def _unnamed(registry: Registry, is_judged: Callable[[Application, Model], bool]) -> Iterator[Problem]:
    for application in registry.applications.values():
        for index, member in enumerate(application.members):
            model = registry.models.get(member)  # others are not in scope
            if model is None or not is_judged(application, model) or application.name in model.spec.get(_KEY, ()):
                continue
            message = f'model {quoted(member)} does not say that it is in application {quoted(application.name)}'
            hint = f"add '{application.name}' to spec.{_KEY} of {model.file}, or remove it here"
            yield Problem(application.file, json_path(('spec', 'members', index)), message, hint)
