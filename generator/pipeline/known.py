"""A cache of the last up-to-date state: a fingerprint of all inputs, below .git; deleting it only costs time."""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from functools import cache
from importlib.resources import files as package_files
from pathlib import Path

from generator import __version__
from generator.pipeline.source import Source
from generator.tools.git.repository import Repository


def fingerprint(repository: Repository, source: Source, purpose: str) -> str:
    """Digest of all inputs of a run: the tool, HEAD and the branches, and the blob ids of all files in scope."""
    found = hashlib.sha256()
    refs = sorted(source.refs.items())
    for part in (_tool(), purpose, repository.prefix, *source.scope, *refs, *sorted(source.tree.links)):
        found.update(f'{part}\0'.encode('utf-8', 'surrogateescape'))
    files = sorted(source.tree.ids.items())
    found.update('\0'.join([part for file in files for part in file]).encode('utf-8', 'surrogateescape'))
    return found.hexdigest()


def is_known(repository: Repository, purpose: str, print_: str) -> bool:
    try:
        return _file(repository, purpose).read_text(encoding='utf-8') == print_
    except (OSError, ValueError):
        return False


def remember(repository: Repository, purpose: str, print_: str) -> None:
    file = _file(repository, purpose)
    temporary = file.with_suffix(f'.{os.getpid()}')
    with suppress(OSError):  # the repository is read-only
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            temporary.write_text(print_, encoding='utf-8')
            os.replace(temporary, file)
        except OSError:
            temporary.unlink()


def _file(repository: Repository, purpose: str) -> Path:
    return repository.private / f'clean-{purpose}'


@cache
def _tool() -> str:
    """The version, and name, size and time of the tool's own files: a checkout changes without a new version."""
    found = [__version__]
    for package in ('generator', 'chart_templates', 'schemas'):
        root = Path(str(package_files(package)))
        for folder, names, files in os.walk(root):
            names.sort()
            for name in sorted(files):
                if not name.endswith('.pyc'):
                    stat = os.stat(os.path.join(folder, name))
                    found.append(f'{name} {stat.st_size} {stat.st_mtime_ns}')
    return hashlib.sha256('\n'.join(found).encode()).hexdigest()
