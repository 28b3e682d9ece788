"""Bytes of a registry file, in which null removes an inherited value → plain data without null, and where it was."""

from __future__ import annotations

from typing import Any

from generator.documents.read import decode_yaml, read_yaml_text
from generator.domain.places import Path
from generator.domain.problems import ProblemsFound


def read_with_nulls(data: bytes, file: str) -> tuple[Any, tuple[Path, ...]]:
    """Read a registry file: its document without the keys whose value is null, and the paths of these keys.

    A map that contains nothing else is left out, too: it would be an empty map that nobody wrote. Raises ProblemsFound.
    """
    nulls: list[Path] = []
    document = read_yaml_text(decode_yaml(data, file), file, nulls)
    if not nulls:
        return document, ()
    return {key: _full(value) or {} for key, value in document.items() if value is not None}, tuple(sorted(nulls))


def _full(value: Any) -> Any:
    """A value without nulls; None for a map that contains nothing else."""
    if not isinstance(value, dict) or not value:
        return value
    inner = ((key, _full(each)) for key, each in value.items())
    return {key: each for key, each in inner if each is not None} or None


def spec_in(data: bytes, file: str) -> dict[str, Any] | None:
    """The spec of a registry file of any age, which nobody may have checked; None if there is none that can be read."""
    try:
        document = read_with_nulls(data, file)[0]
    except ProblemsFound:
        return None
    spec = document.get('spec') if isinstance(document, dict) else None
    return spec if isinstance(spec, dict) else None
