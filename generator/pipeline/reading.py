"""A source → its registry files as a Registry, and the names in its scope checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from pathlib import Path

from generator.documents.schema import RegistrySchemas
from generator.domain.layout import ENVIRONMENTS, MODELS, SETTINGS
from generator.domain.problems import Problem, ProblemsFound, problem
from generator.domain.records import Registry
from generator.domain.words import suggest
from generator.pipeline.all_problems import UNKNOWN
from generator.pipeline.source import Source
from generator.registry.inherit import spoilt_heirs
from generator.registry.load import NO_SETTINGS, RegistryCheck, load_registry, no_problems, read_record
from generator.tools.git.repository import Repository


def check_scope(source: Source) -> None:
    """Raise ProblemsFound if there are no settings where they are required, or a model in scope does not exist."""
    names = source.names
    if SETTINGS not in names:
        source.check_missing(SETTINGS)
        if above := _registry_above(source.repository):
            raise problem(SETTINGS, '', 'file not found', f"run the command in '{above}', where the registry is")
        if source.scope:
            raise ProblemsFound([NO_SETTINGS])
    known = source.known(MODELS)
    if unknown := [model for model in source.scope if model not in known]:
        raise ProblemsFound(Problem(MODELS, '', f"model '{m}' not found", suggest(m, known)) for m in unknown)


def _registry_above(repository: Repository) -> Path | None:
    """The folder around ours that has a registry: the command was started too deep."""
    around = [] if repository.bare else [repository.root.parent, *repository.root.parent.parents]
    inside = (folder for folder in around if folder.is_relative_to(repository.folder))
    return next((folder for folder in inside if (folder / SETTINGS).is_file()), None)


def read_registry(
    source: Source, schemas: Mapping[str, bytes], names: Sequence[str], check: RegistryCheck = no_problems
) -> Registry:
    """Read these files, as far as they are in scope; raises ProblemsFound."""
    wanted = [name for name in names if source.in_scope(name)] if source.scope else names
    return load_registry(wanted, source.read, RegistrySchemas(schemas), source.scope, check, source.names, source.known)


def invalid_content(source: Source, schemas: Mapping[str, bytes], name: str) -> bytes | None:
    """Return the content of an invalid file, else None."""
    try:
        read_registry(source, schemas, [SETTINGS, name])
    except ProblemsFound:
        pass
    else:
        return None
    try:
        return source.read(name)
    except ProblemsFound:
        return UNKNOWN


def heirs_of(source: Source, schemas: Mapping[str, bytes], spoilt: AbstractSet[str]) -> set[str]:
    """Return the files of environments that inherit from one of these files, at once or through others."""
    files = [name for name in source.names if name.startswith(f'{ENVIRONMENTS}/')]
    if spoilt.isdisjoint(files):
        return set()
    known, read = RegistrySchemas(schemas), []
    for file in files:
        with suppress(ProblemsFound):
            read.append(read_record(file, source.read(file), known))
    return spoilt_heirs(spoilt, read)
