"""Commands → their wall time; measurements → rows of a Markdown table with their bounds."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import IO

CHARTLOOM = str(Path(sys.executable).with_name('chartloom'))


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: a ratio or a number, and its upper bound (None for none)."""

    what: str
    result: str
    value: float = 0.0
    bound: float | None = None
    unit: str = ''

    @property
    def passed(self) -> bool:
        return self.bound is None or self.value <= self.bound


def seconds(command: Sequence[str], folder: Path, *, stdin: IO[bytes] | None = None) -> float:
    """Measure the wall time of a command; its output is shown only if it fails."""
    start = time.perf_counter()
    done = subprocess.run(command, cwd=folder, stdin=stdin or subprocess.DEVNULL, capture_output=True, check=False)
    taken = time.perf_counter() - start
    if done.returncode:
        said = (done.stdout + done.stderr).decode(errors='replace')
        raise SystemExit(f'{" ".join(command)} ended with {done.returncode} in {folder}:\n{said[-2000:]}')
    return taken


def chartloom(folder: Path, *arguments: str) -> float:
    return seconds([CHARTLOOM, *arguments], folder)


def ratio(what: str, ours: Sequence[float], theirs: Sequence[float], bound: float, names: str) -> Row:
    """Pairs of measurements → a row with the median of their ratios."""
    value = median(a / b for a, b in zip(ours, theirs, strict=True))
    return Row(what, f'{value:.2f} × ({show(median(ours))} to {show(median(theirs))}: {names})', value, bound, '×')


def limit(what: str, taken: Sequence[float], bound: float) -> Row:
    value = median(taken)
    return Row(what, show(value), value, bound, ' s')


def show(taken: float) -> str:
    return f'{taken * 1000:.0f} ms' if taken < 1 else f'{taken:.2f} s'


def speed() -> str:
    """The current speed of this machine, to compare its seconds with those of another machine."""
    start = time.process_time()
    for _ in range(1_000_000):
        pass
    loop = time.process_time() - start
    return f'an empty loop of a million iterations takes {show(loop)}, load {os.getloadavg()[0]:.1f}'


def table(rows: Sequence[Row]) -> str:
    lines = ['| Measured | Result | Bound | |', '|---|---|---|---|']
    for row in rows:
        bound = '' if row.bound is None else f'≤ {row.bound:g}{row.unit if row.unit != "×" else " ×"}'
        verdict = '' if row.bound is None else ('ok' if row.passed else '**missed**')
        lines.append(f'| {row.what} | {row.result} | {bound} | {verdict} |')
    return '\n'.join(lines)
