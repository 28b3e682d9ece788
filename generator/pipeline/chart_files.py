"""The files of a revision or of a work tree → the charts of ledgers, wherever their files are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from generator.charts.versions import digest
from generator.domain.generated import LedgerEntry
from generator.domain.settings import Settings
from generator.domain.tree import LINK, Ids, Tree
from generator.pipeline.other_bytes import refused
from generator.pipeline.places import ChartPlaces
from generator.pipeline.restore import restore
from generator.tools.git.repository import Repository


@dataclass(frozen=True)
class ChartFiles:
    """The charts among files in git; `ids` are blob ids by path."""

    repository: Repository
    ids: Ids
    settings: Settings
    _contents: dict[str, bytes] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def places(self) -> ChartPlaces:
        return ChartPlaces(self.ids, self.repository.object_format)

    def load(self, charts: Iterable[tuple[str, LedgerEntry]]) -> None:
        """Read the files of these charts (model, entry) at once, instead of those that were read before."""
        folders = {self.places.folder(model, entry) for model, entry in charts} - {''}
        wanted = {blob for folder in folders for blob in self.places.blobs(folder).values()}
        self._contents.clear()
        self._contents.update(self.repository.read(sorted(wanted - {LINK})))

    def read(self, model: str, entry: LedgerEntry) -> Tree:
        """The files of a chart; one without a folder is restored from git's history or the OCI registry.

        Raises ProblemsFound if its files are not those of the ledger, or if nothing has them.
        """
        if not (folder := self.places.folder(model, entry)):
            return restore(self.repository, model, entry, self.settings)
        there = self.places.blobs(folder)
        self._contents.update(self.repository.read({*there.values()} - {LINK} - self._contents.keys()))
        # A symbolic link has no bytes here, so the digest differs.
        files = {path: self._contents.get(blob, b'') for path, blob in there.items()}
        if digest(files) != entry.digest:
            raise refused(self.repository, folder, entry, files, there)
        return files
