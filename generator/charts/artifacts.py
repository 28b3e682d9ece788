"""A model version's artifact → how its files get into the pod: fetched by an init container, or mounted as they are."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any
from urllib.parse import urlsplit

from generator.charts.stores import HUB, clear_text_problems, credential_problems, credentials, is_address, way_out
from generator.domain.places import Path, json_path
from generator.domain.problems import Problem
from generator.domain.units import mebibytes
from generator.domain.values import Values
from generator.domain.words import quoted, suggest
from generator.values.images import parse_image

Fragment = tuple[Path, Path, Any]

# Images that download from these schemes; from others the starter's own image downloads, with curl.
_RCLONE = 'docker.io/rclone/rclone:1.75.1@sha256:45401ad7410db1d67ffdb58e19059ad20b0d8e0285a60e38bbec55cc1019c7a5'
_ORAS = 'ghcr.io/oras-project/oras:v1.3.0@sha256:6ce045ce069a89934d6666b8b49f9c4c0145201bd6de6dbe2aee267814c55468'
_FETCHERS = {'s3': _RCLONE, 'gs': _RCLONE, 'oci': _ORAS}
_COMMIT = re.compile(r'[0-9a-f]{40}')
_BRANCH = re.compile(r'(?![0-9a-f]{7,}$)[A-Za-z0-9][A-Za-z0-9._-]*')  # and not the start of a commit


def artifact_fragments(artifact: Values, form: Values, source: Path) -> Iterator[Fragment]:
    """Yield the values of an artifact at `source` of the model; its runtime expects it at `form` {path, unpack}."""
    match delivery(artifact):
        case 'volume':
            url = urlsplit(artifact['uri'])
            claim = {'claimName': url.netloc, 'subPath': url.path.strip('/')}
            yield source, ('artifact',), {**_common(artifact, form['path']), 'delivery': 'volume', **claim}
        case 'image':
            yield source, ('artifact',), _image_volume(artifact, form)
        case _:
            yield from _download(artifact, form, source)
    if 'size' in artifact:
        room = _room(artifact['size'], unpack=_is_archive(artifact, form))
        yield (*source, 'size'), ('artifact', 'sizeLimit'), room
        if delivery(artifact) == 'download':  # else a node without that space evicts the pod half-way
            request = ('artifact', 'resources', 'requests', 'ephemeral-storage')
            yield (*source, 'size'), request, room


def delivery(artifact: Values) -> str:
    """How an artifact gets into the pod: 'volume', 'image' (a volume made of an image) or 'download'."""
    scheme = artifact['uri'].partition('://')[0]
    if scheme == 'oci':
        return str(artifact.get('delivery', 'image'))
    return 'volume' if scheme == 'pvc' else 'download'


def _common(artifact: Values, path: str) -> dict[str, Any]:
    return {'uri': artifact['uri'], 'sha256': _identity(artifact), 'path': path}


def _identity(artifact: Values) -> str:
    """One checksum of the complete artifact: its own, that of the list of its files, or the digest of an image."""
    if files := artifact.get('files'):
        lines = ''.join(f'{files[path]}  {path}\n' for path in sorted(files))
        return hashlib.sha256(lines.encode()).hexdigest()
    digest = artifact['uri'].partition('@sha256:')[2] if artifact['uri'].startswith('oci://') else ''
    return str(artifact.get('sha256') or digest)


def _image_volume(artifact: Values, form: Values) -> dict[str, Any]:
    reference = parse_image(artifact['uri'].removeprefix('oci://'))
    common = {**_common(artifact, _directory(form)), 'delivery': 'image', 'reference': reference}
    return common | ({'subPath': artifact['subPath']} if 'subPath' in artifact else {})


def _directory(form: Values) -> str:
    """Directory for several files: the one that an archive is unpacked into, or that contains the one file."""
    path = str(form['path'])
    return path if form.get('unpack') else path.rpartition('/')[0]


def _is_archive(artifact: Values, form: Values) -> bool:
    return bool(form.get('unpack')) and delivery(artifact) == 'download' and not _is_many(artifact)


def _is_many(artifact: Values) -> bool:
    return 'files' in artifact or artifact['uri'].startswith('oci://')


def _download(artifact: Values, form: Values, source: Path) -> Iterator[Fragment]:
    scheme = artifact['uri'].partition('://')[0]
    endpoint = artifact.get('endpoint', '')
    store = {key: part for key, part in way_out(endpoint or artifact['uri'], {}).items() if part}
    yield (*source, 'uri'), ('networkPolicy', 'egress', 'artifact-store'), store
    path = _directory(form) if _is_many(artifact) else form['path']
    values = {**_common(artifact, path), 'delivery': 'download', 'unpack': _is_archive(artifact, form)}
    yield source, ('artifact',), {**values, 'uri': _address(artifact['uri'])}
    if 'files' in artifact:
        yield (*source, 'files'), ('artifact', 'files'), artifact['files']
    if endpoint:
        yield (*source, 'endpoint'), ('artifact', 'endpoint'), endpoint
    if 'credentials' in artifact:
        named = credentials(scheme, artifact['credentials'])
        yield (*source, 'credentials'), ('artifact', 'credentials'), named
    if scheme in _FETCHERS:
        yield (*source, 'uri'), ('artifact', 'image'), parse_image(_FETCHERS[scheme])


# Endings of archives: those that a download unpacks, and others.
_TAR = ('.tar', '.tar.gz', '.tgz')
_NO_TAR = ('.zip', '.7z', '.rar', '.tar.bz2', '.tar.xz', '.tar.zst')


def _address(uri: str) -> str:
    """URL of a download: hf://<owner>/<name>@<revision>[/<path>] becomes a URL of the Hugging Face Hub."""
    if not uri.startswith('hf://'):
        return uri
    repository, _, rest = uri.removeprefix('hf://').partition('@')
    return f'{HUB}/{repository}/resolve/{rest}'


