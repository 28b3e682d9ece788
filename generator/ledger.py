"""The ledger of a model, `charts/<model>/versions.yaml`: which bytes each chart version stands for."""

from __future__ import annotations

from collections.abc import Sequence

from generator import yamlio, yamlwrite
from generator.domain import LedgerEntry
from generator.errors import Problem, ProblemsFound


def ledger_file(model: str) -> str:
    return f'charts/{model}/versions.yaml'


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
    return yamlwrite.seal(f'registry/models/{model}.yaml', yamlwrite.dump({'model': model, 'versions': versions}))


def read_ledger(data: bytes, file: str) -> tuple[LedgerEntry, ...]:
    """Raises ProblemsFound where the file is not a ledger."""
    document = yamlio.read(data, file)
    try:
        return tuple(
            LedgerEntry(
                version=entry['version'],
                model_version=entry['modelVersion'],
                digest=entry['digest'],
                content=entry['content'],
                source=entry['source'],
                bump=entry['bump'],
                reasons=tuple(entry['reasons']),
            )
            for entry in document['versions']
        )
    except (KeyError, TypeError, AttributeError):
        hint = f"take the file back from the published branch: 'git checkout origin/HEAD -- {file}'"
        raise ProblemsFound([Problem(file, '', 'it is not a ledger of chart versions', hint)]) from None
