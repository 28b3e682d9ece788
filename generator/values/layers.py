"""Layers of values on a base → merged values, every problem told where the value was written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from generator.documents.schema import values_faults
from generator.domain.problems import Problem, ProblemsFound
from generator.domain.records import Layer, Values
from generator.values.blame import to_problems
from generator.values.checks import value_faults
from generator.values.merge import kind_problems, merge, merge_fitting, placed


def merge_checked(layers: Sequence[Layer], base: Values, schema: bytes, fallback: str) -> dict[str, Any]:
    """Merge layers over `base` and check the result, by `schema` and by the rules that a schema cannot express.

    Problems that no layer of the registry caused are told of the file `fallback`.
    """
    merged = merge_fitting(base, layers)
    if merged is None:
        raise ProblemsFound(_misfits(layers, base))
    faults = values_faults(schema, merged) or value_faults(merged)
    # A fault that matters only where somebody wrote the value may be no problem here.
    if problems := to_problems(faults, layers, fallback):
        raise ProblemsFound(problems)
    return merged


def _misfits(layers: Sequence[Layer], base: Values) -> list[Problem]:
    problems: list[Problem] = []
    merged = dict(base)
    for layer in layers:
        found = kind_problems(merged, layer)
        problems += found
        merged = merged if found else merge(merged, placed(layer))
    return problems
