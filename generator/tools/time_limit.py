"""A request → its result, or TimeoutError after a total time: looking up names, headers and body included.

The timeout of a socket starts again with each byte, so a server that sends one byte at a time would hold us for ever.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar('T')
# How much longer a whole request may take than a server may be silent.
PATIENCE = 5


def within(seconds: float, request: Callable[[], T]) -> T:
    """Run a request in a thread of its own; one that takes longer is left alone there, and ends with the process."""
    results: list[T] = []
    errors: list[Exception] = []

    def run() -> None:
        try:
            results.append(request())
        except Exception as error:
            errors.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if errors:
        raise errors[0]
    if not results:
        raise TimeoutError(f'the response takes more than {seconds:g} seconds')
    return results[0]
