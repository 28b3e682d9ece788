"""A chart that has no folder → its files, byte for byte, by the tree id in the ledger, or from the OCI registry.

A partial clone fetches missing objects; a shallow clone is deepened if no registry has the chart.
"""

from __future__ import annotations

from generator.charts.ledger import brought_back
from generator.charts.versions import digest
from generator.domain.generated import LedgerEntry
from generator.domain.layout import chart_folder
from generator.domain.problems import CommandFailed, problem
from generator.domain.settings import Settings
from generator.pipeline.kept import kept, read_kept
from generator.pipeline.other_bytes import refused
from generator.pipeline.pulled import pulled
from generator.pipeline.tree_ids import tree_files
from generator.tools.git.remote import deepen, is_shallow
from generator.tools.git.repository import Repository


def restore(repository: Repository, model: str, entry: LedgerEntry, settings: Settings) -> dict[str, bytes]:
    """Read the files of a chart, by their paths in its folder, from git or else from the OCI registry.

    Raises ProblemsFound if neither has it, or the digest of git's tree differs from the ledger.
    """
    folder, branch = chart_folder(model, entry.version), settings.branch
    algorithm, _, tree = entry.tree.partition(':')
    if algorithm != repository.object_format:
        message = f'expected a tree id by {repository.object_format} in the ledger, found one by {algorithm}'
        raise problem(folder, '', message, brought_back(folder))
    blobs = tree_files(repository, entry)
    if blobs is None and (files := _from_registry(repository, model, entry, settings)):
        return files
    if blobs is None and _deepened(repository, branch):
        blobs = tree_files(repository, entry)
    if blobs is None:
        message = f"the chart's tree {tree[:12]} was not found in git"
        elsewhere = f', nor the chart in {settings.registry}' if settings.registry else ''
        raise problem(folder, '', message + elsewhere, _hint(repository, folder, branch))
    contents = repository.read(blobs.values())
    files = {path: contents[blob] for path, blob in blobs.items()}
    if digest(files) != entry.digest:
        raise refused(repository, folder, entry, files, blobs)
    return files


def _from_registry(
    repository: Repository, model: str, entry: LedgerEntry, settings: Settings
) -> dict[str, bytes] | None:
    """The files of a chart that was pulled before, or is pulled now and kept for later runs."""
    if files := read_kept(repository, entry.digest):
        return files
    if files := pulled(model, entry, settings):
        kept(repository, entry.digest, files)
    return files


def _deepened(repository: Repository, branch: str) -> bool:
    try:
        return deepen(repository, branch)
    except CommandFailed:
        return False


def _hint(repository: Repository, folder: str, branch: str) -> str:
    if is_shallow(repository):
        return f"this clone is shallow: run 'git fetch --unshallow origin {branch}', then the command again"
    return f"run 'git fetch origin {branch}', then the command again; or {brought_back(folder)}"
