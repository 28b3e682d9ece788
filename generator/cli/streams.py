"""The standard streams → streams whose write errors never stop a run."""

from __future__ import annotations

import os
import sys
from io import TextIOWrapper
from typing import TextIO


class Stream(TextIOWrapper):
    """Escapes characters that its encoding lacks; output that cannot be written is lost, and `fault` holds the reason.

    A reader that closed the pipe (`| head`) is not a fault.
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
        # Python flushes the buffers at exit, and would fail there: send their content to the null device.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self.fileno())
        os.close(nowhere)


def open_streams() -> None:
    """Make both streams safe; if one is closed, occupy its number, so that no opened file gets it."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDONLY)  # it gets the lowest free number: this one
        if number:  # a non-blocking stream would lose output that a slow reader does not take at once
            os.set_blocking(number, True)
    # Tests replace the streams.
    if sys.stdout is sys.__stdout__:
        sys.stdout = _safe(sys.stdout, 1)
    if sys.stderr is sys.__stderr__:
        sys.stderr = _safe(sys.stderr, 2)


def _safe(stream: TextIO | None, number: int) -> Stream:
    if stream is None:
        return Stream(open(number, 'wb', closefd=False), 'utf-8', 'backslashreplace')
    return Stream(stream.buffer, stream.encoding, 'backslashreplace', line_buffering=bool(stream.line_buffering))


def lost_output() -> str:
    """Why stdout could not be written; '' if it could."""
    return str(getattr(sys.stdout, 'fault', ''))
