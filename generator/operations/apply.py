"""An operation → files in the work tree, or one commit on the branch and the remote; complete, or no change at all."""

from __future__ import annotations

import os
from dataclasses import replace

from generator.domain.generated import Plan
from generator.domain.problems import Problem, problem
from generator.domain.progress import Progress, quiet
from generator.operations.changeset import build, check_signed, find_changes
from generator.operations.decide import decide, despite
from generator.operations.members import Wider, check_width
from generator.operations.operation import Operation, Options, Outcome, RegistryChange
from generator.operations.replay import Site, replay
from generator.operations.reported import reported
from generator.operations.scoped import scoped
from generator.operations.warnings import shown_warnings
from generator.pipeline import known
from generator.pipeline.reasons import release_reasons
from generator.pipeline.run import Run, open_run
from generator.tools.git.files import blob_at
from generator.tools.git.head import current_branch, refuse_unfinished
from generator.tools.git.lock import locked
from generator.tools.git.remote import BranchMoved, push_onto, push_remote, remote_head
from generator.tools.git.repository import Repository
from generator.tools.git.signing import sent
from generator.tools.git.transaction import Move, Write, carry_out, check_writes, finish_locked
from generator.tools.git.view import forward, view_of
from generator.tools.process import mask


def apply(operation: Operation, repository: Repository, options: Options, progress: Progress = quiet) -> Outcome:
    """Carry out an operation in a work tree."""
    operation = scoped(operation, repository)
    try:
        return _apply(operation, repository, options, progress)
    except Wider as wider:
        return _apply(replace(operation, models=wider.models), repository, options, progress)


def _apply(operation: Operation, repository: Repository, options: Options, progress: Progress) -> Outcome:
    if operation.look:
        despite(operation, open_run(repository, operation.models), operation.look)
    with locked(repository):
        if finish_locked(repository) and operation.change:
            message = (
                f'an interrupted command was completed: HEAD is now {repository.ask("rev-parse", "--short", "HEAD")}'
            )
            raise problem('git', '', message, 'look at this commit, and run the command again if it is still required')
        run = open_run(
            repository, operation.models, prune=operation.prune, shards=True, progress=progress, at=options.at
        )
        if operation.change is None and not operation.prune:
            return _follow(operation, run, options)
        decided = decide(operation, run, options)
        try:
            if decided.plan is None:
                change = decided.change
                done = Outcome(result=change.result, dry_run=options.dry_run, warnings=change.warnings)
                done = replace(done, report=reported(decided.run, options))
                return _pushed_ahead(decided.run, done, options)
            return _applied(operation, decided.run, decided.change, decided.plan, options)
        except BranchMoved as moved:
            return _followed(operation, run, options, progress, moved)


def _followed(operation: Operation, run: Run, options: Options, progress: Progress, moved: BranchMoved) -> Outcome:
    """Apply an operation to the new head of the remote branch, and move the work tree there.

    Raises what has stopped it, if that would leave out something of the work tree: a commit, or a changed file.
    """
    repository, tree = run.repository, run.source.tree
    if operation.change is None or tree.ids != tree.held:
        raise moved
    here = current_branch(repository).removeprefix('refs/heads/')
    remote, branch = push_remote(repository, here), options.branch or here
    with view_of(repository, remote, branch) as view:
        head = view.follow()
        if not head or not repository.contains(head, run.source.head):
            raise moved
        site = Site(view.repository, remote, branch, remote, view.follow, view.fetch_history)
        outcome = replay(operation, site, options, progress, again=True)
    if not outcome.pushed or branch != here or not (why := forward(repository, outcome.commit)):
        return outcome
    message = f'{outcome.commit[:8]} is pushed, and the work tree is still at {run.source.head[:8]}: {why}'
    behind = Problem(str(repository.folder), '', message, f"run 'git pull {mask(remote)} {branch}'")
    return replace(outcome, warnings=(*outcome.warnings, behind))


