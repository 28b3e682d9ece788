"""How far a long step has come, for whoever watches: a context that takes counts of what is done."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

# Takes counts of what is done.
Tick = Callable[[int], object]
Progress = Callable[[str, int], AbstractContextManager[Tick]]


@contextmanager
def quiet(label: str, length: int) -> Iterator[Tick]:
    """Progress that nobody watches."""
    yield lambda step: None
