"""The ledger of a model, `charts/<model>/versions.yaml` ↔ its entries, with the digest of each chart version."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from generator.documents.read import read_yaml
from generator.documents.write import dump_yaml, is_sealed, seal
from generator.domain.generated import LedgerEntry
from generator.domain.layout import NEWEST, model_file
from generator.domain.problems import ProblemsFound, problem


def dump_ledger(model: str, entries: Sequence[LedgerEntry]) -> bytes:
    """Write the ledger, oldest version first, so that a new one adds lines at the end."""
    document = {'model': model, 'versions': [_document(entry) for entry in entries]}
    return seal(model_file(model), dump_yaml(document))


def _document(entry: LedgerEntry) -> dict[str, Any]:
    document: dict[str, Any] = {key: getattr(entry, name) for key, name in _TEXTS.items()}
    document['reasons'] = list(entry.reasons)
    document |= {'pods': entry.pods, 'podTemplates': entry.templates}
    return document | ({'pruned': True} if entry.pruned else {})


def read_ledger(data: bytes, file: str) -> tuple[LedgerEntry, ...]:
    """Read a ledger; raises ProblemsFound if the file is not one."""
    try:
        return tuple(map(_entry, read_yaml(data, file)['versions']))
    except ProblemsFound as error:
        found, hint = error.problems[0], taken_back(file)
        raise problem(file, found.path, found.message, hint) from None
    except (KeyError, TypeError, AttributeError):
        raise problem(file, '', 'invalid ledger of chart versions', taken_back(file)) from None


def read_published(data: bytes, file: str) -> tuple[LedgerEntry, ...]:
    """Read a published ledger; raises ProblemsFound also if it was edited by hand: charts are checked by it."""
    entries = read_ledger(data, file)
    if not is_sealed(data):
        raise problem(file, '', 'published ledger edited by hand', taken_back(file))
    return entries


def read_before(data: bytes, file: str) -> tuple[LedgerEntry, ...]:
    """Read an earlier state of a ledger; () if it was damaged then, since charts cannot be checked by it."""
    try:
        return read_published(data, file)
    except ProblemsFound:
        return ()


def with_lost(now: Sequence[LedgerEntry], before: Sequence[LedgerEntry]) -> tuple[LedgerEntry, ...]:
    """Add the entries of an earlier state that a revert removed: a published version is never reused."""
    known = {entry.version: entry for entry in now}
    versions = {entry.version for entry in before}
    return (*(known.get(e.version, e) for e in before), *(e for e in now if e.version not in versions))


def _entry(said: Any) -> LedgerEntry:
    entry = LedgerEntry(
        **{name: said[key] for key, name in _TEXTS.items()},
        reasons=tuple(said['reasons']),
        pods=said['pods'],
        templates=said['podTemplates'],
        pruned=said.get('pruned', False),
    )
    texts = (*(said[key] for key in _TEXTS), *entry.reasons, entry.pods)
    if said.keys() - _KNOWN or entry.pruned not in _FLAGS or not all(type(each) is str for each in texts):
        raise TypeError
    if type(entry.templates) is not int:
        raise TypeError
    forms = ((_VERSION, entry.version), (_TREE, entry.tree), (_MANIFEST, entry.manifest))
    if not all(form.fullmatch(text) for form, text in forms):
        raise TypeError
    return entry


# The required keys of a version, and their field names.
_TEXTS = {
    'version': 'version', 'modelVersion': 'model_version', 'digest': 'digest', 'content': 'content',
    'source': 'source', 'starter': 'starter', 'tree': 'tree', 'manifest': 'manifest', 'bump': 'bump',
}  # fmt: skip
# The key of each field of an entry.
KEYS = {name: key for key, name in _TEXTS.items()} | {
    'reasons': 'reasons', 'pods': 'pods', 'templates': 'podTemplates', 'pruned': 'pruned',
}  # fmt: skip
_KNOWN = frozenset(KEYS.values())
_FLAGS = (False, True)
_VERSION = re.compile(r'(?:0|[1-9][0-9]{0,8})(?:\.(?:0|[1-9][0-9]{0,8})){2}')
_TREE = re.compile(r'sha1:[0-9a-f]{40}|sha256:[0-9a-f]{64}')
_MANIFEST = re.compile(r'sha256:[0-9a-f]{64}')


TAMPERED = 'differs from the digest in versions.yaml'


def taken_back(file: str) -> str:
    """How to fix a damaged ledger: undo its last change, since each version only adds to it."""
    return f'undo its last change and commit that: {_restore(f"$(git log -1 --format=%h -- {file})~", file)}'


def brought_back(folder: str) -> str:
    """How to fix a published chart that was changed: one commit added all its files."""
    if folder.endswith(f'/{NEWEST}'):
        return "run 'chartloom generate --discard-edits'"
    published = f'$(git log --diff-filter=A --format=%h -- {folder}/Chart.yaml | tail -n 1)'
    return f'restore it as published and commit that: {_restore(published, folder)}'


def _restore(revision: str, path: str) -> str:
    return f"'git restore -SW -s {revision} -- {path}'"
