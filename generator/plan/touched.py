"""All warnings → those about the models that a command was asked for and the files that it changes."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from generator.domain.layout import (
    REGISTRY,
    environment_file,
    environment_of,
    model_file,
    model_of,
    registry_place,
    release_file,
    release_of,
)
from generator.domain.problems import Problem


def about(
    warnings: Iterable[Problem], models: Collection[str], releases: Iterable[str], changed: Iterable[str] | None = None
) -> list[Problem]:
    """Select the warnings about `models` (() for all) and about `changed` paths (None: the command changes nothing).

    `releases` are those of the models, as env/model. A release has the warnings of its own file, of its model's and of
    its environment's. Warnings about files outside the registry are always selected.
    """
    found, shown = list[Problem](), list[Problem]()
    for each in warnings:
        (shown if each.file.startswith(f'{REGISTRY}/') else found).append(each)
    if models:
        named = _of_models(models, releases)
        shown = [each for each in shown if each.file in named]
    if changed is not None:
        touched = _of_paths(changed)
        shown = [each for each in shown if each.file in touched]
    return sorted(found + shown)


def _of_models(models: Iterable[str], releases: Iterable[str]) -> set[str]:
    return set(map(model_file, models)).union(*map(_of_release, releases))


def _of_paths(paths: Iterable[str]) -> set[str]:
    found = set[str]()
    for path in paths:
        kind, name = registry_place(path) or ('', '')
        if release := name if kind in ('Release', 'Rollout') else release_of(path):
            found |= _of_release(release)
        elif kind:
            found.add(path)
        elif model := model_of(path):
            found.add(model_file(model))
        elif environment := environment_of(path):
            found.add(environment_file(environment))
    return found


def _of_release(release: str) -> set[str]:
    environment, _, model = release.partition('/')
    return {release_file(release), environment_file(environment), model_file(model)}
