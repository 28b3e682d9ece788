"""Independent pieces of work → their results, each piece in its own forked process."""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

T = TypeVar('T')
R = TypeVar('R')

_work: Callable[[Any], Any]


def cores() -> int:
    """Return how many processes may work at once; 1 if this platform cannot fork safely."""
    return len(os.sched_getaffinity(0)) if sys.platform == 'linux' else 1


def in_processes(work: Callable[[T], R], pieces: Sequence[T]) -> list[R] | None:
    """Do each piece, the first one in this process; exceptions of pieces are raised here. Results must be picklable.

    None if a process was killed, for example for lack of memory. No other thread may run: forks do not copy threads.
    """
    # Imported here, because most runs need no second process.
    from concurrent.futures.process import BrokenProcessPool, ProcessPoolExecutor
    from multiprocessing import get_context

    # Processes keep their objects until they end: garbage collection would find nothing, and copy memory pages. Nor
    # does it have to look through them later.
    gc.disable()
    try:
        with ProcessPoolExecutor(len(pieces) - 1, get_context('fork'), _begin, (work,)) as pool:
            others = [pool.submit(_do, piece) for piece in pieces[1:]]
            return [work(pieces[0]), *(other.result() for other in others)]
    except BrokenProcessPool:
        return None
    finally:
        gc.freeze()
        gc.enable()


def _begin(work: Callable[[Any], Any]) -> None:
    """Set the work of a fork: it is in the copied memory, so it is not pickled."""
    global _work
    _work = work
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the first process handles Ctrl-C and ends the others


def _do(piece: Any) -> Any:
    return _work(piece)