def _room(size: str, *, unpack: bool) -> str:
    """Size of the volume: the artifact, for an archive also its unpacked files, and a tenth for the file system."""
    return f'{math.ceil(mebibytes(size) * (2 if unpack else 1) * Fraction(11, 10))}Mi'


def artifact_problems(
    file: str, artifact: Values, kinds: Mapping[str, Any], runtime: str, place: Path
) -> Iterator[Problem]:
    """Yield problems that a schema cannot find in an artifact; `kinds` are those that the runtime serves."""
    if artifact['kind'] not in kinds:
        message = f"runtime '{runtime}' does not serve artifacts of kind '{artifact['kind']}'"
        yield Problem(file, json_path((*place, 'kind')), message, suggest(artifact['kind'], kinds))
    elif delivery(artifact) == 'download' and _is_many(artifact) and not _directory(kinds[artifact['kind']]):
        message = f"an artifact of kind '{artifact['kind']}' must be one file"
        yield Problem(file, json_path((*place, 'uri')), message, 'write the uri of that file, and its sha256')
    elif delivery(artifact) == 'download' and not _is_many(artifact) and is_address(artifact['uri']):
        yield from _archive_problems(file, artifact, bool(kinds[artifact['kind']].get('unpack')), place)
    scheme = artifact['uri'].partition('://')[0]
    if is_address(artifact['uri']):
        yield from _user(file, artifact['uri'], place)
    else:
        hint = f'write {scheme}://<host>[:<port>]/<path>'
        yield Problem(file, json_path((*place, 'uri')), f"invalid URI '{artifact['uri']}'", hint)
    for key, only, hint in (
        ('delivery', 'oci', 'remove it, or write an oci:// URI'),
        ('subPath', 'oci', 'remove it, or write an oci:// URI'),
        ('endpoint', 's3', 'remove it: the URI names the host'),
    ):
        if key in artifact and scheme != only:
            yield Problem(file, json_path((*place, key)), f"'{key}' is not supported for {scheme}://", hint)
    if scheme == 'hf':
        yield from _revision(file, artifact['uri'], place)
    yield from _checksums(file, artifact, scheme, place)
    yield from _credentials(file, artifact, scheme, place)


