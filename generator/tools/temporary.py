"""A temporary folder, for helm and for clones of remote repositories."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from generator.domain.problems import problem


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """Create a folder and remove it at the end; raises ProblemsFound if it cannot be created."""
    try:
        folder = TemporaryDirectory(prefix='chartloom-')
    except OSError as error:
        hint = 'set the variable TMPDIR to a writable folder with free space'
        raise problem('', '', f'cannot create a temporary folder: {error.strerror}', hint) from None
    with folder as name:
        yield Path(name)
