"""A plan → files in the work tree, or one commit on the branch and, where asked, on the remote."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from generator.checks.warnings import removal_warnings
from generator.domain.problems import CommandFailed, Problem, ProblemsFound, problem
from generator.domain.progress import Progress, quiet
from generator.domain.records import Plan
from generator.domain.tree import LINK
from generator.pipeline import known as cache
from generator.pipeline.source import Source
from generator.plan.message import commit_message
from generator.tools.git.build import Files, build_commit
from generator.tools.git.files import standing
from generator.tools.git.head import current_branch, refuse_unfinished
from generator.tools.git.journal import discard, is_pending
from generator.tools.git.lock import locked
from generator.tools.git.remote import (
    fetch_head,
    fetch_published,
    push,
    push_onto,
    push_remote,
    remote_head,
    show,
    temporary_clone,
)
from generator.tools.git.repository import Repository
from generator.tools.git.transaction import Move, Write, carry_out, finish_locked, stage
from generator.tools.git.worktree import read_revision

if TYPE_CHECKING:
    from generator.operations.changeset import Changeset
    from generator.pipeline.run import Run

ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Options:
    models: tuple[str, ...] = ()
    commit: bool = False
    push: bool = False
    message: str = ''
    discard: bool = False
    removable: tuple[str, ...] = ()
    operation: str = 'generate'
    # An operation: what the registry says → the registry files that it changes, written with what follows from them.
    edit: Callable[[Run], Files] | None = None
    # Registry files that it may take along as somebody has changed them; any other change stops it.
    along: tuple[str, ...] = ()
    # Whether charts go that nobody needs any more.
    prune: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was done: the plan that was carried out, and the commit it became ('' for none)."""

    plan: Plan
    commit: str = ''
    branch: str = ''
    pushed: bool = False
    warnings: tuple[Problem, ...] = ()

    @property
    def changed(self) -> bool:
        return bool(self.plan.changes) or bool(self.commit)


def generate(repository: Repository, options: Options, progress: Progress = quiet) -> Outcome:
    """Bring the work tree up to date, and with `commit` the branch; all of it or nothing."""
    with locked(repository):
        finish_locked(repository)
        purpose = 'commit' if options.commit else 'files'
        source = Source(repository, options.models)
        # Here, because to load it takes as long as git takes to look at the work tree.
        from generator.pipeline.run import Run

        run = Run(repository, options.models, source=source, prune=options.prune)
        run.progress = progress
        known = cache.fingerprint(repository, source, purpose)
        if not (options.push or options.edit or options.removable) and cache.is_known(repository, purpose, known):
            return Outcome(Plan((), {}))
        edits = _lay_edits(source, options)
        plan = run.plan(discard=options.discard, removable=options.removable)
        outcome = _commit(run, plan, options, edits) if options.commit else _write(run, plan, edits)
        outcome = replace(outcome, warnings=_warnings(run, outcome.plan, options))
        if not outcome.changed:
            cache.remember(repository, purpose, known)
        return outcome


def _warnings(run: Run, plan: Plan, options: Options) -> tuple[Problem, ...]:
    return (*run.warnings, *removal_warnings(plan, options.removable))


def _lay_edits(source: Source, options: Options) -> list[Write]:
    """The files of an operation, which the run then sees in place of those that stand there."""
    if options.edit is None:
        return []
    from generator.pipeline.run import Run

    files = options.edit(Run(source.repository, options.models, source=source))
    source.lay(files)
    return [Write(path, standing(source.repository, path), data) for path, data in files.items()]


def _write(run: Run, plan: Plan, edits: list[Write]) -> Outcome:
    carry_out(run.repository, [*edits, *_writes(run, plan)])
    return Outcome(plan)


def _writes(run: Run, plan: Plan) -> list[Write]:
    ids, file = run.source.tree.ids, run.repository.file
    known = (change.path for change in plan.changes if change.path in ids)
    # A file that git knows may not be here: a sparse checkout.
    before = {path: ids[path] for path in known if os.path.lexists(file(path))}
    return [Write(change.path, before.get(change.path, ''), plan.files.get(change.path)) for change in plan.changes]


def _commit(run: Run, plan: Plan, options: Options, edits: list[Write]) -> Outcome:
    from generator.operations.changeset import find_changes

    repository, head = run.repository, run.source.head
    refuse_unfinished(repository)
    reference = current_branch(repository)
    branch = reference.removeprefix('refs/heads/') if reference != 'HEAD' else ''
    remote = _remote(repository, branch) if options.push else ''
    changes = find_changes(run, plan, options.removable, discard=options.discard)
    if options.edit:
        _check_alone(changes, {write.path for write in edits}.union(options.along))
    writes = [*edits, *_writes(run, plan)]
    commit, staged = _build_and_stage(run, changes, writes, options)
    move = Move(reference, head, commit or head, changes.index, remote if commit else '', branch)
    done = carry_out(repository, writes, move, staged=staged)
    pushed = bool(remote) and (bool(commit) or _push_head(repository, remote, branch, head))
    return Outcome(changes.plan if changes.plan.changes else plan, done if commit else '', branch, pushed)


