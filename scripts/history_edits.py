"""A step of the scripted history, and what people do by hand before its command: edits of registry and other files."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

START = 1764547200  # 2025-12-01; each step is a day later than the one before
DAY = 86400

Edit = Callable[[Path], None]


@dataclass(frozen=True)
class Step:
    """Edits, then a command of chartloom, which makes one commit; `newer` runs it with a changed starter."""

    title: str
    command: tuple[str, ...] = ('generate', '--commit')
    edits: tuple[Edit, ...] = ()
    newer: bool = False


def written(file: str, text: str) -> Edit:
    def edit(folder: Path) -> None:
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding='utf-8')

    return edit


def replaced(file: str, old: str, new: str) -> Edit:
    def edit(folder: Path) -> None:
        path = folder / file
        text = path.read_text(encoding='utf-8')
        assert old in text, f'{file} has no {old!r}'
        path.write_text(text.replace(old, new, 1), encoding='utf-8')

    return edit


def copied(old: str, new: str, name: str, other: str) -> Edit:
    def edit(folder: Path) -> None:
        text = (folder / old).read_text(encoding='utf-8')
        (folder / new).write_text(text.replace(name, other), encoding='utf-8')

    return edit


def version(model: str, entry: str, *, before: str = '') -> Edit:
    """Add a version at the end of a model's list, or before another one."""

    def edit(folder: Path) -> None:
        path = folder / f'registry/models/{model}.yaml'
        text = path.read_text(encoding='utf-8')
        place = text.index(f'  - version: "{before}"') if before else _end_of_versions(text)
        path.write_text(text[:place] + entry + text[place:], encoding='utf-8')

    return edit


def _end_of_versions(text: str) -> int:
    start = text.index('  versions:\n') + len('  versions:\n')
    after = re.compile(r'^  [a-zA-Z#]', re.MULTILINE).search(text, start)
    return after.start() if after else len(text)


def pinned(release: str, number: str) -> Edit:
    """Name a version in a release; `chartloom pin` adds its chart."""

    def edit(folder: Path) -> None:
        path = folder / f'registry/releases/{release}.yaml'
        text = path.read_text(encoding='utf-8')
        path.write_text(re.sub('version: .*', f'version: "{number}"', text), encoding='utf-8')

    return edit


def reverted(folder: Path) -> None:
    """What `git revert` leaves: generated files go back, too."""
    git(folder, 'revert', '--no-edit', 'HEAD')


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ['git', *arguments], cwd=folder, env={**os.environ, **dates(0)}, capture_output=True, text=True, check=True
    )
    return done.stdout


def dates(day: int) -> dict[str, str]:
    """Who commits, and when, as variables of git."""
    date = f'{START + day * DAY} +0000'
    who = {'NAME': 'Platform team', 'EMAIL': 'platform@shop.example', 'DATE': date}
    return {f'GIT_{role}_{key}': value for role in ('AUTHOR', 'COMMITTER') for key, value in who.items()}
