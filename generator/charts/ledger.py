"""The ledger of a model, `charts/<model>/versions.yaml`: which bytes each chart version stands for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from generator.documents import read as yamlio
from generator.documents import write as yamlwrite
from generator.domain.layout import model_file
from generator.domain.problems import ProblemsFound, problem
from generator.domain.records import LedgerEntry


def dump_ledger(model: str, entries: Sequence[LedgerEntry]) -> bytes:
    """Oldest version first, so that a new one adds lines at the end."""
    versions = [
        {
            'version': entry.version,
            'modelVersion': entry.model_version,
            'digest': entry.digest,
            'content': entry.content,
            'source': entry.source,
            'bump': entry.bump,
            'reasons': list(entry.reasons),
        }
        for entry in entries
    ]
    return yamlwrite.seal(model_file(model), yamlwrite.dump({'model': model, 'versions': versions}))


def read_ledger(data: bytes, file: str) -> tuple[LedgerEntry, ...]:
    """Raises ProblemsFound where the file is not a ledger."""
    try:
        return tuple(map(_entry, yamlio.read(data, file)['versions']))
    except ProblemsFound as error:
        found, hint = error.problems[0], _taken_back(file)
        raise problem(file, found.path, found.message, hint) from None
    except (KeyError, TypeError, AttributeError):
        raise problem(file, '', 'it is not a ledger of chart versions', _taken_back(file)) from None


def read_published(data: bytes, file: str) -> tuple[LedgerEntry, ...]:
    """The same of a ledger that others rely on: it vouches for charts, so nobody may have changed it by hand."""
    entries = read_ledger(data, file)
    if not yamlwrite.is_sealed(data):
        raise problem(file, '', 'published, and edited by hand', _taken_back(file))
    return entries


def _entry(said: Any) -> LedgerEntry:
    entry = LedgerEntry(
        version=said['version'],
        model_version=said['modelVersion'],
        digest=said['digest'],
        content=said['content'],
        source=said['source'],
        bump=said['bump'],
        reasons=tuple(said['reasons']),
    )
    told = (entry.model_version, entry.digest, entry.content, entry.source, entry.bump, *entry.reasons)
    if not _VERSION.fullmatch(entry.version) or not all(type(each) is str for each in told):
        raise TypeError
    return entry


_VERSION = re.compile(r'(?:0|[1-9][0-9]*)\.(?:0|[1-9][0-9]*)\.(?:0|[1-9][0-9]*)')


def _taken_back(file: str) -> str:
    """What to do with a ledger that somebody spoilt: each version adds to it, so the last change is what to undo."""
    return f'take back its last change, and commit that: {_restore(f"$(git log -1 --format=%h -- {file})~", file)}'


def brought_back(folder: str) -> str:
    """What to do with a published chart that is not as it was: all of it came by one commit."""
    published = f'$(git log --diff-filter=A --format=%h -- {folder}/Chart.yaml | tail -n 1)'
    return f'bring it back as it was published, and commit that: {_restore(published, folder)}'


def _restore(revision: str, path: str) -> str:
    return f"'git restore -SW -s {revision} -- {path}'"