def _check_alone(changes: Changeset, own: Collection[str]) -> None:
    """An operation is a commit of its own: what somebody has changed besides is neither part of it nor left behind."""
    if others := sorted({*changes.registry}.difference(own)):
        hint = "commit it first ('chartloom generate --commit'), or take it back with 'git restore'"
        raise ProblemsFound(Problem(path, '', 'changed, and no part of this operation', hint) for path in others)


def _build_and_stage(run: Run, changes: Changeset, writes: list[Write], options: Options) -> tuple[str, bool]:
    """The commit, and whether the contents lie ready, too: git writes the one while we write the others."""
    # What a killed run left for a later one to finish must lie there until then.
    if not changes.files or not writes or is_pending(run.repository):
        return _build(run, changes, options), False
    from concurrent.futures import ThreadPoolExecutor

    try:
        with ThreadPoolExecutor(1) as pool:
            building = pool.submit(_build, run, changes, options)
            stage(run.repository, writes)
            return building.result(), True
    except (CommandFailed, ProblemsFound):
        discard(run.repository)
        raise


def _push_head(repository: Repository, remote: str, branch: str, head: str) -> bool:
    """Push what was committed before, where the remote does not have it."""
    if not head or remote_head(repository, remote, branch) == head:
        return False
    push_onto(repository, remote, branch, head, head)
    return True


def _remote(repository: Repository, branch: str) -> str:
    if not branch:
        raise problem('HEAD', '', 'is detached: there is no branch to push', "run 'git switch' with a branch first")
    return push_remote(repository, branch)


def _build(run: Run, changes: Changeset, options: Options) -> str:
    from generator.operations.changeset import check_stored

    if not changes.files:
        return ''
    check_stored(run.repository, changes.files)
    operation = options.operation if options.edit else ' '.join((options.operation, *options.models))
    message = commit_message(changes.plan, changes.registry, operation, options.message, _moves(run, changes))
    sign = bool(run.registry.settings.spec.get('signing', {}).get('required'))
    head, executable = run.source.head, changes.executable
    return build_commit(run.repository, head, changes.files, message, sign=sign, executable=executable)


def _moves(run: Run, changes: Changeset) -> dict[str, str]:
    from generator.plan.chart_moves import chart_moves

    held = run.source.tree.held
    before = {
        path: held[path] for path in changes.files if path.startswith('delivery/') and held.get(path, LINK) != LINK
    }
    blobs = run.repository.read(before.values())
    return chart_moves(run, changes.files, {path: blobs[blob] for path, blob in before.items()})


def generate_remote(url: str, branch: str, prefix: str, options: Options, progress: Progress = quiet) -> Outcome:
    """The same without a checkout: fetch the head, generate, push; made again on the new head where it has moved."""
    from generator.pipeline.run import Run

    heads: list[str] = []
    with temporary_clone(url, branch, prefix) as repository:
        while len(heads) < ATTEMPTS:
            if heads:
                time.sleep(0.2 * 2 ** len(heads))
                fetch_head(repository, branch)
            run = Run(repository, options.models, source=_source(repository, options))
            run.progress = progress
            heads.append(run.source.head)
            outcome = _attempt(run, branch, options)
            if not outcome.commit or outcome.pushed:
                return outcome
        now = remote_head(repository, 'origin', branch)
    message = f'moved from {heads[0][:7]} to {now[:7]} three times while this was applied'
    raise problem(show(url, branch), '', message, 'run the command again')


def _source(repository: Repository, options: Options) -> Source:
    """Of the models in question only: a revision cannot be asked for patterns before its environments are known."""
    source = Source(repository, options.models)
    source.tree = read_revision(repository, source.head, source.commit_paths())
    return source


def _attempt(run: Run, branch: str, options: Options) -> Outcome:
    from generator.operations.changeset import Changeset

    if run.registry.settings.branch != branch:
        fetch_published(run.repository, branch, run.registry.settings.branch)
        run.source.refs = run.repository.refs()
    plan = run.plan(discard=options.discard, removable=options.removable)
    commit = _build(run, Changeset(plan, {**plan.files, **dict.fromkeys(plan.removed)}), options)
    pushed = bool(commit) and push(run.repository, 'origin', branch, run.source.head, commit)
    return Outcome(plan, commit, branch, pushed, _warnings(run, plan, options))
