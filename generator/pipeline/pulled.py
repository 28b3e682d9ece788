"""A ledger's chart that git does not have → its files from the OCI registry, checked by the digests of the ledger."""

from __future__ import annotations

import json
import os

from generator.charts.archive import sha256, unpack
from generator.charts.versions import digest
from generator.domain.generated import LedgerEntry
from generator.domain.problems import CommandFailed, ProblemsFound
from generator.domain.settings import Settings
from generator.tools.oci import open_registry


def pulled(model: str, entry: LedgerEntry, settings: Settings) -> dict[str, bytes] | None:
    """Return the files of a chart; None if there is no registry, it cannot be read, or it has other bytes."""
    if not settings.registry:
        return None
    registry = open_registry(settings.registry, os.environ, plain_http=settings.plain_http)
    try:
        manifest = _checked(registry.manifest(model, entry.manifest), entry.manifest)
        layer = str(json.loads(manifest)['layers'][0]['digest'])
        files = unpack(_checked(registry.blob(model, layer), layer), model)
    except (CommandFailed, ProblemsFound, ValueError, LookupError, TypeError):
        return None  # whoever asked says what is missing
    return files if digest(files) == entry.digest else None


def _checked(data: bytes | None, expected: str) -> bytes:
    if data is None or sha256(data) != expected:
        raise ValueError(f'the registry does not have {expected}')
    return data
