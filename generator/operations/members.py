"""A run over some models → the other members of their applications, as far as a commit must have them.

Network policies of a release name the other members of its application that are in its environment.
"""

from __future__ import annotations

from collections.abc import Iterator

from generator.domain.layout import release_file
from generator.domain.problems import Problem
from generator.domain.records import Registry
from generator.operations.hints import SET_ASIDE
from generator.pipeline.run import Run


class Wider(Exception):
    """The run must be over these models: a release comes or goes, so that the others of its application change."""

    def __init__(self, models: tuple[str, ...]) -> None:
        self.models = models
        super().__init__(models)


def check_width(run: Run) -> None:
    """Raise Wider if a release of the scope comes or goes, as the run is laid, and members beside it are left out."""
    if not run.source.scope:
        return
    ids, held = run.source.tree.ids, run.source.tree.held
    paths = {path: model for model in run.source.scope for path in _releases(run.registry, model)}
    moved = {model for path, model in paths.items() if (path in ids) != (path in held)}
    beside = {other for model in moved for other in _beside(run.registry, model)}
    if more := sorted(beside.difference(run.source.scope)):
        raise Wider(tuple(sorted((*run.source.scope, *more))))


def unlike_commit(run: Run) -> Iterator[Problem]:
    """Yield the releases of other members that only the work tree has, or has not: the commit would depend on them."""
    if not run.source.scope or run.repository.bare:
        return
    beside = {other for model in run.source.scope for other in _beside(run.registry, model)}
    paths = [path for other in sorted(beside.difference(run.source.scope)) for path in _releases(run.registry, other)]
    held = run.repository.ids(run.source.head, paths) if paths and run.source.head else {}
    for path in paths:
        if run.source.has(path) != (path in held):
            message = 'not as committed, and network policies of its application depend on it'
            yield Problem(path, '', message, SET_ASIDE)


def _beside(registry: Registry, model: str) -> Iterator[str]:
    for application in registry.applications_of.get(model, ()):
        yield from (member for member in application.members if member in registry.model_names)


def _releases(registry: Registry, model: str) -> list[str]:
    return [release_file(f'{environment}/{model}') for environment in registry.environments]
