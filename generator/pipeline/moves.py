"""Published and desired delivery files → what happens on the way between them: warnings and problems."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import chain

from generator.domain.layout import DELIVERY, release_of
from generator.domain.problems import Problem
from generator.domain.records import Ids
from generator.plan.refused import refused_ways
from generator.plan.transitions import lost_requests, migration_warnings
from generator.tools.git.repository import Repository


@dataclass(frozen=True, slots=True)
class Moves:
    """Delivery files that change, with their published and desired content, and those that go."""

    changed: Mapping[str, tuple[bytes, bytes]]
    gone: Mapping[str, bytes]

    def warnings(self, rollbacks: Collection[str] = ()) -> Iterable[Problem]:
        return migration_warnings(self.changed, rollbacks)

    def refused(self) -> Iterable[Problem]:
        return chain(refused_ways(self.changed), refused_ways({path: (data, None) for path, data in self.gone.items()}))

    def lost(self, paths: Collection[str], removable: Collection[str]) -> list[Problem]:
        """Return the problems of changed `paths` that remove pods with requests; `removable` releases may lose them."""
        wanted = {path for path in paths if release_of(path) not in removable}
        return list(lost_requests({path: pair for path, pair in self.changed.items() if path in wanted}))


def delivery_moves(repository: Repository, base: Ids, desired: Ids, files: Mapping[str, bytes]) -> Moves:
    """Compare the ids of the base with the desired ones; `files` has the content of those that differ."""
    blobs = {path: blob for path, blob in base.items() if path.startswith(f'{DELIVERY}/') and release_of(path)}
    moved = {path: blob for path, blob in blobs.items() if desired.get(path) != blob}
    published = repository.read(moved.values())
    return Moves(
        {path: (published[blob], files[path]) for path, blob in moved.items() if path in desired},
        {path: published[blob] for path, blob in moved.items() if path not in desired},
    )
