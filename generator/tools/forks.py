"""Independent pieces of work → their results, each piece in a process of its own, copied from this one."""

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
    """How many processes may work at once; 1 where a process cannot be copied safely."""
    return len(os.sched_getaffinity(0)) if sys.platform == 'linux' else 1


def in_processes(work: Callable[[T], R], pieces: Sequence[T]) -> list[R] | None:
    """Do each piece, the first one here; whatever one of them raises is raised here. Results come back pickled.

    None where a process was lost (killed for want of memory). No thread may be running: the copies would lack it.
    """
    # Here, because most runs need no second process.
    from concurrent.futures.process import BrokenProcessPool, ProcessPoolExecutor
    from multiprocessing import get_context

    # What they make is kept to their end: to look through it for garbage, and to copy it for that, would be in vain.
    gc.disable()
    try:
        with ProcessPoolExecutor(len(pieces) - 1, get_context('fork'), _begin, (work,)) as pool:
            others = [pool.submit(_do, piece) for piece in pieces[1:]]
            return [work(pieces[0]), *(other.result() for other in others)]
    except BrokenProcessPool:
        return None
    finally:
        gc.enable()


def _begin(work: Callable[[Any], Any]) -> None:
    """The copies get the work as it stands in memory: nothing of it is pickled."""
    global _work
    _work = work
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the first process is asked, and ends the others


def _do(piece: Any) -> Any:
    return _work(piece)
