"""Base values and layers → merged and checked values; raises problems at the places that set the values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from generator.documents.schema import values_faults
from generator.domain.generated import Layer
from generator.domain.problems import Problem, ProblemsFound
from generator.domain.values import Values
from generator.values.blame import to_problems
from generator.values.checks import value_faults
from generator.values.merge import kind_problems, laid, merge_fitting
from generator.values.removed import removal_problems, removals, with_required


def merge_checked(layers: Sequence[Layer], base: Values, schema: bytes, fallback: str) -> dict[str, Any]:
    """Merge layers over `base` and check the result, by `schema` and by the rules that a schema cannot express.

    Problems that no registry layer causes are reported for the file `fallback`.
    """
    merged = merge_fitting(base, layers)
    if merged is None:
        raise ProblemsFound(_misfits(layers, base))
    if removed := removals(layers):
        merged = with_required(merged, removed, schema)
        if problems := list(removal_problems(merged, removed, schema, values_faults(schema, merged))):
            raise ProblemsFound(problems)
    faults = values_faults(schema, merged) or value_faults(merged)
    # A fault with `if_written` is no problem here if no layer sets the value.
    if problems := to_problems(faults, layers, fallback):
        raise ProblemsFound(problems)
    return merged


def _misfits(layers: Sequence[Layer], base: Values) -> list[Problem]:
    problems: list[Problem] = []
    merged = dict(base)
    for layer in layers:
        found = kind_problems(merged, layer)
        problems += found
        merged = merged if found else laid(merged, layer)
    return problems