def _revision(file: str, uri: str, place: Path) -> Iterator[Problem]:
    """A branch or tag of a repository moves; only a commit stays."""
    repository, _, rest = uri.removeprefix('hf://').partition('@')
    revision = rest.partition('/')[0]
    if not _COMMIT.fullmatch(revision):
        message = f'{quoted(revision)} is not a commit: the files that it names can change'
        branch = revision if _BRANCH.fullmatch(revision) else 'main'
        hint = f"write the 40 digits that 'git ls-remote {HUB}/{repository} {branch}' shows"
        yield Problem(file, json_path((*place, 'uri')), message, hint)


def _user(file: str, uri: str, place: Path) -> Iterator[Problem]:
    """Yield the problem of a URI with a user; with a password, too, it is found with the other credentials."""
    user, at, _ = urlsplit(uri).netloc.partition('@')
    if at and ':' not in user and uri.startswith(('http://', 'https://')):
        hint = 'write artifact.credentials: {secret: <name>}, and the URI without it'
        yield Problem(file, json_path((*place, 'uri')), 'the URI contains a user or token', hint)


def _credentials(file: str, artifact: Values, scheme: str, place: Path) -> Iterator[Problem]:
    """Credentials are for downloads, and are not sent where others can read them."""
    if 'endpoint' in artifact:
        yield from clear_text_problems(file, (*place, 'endpoint'), artifact['endpoint'])
    if 'credentials' not in artifact:
        return
    if delivery(artifact) != 'download':
        message = f"'credentials' are for downloads; {scheme}:// is mounted"
        hint = "name the Secret in imagePullSecrets, or write 'delivery: download'" if scheme == 'oci' else 'remove it'
        yield Problem(file, json_path((*place, 'credentials')), message, hint)
        return
    if is_address(artifact['uri']):
        yield from clear_text_problems(file, (*place, 'uri'), artifact['uri'])
    yield from credential_problems(file, (*place, 'credentials'), scheme, artifact['credentials'])


def _checksums(file: str, artifact: Values, scheme: str, place: Path) -> Iterator[Problem]:
    """Every download requires checksums: of the one file or of each file; an image has its digest."""
    if 'files' in artifact and ('sha256' in artifact or delivery(artifact) != 'download'):
        message = "'files' is only for downloads, and replaces 'sha256'"
        hint = "keep 'files' or 'sha256', not both" if 'sha256' in artifact else "remove 'files'"
        yield Problem(file, json_path((*place, 'files')), message, hint)
    if scheme not in ('pvc', 'oci') and not {'sha256', 'files'} & artifact.keys():
        hint = "add sha256, the output of 'sha256sum <file>', or files with a sha256 each"
        yield Problem(file, json_path(place), 'the downloaded artifact has no sha256', hint)


def _archive_problems(file: str, artifact: Values, unpack: bool, place: Path) -> Iterator[Problem]:
    """Yield the problem of a file whose name says that its kind cannot be made of it."""
    name, kind = urlsplit(artifact['uri']).path.lower(), artifact['kind']
    ending = next((each for each in (*_TAR, *_NO_TAR) if name.endswith(each)), '')
    if ending and not unpack:
        message, hint = f"kind '{kind}' is one file, and '{ending}' is an archive", 'write the uri of the file itself'
        yield Problem(file, json_path((*place, 'uri')), message, hint)
    elif ending in _NO_TAR:
        message = f"kind '{kind}' is unpacked from .tar, .tar.gz or .tgz, found '{ending}'"
        yield Problem(file, json_path((*place, 'uri')), message, "pack it again with 'tar'")
