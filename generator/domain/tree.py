"""What stands for the content of a file without reading it: git's blob id."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping

# What a change of files is: bytes to write, or None to remove.
Files = Mapping[str, bytes | None]
# Gives the bytes of a file.
Read = Callable[[str], bytes]

# In place of a blob id where no file is but a link, a folder or another repository: no content of ours.
LINK = 'link'


def blob_id(data: bytes, object_format: str = 'sha1') -> str:
    """The id that git gives to a file of these bytes."""
    found = hashlib.new(object_format, b'blob %d\0' % len(data), usedforsecurity=False)
    found.update(data)
    return found.hexdigest()
