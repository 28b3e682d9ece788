"""The files of a repository → the words that a shell offers while somebody types; what is broken is not offered."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import click

from generator.domain.layout import (
    BOOTSTRAP,
    ENVIRONMENTS,
    MODELS,
    RELEASES,
    ROLLOUTS,
    VALUES,
    model_file,
    model_folder,
)
from generator.domain.problems import ProblemsFound

Offer = Callable[[click.Context, click.Parameter, str], list[str]]

# Other names no file of the registry may have, and a shell may take them for something else.
_PLAIN = re.compile(r'[A-Za-z0-9][A-Za-z0-9._+-]*')


def _offer(words: Callable[[Path, click.Context], Iterable[str]]) -> Offer:
    """For shell_complete of an argument or option: `words` gets the folder that --path names."""

    def offered(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
        taken = context.params.get(parameter.name or '') or ()
        try:
            found = list(words(Path(context.params.get('folder') or '.'), context))
        except (OSError, ProblemsFound, KeyError, TypeError):  # a file that is missing, or is not a registry file
            return []
        start = 'release/' if incomplete.startswith('release/') else ''
        wanted = (f'{start}{word}' for word in found if not isinstance(taken, tuple) or word not in taken)
        return [word for word in wanted if word.startswith(incomplete)]

    return offered


def _names(folder: Path) -> list[str]:
    """Names of the YAML files of a folder, sorted; none where there is no such folder."""
    if not folder.is_dir():
        return []
    files = (name.removesuffix('.yaml') for name in os.listdir(folder) if name.endswith('.yaml'))
    return sorted(filter(_PLAIN.fullmatch, files))


def _of_environments(folder: Path) -> list[str]:
    """ENV/MODEL of each file in the folders of a folder, sorted."""
    if not folder.is_dir():
        return []
    environments = sorted(filter(_PLAIN.fullmatch, os.listdir(folder)))
    return [f'{environment}/{model}' for environment in environments for model in _names(folder / environment)]


def _model(context: click.Context) -> str:
    """The model that the words before name, alone or as ENV/MODEL; click leaves arguments aside at an open option."""
    words = (context.params.get('model'), context.params.get('name'), *context.args)
    return str(next(filter(None, words), '')).rpartition('/')[2]


def _versions(folder: Path, context: click.Context) -> Iterator[str]:
    """Newest first."""
    from generator.documents.read import read_yaml

    file = model_file(_model(context))
    entries = read_yaml((folder / file).read_bytes(), file)['spec']['versions']
    yield from (entry['version'] for entry in reversed(entries) if _PLAIN.fullmatch(entry['version']))


def _charts(folder: Path, context: click.Context) -> Iterator[str]:
    """Newest first."""
    found = os.listdir(folder / model_folder(_model(context)))
    numbers = (name for name in found if re.fullmatch(r'\d+\.\d+\.\d+', name))
    yield from sorted(numbers, key=lambda name: tuple(map(int, name.split('.'))), reverse=True)


def _removed(folder: Path, _: click.Context) -> Iterator[str]:
    """Releases and environments whose generated files are left, and whose registry files are gone."""
    kept = {*_of_environments(folder / RELEASES), *_names(folder / ENVIRONMENTS)}
    left = [*_of_environments(folder / VALUES), *_names(folder / BOOTSTRAP)]
    yield from (name for name in left if name not in kept)


models = _offer(lambda folder, _: _names(folder / MODELS))
environments = _offer(lambda folder, _: _names(folder / ENVIRONMENTS))
releases = _offer(lambda folder, _: _of_environments(folder / RELEASES))
rollouts = _offer(lambda folder, _: _of_environments(folder / ROLLOUTS))
versions = _offer(_versions)
charts = _offer(_charts)
removed = _offer(_removed)
