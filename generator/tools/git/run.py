"""A git command → its output, or CommandFailed without credentials.

Commands with a fixed input use `process`. Those with a stream use GitPython, which is imported only then: the import
takes longer than all other git commands of a run together.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from generator.domain.problems import CommandFailed
from generator.tools.process import mask, run, run_all

if TYPE_CHECKING:
    from git.exc import GitCommandError

# English messages, no prompts on a terminal, no lock only for time stamps.
_SURROUNDINGS = {'LC_ALL': 'C', 'GIT_TERMINAL_PROMPT': '0', 'GIT_OPTIONAL_LOCKS': '0'}
# Set if a git hook runs chartloom: they name the hook's repository and an index for one commit.
_HOOK = (
    'DIR', 'WORK_TREE', 'IMPLICIT_WORK_TREE', 'INDEX_FILE', 'OBJECT_DIRECTORY', 'ALTERNATE_OBJECT_DIRECTORIES',
    'COMMON_DIR', 'PREFIX', 'SHALLOW_FILE',
)  # fmt: skip
# Each command sets its own.
_PATHSPECS = ('LITERAL_PATHSPECS', 'GLOB_PATHSPECS', 'NOGLOB_PATHSPECS', 'ICASE_PATHSPECS')

Env = Mapping[str, str]


def call(folder: Path, arguments: Sequence[str], env: Env | None = None) -> bytes:
    """Run git in a folder and return its output."""
    return _run(folder, arguments, env)


def call_all(folder: Path, questions: Sequence[Sequence[str]], env: Env | None = None) -> Iterator[bytes]:
    """Do the same for several commands at once; they run while the caller continues."""
    commands = [['git', *arguments] for arguments in questions]
    answers = run_all(commands, cwd=folder, env={**os.environ, **_SURROUNDINGS, **(env or {})})
    return (done.stdout for done in answers)


def text(output: bytes) -> str:
    """Decode the output of git, without the last line end."""
    return output.decode('utf-8', 'surrogateescape').removesuffix('\n')


def feed(folder: Path, data: bytes, *arguments: str, env: Env | None = None) -> bytes:
    """Run git with an input and return its output."""
    return _run(folder, arguments, env, data)


def _run(folder: Path, arguments: Sequence[str], env: Env | None, data: bytes | None = None) -> bytes:
    whole = {**os.environ, **_SURROUNDINGS, **(env or {})}
    try:
        return run(['git', *arguments], cwd=folder, env=whole, input=data).stdout
    except CommandFailed as failed:
        if shutil.which('git') is None:
            why = 'git not found on PATH: install git 2.30 or newer'
            raise CommandFailed(failed.command, failed.code, '', why) from None
        raise


@contextmanager
def stream(folder: Path, *arguments: str, env: Env | None = None) -> Iterator[Any]:
    """Start a git process to write to and to read from; raises CommandFailed if it fails."""
    os.environ.setdefault('GIT_PYTHON_REFRESH', 'quiet')  # no 'git version' when git is imported
    from git.cmd import Git
    from git.exc import GitCommandError

    git = Git(str(folder))
    git.update_environment(**_SURROUNDINGS, **(env or {}))
    process: Any = git.execute(['git', *arguments], istream=-1, as_process=True)
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
