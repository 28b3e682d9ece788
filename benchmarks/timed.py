"""A command of chartloom → the same, and the seconds of its helm processes as JSON on the last line of stderr."""

from __future__ import annotations

import json
import resource
import sys
import time
from typing import Any

from generator.cli import main
from generator.tools.helm import binary


def timed() -> None:
    """Run the command of the arguments; its helm processes run one after the other."""
    taken, call = {'wall': 0.0, 'cpu': 0.0}, binary._call

    def clocked(*arguments: Any, **more: Any) -> Any:
        start, before = time.perf_counter(), _cpu()
        try:
            return call(*arguments, **more)
        finally:
            taken['wall'] += time.perf_counter() - start
            taken['cpu'] += _cpu() - before

    binary._call = clocked
    try:
        main()
    finally:
        print(json.dumps(taken), file=sys.stderr)


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == '__main__':
    timed()
