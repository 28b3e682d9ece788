"""Warnings → those about what a command was asked for, and about what it changes."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from generator.domain.problems import Problem

_CHART = re.compile(r'charts/([^/]+)/')
_RELEASE = re.compile(r'(?:values|delivery|registry/releases|registry/rollouts)/([^/]+)/([^/]+)\.yaml')
_ENVIRONMENT = re.compile(r'bootstrap/([^/]+)\.yaml')


def about(
    warnings: Iterable[Problem], models: Collection[str], releases: Iterable[str], changed: Iterable[str] | None = None
) -> list[Problem]:
    """The warnings that a command shows: about the models it was asked for, () for all, and about what it changes.

    `releases` are those of the models, as env/model; `changed` are paths, None for a command that only looks. What is
    about a release is its own file and those of its model and its environment. Warnings about no registry file stay.
    """
    found = [each for each in warnings if not each.file.startswith('registry/')]
    shown = [each for each in warnings if each.file.startswith('registry/')]
    if models:
        named = _of_models(models, releases)
        shown = [each for each in shown if each.file in named]
    if changed is not None:
        touched = _of_paths(changed)
        shown = [each for each in shown if each.file in touched]
    return sorted(found + shown)


def _of_models(models: Iterable[str], releases: Iterable[str]) -> set[str]:
    named = {f'registry/models/{model}.yaml' for model in models}
    return named.union(*(_of_release(*name.split('/')) for name in releases))


def _of_paths(paths: Iterable[str]) -> set[str]:
    found = set[str]()
    for path in paths:
        if release := _RELEASE.fullmatch(path):
            found |= _of_release(release[1], release[2])
        elif chart := _CHART.match(path):
            found.add(f'registry/models/{chart[1]}.yaml')
        elif environment := _ENVIRONMENT.fullmatch(path):
            found.add(f'registry/environments/{environment[1]}.yaml')
        elif path.startswith('registry/'):
            found.add(path)
    return found


def _of_release(environment: str, model: str) -> set[str]:
    return {
        f'registry/releases/{environment}/{model}.yaml',
        f'registry/environments/{environment}.yaml',
        f'registry/models/{model}.yaml',
    }
