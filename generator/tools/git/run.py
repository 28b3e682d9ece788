"""A git command → its output, or CommandFailed without credentials.

Commands with a fixed input use `process`. Those with a stream use GitPython, which is imported only then: the import
takes longer than all other git commands of a run together.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any

from generator.domain.problems import CommandFailed
from generator.tools.process import Completed, mask, run, run_all

if TYPE_CHECKING:
    from git.exc import GitCommandError

# English messages, no prompts on a terminal, no lock only for time stamps; objects as they are: a replace ref or a
# graft would show another commit (no graft file is at that path, and an empty one would make git warn).
_SURROUNDINGS = {
    'LC_ALL': 'C', 'GIT_TERMINAL_PROMPT': '0', 'GIT_OPTIONAL_LOCKS': '0',
    'GIT_NO_REPLACE_OBJECTS': '1', 'GIT_GRAFT_FILE': f'{os.devnull}/none',
}  # fmt: skip
# Transports; a user who needs another one, such as a helper program, names all in the same variable.
_TRANSPORTS = {'GIT_ALLOW_PROTOCOL': 'file:http:https:ssh'}
# Files of a work tree must not configure git, and no setting of the user may run a program that we do not need: a
# folder with the files of a bare repository, a monitor of the file system, signatures in a log, submodules.
# The empty value turns the monitor off in every version of git; older ones would run a program named 'false'.
_SETTINGS = (
    '-c', 'safe.bareRepository=explicit', '-c', 'core.fsmonitor=', '-c', 'log.showSignature=false',
    '-c', 'fetch.recurseSubmodules=false', '-c', 'push.recurseSubmodules=no',
)  # fmt: skip
# Nothing that we run requires a hook, but for `push`: a person's own pre-push hook guards what leaves the machine.
_NO_HOOKS = ('-c', f'core.hooksPath={os.devnull}')
# Set if a git hook runs chartloom: they name the hook's repository and an index for one commit.
_HOOK = (
    'DIR', 'WORK_TREE', 'IMPLICIT_WORK_TREE', 'INDEX_FILE', 'OBJECT_DIRECTORY', 'ALTERNATE_OBJECT_DIRECTORIES',
    'COMMON_DIR', 'PREFIX', 'SHALLOW_FILE',
)  # fmt: skip
# Each command sets its own.
_PATHSPECS = ('LITERAL_PATHSPECS', 'GLOB_PATHSPECS', 'NOGLOB_PATHSPECS', 'ICASE_PATHSPECS')

# Commands that wait for a server.
_ON_NETWORK = frozenset(['clone', 'fetch', 'ls-remote', 'push'])
# A server always has this many seconds to answer, because the result of a push must become known.
_LEAST = 5.0
_UNTIL: ContextVar[float] = ContextVar('until', default=0.0)
_ENDED: ContextVar[float] = ContextVar('ended', default=0.0)

Env = Mapping[str, str]


@contextmanager
def answered_within(seconds: float) -> Iterator[None]:
    """Limit the time that all commands of the block together wait for a server."""
    token = _UNTIL.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _UNTIL.reset(token)


@contextmanager
def ended_within(seconds: float) -> Iterator[None]:
    """Limit the time of all commands of the block together; raises CommandFailed with the code TIMED_OUT.

    git takes exponential time to compare a path with a pattern of many stars, and anybody can write one.
    """
    token = _ENDED.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _ENDED.reset(token)


def _timeout(arguments: Sequence[str]) -> float | None:
    if _ENDED.get():
        return max(0.1, _ENDED.get() - time.monotonic())
    if not (_UNTIL.get() and _ON_NETWORK.intersection(arguments)):
        return None
    return max(_LEAST, _UNTIL.get() - time.monotonic())


def call(folder: Path, arguments: Sequence[str], env: Env | None = None) -> bytes:
    """Run git in a folder and return its output."""
    return _run(folder, arguments, env)


def call_all(folder: Path, questions: Sequence[Sequence[str]], env: Env | None = None) -> Generator[bytes, None, None]:
    """Do the same for several commands at once; they run while the caller continues. The caller closes the result."""
    answers = run_all([_command(arguments) for arguments in questions], cwd=folder, env=_environment(env))
    outputs = _outputs(answers, questions)
    next(outputs)
    return outputs


def _outputs(
    answers: Generator[Completed, None, None], questions: Sequence[Sequence[str]]
) -> Generator[bytes, None, None]:
    with closing(answers):
        yield b''  # begun, as `answers` are
        for arguments in questions:
            try:
                yield next(answers).stdout
            except CommandFailed as failed:
                raise _told(failed, arguments) from None


def text(output: bytes) -> str:
    """Decode the output of git, without the last line end."""
    return output.decode('utf-8', 'surrogateescape').removesuffix('\n')


def feed(folder: Path, data: bytes, *arguments: str, env: Env | None = None) -> bytes:
    """Run git with an input and return its output."""
    return _run(folder, arguments, env, data)


def _run(folder: Path, arguments: Sequence[str], env: Env | None, data: bytes | None = None) -> bytes:
    try:
        timeout = _timeout(arguments)
        return run(_command(arguments), cwd=folder, env=_environment(env), input=data, timeout=timeout).stdout
    except CommandFailed as failed:
        raise _told(failed, arguments) from None


def _command(arguments: Sequence[str]) -> list[str]:
    hooks = () if arguments[0] == 'push' else _NO_HOOKS
    return ['git', *_SETTINGS, *hooks, *arguments]


def _environment(env: Env | None) -> dict[str, str]:
    return {**_TRANSPORTS, **os.environ, **_SURROUNDINGS, **(env or {})}


def _told(failed: CommandFailed, arguments: Sequence[str]) -> CommandFailed:
    """The failure of the command as a person would type it."""
    missing = shutil.which('git') is None
    why = 'git not found on PATH: install git 2.30 or newer' if missing else failed.stderr
    return CommandFailed(tuple(map(mask, ('git', *arguments))), failed.code, '' if missing else failed.stdout, why)


@contextmanager
def stream(folder: Path, *arguments: str, env: Env | None = None) -> Iterator[Any]:
    """Start a git process to write to and to read from; raises CommandFailed if it fails."""
    os.environ.setdefault('GIT_PYTHON_REFRESH', 'quiet')  # no 'git version' when git is imported
    from git.cmd import Git
    from git.exc import GitCommandError

    git = Git(str(folder))
    git.update_environment(**_environment(env))
    process: Any = git.execute(_command(arguments), istream=-1, as_process=True)
    try:
        try:
            yield process
            process.stdin.close()
        except BrokenPipeError:
            pass  # git has ended: its exit code tells why
        process.wait()
    except GitCommandError as error:
        raise _failed(arguments, error) from None
    finally:
        for pipe in (process.stdout, process.stderr):  # an exception may keep a reference to the process
            pipe.close()
        del process


def forget_surroundings() -> None:
    """Unset git's variables, so that only the folder selects the repository and only each command its paths."""
    for name in (*_HOOK, *_PATHSPECS):
        os.environ.pop(f'GIT_{name}', None)


def _failed(arguments: Sequence[str], error: GitCommandError) -> CommandFailed:
    def clean(text: object) -> str:
        lines = str(text or '').strip()
        return mask(lines.removeprefix("stderr: '").removeprefix("stdout: '").removesuffix("'"))

    code = error.status if isinstance(error.status, int) else 1
    return CommandFailed(tuple(map(mask, ('git', *arguments))), code, clean(error.stdout), clean(error.stderr))
