"""The files of a revision or of a work tree → the charts among them, as their ledgers say."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from generator.charts.versions import digest
from generator.domain.generated import LedgerEntry
from generator.domain.layout import chart_folder
from generator.domain.records import Ids, Tree
from generator.domain.tree import LINK
from generator.pipeline.other_bytes import refused
from generator.pipeline.restore import restore
from generator.tools.git.repository import Repository


@dataclass(frozen=True)
class ChartFiles:
    """The charts among files in git: `ids` are blob ids by path; `branch` is the published branch."""

    repository: Repository
    ids: Ids
    branch: str
    _contents: dict[str, bytes] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def _paths(self) -> list[str]:
        return sorted(self.ids)

    def blobs(self, folder: str) -> dict[str, str]:
        """Blob ids of a chart's files, by their paths in its folder; {} if it has no folder."""
        first, end = bisect(self._paths, f'{folder}/'), bisect(self._paths, f'{folder}0')  # '0' follows '/' in ASCII
        return {path[len(folder) + 1 :]: self.ids[path] for path in self._paths[first:end]}

    def load(self, charts: Iterable[tuple[str, LedgerEntry]]) -> None:
        """Read the files of these charts (model, entry) at once, instead of those that were read before."""
        folders = [chart_folder(model, entry.version) for model, entry in charts]
        wanted = {blob for folder in folders for blob in self.blobs(folder).values()}
        self._contents.clear()
        self._contents.update(self.repository.read(sorted(wanted - {LINK})))

    def read(self, model: str, entry: LedgerEntry) -> Tree:
        """The files of a chart; one without a folder is restored from the git history.

        Raises ProblemsFound if its files are not those of the ledger, or if git does not have them.
        """
        folder = chart_folder(model, entry.version)
        if not (there := self.blobs(folder)):
            return restore(self.repository, folder, entry, self.branch)
        self._contents.update(self.repository.read({*there.values()} - {LINK} - self._contents.keys()))
        # A symbolic link has no bytes here, so the digest differs.
        files = {path: self._contents.get(blob, b'') for path, blob in there.items()}
        if digest(files) != entry.digest:
            raise refused(self.repository, folder, entry, files, there)
        return files
