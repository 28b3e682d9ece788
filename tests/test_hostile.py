"""Hostile registries → problems, never another exception; `make fuzz` runs many more, and measures them."""

from __future__ import annotations

import pytest
import registries as r
from hostile import bases, registries, run
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis

few = hypothesis(
    max_examples=400, deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)  # fmt: skip


@pytest.mark.parametrize('files', bases())
def test_the_bases_are_valid(files: r.Files) -> None:
    assert run(files) == 0


@few
@given(registries())
def test_a_hostile_registry_gives_problems(files: r.Files) -> None:
    run(files)
