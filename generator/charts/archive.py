"""The files of a chart → its archive, and the config and manifest of its OCI artifact: equal files give equal bytes.

Helm's own archives differ between its versions and with the time of files, and compressed bytes between builds of zlib.
So the tar is written here, and gzip stores it without compression.
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from generator.domain.layout import CHART_YAML
from generator.domain.problems import problem
from generator.domain.tree import Tree
from generator.domain.values import Values

MANIFEST_TYPE = 'application/vnd.oci.image.manifest.v1+json'
CONFIG_TYPE = 'application/vnd.cncf.helm.config.v1+json'
LAYER_TYPE = 'application/vnd.cncf.helm.chart.content.v1.tar+gzip'

_BLOCK = 512
_STORED = 65535  # bytes of a block that is not compressed (RFC 1951)
# No name, no time, no hint about the compression, and 255: an unknown operating system (RFC 1952).
_GZIP_HEAD = b'\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff'
# The keys of Chart.yaml in the order in which helm writes them as JSON.
_METADATA = (
    'name', 'home', 'sources', 'version', 'description', 'keywords', 'maintainers', 'icon', 'apiVersion', 'condition',
    'tags', 'appVersion', 'deprecated', 'annotations', 'kubeVersion', 'dependencies', 'type',
)  # fmt: skip
# What Go escapes in JSON, and Python does not.
_GO = str.maketrans({each: f'\\u{ord(each):04x}' for each in '<>&\u2028\u2029'})


@dataclass(frozen=True, slots=True)
class Package:
    """A chart as files and registries hold it."""

    name: str
    version: str
    archive: bytes
    config: bytes
    manifest: bytes

    @property
    def digest(self) -> str:
        """The digest that pins the chart in every OCI registry."""
        return sha256(self.manifest)


def package(files: Tree, about: Values) -> Package:
    """Make the package of a chart from its files, by their paths in its folder; `about` is its Chart.yaml, read."""
    packed = archive(about['name'], files)
    config = _json({key: about[key] for key in _METADATA if about.get(key)})
    return Package(about['name'], about['version'], packed, config, _manifest(about, packed, config))


def archive(model: str, files: Tree) -> bytes:
    """Return the files below a folder with the model's name, as tar.gz; Chart.yaml is first, as helm writes it."""
    tar = bytearray()
    for path in sorted(files, key=lambda path: (path != CHART_YAML, path)):
        data = files[path]
        tar += _header(f'{model}/{path}', len(data)) + data + bytes(-len(data) % _BLOCK)
    tar += bytes(2 * _BLOCK)
    size = len(tar) % (1 << 32)
    return b''.join([_GZIP_HEAD, *_stored(tar), zlib.crc32(tar).to_bytes(4, 'little'), size.to_bytes(4, 'little')])


def unpack(packed: bytes, model: str) -> dict[str, bytes]:
    """Return the files of an archive by their paths in the chart's folder; raises ValueError if it is not ours."""
    try:
        with tarfile.open(fileobj=io.BytesIO(packed), mode='r:gz') as found:
            members = {member.name: found.extractfile(member) for member in found}
            contents = {name: content.read() for name, content in members.items() if content}
    except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
        raise ValueError(f'not an archive of a chart: {error}') from None
    if len(contents) != len(members) or not all(name.startswith(f'{model}/') for name in contents):
        raise ValueError(f'expected the files of {model}/ in the archive')
    return {name.removeprefix(f'{model}/'): data for name, data in contents.items()}


def sha256(data: bytes) -> str:
    return f'sha256:{hashlib.sha256(data).hexdigest()}'


def _header(path: str, size: int) -> bytes:
    """A ustar header of a plain file: mode 0644, owner 0 without a name, time 0."""
    prefix, name = _split(path)
    fields = (
        (name, 100), (b'0000644', 8), (b'0000000', 8), (b'0000000', 8), (b'%011o' % size, 12), (b'%011o' % 0, 12),
        (b' ' * 8, 8), (b'0', 1), (b'', 100), (b'ustar', 6), (b'00', 2), (b'', 32), (b'', 32), (b'0000000', 8),
        (b'0000000', 8), (prefix, 155), (b'', 12),
    )  # fmt: skip
    header = b''.join(text.ljust(width, b'\0') for text, width in fields)
    return header[:148] + b'%06o\0 ' % sum(header) + header[156:]


def _split(path: str) -> tuple[bytes, bytes]:
    """The two parts of a path, as ustar has them: at most 155 and 100 bytes, cut at a slash."""
    whole = path.encode()
    if len(whole) <= 100:
        return b'', whole
    at = whole.find(b'/', len(whole) - 101)
    if not 0 < at <= 155 or at == len(whole) - 1:
        raise problem(path, '', 'the path is too long for an archive', 'a name has at most 100 bytes, a path about 250')
    return whole[:at], whole[at + 1 :]


def _stored(data: bytes | bytearray) -> Iterator[bytes]:
    """Deflate without compression: its bytes are fixed by the format, and do not depend on a library."""
    for start in range(0, len(data), _STORED):
        part = data[start : start + _STORED]
        last, size = start + _STORED >= len(data), len(part)
        yield bytes([last]) + size.to_bytes(2, 'little') + (size ^ 0xFFFF).to_bytes(2, 'little') + part


def _manifest(about: Values, packed: bytes, config: bytes) -> bytes:
    """The manifest as helm pushes it, but without a time, and without the annotations of the chart."""
    annotations = {
        'org.opencontainers.image.description': about.get('description'),
        'org.opencontainers.image.title': about['name'],
        'org.opencontainers.image.version': about['version'],
    }
    return _json(
        {
            'schemaVersion': 2,
            'mediaType': MANIFEST_TYPE,
            'config': _descriptor(CONFIG_TYPE, config),
            'layers': [_descriptor(LAYER_TYPE, packed)],
            'annotations': {key: text for key, text in annotations.items() if text},
        }
    )


def _descriptor(media_type: str, data: bytes) -> dict[str, Any]:
    return {'mediaType': media_type, 'digest': sha256(data), 'size': len(data)}


def _json(document: Values) -> bytes:
    """JSON as Go writes it: maps are sorted, `<`, `>` and `&` are escaped."""
    told = {key: dict(sorted(value.items())) if key == 'annotations' else value for key, value in document.items()}
    return json.dumps(told, ensure_ascii=False, separators=(',', ':')).translate(_GO).encode()
