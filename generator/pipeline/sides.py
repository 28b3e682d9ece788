"""Two branches that are merged, and what of each is needed for it: records only."""

from __future__ import annotations

from dataclasses import dataclass, field

from generator.tools.git.repository import Repository
from generator.tools.git.stopped import Stopped

# The end of every hint that leaves a file to a person.
AGAIN = "'git add' it, then 'chartloom refresh'"


@dataclass(frozen=True, slots=True)
class Sides:
    """What is merged: `ours` with `theirs`, known as `name`, since `base`; `published` is what both come from of the
    published branch, the base of their chart versions. `stopped` is the merge or rebase that is in progress."""

    repository: Repository
    ours: str
    theirs: str
    base: str
    published: str
    name: str
    stopped: Stopped | None = None

    @property
    def staged(self) -> bool:
        """Whether the index has results of this merge, which a person may have changed."""
        return self.stopped is not None and self.stopped.kind == 'merge'

    @property
    def by_hand(self) -> str:
        """How to begin a merge in which a person decides."""
        first = "run 'git rebase --abort' and " if self.stopped and self.stopped.kind == 'rebase' else 'run '
        return f"{first}'git merge {self.name}'"


@dataclass(frozen=True, slots=True)
class Three:
    """A registry file of the base and of both sides; None where it is missing. `resolved` is what a person staged;
    with `removed`, that it is to be gone."""

    base: bytes | None
    ours: bytes | None
    theirs: bytes | None
    resolved: bytes | None = None
    removed: bool = False


@dataclass(frozen=True, slots=True)
class Content:
    """What differs from `theirs` in the result: registry files still to merge, documents, and entries of other files,
    by their paths from the top of the repository."""

    registry: dict[str, Three] = field(default_factory=dict)
    documents: dict[str, bytes | None] = field(default_factory=dict)
    entries: dict[str, str] = field(default_factory=dict)
