"""Archives, configs and manifests of charts: read by tar and helm, and the same bytes in every surroundings."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import zlib
from pathlib import Path
from typing import Any

import pytest
from parts import ROOT

from generator.charts.archive import archive, package
from generator.documents.read import read_yaml
from generator.domain.problems import ProblemsFound

CHART = ROOT / 'tests/golden/second-chart-version/current/charts/web/1.0.0'
FILES = {'Chart.yaml': b'name: web\nversion: 1.0.0\n', 'values.yaml': b'', 'README.md': b'x' * 512, 'b': b'y' * 70_000}
# Of the small chart below; a change of these changes the identity of every published chart in OCI registries.
MANIFEST = 'sha256:fc7cd31995a13859b2c857f306a831f296e8c24f5b7d926bd1994e4a91782e86'


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob('*') if path.is_file()}


def about(data: bytes) -> dict[str, Any]:
    found: dict[str, Any] = read_yaml(data, 'Chart.yaml')
    return found


def test_tar_reads_the_archive() -> None:
    packed = archive('web', FILES)
    assert packed[:10] == b'\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff'
    with tarfile.open(fileobj=io.BytesIO(packed), mode='r:gz') as tar:
        members = tar.getmembers()
        found = {member.name: tar.extractfile(member).read() for member in members}  # type: ignore[union-attr]
    assert [member.name for member in members] == ['web/Chart.yaml', 'web/README.md', 'web/b', 'web/values.yaml']
    assert found == {f'web/{path}': data for path, data in FILES.items()}
    facts = {(m.mode, m.uid, m.gid, m.uname, m.gname, m.mtime, m.type, m.linkname) for m in members}
    assert facts == {(0o644, 0, 0, '', '', 0, tarfile.REGTYPE, '')}


def test_the_archive_is_stored_and_does_not_depend_on_the_order_of_files() -> None:
    packed = archive('web', dict(reversed(FILES.items())))
    assert packed == archive('web', FILES)
    tar = gzip.decompress(packed)
    assert len(tar) % 512 == 0
    assert len(packed) == len(tar) + 10 + 8 + 5 * -(-len(tar) // 65535)
    reader = zlib.decompressobj(-15)
    assert reader.decompress(packed[10:]) == tar, 'zlib reads it'
    assert reader.unused_data == packed[-8:]


def test_a_long_path_is_cut_at_a_slash() -> None:
    long = f'{"d" * 80}/{"e" * 60}/{"f" * 95}'
    packed = archive('web', {'Chart.yaml': b'', long: b'z', f'{"g" * 100}': b''})
    with tarfile.open(fileobj=io.BytesIO(packed), mode='r:gz') as tar:
        assert tar.getnames() == ['web/Chart.yaml', f'web/{long}', f'web/{"g" * 100}']


@pytest.mark.parametrize('path', ['a' * 101, f'{"a" * 156}/b', f'{"a" * 100}/{"b" * 100}/{"c" * 60}'])
def test_a_path_that_is_too_long_is_refused(path: str) -> None:
    with pytest.raises(ProblemsFound) as found:
        archive('web', {path: b''})
    [problem] = found.value.problems
    assert problem.message == 'the path is too long for an archive'
    assert problem.hint == 'a name has at most 100 bytes, a path about 250'


def test_the_manifest_names_config_and_archive_by_their_digests() -> None:
    found = package(files(CHART), about((CHART / 'Chart.yaml').read_bytes()))
    manifest = json.loads(found.manifest)
    assert list(manifest) == ['schemaVersion', 'mediaType', 'config', 'layers', 'annotations']
    assert manifest['schemaVersion'] == 2
    for told, data in ((manifest['config'], found.config), (manifest['layers'][0], found.archive)):
        assert (told['size'], told['digest']) == (len(data), f'sha256:{hashlib.sha256(data).hexdigest()}')
    assert manifest['annotations'] == {
        'org.opencontainers.image.description': "The shop's front door",
        'org.opencontainers.image.title': 'web',
        'org.opencontainers.image.version': '1.0.0',
    }
    assert found.digest == f'sha256:{hashlib.sha256(found.manifest).hexdigest()}'
    assert (found.name, found.version) == ('web', '1.0.0')


def test_the_config_is_chart_yaml_as_go_writes_it() -> None:
    chart = b'apiVersion: v2\nversion: 1.0.0\nname: web\ndescription: "a < b & c > d \\u2028 \\u00e9"\n'
    chart += b'annotations:\n  b: "2"\n  a: "1"\nicon: ""\n'
    found = package({'Chart.yaml': chart}, about(chart))
    text = '{"name":"web","version":"1.0.0","description":"a \\u003c b \\u0026 c \\u003e d \\u2028 é",'
    assert found.config.decode() == text + '"apiVersion":"v2","annotations":{"a":"1","b":"2"}}'


def test_the_digest_is_the_same_forever() -> None:
    assert package(FILES, about(FILES['Chart.yaml'])).digest == MANIFEST


PROGRAM = """
import json, os, sys
from pathlib import Path
from generator.charts.archive import package
os.umask(int(sys.argv[3], 8))
folder = Path(sys.argv[1])
files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob('*') if path.is_file()}
found = package(files, json.loads(sys.argv[2]))
print(found.archive.hex(), found.config.hex(), found.digest)
"""


def python(version: str) -> str:
    """A Python of this version; a test that needs another one than ours is skipped where it is not installed."""
    if sys.version_info[:2] == tuple(map(int, version.split('.'))):
        return sys.executable
    beside = sorted(Path(sys.base_prefix).parent.glob(f'{version}.*/bin/python'))  # where pyenv installs them
    for found in (*beside, shutil.which(f'python{version}')):
        if found and subprocess.run([found, '--version'], capture_output=True).returncode == 0:
            return str(found)
    pytest.skip(f'no Python {version} next to this one or on PATH')


@pytest.mark.parametrize('version', ['3.11', '3.12', '3.13'])
def test_other_surroundings_give_the_same_bytes(version: str, tmp_path: Path) -> None:
    expected = package(files(CHART), about((CHART / 'Chart.yaml').read_bytes()))
    told = json.dumps(about((CHART / 'Chart.yaml').read_bytes()))
    other = tmp_path / 'copy'
    for number, (path, data) in enumerate(sorted(files(CHART).items(), reverse=True)):
        (other / path).parent.mkdir(parents=True, exist_ok=True)
        (other / path).write_bytes(data)
        (other / path).chmod(0o600)
        os.utime(other / path, (number * 1e8, number * 1e8))
    for zone, language, umask, folder in (
        ('UTC', 'C', '022', CHART),
        ('Asia/Tokyo', 'de_DE.UTF-8', '077', other),
        ('America/New_York', 'C.UTF-8', '000', other),
    ):
        surroundings = {'PYTHONPATH': str(ROOT), 'TZ': zone, 'LANG': language, 'PATH': os.environ['PATH']}
        done = subprocess.run(
            [python(version), '-c', PROGRAM, folder, told, umask], env=surroundings | {'PYTHONHASHSEED': umask},
            check=True, capture_output=True, text=True,
        )  # fmt: skip
        assert done.stdout.split() == [expected.archive.hex(), expected.config.hex(), expected.digest]