def _follow(operation: Operation, run: Run, options: Options) -> Outcome:
    """Generate what follows from the registry, unless the cache has these inputs as up to date."""
    repository, purpose = run.repository, 'commit' if options.commit else 'files'
    # A run over a few models does not list all names that its result depends on.
    print_ = known.fingerprint(repository, run.source, purpose) if run.whole else ''
    if (
        run.whole
        and not (options.push or options.removable or options.report)
        and known.is_known(repository, purpose, print_)
    ):
        return Outcome(dry_run=options.dry_run)
    check_width(run)
    plan = run.plan(discard=options.discard, removable=options.removable)
    outcome = _applied(operation, run, RegistryChange(), plan, options)
    if run.whole and not outcome.changed:
        known.remember(repository, purpose, print_)
    return outcome


def _applied(operation: Operation, laid: Run, change: RegistryChange, plan: Plan, options: Options) -> Outcome:
    options = options.permitting(change)
    if not operation.change:  # a rollout's own commits move the requests first
        laid.judged.check_requests(plan, options.removable)
    report = reported(laid, options)
    edits = [Write(path, blob_at(laid.repository, path), data) for path, data in change.files.items()]
    if options.commit:
        outcome = _commit(operation, laid, plan, change, edits, options)
    else:
        outcome = Outcome(plan, registry=tuple(sorted(change.files)), reasons=release_reasons(laid, plan))
        if not options.dry_run:
            carry_out(laid.repository, [*edits, *_writes(laid, plan)])
    warnings = (*change.warnings, *shown_warnings(laid, outcome, options.removable))
    return replace(outcome, result=change.result, dry_run=options.dry_run, warnings=warnings, report=report)


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
    elsewhere = options.branch if options.branch != branch else ''
    remote = _remote(repository, branch or elsewhere) if options.push else ''
    operation = replace(operation, instead=change.instead or operation.instead)
    changes = find_changes(run, plan, operation, {*change.files, *change.along}, options)
    shown, reasons = changes.plan, changes.reasons
    if not shown.changes:
        shown, reasons = plan, release_reasons(run, plan)
    outcome = Outcome(shown, registry=tuple(changes.registry), branch=branch, reasons=reasons)
    if options.dry_run:
        return outcome
    writes = [*edits, *_writes(run, plan)] if not elsewhere else []
    check_writes(repository, writes)  # before git stores anything
    commit = build(run, changes, operation.trailer, options.message or change.subject, change.notes)
    if remote and run.settings.signing.required:  # earlier commits leave with it
        check_signed(repository, sent(repository, commit or head, remote), run.settings.signing)
    if elsewhere:
        there = push_onto(repository, remote, elsewhere, head, commit) if commit else ''
        return replace(outcome, commit=there, branch=elsewhere, pushed=bool(there))
    move = Move(reference, head, commit or head, changes.index, remote if commit else '', branch)
    done = carry_out(repository, writes, move, run.source.tree.stamp)
    pushed = bool(remote) and (bool(commit) or _push_head(repository, remote, branch, head))
    return replace(outcome, commit=done if commit else '', pushed=pushed)


def _pushed_ahead(run: Run, outcome: Outcome, options: Options) -> Outcome:
    """Push what the branch is ahead of the remote, although there is nothing to do: an earlier run may have ended
    before. Raises BranchMoved if the remote has commits that are not here: "nothing to do" may be wrong there."""
    if not options.push or options.dry_run or options.branch:
        return outcome
    reference = current_branch(run.repository)
    branch = reference.removeprefix('refs/heads/') if reference != 'HEAD' else ''
    remote, head = _remote(run.repository, branch), run.source.head
    if head and run.settings.signing.required:
        check_signed(run.repository, sent(run.repository, head, remote), run.settings.signing)
    return replace(outcome, branch=branch, pushed=_push_head(run.repository, remote, branch, head))


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
