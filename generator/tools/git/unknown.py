"""Paths of the work tree → the files there that git does not know, without a list of the folders around them."""

from __future__ import annotations

import os
import stat
from collections.abc import Container, Iterator, Sequence
from contextlib import suppress

from generator.tools.git.repository import Repository


def files_git_does_not_know(repository: Repository, paths: Sequence[str], known: Container[str]) -> Iterator[str]:
    """Yield the files at these paths and below that are not `known`, in the words of `git ls-files --others`.

    A pattern is `folder/*/rest`, or `folder/*` for the files in a folder. What lies behind a link is not in the work
    tree; a link that hides a known file is yielded itself.
    """
    for path in paths:
        for each in _expanded(repository, path):
            link = _link_above(repository, each)
            if not link:
                yield from (found for found in _files(repository, each) if found.removesuffix('/') not in known)
            elif each in known:
                yield link


def _expanded(repository: Repository, pattern: str) -> Iterator[str]:
    folder, star, rest = pattern.partition('/*')
    if not star:
        yield pattern
        return
    with suppress(OSError):
        found = (f'{folder}/{name}{rest}' for name in os.listdir(repository.file(folder)))
        yield from (each for each in found if rest or not os.path.isdir(repository.file(each)))


def _link_above(repository: Repository, path: str) -> str:
    """The first link on the way to a path, '' for none."""
    ends = (index for index, letter in enumerate(path) if letter == '/')
    return next((path[:end] for end in ends if os.path.islink(repository.file(path[:end]))), '')


def _files(repository: Repository, path: str) -> Iterator[str]:
    with suppress(OSError):  # it does not exist, or git could not open it either
        mode = os.lstat(repository.file(path)).st_mode
        if stat.S_ISDIR(mode):
            yield from _below(repository, path)
        elif stat.S_ISREG(mode) or stat.S_ISLNK(mode):
            yield path


def _below(repository: Repository, folder: str) -> Iterator[str]:
    place = repository.file(folder)
    if os.path.lexists(f'{place}/.git'):  # another repository
        yield f'{folder}/'
        return
    with os.scandir(place) as entries:
        for entry in entries:
            path = f'{folder}/{entry.name}'
            if entry.is_dir(follow_symlinks=False):
                yield from _below(repository, path)
            elif entry.is_symlink() or entry.is_file():  # git lists no pipes
                yield path
