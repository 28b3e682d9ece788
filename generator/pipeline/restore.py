"""A chart that git's history alone holds → its files, byte for byte, by the tree id in the ledger.

A partial clone fetches what it lacks, a shallow clone is deepened.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from generator.charts.ledger import TAMPERED, brought_back
from generator.charts.versions import digest
from generator.domain.problems import CommandFailed, problem
from generator.domain.records import LedgerEntry
from generator.tools.git.remote import deepen, is_shallow
from generator.tools.git.repository import Repository


def restore(repository: Repository, folder: str, entry: LedgerEntry, branch: str) -> dict[str, bytes]:
    """The files of a chart by their paths in its folder; `branch` is the published one.

    ProblemsFound where git does not have the tree, or its files are not those of the ledger.
    """
    algorithm, _, tree = entry.tree.partition(':')
    if algorithm != repository.object_format:
        message = f'the ledger names its tree by {algorithm}, and this repository uses {repository.object_format}'
        raise problem(folder, '', message, brought_back(folder))
    blobs = tree_files(repository, entry)
    if blobs is None and _deepened(repository, branch):
        blobs = tree_files(repository, entry)
    if blobs is None:
        message = f'the ledger names this chart, but git does not have its tree {tree[:12]}'
        raise problem(folder, '', message, _hint(repository, folder, branch))
    contents = repository.read(blobs.values())
    files = {path: contents[blob] for path, blob in blobs.items()}
    if digest(files) != entry.digest:
        raise problem(folder, '', TAMPERED, brought_back(folder))
    return files


def trees(repository: Repository, revision: str, folders: Collection[str]) -> Mapping[str, str]:
    """The ids of folders in a revision, as ledgers name them; '' for those it does not have."""
    names = ''.join(f'{revision}:{repository.prefix}{folder}\n' for folder in folders)
    answers = repository.feed(names.encode('utf-8', 'surrogateescape'), 'cat-file', '--batch-check').decode()
    words = (answer.split(' ') for answer in answers.split('\n')[: len(folders)])
    found = (f'{repository.object_format}:{each[0]}' if each[1:2] == ['tree'] else '' for each in words)
    return dict(zip(folders, found, strict=True))


def tree_files(repository: Repository, entry: LedgerEntry) -> dict[str, str] | None:
    """Blob ids of a chart's files by their paths in its folder; None where git does not have its tree."""
    try:
        listed = repository.entries(entry.tree.partition(':')[2], [])
        return {path: about.partition(' ')[2] for path, about in listed.items()}
    except CommandFailed:
        return None


def _deepened(repository: Repository, branch: str) -> bool:
    try:
        return deepen(repository, branch)
    except CommandFailed:
        return False


def _hint(repository: Repository, folder: str, branch: str) -> str:
    if is_shallow(repository):
        return f"this clone is shallow: run 'git fetch --unshallow origin {branch}', then the command again"
    return f"run 'git fetch origin {branch}', then the command again; or {brought_back(folder)}"
