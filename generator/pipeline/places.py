"""A tree of git → the folders of its charts: one for each version, or one for the newest and some for versions."""

from __future__ import annotations

import hashlib
from bisect import bisect
from dataclasses import dataclass
from functools import cached_property

from generator.domain.generated import LedgerEntry
from generator.domain.layout import CHART_YAML, chart_folder, newest_folder
from generator.domain.tree import LINK, Ids, tree_id


def files_digest(blobs: Ids, below: str = '') -> str:
    """A digest of the files of a chart; of those `below` a folder only, helm renders charts with equal ones at once."""
    lines = (f'{path} {blob}' for path, blob in sorted(blobs.items()) if path.startswith(below))
    return hashlib.sha256('\n'.join(lines).encode()).hexdigest()


@dataclass(frozen=True)
class ChartPlaces:
    """`ids` are the blob ids of a tree, `object_format` is their hash algorithm."""

    ids: Ids
    object_format: str

    def blobs(self, folder: str) -> dict[str, str]:
        """Blob ids of the files of a chart, by their paths in its folder."""
        first = bisect(self._paths, f'{folder}/')
        end = bisect(self._paths, f'{folder}0')  # '0' follows '/' in ASCII
        return {path.removeprefix(f'{folder}/'): self.ids[path] for path in self._paths[first:end]}

    @cached_property
    def _paths(self) -> list[str]:
        return sorted(self.ids)

    def folder(self, model: str, entry: LedgerEntry) -> str:
        """The folder with a chart of a ledger; '' if it is in none. The files of a version's own folder may differ."""
        own, newest = chart_folder(model, entry.version), newest_folder(model)
        if f'{own}/{CHART_YAML}' in self.ids:
            return own
        return newest if entry.tree == self._newest_tree(newest) else ''

    def _newest_tree(self, folder: str) -> str:
        if f'{folder}/{CHART_YAML}' not in self.ids:
            return ''
        if folder not in self._trees:
            blobs = self.blobs(folder)
            plain = LINK not in blobs.values()
            self._trees[folder] = f'{self.object_format}:{tree_id(blobs, self.object_format)}' if plain else ''
        return self._trees[folder]

    @cached_property
    def _trees(self) -> dict[str, str]:
        return {}
