"""A generated file before and after a hand edit → the values that the edit means, and what of it is no value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from generator.documents.read import read_yaml
from generator.documents.three_way import same
from generator.domain.layout import VALUES, release_document
from generator.domain.places import Path, json_path
from generator.domain.problems import Problem

_IN_DELIVERY = (('spec', 'values'), ('spec', 'source', 'helm', 'valuesObject'))


@dataclass(frozen=True, slots=True)
class Edit:
    """A value that a hand edit changed, by its place in the file and its path in the values; None: there is none
    before, or none any more."""

    file: str
    place: Path
    path: Path
    before: Any
    after: Any


def edits_of(file: str, before: bytes, after: bytes) -> tuple[list[Edit], list[Problem]]:
    """Return the changed values of a file of values/ or delivery/, and the problems of all other changes."""
    edits, problems = [], []
    for path, old, new in differences(_read(file, before), _read(file, after), ()):
        if (inner := values_path(file, path)) is not None:
            edits.append(Edit(file, path, inner, old, new))
            continue
        message = 'is no value: it follows from the registry, the environment and chartloom itself'
        problems.append(Problem(file, json_path(path), message, 'undo it'))
    return edits, problems


def values_path(file: str, path: Path) -> Path | None:
    """The path in the values of a place in a generated file; None for a place outside of them."""
    if file.startswith(f'{VALUES}/'):
        return path
    start = next((each for each in _IN_DELIVERY if path[: len(each)] == each and path != each), None)
    return None if start is None else path[len(start) :]


def values_in(file: str, data: bytes) -> Mapping[str, Any]:
    """The values in a generated file."""
    document: Mapping[str, Any] = _read(file, data)
    if file.startswith(f'{VALUES}/'):
        return document
    for path in _IN_DELIVERY:
        found = value_at(document, path)
        if isinstance(found, Mapping):
            return found
    return {}


def value_at(document: Any, path: Path) -> Any:
    for step in path:
        document = document.get(step) if isinstance(document, Mapping) else None
    return document


def _read(file: str, data: bytes) -> Any:
    document = data if file.startswith(f'{VALUES}/') else release_document(data)
    if all(line.strip()[:1] in (b'', b'#') for line in document.splitlines()):  # the edit removed the last value
        return {}
    return read_yaml(document, file) or {}


def differences(before: Any, after: Any, path: Path, missing: Any = None) -> Iterator[tuple[Path, Any, Any]]:
    """Yield the deepest places that differ; a list differs as a whole. `missing` stands for what one side lacks."""
    if before is after:
        return
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in (*before, *(key for key in after if key not in before)):
            yield from differences(before.get(key, missing), after.get(key, missing), (*path, key), missing)
    elif not same(before, after):
        yield path, before, after
