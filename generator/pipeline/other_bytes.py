"""A chart that is not the one of its ledger → which files differ and how, or which keys of its entry in the ledger.

What was published is found in git: the ledger names the tree of each chart, and was right when it was committed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from generator.charts.differing import MOST_FILES, entry_differences, file_differences
from generator.charts.ledger import TAMPERED, brought_back, taken_back
from generator.charts.versions import digest
from generator.domain.generated import LedgerEntry
from generator.domain.layout import ledger_file, model_of
from generator.domain.problems import CommandFailed, Problem, ProblemsFound
from generator.domain.tree import LINK, Tree
from generator.pipeline.ledgers import earlier_states
from generator.pipeline.tree_ids import tree_files
from generator.tools.git.repository import Repository


def other_bytes(
    repository: Repository, folder: str, entry: LedgerEntry, files: Tree, ids: Mapping[str, str], hint: str = ''
) -> list[Problem]:
    """Report a chart whose `files` do not have the digest of its entry; `ids` are LINK at the paths of links."""
    hint = hint or brought_back(folder)
    problems: list[Problem] = []
    expected = _published(repository, entry)
    if expected is None and (found := _entry_before(repository, folder, entry.version)):
        was, expected = found
        file, told = ledger_file(model_of(folder)), entry_differences(was, entry)
        message = f'chart {entry.version} is not as it was published: {told}'
        problems.append(Problem(file, '', message, taken_back(file)))
    if expected is None:
        return [Problem(folder, '', TAMPERED, hint)]
    links = [path for path, blob in ids.items() if blob == LINK]
    differing = file_differences(expected, files, links)
    more = len(differing) - MOST_FILES
    shown = differing[:MOST_FILES] if more > 1 else differing
    problems += (Problem(f'{folder}/{path}', '', message, hint) for path, message in shown)
    if more > 1:
        problems.append(Problem(folder, '', f'{more} more files differ from the chart of the ledger', hint))
    return problems or [Problem(folder, '', TAMPERED, hint)]


def refused(
    repository: Repository, folder: str, entry: LedgerEntry, files: Tree, ids: Mapping[str, str]
) -> ProblemsFound:
    return ProblemsFound(other_bytes(repository, folder, entry, files, ids))


def _published(repository: Repository, entry: LedgerEntry) -> Tree | None:
    """The files of the tree that an entry names; None if git does not have it, or if its digest is another one."""
    try:
        blobs = tree_files(repository, entry) or {}
        contents = repository.read({*blobs.values()})
    except (CommandFailed, ProblemsFound):
        return None
    files = {path: contents[blob] for path, blob in blobs.items()}
    return files if files and digest(files) == entry.digest else None


def _entry_before(repository: Repository, folder: str, version: str) -> tuple[LedgerEntry, Tree] | None:
    """The newest entry of a chart in the history of its ledger whose tree has its digest, with the files."""
    states: Iterable[tuple[LedgerEntry, ...]] = earlier_states(repository, ledger_file(model_of(folder)))
    tried: set[LedgerEntry] = set()
    for entry in (entry for entries in states for entry in entries if entry.version == version):
        if entry not in tried and (files := _published(repository, entry)):
            return entry, files
        tried.add(entry)
    return None
