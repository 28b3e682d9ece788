"""The ledger of a model, `charts/<model>/versions.yaml`: which bytes each chart version stands for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from generator.documents.read import read_yaml
from generator.documents.write import dump_yaml, is_sealed, seal
from generator.domain.layout import model_file
from generator.domain.problems import ProblemsFound, problem
from generator.domain.records import LedgerEntry


def dump_ledger(model: str, entries: Sequence[LedgerEntry]) -> bytes:
    """Oldest version first, so that a new one adds lines at the end."""
    document = {'model': model, 'versions': [_document(entry) for entry in entries]}
    return seal(model_file(model), dump_yaml(document))


def _document(entry: LedgerEntry) -> dict[str, Any]:
    """What nothing is known of is left out, so that a diff shows no empty lines."""
    document: dict[str, Any] = {key: getattr(entry, name) for key, name in _TEXTS.items()}
    document['reasons'] = list(entry.reasons)
    more = {'restarts': list(entry.restarts), 'manifest': entry.manifest, 'pruned': entry.pruned}
    return document | {key: value for key, value in more.items() if value}


def read_ledger(data: bytes, file: str) -> tuple[LedgerEntry, ...]:
    """Raises ProblemsFound where the file is not a ledger."""
    try:
        return tuple(map(_entry, read_yaml(data, file)['versions']))
    except ProblemsFound as error:
        found, hint = error.problems[0], _taken_back(file)
        raise problem(file, found.path, found.message, hint) from None
    except (KeyError, TypeError, AttributeError):
        raise problem(file, '', 'it is not a ledger of chart versions', _taken_back(file)) from None


def read_published(data: bytes, file: str) -> tuple[LedgerEntry, ...]:
    """The same of a ledger that others rely on: it vouches for charts, so nobody may have changed it by hand."""
    entries = read_ledger(data, file)
    if not is_sealed(data):
        raise problem(file, '', 'published, and edited by hand', _taken_back(file))
    return entries


def read_before(data: bytes, file: str) -> tuple[LedgerEntry, ...]:
    """The same of an earlier state: one that was spoilt, and mended since, vouches for nothing."""
    try:
        return read_published(data, file)
    except ProblemsFound:
        return ()


def with_lost(now: Sequence[LedgerEntry], before: Sequence[LedgerEntry]) -> tuple[LedgerEntry, ...]:
    """The entries of a ledger, and those of an earlier state that it lacks: a revert took them, but they stay."""
    known = {entry.version: entry for entry in now}
    versions = {entry.version for entry in before}
    return (*(known.get(e.version, e) for e in before), *(e for e in now if e.version not in versions))


def _entry(said: Any) -> LedgerEntry:
    entry = LedgerEntry(
        **{name: said[key] for key, name in _TEXTS.items()},
        reasons=tuple(said['reasons']),
        restarts=tuple(said.get('restarts', ())),
        manifest=said.get('manifest', ''),
        pruned=said.get('pruned', False),
    )
    texts = (*(said[key] for key in _TEXTS), *entry.reasons, *entry.restarts, entry.manifest)
    if said.keys() - _KEYS or entry.pruned not in _FLAGS or not all(type(each) is str for each in texts):
        raise TypeError
    if not _VERSION.fullmatch(entry.version) or not _TREE.fullmatch(entry.tree):
        raise TypeError
    return entry


# The keys of a version that are always there, and their names here.
_TEXTS = {
    'version': 'version', 'modelVersion': 'model_version', 'digest': 'digest', 'content': 'content',
    'source': 'source', 'starter': 'starter', 'tree': 'tree', 'bump': 'bump',
}  # fmt: skip
_KEYS = {*_TEXTS, 'reasons', 'restarts', 'manifest', 'pruned'}
_FLAGS = (False, True)
_VERSION = re.compile(r'(?:0|[1-9][0-9]*)\.(?:0|[1-9][0-9]*)\.(?:0|[1-9][0-9]*)')
_TREE = re.compile(r'sha1:[0-9a-f]{40}|sha256:[0-9a-f]{64}')


TAMPERED = 'its bytes are not those of the ledger'


def _taken_back(file: str) -> str:
    """What to do with a ledger that somebody spoilt: each version adds to it, so the last change is what to undo."""
    return f'take back its last change, and commit that: {_restore(f"$(git log -1 --format=%h -- {file})~", file)}'


def brought_back(folder: str) -> str:
    """What to do with a published chart that is not as it was: all of it came by one commit."""
    published = f'$(git log --diff-filter=A --format=%h -- {folder}/Chart.yaml | tail -n 1)'
    return f'bring it back as it was published, and commit that: {_restore(published, folder)}'


def _restore(revision: str, path: str) -> str:
    return f"'git restore -SW -s {revision} -- {path}'"
