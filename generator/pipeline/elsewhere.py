"""Problems of a run → the registry files to leave out of it, because they are not what the run is about."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from generator.documents.nulls import spec_in
from generator.domain.layout import (
    ENVIRONMENTS,
    SCHEMAS,
    environment_file,
    environment_of,
    model_name,
    names_below,
    registry_place,
    release_file,
    release_of,
    rollout_file,
    values_file,
)
from generator.domain.problems import Problem, ProblemsFound
from generator.domain.tree import LINK
from generator.pipeline.all_problems import UNKNOWN
from generator.pipeline.source import Source


@dataclass(frozen=True, slots=True)
class Touched:
    """What an operation is about: some releases (`env/model`) of some models, and their environments."""

    models: tuple[str, ...]
    releases: frozenset[str]
    environments: frozenset[str]


def touched(source: Source, releases: Collection[str], environments: Collection[str] = ()) -> Touched:
    """Return what a run over the models of a source is about: these releases, () for all of the models; `environments`
    are more than theirs."""
    every = (name for name in source.release_names if model_name(name) in source.scope)
    about = frozenset(releases or every)
    return Touched(source.scope, about, frozenset([*environments, *(name.partition('/')[0] for name in about)]))


def left_out(problems: Iterable[Problem], source: Source, about: Touched) -> frozenset[str]:
    """Return the registry files to leave out so that no problem is left; none if one of them must be solved."""
    if not about.models:
        return frozenset()
    found = [frozenset(_files(problem.file, source, about)) for problem in problems]
    return frozenset().union(*found) if all(found) else frozenset()


def _files(file: str, source: Source, about: Touched) -> Iterator[str]:
    """Yield the files to leave out for a problem in `file`; none if the run is about it."""
    kind, name = registry_place(file) or ('', '')
    release = name if kind in ('Release', 'Rollout') else release_of(file)
    environment = name if kind == 'Environment' else environment_of(file)
    if release:
        if release not in about.releases:
            yield from (release_file(release), rollout_file(release))
    elif environment:
        together = _with_heirs(source, environment)
        if about.environments.isdisjoint(together):
            yield from map(environment_file, together)
            yield from (path for path in source.names if any(_is_in(path, each) for each in together))
    elif kind == 'Application':
        if not (_may_name(source, file, about.models) or _has_named(source, name, about)):
            yield file
    elif kind == 'Model':
        if name not in about.models:
            yield file
    elif not kind and file in source.names and not file.startswith(f'{SCHEMAS}/'):
        yield file


def _with_heirs(source: Source, environment: str) -> set[str]:
    """An environment and those that inherit from it, at once or through others: without it they are nothing."""
    parents = {name: _parent(source, name) for name in names_below(ENVIRONMENTS, source.names)}
    found = {environment}
    while more := {name for name, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def _parent(source: Source, environment: str) -> object:
    file = environment_file(environment)
    with suppress(ProblemsFound):
        parent = (spec_in(source.read(file), file) or {}).get('inherits')
        return parent if isinstance(parent, str) else ''
    return ''


def _is_in(path: str, environment: str) -> bool:
    kind, name = registry_place(path) or ('', '')
    return kind in ('Release', 'Rollout') and name.startswith(f'{environment}/')


def _may_name(source: Source, file: str, models: Iterable[str]) -> bool:
    """Whether an application may have one of the models as a member."""
    try:
        data = source.read(file)
    except ProblemsFound:
        return True
    return UNKNOWN in data or any(model.encode() in data for model in models)


def _has_named(source: Source, application: str, about: Touched) -> bool:
    """Whether a release is a member as generated: a file without content names nobody any more."""
    member = re.compile(rb'^ *partOf: "?%b"?$' % re.escape(application.encode()), re.MULTILINE)
    files = (values_file(name) for name in about.releases)
    return any(member.search(source.read(file)) for file in files if source.tree.ids.get(file, LINK) != LINK)


def is_left(path: str, names: Collection[str]) -> bool:
    """Whether a generated or registry file belongs to what is left out."""
    if path in names:
        return True
    release, environment = release_of(path), environment_of(path)
    return bool(
        (release and release_file(release) in names) or (environment and environment_file(environment) in names)
    )
