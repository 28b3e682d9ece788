"""A folder for a while: where helm works, and where a remote repository is fetched to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from generator.domain.problems import problem


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """A new folder, which is gone afterwards; ProblemsFound where no place for one can be written."""
    try:
        folder = TemporaryDirectory(prefix='chartloom-')
    except OSError as error:
        hint = 'name one that can be written, and is not full, in the variable TMPDIR'
        raise problem('', '', f'there is no folder for temporary files: {error.strerror}', hint) from None
    with folder as name:
        yield Path(name)
