"""Rules of what runs in pods: where images and files come from, and whether they bring code."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from generator.compare.effects import WORKLOADS
from generator.compare.fields import ABSENT, shown
from generator.compare.objects import objects, plain
from generator.review.leaves import Leaf, leaves
from generator.review.options import OFF, changed_options
from generator.review.records import Evidence, Rule, Side, Touched

# Formats whose files are programs of Python: whoever loads one runs it.
_PICKLED = re.compile(r'\.(pkl|pickle|joblib|dill|cloudpickle|pt|pth|ckpt|mar)(\.(gz|zip|tar|tgz))?$')
_PICKLES = ('pickle', 'joblib', 'sklearn', 'mar', 'torchscript', 'pytorch')
_CODE = ('trust-remote-code', 'worker-cls', 'worker-extension-cls', 'tool-parser-plugin', 'plugins-path')
_IMAGES = ('image', 'reference')
_CUDA = re.compile(r'cu(?:da)?-?(\d+)', re.IGNORECASE)


def images(touched: Touched) -> Iterator[Leaf]:
    """The images that pods get, also those of workloads that come."""
    found = leaves(touched, *WORKLOADS, new=True)
    return (leaf for leaf in found if leaf.new is not ABSENT and leaf.key in _IMAGES)


def _unpinned(touched: Touched) -> Iterator[Evidence]:
    yield from (leaf.evidence() for leaf in images(touched) if '@sha256:' not in str(leaf.new))
    if touched.new and (found := _open(touched.new)) and not (touched.old and _open(touched.old) == found):
        yield Evidence(f'model {touched.model}', 'artifact.uri', touched.old.artifact if touched.old else '', found)


def _open(side: Side) -> str:
    """The address of an artifact that may become another one, '' if its content is known."""
    artifact = side.version_spec.get('artifact', {})
    uri = str(artifact.get('uri', ''))
    known = artifact.get('sha256') or artifact.get('files') or '@sha256:' in uri
    return '' if known or uri.startswith('pvc://') else uri


def _origin(touched: Touched) -> Iterator[Evidence]:
    """An image from another registry or repository, or an artifact from another host or bucket."""
    known: frozenset[str] | None = None
    for leaf in images(touched):
        place = _repository(leaf.new)
        if leaf.old is not ABSENT and _repository(leaf.old) != place:
            yield leaf.evidence()
        elif leaf.old is ABSENT and touched.old:  # a container that comes
            known = _known(touched.old) if known is None else known
            if place not in known:
                yield leaf.evidence()
    for old, new in touched.both:
        if old.artifact and new.artifact and _place(old.artifact) != _place(new.artifact):
            yield Evidence(f'model {touched.model}', 'artifact.uri', old.artifact, new.artifact)
        before, after = (each.version_spec.get('artifact', {}).get('endpoint', '') for each in (old, new))
        if old.artifact and new.artifact and before != after:
            yield Evidence(f'model {touched.model}', 'artifact.endpoint', before, after)


def _known(side: Side) -> frozenset[str]:
    """The repositories of all images of a release."""
    found = objects(map(plain, side.documents)).values()
    return frozenset(_repository(image) for each in found if each['kind'] in WORKLOADS for image in _images_in(each))


def _images_in(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        for key, each in value.items():
            if key in _IMAGES and isinstance(each, str):
                yield each
            yield from _images_in(each)
    elif isinstance(value, list):
        for each in value:
            yield from _images_in(each)


def _repository(image: Any) -> str:
    return re.sub(r':[^:/]*$', '', str(image).partition('@')[0])


def _place(uri: str) -> str:
    """The scheme, and the host, bucket or owner; of an image its repository."""
    scheme, _, rest = uri.partition('://')
    return f'oci://{_repository(rest)}' if scheme == 'oci' else f'{scheme}://{rest.partition("/")[0]}'


def _major(touched: Touched) -> Iterator[Evidence]:
    for leaf in images(touched):
        if leaf.old is not ABSENT and _repository(leaf.old) == _repository(leaf.new):
            before, after = (_majors(str(each)) for each in (leaf.old, leaf.new))
            if any(one and other and one != other for one, other in zip(before, after, strict=True)):
                yield leaf.evidence()


def _majors(image: str) -> tuple[str, str]:
    """The major version of a tag, of 0.x its minor one, and that of CUDA; '' where it says none."""
    tag = image.partition('@')[0].rpartition(':')[2]
    found = re.match(r'v?(0\.\d+|\d+)\.\d', tag) or re.match(r'v?(0\.\d+)', tag)
    cuda = _CUDA.search(tag)
    return found[1] if found else '', cuda[1][:2] if cuda else ''


def _remote_code(touched: Touched) -> Iterator[Evidence]:
    for each in changed_options(touched, _CODE, new=True):
        if each.new not in ('not set', *OFF):
            yield each
    for leaf in leaves(touched, *WORKLOADS, new=True):
        named = 'TRUST_REMOTE_CODE' in shown(leaf.path).upper() and leaf.key == 'value'
        if named and leaf.new is not ABSENT and str(leaf.new).lower() not in OFF:
            yield leaf.evidence()
    if touched.new and (now := touched.new.artifact):
        before = touched.old.artifact if touched.old else ''
        kind = str(touched.new.version_spec['artifact'].get('kind', ''))
        if now != before and (_PICKLED.search(now) or kind in _PICKLES):
            yield Evidence(f'model {touched.model}', 'artifact.uri', before, now)


RULES = (
    Rule('unpinned-image', 'critical', 'an image or artifact has no digest', 'write it with its sha256', _unpinned),
    Rule('new-origin', 'critical', 'an image or artifact comes from another place',
         'ask who answers for that place', _origin),
    Rule('remote-code', 'critical', 'code that comes with the model is run',
         'review that code as a program', _remote_code),
    Rule('major-image', 'high', 'the major version of an image or of its CUDA changes',
         'read its release notes, and load the model with it first', _major),
)  # fmt: skip
