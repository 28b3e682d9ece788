"""Types of a progress display: a context whose callback takes counts of finished items."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

# Takes the number of items finished since the last call.
Tick = Callable[[int], object]
Progress = Callable[[str, int], AbstractContextManager[Tick]]


@contextmanager
def quiet(label: str, length: int) -> Iterator[Tick]:
    """Show no progress."""
    yield lambda step: None
