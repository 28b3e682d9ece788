"""The places of null in a registry file → those where it removes an inherited value; problems for the others."""

from __future__ import annotations

from collections.abc import Iterable

from generator.documents.refusals import missing_refusal
from generator.domain.places import Path
from generator.domain.problems import Problem
from generator.registry.inherit import OWN, is_whole

# Parts of `spec` whose keys are keys of a chart's values.
OVERLAYS = frozenset(['values', 'scheduling'])
# Parts of `spec` that are merged over other values. In all others null has nothing to remove.
MERGED = {
    'Model': OVERLAYS.union(
        """
        ports startupProbe readinessProbe livenessProbe metrics resources command args parameters parameterForms env
        volumes files containers
        """.split()
    ),
    'Environment': frozenset(['values']),
    'Release': frozenset(['values']),
}


def null_problems(nulls: Iterable[Path], kind: str, file: str, *, heir: bool = False) -> list[Problem]:
    """Report null where it removes nothing: the value is missing. A `heir` is an environment that inherits another."""
    removes = _removes_inherited if heir else _removes
    return [Problem(file, *missing_refusal(path)) for path in nulls if not removes(path, kind)]


def _removes(path: Path, kind: str) -> bool:
    if path[0] != 'spec' or len(path) == 1 or path[1] not in MERGED.get(kind, ()):
        return False
    # A model's accelerators become limits and tolerations.
    return (len(path) > 2 or path[1] not in OVERLAYS) and path[1:3] != ('resources', 'accelerators')


def _removes_inherited(path: Path, kind: str) -> bool:
    if path[0] != 'spec' or len(path) == 1 or path[1] in OWN or any(isinstance(step, int) for step in path):
        return False
    inside = any(is_whole(path[1:end]) for end in range(2, len(path)))
    return not inside and (len(path) > 2 or path[1] != 'values')
