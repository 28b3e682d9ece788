"""What an operation is: a name, arguments, and what it makes of the registry; and how to carry it out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from generator.domain.problems import Problem
from generator.domain.records import Plan
from generator.domain.tree import Files
from generator.pipeline.run import Run


@dataclass(frozen=True, slots=True)
class RegistryChange:
    """Registry files that an operation writes or removes; none where there is nothing to do.

    `subject` is that of the commit, '' for one made of what changes; `result` what is reported of it.
    """

    files: Files = field(default_factory=dict)
    subject: str = ''
    result: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Operation:
    """`name` and `arguments` become the commit's trailer; `models` are those it touches, none for all.

    `change` sees the registry as it stands, and is asked again where the branch has moved meanwhile; without one only
    what follows from the registry is made. `along` names the registry files that a person may have changed and that go
    into the same commit: any other stops it, with the hint `instead`; None allows all. With `prune` charts go that
    nobody needs; with `history` it reads when the published branch got what it has; one that `begins` a repository
    finds no branch on an empty remote.
    """

    name: str
    arguments: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    change: Callable[[Run], RegistryChange] | None = None
    along: Collection[str] | None = ()
    instead: str = ''
    prune: bool = False
    history: bool = False
    begins: bool = False

    @property
    def trailer(self) -> str:
        return ' '.join((self.name, *self.arguments))


def generate(models: tuple[str, ...] = ()) -> Operation:
    """No change of the registry, only what follows from it."""
    return Operation('generate', models, models, along=None)


@dataclass(frozen=True, slots=True)
class Options:
    """How to carry out an operation: write the files, or make one `commit` of them and of the registry they come from.

    `discard` gives up hand edits; `removable` are releases (`env/model`) and environments whose files may go.
    """

    commit: bool = False
    push: bool = False
    dry_run: bool = False
    message: str = ''
    discard: bool = False
    removable: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Remote:
    """A branch of a remote repository to work on without a checkout; `prefix` is the folder in it, '' or 'a/b/'."""

    url: str
    branch: str
    prefix: str = ''


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was done, or would be: the plan, the registry files, the commit it became ('' for none)."""

    plan: Plan
    result: Mapping[str, Any] = field(default_factory=dict)
    registry: tuple[str, ...] = ()
    commit: str = ''
    branch: str = ''
    pushed: bool = False
    dry_run: bool = False
    warnings: tuple[Problem, ...] = ()

    @property
    def changed(self) -> bool:
        return bool(self.plan.changes or self.registry or self.commit)
