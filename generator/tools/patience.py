"""A number of seconds → how long a command tries again, and the pauses in between."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

DEFAULT = 120.0  # seconds
# The longest pause before the first further try; it doubles with each, because then more writers are at work.
_FIRST, _MOST = 0.4, 12.0


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to try again; clock, sleep and chance can be replaced."""

    seconds: float = DEFAULT
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = random.random

    def pause(self, tries: int, end: float) -> bool:
        """Sleep before the next try, after this number of them; False if the time is over at `end`.

        The pause is random within a range, so that writers who failed together do not meet again.
        """
        pause = self.chance() * min(_MOST, _FIRST * 2 ** min(tries, 20))
        left = end - self.clock()
        if left <= 0:
            return False
        self.sleep(min(pause, left))
        return True
