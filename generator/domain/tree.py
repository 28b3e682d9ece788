"""Files and folders → git's ids of blobs and trees."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping

# Paths are strings, not PurePosixPath: 20,000 of those cost 0.1 s to make and hash, and git speaks strings.
Tree = Mapping[str, bytes]
# Path to git blob id: what a tree holds, without reading it.
Ids = Mapping[str, str]
# A change of files: bytes to write, or None to remove.
Files = Mapping[str, bytes | None]
# Returns the bytes of a file.
Read = Callable[[str], bytes]

# In place of a blob id if the path is not a file but a link, a folder or another repository.
LINK = 'link'


def blob_id(data: bytes, object_format: str = 'sha1') -> str:
    """Return git's id of a file with these bytes."""
    return _object_id(b'blob', data, object_format)


def tree_id(blobs: Mapping[str, str], object_format: str = 'sha1') -> str:
    """Return git's id of a folder of plain files, given their blob ids by path."""
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
