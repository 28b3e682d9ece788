"""Folders of charts in git → the ids of their trees, and of the files in a tree."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from generator.domain.generated import LedgerEntry
from generator.domain.problems import CommandFailed
from generator.tools.git.repository import Repository


def trees(repository: Repository, revision: str, folders: Collection[str]) -> Mapping[str, str]:
    """The tree ids of folders in a revision, in the ledger's form '<algorithm>:<id>'; '' if not found."""
    names = ''.join(f'{revision}:{repository.prefix}{folder}\n' for folder in folders)
    answers = repository.feed(names.encode('utf-8', 'surrogateescape'), 'cat-file', '--batch-check').decode()
    words = (answer.split(' ') for answer in answers.split('\n')[: len(folders)])
    found = (f'{repository.object_format}:{each[0]}' if each[1:2] == ['tree'] else '' for each in words)
    return dict(zip(folders, found, strict=True))


def tree_files(repository: Repository, entry: LedgerEntry) -> dict[str, str] | None:
    """Blob ids of a chart's files, by their paths in its folder; None if git does not have its tree."""
    try:
        listed = repository.entries(entry.tree.partition(':')[2], [])
        return {path: about.partition(' ')[2] for path, about in listed.items()}
    except CommandFailed:
        return None
