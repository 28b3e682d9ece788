"""A chart that is only in the git history → its files, byte for byte, by the tree id in the ledger.

A partial clone fetches missing objects, a shallow clone is deepened.
"""

from __future__ import annotations

from generator.charts.ledger import brought_back
from generator.charts.versions import digest
from generator.domain.generated import LedgerEntry
from generator.domain.problems import CommandFailed, problem
from generator.pipeline.other_bytes import refused
from generator.pipeline.tree_ids import tree_files
from generator.tools.git.remote import deepen, is_shallow
from generator.tools.git.repository import Repository


def restore(repository: Repository, folder: str, entry: LedgerEntry, branch: str) -> dict[str, bytes]:
    """Read the files of a chart, by their paths in its folder; `branch` is the published branch.

    Raises ProblemsFound if git does not have the tree, or its digest differs from the ledger.
    """
    algorithm, _, tree = entry.tree.partition(':')
    if algorithm != repository.object_format:
        message = f'expected a tree id by {repository.object_format} in the ledger, found one by {algorithm}'
        raise problem(folder, '', message, brought_back(folder))
    blobs = tree_files(repository, entry)
    if blobs is None and _deepened(repository, branch):
        blobs = tree_files(repository, entry)
    if blobs is None:
        message = f"the chart's tree {tree[:12]} was not found in git"
        raise problem(folder, '', message, _hint(repository, folder, branch))
    contents = repository.read(blobs.values())
    files = {path: contents[blob] for path, blob in blobs.items()}
    if digest(files) != entry.digest:
        raise refused(repository, folder, entry, files, blobs)
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
