"""What stands for the content of a file or a folder without reading it: git's ids of blobs and trees."""

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
    return _object_id(b'blob', data, object_format)


def tree_id(blobs: Mapping[str, str], object_format: str = 'sha1') -> str:
    """The id that git gives to a folder of plain files, whose blob ids these are by path."""
    files: dict[str, str] = {}
    folders: dict[str, dict[str, str]] = {}
    for path, blob in blobs.items():
        name, slash, rest = path.partition('/')
        if slash:
            folders.setdefault(name, {})[rest] = blob
        else:
            files[name] = blob
    # git sorts a folder as if its name ended in '/'.
    entries = [(name.encode(), b'100644', name, blob) for name, blob in files.items()]
    entries += [(f'{n}/'.encode(), b'40000', n, tree_id(inner, object_format)) for n, inner in folders.items()]
    lines = (b'%b %b\0%b' % (mode, name.encode(), bytes.fromhex(found)) for _, mode, name, found in sorted(entries))
    return _object_id(b'tree', b''.join(lines), object_format)


def _object_id(kind: bytes, data: bytes, object_format: str) -> str:
    found = hashlib.new(object_format, b'%b %d\0' % (kind, len(data)), usedforsecurity=False)
    found.update(data)
    return found.hexdigest()
