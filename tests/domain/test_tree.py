"""Ids of files and folders, computed without git, are those that git gives."""

from __future__ import annotations

from pathlib import Path

import pytest
from parts import git

from generator.domain.tree import blob_id, tree_id

# git sorts 'a.b' before the folder 'a' and that before 'a0', as if the folder's name ended in '/'.
FILES = {'a.b': b'', 'a/x': b'1', 'a/y/z': b'2', 'a0': b'3', 'é': b'4', 'Z': b'5', 'a-b/c': b'6'}


@pytest.mark.parametrize('object_format', ['sha1', 'sha256'])
def test_ids_are_those_of_git(tmp_path: Path, object_format: str) -> None:
    git(tmp_path, 'init', '--quiet', f'--object-format={object_format}')
    for path, data in FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(data)
    git(tmp_path, 'add', '--all')
    blobs = {path: blob_id(data, object_format) for path, data in FILES.items()}
    assert blobs['a/x'] == git(tmp_path, 'rev-parse', ':a/x')
    assert tree_id(blobs, object_format) == git(tmp_path, 'write-tree')
