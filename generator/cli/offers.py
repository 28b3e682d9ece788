"""The files of a repository → the words that shell completion offers; invalid files are skipped."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import click

from generator.domain.layout import (
    APPLICATIONS,
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

_REF = re.compile(r'[A-Za-z0-9./_+-]+')

Offer = Callable[[click.Context, click.Parameter, str], list[str]]

# Other names are invalid in the registry, and a shell may interpret them.
_PLAIN = re.compile(r'[A-Za-z0-9][A-Za-z0-9._+-]*')


def _offer(words: Callable[[Path, click.Context], Iterable[str]]) -> Offer:
    """Make a function for `shell_complete`; `words` gets the folder of --path."""

    def offered(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
        taken = context.params.get(parameter.name or '') or ()
        try:
            found = list(words(Path(context.params.get('folder') or '.'), context))
        except (OSError, ProblemsFound, KeyError, TypeError):  # a missing file, or an invalid registry file
            return []
        start = 'release/' if incomplete.startswith('release/') else ''
        wanted = (f'{start}{word}' for word in found if not isinstance(taken, tuple) or word not in taken)
        return [word for word in wanted if word.startswith(incomplete)]

    return offered


def _names(folder: Path) -> list[str]:
    """Names of the YAML files in a folder, sorted; none if it does not exist."""
    if not folder.is_dir():
        return []
    files = (name.removesuffix('.yaml') for name in os.listdir(folder) if name.endswith('.yaml'))
    return sorted(filter(_PLAIN.fullmatch, files))


def _of_environments(folder: Path) -> list[str]:
    """ENV/MODEL of each YAML file in the sub-folders of a folder, sorted."""
    if not folder.is_dir():
        return []
    environments = sorted(filter(_PLAIN.fullmatch, os.listdir(folder)))
    return [f'{environment}/{model}' for environment in environments for model in _names(folder / environment)]


def _model(context: click.Context) -> str:
    """The model in the words before, alone or as ENV/MODEL; after an open option click has them in `args` only."""
    words = (context.params.get('model'), context.params.get('name'), *context.args)
    return str(next(filter(None, words), '')).rpartition('/')[2]


def _versions(folder: Path, context: click.Context) -> Iterator[str]:
    """Newest first."""
    from generator.documents.nulls import read_with_nulls

    file = model_file(_model(context))
    entries = read_with_nulls((folder / file).read_bytes(), file)[0]['spec']['versions']
    yield from (entry['version'] for entry in reversed(entries) if _PLAIN.fullmatch(entry['version']))


def _charts(folder: Path, context: click.Context) -> Iterator[str]:
    """Newest first."""
    found = os.listdir(folder / model_folder(_model(context)))
    numbers = (name for name in found if re.fullmatch(r'\d+\.\d+\.\d+', name))
    yield from sorted(numbers, key=lambda name: tuple(map(int, name.split('.'))), reverse=True)


def _removed(folder: Path, _: click.Context) -> Iterator[str]:
    """Releases and environments that have generated files and no registry file."""
    kept = {*_of_environments(folder / RELEASES), *_names(folder / ENVIRONMENTS)}
    left = [*_of_environments(folder / VALUES), *_names(folder / BOOTSTRAP)]
    yield from (name for name in left if name not in kept)


def _branches(folder: Path, _: click.Context) -> Iterator[str]:
    """Branches of remotes first."""
    from generator.tools.git.opening import open_repository

    names = [ref for ref in open_repository(folder).refs() if ref.startswith('refs/') and not ref.endswith('/HEAD')]
    yield from (name.split('/', 2)[2] for name in sorted(names, reverse=True) if _REF.fullmatch(name))


models = _offer(lambda folder, _: _names(folder / MODELS))
environments = _offer(lambda folder, _: _names(folder / ENVIRONMENTS))
applications = _offer(lambda folder, _: _names(folder / APPLICATIONS))
releases = _offer(lambda folder, _: _of_environments(folder / RELEASES))
rollouts = _offer(lambda folder, _: _of_environments(folder / ROLLOUTS))
versions = _offer(_versions)
charts = _offer(_charts)
branches = _offer(_branches)
removed = _offer(_removed)
