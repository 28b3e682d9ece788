"""A folder → the git repository that contains it, or the reason why it cannot be opened."""

from __future__ import annotations

import os
import re
from pathlib import Path

from generator.domain.problems import CommandFailed, problem
from generator.tools.git.embedded import refuse_bare
from generator.tools.git.repository import Repository
from generator.tools.git.run import call, text


def open_repository(folder: Path) -> Repository:
    """Return the repository that contains a folder; raises ProblemsFound if there is none."""
    if found := find_repository(folder):
        return found
    hint = "run 'chartloom init' to create one, or name the folder with --path"
    raise problem(str(folder), '', 'not a git repository', hint)


def find_repository(folder: Path) -> Repository | None:
    """Return the same, or None; raises ProblemsFound if the repository has no work tree or cannot be opened."""
    _enter(folder)
    refuse_bare(folder)
    questions = ('--show-toplevel', '--show-prefix', '--show-object-format', '--absolute-git-dir')
    try:
        answer = text(call(folder, ('rev-parse', *questions)))
    except CommandFailed as error:
        if 'not a git repository' in error.stderr.lower():
            return None
        raise _not_opened(folder, error) from None
    lines = answer.split('\n')  # an empty prefix is an empty line
    if len(lines) != len(questions):
        raise problem(repr(str(folder)), '', 'the name of the folder contains a line break', 'rename the folder')
    top, prefix, object_format, git_dir = lines
    _refuse_links(folder, top)
    return Repository(Path(top), prefix, bare=False, object_format=object_format, git_dir=Path(git_dir))


def _enter(folder: Path) -> None:
    """Raise ProblemsFound if git cannot run in a folder."""
    try:
        os.stat(f'{folder}/.')
    except FileNotFoundError:
        hint = 'name the folder of the repository with --path'
        raise problem(str(folder), '', 'folder not found', hint) from None
    except OSError as error:
        hint = 'check the permissions of the folder and its parents, or name another one with --path'
        raise problem(str(folder), '', f'the folder cannot be opened: {error.strerror}', hint) from None


def _refuse_links(folder: Path, top: str) -> None:
    """Raise ProblemsFound if a link of the repository is on the way to a folder: a request could lead it elsewhere."""
    here, place = os.environ.get('PWD', ''), ''
    if not (here and os.path.isdir(here) and os.path.samefile(here, '.')):
        here = os.getcwd()
    for part in Path(here, folder).parts:
        above, place = place, os.path.join(place, part)
        if os.path.islink(place) and f'{os.path.realpath(above)}/'.startswith(f'{top}/'):
            hint = f'name the folder itself with --path: {os.path.realpath(place)}'
            raise problem(place, '', 'expected a folder, found a link of the repository', hint)


def _not_opened(folder: Path, error: CommandFailed) -> Exception:
    said = error.stderr.lower()
    if 'dubious ownership' in said:
        named = re.search("repository at '(.*)'", error.stderr)
        trusted = named[1] if named else folder.resolve()
        hint = f"run 'git config --global --add safe.directory {trusted}' if you trust it"
        return problem(str(folder), '', 'git does not trust the owner of the folder', hint)
    return error


def open_bare(folder: Path, prefix: str) -> Repository:
    """Open a repository without a work tree."""
    object_format = text(call(folder, ('rev-parse', '--show-object-format'), {'GIT_DIR': str(folder)}))
    return Repository(folder, prefix, bare=True, object_format=object_format, git_dir=folder)
