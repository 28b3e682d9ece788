"""The standard streams → ones that never stop a run: what is done is done, whether it can be told or not."""

from __future__ import annotations

import os
import sys
from io import TextIOWrapper
from typing import TextIO


class Stream(TextIOWrapper):
    """What its encoding lacks is shown escaped; what cannot be written is lost, and `fault` says why.

    A reader that has gone (`| head`) is no fault.
    """

    fault = ''

    def write(self, text: str) -> int:
        try:
            return super().write(text)
        except OSError as error:
            self._lose(error)
            return len(text)

    def flush(self) -> None:
        try:
            super().flush()
        except OSError as error:
            self._lose(error)

    def _lose(self, error: OSError) -> None:
        if not isinstance(error, BrokenPipeError):
            self.fault = self.fault or str(error.strerror)
        # What waits in the buffers has to go somewhere, or Python would fail with it at the end.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self.fileno())
        os.close(nowhere)


def open_streams() -> None:
    """Make both streams safe; where one is closed, keep its number from becoming that of a file."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDONLY)  # the lowest free number is this one
        if number:  # else what a slow reader cannot take at once would be lost
            os.set_blocking(number, True)
    # A test has streams of its own.
    if sys.stdout is sys.__stdout__:
        sys.stdout = _safe(sys.stdout, 1)
    if sys.stderr is sys.__stderr__:
        sys.stderr = _safe(sys.stderr, 2)


def _safe(stream: TextIO | None, number: int) -> Stream:
    if stream is None:
        return Stream(open(number, 'wb', closefd=False), 'utf-8', 'backslashreplace')
    return Stream(stream.buffer, stream.encoding, 'backslashreplace', line_buffering=bool(stream.line_buffering))


def lost_output() -> str:
    """Why stdout could not be written; '' where it could."""
    return str(getattr(sys.stdout, 'fault', ''))
