"""An operation on an application → the same operation on the models that are its members now."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from generator.documents.nulls import spec_in
from generator.domain.layout import application_file
from generator.domain.problems import CommandFailed, ProblemsFound
from generator.operations.operation import Operation
from generator.tools.git.files import read_file
from generator.tools.git.repository import Repository


def scoped(operation: Operation, repository: Repository) -> Operation:
    """Only the file of the application is read; if it is not valid, the operation is over all models, and says so."""
    members = _members(repository, application_file(operation.application)) if operation.application else ()
    if not members:
        return operation
    # A rollback reads no other release, so that problems there do not stop it.
    own = tuple(f'{environment}/{member}' for environment in operation.environments for member in members)
    return replace(operation, models=members, releases=own if operation.urgent else ())


def _members(repository: Repository, file: str) -> tuple[str, ...]:
    with suppress(ProblemsFound, CommandFailed):
        members = (spec_in(_content(repository, file), file) or {}).get('members')
        if isinstance(members, list) and all(isinstance(each, str) for each in members):
            return tuple(sorted(set(members)))
    return ()


def _content(repository: Repository, file: str) -> bytes:
    if not repository.bare:
        return read_file(repository, file)
    head = repository.refs().get('HEAD', '')
    blob = repository.ids(head, [file]).get(file, '') if head else ''
    return repository.read([blob])[blob] if blob else b''
