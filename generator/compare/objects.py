"""Rendered documents of a release → its objects by identity, without what differs between versions of a chart."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from generator.documents.rendered import parse_documents

Object = Mapping[str, Any]
# Labels that tell of which chart an object is: no controller reads them, and no pod template or selector has them.
NOISE = ('helm.sh/chart', 'app.kubernetes.io/version')
_NOISE = [re.compile(rb'^    "?%b"?: .*\n' % re.escape(label.encode()), re.MULTILINE) for label in NOISE]


class Identity(NamedTuple):
    """What the API server knows an object by; `group` is its apiVersion without the version."""

    kind: str
    name: str
    group: str = ''
    namespace: str = ''

    def __str__(self) -> str:
        return f'{self.kind} {self.name}'


Objects = Mapping[Identity, Object]


def identity(item: Object) -> Identity:
    about = item.get('metadata', {})
    group, slash, _ = str(item['apiVersion']).rpartition('/')
    return Identity(str(item['kind']), str(about.get('name', '')), group if slash else '', about.get('namespace', ''))


def plain(document: bytes) -> bytes:
    """A document without its first line, the file that it is from, and without the noise in its own labels."""
    text = document.partition(b'\n')[2]
    for noise in _NOISE:
        # The labels of an object stand before all that it contains.
        text = noise.sub(b'', text, count=1)
    return text


def unequal(old: Sequence[bytes], new: Sequence[bytes]) -> tuple[list[bytes], list[bytes]]:
    """Return the documents of each side that the other one does not have, without noise; equal ones are not parsed."""
    mine, theirs = list(map(plain, old)), list(map(plain, new))
    both = set(mine).intersection(theirs)
    return [text for text in mine if text not in both], [text for text in theirs if text not in both]


def objects(documents: Iterable[bytes], file: str = '') -> dict[Identity, Object]:
    """Parse documents without noise; raises ProblemsFound for `file` if one of them is no object."""
    text = '\n'.join(f'---\n{document.decode()}' for document in documents)
    return {identity(item): item for item in parse_documents(text, file)}


def digest(documents: Iterable[bytes], way: Mapping[str, str] | None = None) -> str:
    """Return the sha256 of rendered objects without noise, and of their way into a cluster: equal for Helm 3 and 4, for
    any order and spelling."""
    found = [[*key, item] for key, item in sorted(objects(map(plain, documents)).items())]
    text = json.dumps([found, way] if way else found, sort_keys=True, ensure_ascii=False, separators=(',', ':'))
    return hashlib.sha256(text.encode()).hexdigest()
