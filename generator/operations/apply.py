"""An operation → files in the work tree, or one commit on the branch and the remote; complete, or no change at all."""

from __future__ import annotations

import os
from dataclasses import replace

from generator.domain.generated import Plan
from generator.domain.problems import problem
from generator.domain.progress import Progress, quiet
from generator.operations.changeset import build, find_changes
from generator.operations.operation import Operation, Options, Outcome, RegistryChange
from generator.operations.warnings import shown_warnings
from generator.pipeline import known
from generator.pipeline.reasons import release_reasons
from generator.pipeline.run import Run, open_run
from generator.tools.git.files import blob_at
from generator.tools.git.head import current_branch, refuse_unfinished
from generator.tools.git.lock import locked
from generator.tools.git.remote import push_onto, push_remote, remote_head
from generator.tools.git.repository import Repository
from generator.tools.git.transaction import Move, Write, carry_out, check_writes, finish_locked


def apply(operation: Operation, repository: Repository, options: Options, progress: Progress = quiet) -> Outcome:
    """Carry out an operation in a work tree."""
    if operation.look:
        operation.look(open_run(repository, operation.models))
    with locked(repository):
        if finish_locked(repository) and operation.change:
            message = (
                f'an interrupted command was completed: HEAD is now {repository.ask("rev-parse", "--short", "HEAD")}'
            )
            raise problem('git', '', message, 'look at this commit, and run the command again if it is still required')
        run = open_run(repository, operation.models, prune=operation.prune, shards=True, progress=progress)
        if operation.change is None and not operation.prune:
            return _follow(operation, run, options)
        change = operation.change_of(run)
        if operation.change and not (change.files or operation.prune):
            return Outcome(result=change.result, dry_run=options.dry_run, warnings=change.warnings)
        return _applied(operation, run, change, options)


def _follow(operation: Operation, run: Run, options: Options) -> Outcome:
    """Generate what follows from the registry, unless the cache has these inputs as up to date."""
    repository, purpose = run.repository, 'commit' if options.commit else 'files'
    print_ = known.fingerprint(repository, run.source, purpose)
    if not (options.push or options.removable) and known.is_known(repository, purpose, print_):
        return Outcome(dry_run=options.dry_run)
    outcome = _applied(operation, run, RegistryChange(), options)
    if not outcome.changed:
        known.remember(repository, purpose, print_)
    return outcome


def _applied(operation: Operation, run: Run, change: RegistryChange, options: Options) -> Outcome:
    laid, options = change.on(run), options.with_removable(change.removable)
    plan = laid.plan(discard=options.discard, removable=options.removable, adopted=change.adopted)
    if not operation.change:  # a rollout's own commits move the requests first
        laid.check_requests(plan, options.removable)
    edits = [Write(path, blob_at(run.repository, path), data) for path, data in change.files.items()]
    if options.commit:
        outcome = _commit(operation, laid, plan, change, edits, options)
    else:
        outcome = Outcome(plan, registry=tuple(sorted(change.files)), reasons=release_reasons(laid, plan))
        if not options.dry_run:
            carry_out(run.repository, [*edits, *_writes(laid, plan)])
    warnings = (*change.warnings, *shown_warnings(laid, outcome, options.removable))
    return replace(outcome, result=change.result, dry_run=options.dry_run, warnings=warnings)


def _writes(run: Run, plan: Plan) -> list[Write]:
    ids, file = run.source.tree.ids, run.repository.file
    there = (change.path for change in plan.changes if change.path in ids)
    # In a sparse checkout a file of the index may not be in the work tree.
    before = {path: ids[path] for path in there if os.path.lexists(file(path))}
    return [Write(change.path, before.get(change.path, ''), plan.files.get(change.path)) for change in plan.changes]


def _commit(
    operation: Operation, run: Run, plan: Plan, change: RegistryChange, edits: list[Write], options: Options
) -> Outcome:
    repository, head = run.repository, run.source.head
    refuse_unfinished(repository)
    reference = current_branch(repository)
    branch = reference.removeprefix('refs/heads/') if reference != 'HEAD' else ''
    remote = _remote(repository, branch) if options.push else ''
    operation = replace(operation, instead=change.instead or operation.instead)
    changes = find_changes(run, plan, operation, {*change.files, *change.along}, options)
    shown, reasons = changes.plan, changes.reasons
    if not shown.changes:
        shown, reasons = plan, release_reasons(run, plan)
    outcome = Outcome(shown, registry=tuple(changes.registry), branch=branch, reasons=reasons)
    if options.dry_run:
        return outcome
    writes = [*edits, *_writes(run, plan)]
    check_writes(repository, writes)  # before git stores anything
    commit = build(run, changes, operation.trailer, options.message or change.subject, change.notes)
    move = Move(reference, head, commit or head, changes.index, remote if commit else '', branch)
    done = carry_out(repository, writes, move)
    pushed = bool(remote) and (bool(commit) or _push_head(repository, remote, branch, head))
    return replace(outcome, commit=done if commit else '', pushed=pushed)


def _push_head(repository: Repository, remote: str, branch: str, head: str) -> bool:
    """Push earlier commits, if the remote does not have them; whether it did."""
    if not head or remote_head(repository, remote, branch) == head:
        return False
    push_onto(repository, remote, branch, head, head)
    return True


def _remote(repository: Repository, branch: str) -> str:
    if not branch:
        raise problem('HEAD', '', 'expected a branch to push, found a detached HEAD', "run 'git switch <branch>' first")
    return push_remote(repository, branch)
