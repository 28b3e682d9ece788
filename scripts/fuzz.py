#!/usr/bin/env python3
"""Run N generated hostile registries (10,000): report each exception that is no problem, and each run above 2 seconds.

The first argument is N, the second the seed. What fails is kept in build/fuzz/, as the files of the registry.
"""

from __future__ import annotations

import sys
import time
import traceback
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / 'tests')]

import registries as r  # noqa: E402
from hostile import registries, run  # noqa: E402
from hypothesis import HealthCheck, Phase, given, seed, settings  # noqa: E402

LIMIT = 2.0  # seconds of the processor: other programs may run, too
KEPT = ROOT / 'build' / 'fuzz'


def main(count: int, first: int) -> int:
    faults: dict[str, int] = {}
    slowest = clean = total = 0.0

    @seed(first)
    @settings(max_examples=count, deadline=None, database=None, phases=[Phase.generate],
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(registries())
    def each(files: r.Files) -> None:
        nonlocal slowest, clean, total
        fault, start = '', time.process_time()
        try:
            clean += run(files) == 0
        except Exception as error:  # what the run must not raise
            place = traceback.extract_tb(error.__traceback__)[-1]
            fault = f'{type(error).__name__} in {Path(place.filename).name}:{place.lineno}: {str(error)[:200]}'
        took = time.process_time() - start
        fault = fault or (f'took {took:.1f} s' if took > LIMIT else '')
        slowest, total = max(slowest, took), total + 1
        if total % 1000 == 0:
            print(f'{total:.0f} registries', flush=True)
        if fault:
            keep(files, KEPT / str(int(total)))
            if fault not in faults:
                print(f'{fault} ({KEPT / str(int(total))})', flush=True)
            faults[fault] = faults.get(fault, 0) + 1

    each()
    print(
        f'{total:.0f} registries, {clean:.0f} without a problem, {sum(faults.values())} faults, slowest {slowest:.2f} s'
    )
    return 1 if faults else 0


def keep(files: r.Files, folder: Path) -> None:
    for path, data in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)


if __name__ == '__main__':
    given_numbers = [int(number) for number in sys.argv[1:3]]
    sys.exit(main(*(*given_numbers, *(10_000, 1)[len(given_numbers) :])))
