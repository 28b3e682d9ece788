"""The records of an operation: what it changes in the registry, how to carry it out, and its outcome."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from generator.domain.generated import Plan
from generator.domain.problems import Problem
from generator.domain.tree import Files
from generator.pipeline.run import Run
from generator.tools.patience import Patience

if TYPE_CHECKING:  # most operations make no report
    from generator.pipeline.review import Reviewed


@dataclass(frozen=True, slots=True)
class RegistryChange:
    """Registry files that an operation writes, or removes (None); empty if there is nothing to do.

    `laid` is the run over the changed registry, if the operation has made it already.
    `subject` is the subject of the commit, '' for a summary of the changes; `notes` are lines of its body; `result` and
    `warnings` are reported. `along` and `instead` are as in the operation, if they depend on the registry. `wide`: it
    depends on files of other models, too, so that it is made again whenever the branch moves. `removable` is as in the
    options, and may contain folders of models that have drafts only; `adopted` are files whose hand edits the change
    has taken in.
    """

    files: Files = field(default_factory=dict)
    subject: str = ''
    result: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    along: Collection[str] = ()
    instead: str = ''
    adopted: tuple[str, ...] = ()
    laid: Run | None = None
    warnings: tuple[Problem, ...] = ()
    wide: bool = False
    removable: Collection[str] = ()

    def on(self, run: Run) -> Run:
        """Return the run over the registry as it is after the change."""
        if self.laid:
            return self.laid
        return replace(run, source=run.source.with_files(self.files)) if self.files else run


@dataclass(frozen=True, slots=True)
class Operation:
    """`name` and `arguments` become the commit's trailer; `models` are in scope, () for all.

    `releases` (`env/model`) are those that it touches, () for all of its models, and `environments` more than theirs:
    problems of others do not stop it. `application`: the models are its members.

    `change` gets the current registry, and is called again if the branch has moved; if None, the registry does not
    change. `look` is called before the work tree is locked: what it sees must not have changed when `change` is called.
    `along` lists registry files that a person may have changed and that are added to the commit: a change of any other
    file stops the operation, with the hint `instead`; None allows all. `prune`: remove charts that are not used.
    `history`: the history of the published branch is read. `begins`: the remote may be empty, without a branch.
    `urgent`: if it becomes impossible because the branch has moved, this is a problem, not an operation without object.
    """

    name: str
    arguments: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    change: Callable[[Run], RegistryChange] | None = None
    along: Collection[str] | None = ()
    look: Callable[[Run], None] | None = None
    instead: str = ''
    prune: bool = False
    history: bool = False
    begins: bool = False
    urgent: bool = False
    releases: tuple[str, ...] = ()
    environments: tuple[str, ...] = ()
    application: str = ''

    @property
    def trailer(self) -> str:
        return ' '.join((self.name, *self.arguments))

    def change_of(self, run: Run) -> RegistryChange:
        return self.change(run) if self.change else RegistryChange()


def why(reason: str) -> tuple[str, ...]:
    """The argument that gives a reason, as a shell reads it; none for ''."""
    return ('--reason', shlex.quote(reason)) if reason else ()


def generate(models: tuple[str, ...] = ()) -> Operation:
    """Generate files; the registry does not change."""
    return Operation('generate', models, models, along=None)


@dataclass(frozen=True, slots=True)
class Options:
    """How to carry out an operation: write the files, or make one `commit` of them and of their registry files.

    `discard` discards hand edits; `removable` are releases (`env/model`, `env/*`) and environments whose files may
    be removed. `branch` is the branch of the remote to push to, if it is not that of the work tree, which then stays as
    it is. `patience`: how long to apply it again while the branch moves. `at` is the moment by which locks and frozen
    times are judged, in seconds since the epoch, None for now. `report`: also tell what it does to releases.
    """

    commit: bool = False
    push: bool = False
    dry_run: bool = False
    message: str = ''
    discard: bool = False
    removable: tuple[str, ...] = ()
    branch: str = ''
    patience: Patience = Patience()  # noqa: RUF009 (frozen)
    at: int | None = None
    report: bool = False

    def permitting(self, change: RegistryChange) -> Options:
        """Return the options with what the operation itself removes."""
        return replace(self, removable=(*self.removable, *change.removable))


@dataclass(frozen=True, slots=True)
class Remote:
    """A branch of a remote repository to work on without a checkout; `prefix` is the folder in it, '' or 'a/b/'."""

    url: str
    branch: str
    prefix: str = ''


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was done, or would be done: the plan, the registry files, the id of the commit ('' for none), and why
    releases change. `superseded`: why nothing was done, because others made it meaningless while this command ran."""

    plan: Plan = Plan((), {})  # noqa: RUF009 (frozen)
    result: Mapping[str, Any] = field(default_factory=dict)
    registry: tuple[str, ...] = ()
    commit: str = ''
    branch: str = ''
    pushed: bool = False
    dry_run: bool = False
    warnings: tuple[Problem, ...] = ()
    reasons: Mapping[str, str] = field(default_factory=dict)
    superseded: tuple[Problem, ...] = ()
    report: Reviewed | None = None

    @property
    def changed(self) -> bool:
        return bool(self.plan.changes or self.registry or self.commit)
