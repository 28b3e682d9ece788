"""A command → its output, or CommandFailed; batches of work → results, several at a time."""

from __future__ import annotations

import math
import os
import re
import subprocess
from collections import deque
from collections.abc import Callable, Collection, Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, TypeVar

from generator.domain.problems import CommandFailed
from generator.domain.progress import Tick

if TYPE_CHECKING:
    from concurrent.futures import Future

# `git@` is the usual user of ssh and no secret; any other user or user:token in a URL may be one.
_USERINFO = re.compile(r'(\b\w+://)(?!git@)[^/\s]+@')
_QUERY = re.compile(r'(?i)([?&][\w-]{0,40}(?:token|key|secret|passw|sig)[\w-]{0,40}=)[^&\s\'"]+')
# The smallest batch that is worth its own process.
FEWEST = 20
# A failing batch of this size is not halved again: single calls cost no more.
FEW = 4
TIMED_OUT = 124  # the exit code of timeout(1)
_GRACE = 2.0  # seconds

T = TypeVar('T')
R = TypeVar('R')


@dataclass(frozen=True, slots=True)
class Completed:
    """Output and exit code of a command; stdout is bytes, because it may be a pack, an archive or megabytes of YAML."""

    stdout: bytes
    stderr: str
    code: int


def run(
    command: Sequence[str],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    input: bytes | None = None,
    ok: Collection[int] = (0,),
    timeout: float | None = None,
) -> Completed:
    """Run a command to its end; raises CommandFailed if it cannot start or its exit code is not in `ok`.

    After `timeout` seconds it is ended, with the exit code TIMED_OUT.

    `env` is the complete environment, not an addition. Without `input`, stdin is empty, so that the command cannot wait
    for a person. As in subprocess, the code is negative if a signal ended the command.
    """
    pipe = subprocess.PIPE
    try:
        process = subprocess.Popen(command, cwd=cwd, env=env, stdin=pipe, stdout=pipe, stderr=pipe)
    except OSError as error:
        raise _not_started(command, error) from error
    try:
        stdout, stderr = process.communicate(input or b'', timeout)
    except subprocess.TimeoutExpired:
        _end(process)
        raise _failed(command, TIMED_OUT, '', f'no answer within {timeout:.0f} seconds') from None
    except BaseException:  # the user has interrupted it
        process.kill()
        process.wait()
        raise
    return _completed(command, process.returncode, stdout, stderr, ok)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask a process to end, because then it ends its child processes, too; if it does not, kill it."""
    process.terminate()
    try:
        process.communicate(timeout=_GRACE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            with suppress(OSError):
                stream.close()  # type: ignore[union-attr]


def run_all(
    commands: Sequence[Sequence[str]], *, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> Generator[Completed, None, None]:
    """Start commands at the same time, each with an empty stdin; raises CommandFailed as `run` does.

    They run while the caller continues, also between two results. The caller takes all results, or closes the iterator.
    """
    outputs = [_output() for _ in commands]
    nothing, pipe = subprocess.DEVNULL, subprocess.PIPE
    try:
        running = [
            subprocess.Popen(each, cwd=cwd, env=env, stdin=nothing, stdout=output, stderr=pipe)
            for each, output in zip(commands, outputs, strict=True)
        ]
    except OSError as error:
        raise _not_started(commands[0], error) from error
    results = _results(commands, running, outputs)
    next(results)
    return results


def _output() -> IO[bytes]:
    """Create a file for the output of a command, in memory if possible: a pipe would block it until someone reads."""
    if hasattr(os, 'memfd_create'):
        return os.fdopen(os.memfd_create('output'), 'r+b')
    from tempfile import TemporaryFile

    return TemporaryFile()


def _results(
    commands: Sequence[Sequence[str]], running: Sequence[subprocess.Popen[bytes]], outputs: Sequence[IO[bytes]]
) -> Generator[Completed, None, None]:
    with ExitStack() as stack:
        for process, output in zip(running, outputs, strict=True):
            stack.enter_context(process)
            stack.enter_context(output)
        yield Completed(b'', '', 0)  # begun: from here on, whoever closes the results ends the commands
        for command, process, output in zip(commands, running, outputs, strict=True):
            said = process.communicate()[1]
            output.seek(0)
            yield _completed(command, process.returncode, output.read(), said)


def _completed(
    command: Sequence[str], code: int, stdout: bytes, stderr: bytes, ok: Collection[int] = (0,)
) -> Completed:
    said = stderr.decode(errors='replace')
    if code not in ok:
        raise _failed(command, code, stdout.decode(errors='replace'), said)
    return Completed(stdout, said, code)


def mask(text: str) -> str:
    """Hide credentials in URLs: https://user:token@host becomes https://***@host, and ?token=x becomes ?token=***."""
    return _QUERY.sub(r'\1***', _USERINFO.sub(r'\1***@', text))


def in_batches(items: Sequence[T], *, most: int, jobs: int) -> list[Sequence[T]]:
    """Split items into batches of about equal size, at most `most`, so that small work also uses all jobs."""
    most = min(most, max(FEWEST, math.ceil(len(items) / jobs)))
    size = math.ceil(len(items) / math.ceil(len(items) / most)) if items else 1
    return [items[start : start + size] for start in range(0, len(items), size)]


def in_parallel(
    batches: Sequence[Sequence[T]],
    together: Callable[[Sequence[T]], Sequence[R] | None],
    alone: Callable[[T], R],
    *,
    jobs: int,
    progress: Tick | None = None,
) -> Iterator[R]:
    """Yield the results of all items in the given order, `jobs` batches at a time.

    A batch for which `together` returns None is halved, down to a few items that are done `alone`. At most `jobs` + 1
    batches of results are kept, also if the caller is slow. `progress` receives the number of finished items.
    """
    # Imported here, because most runs have no batches.
    from concurrent.futures import ThreadPoolExecutor

    waiting: deque[tuple[int, Future[list[R]]]] = deque()
    with ThreadPoolExecutor(jobs) as pool:
        try:
            for batch in (*batches, None):
                if batch is not None:
                    waiting.append((len(batch), pool.submit(_narrow, batch, together, alone)))
                while waiting and (batch is None or len(waiting) > jobs):
                    count, future = waiting.popleft()
                    yield from future.result()
                    if progress:
                        progress(count)
        finally:
            for _, future in waiting:
                future.cancel()


def _narrow(
    items: Sequence[T], together: Callable[[Sequence[T]], Sequence[R] | None], alone: Callable[[T], R]
) -> list[R]:
    if len(items) > 1 and (found := together(items)) is not None:
        return list(found)
    if len(items) <= FEW:
        return [alone(item) for item in items]
    half = len(items) // 2
    return _narrow(items[:half], together, alone) + _narrow(items[half:], together, alone)


def _failed(command: Sequence[str], code: int, stdout: str, stderr: str) -> CommandFailed:
    return CommandFailed(tuple(map(mask, command)), code, mask(stdout), mask(stderr))


def _not_started(command: Sequence[str], error: OSError) -> CommandFailed:
    # The exit codes of a shell: 127 for "not found", 126 for "found, but cannot be run".
    if not isinstance(error, FileNotFoundError):
        return _failed(command, 126, '', f"'{command[0]}' cannot be run: {error.strerror}")
    if error.filename == command[0]:
        return _failed(command, 127, '', f"'{command[0]}' not found on PATH: install it, or add its folder to PATH")
    return _failed(command, 127, '', f"'{command[0]}' cannot be run: folder '{error.filename}' not found")
