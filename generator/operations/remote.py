"""An operation → one commit on a branch of a remote repository, without a checkout; retried if the branch moves."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from generator.domain.problems import problem
from generator.domain.progress import Progress, quiet
from generator.operations.apply import apply
from generator.operations.changeset import Changeset, build
from generator.operations.operation import Operation, Options, Outcome, Remote
from generator.operations.warnings import shown_warnings
from generator.pipeline.reasons import release_reasons
from generator.pipeline.run import Run, open_run
from generator.tools.git.remote import fetch_head, fetch_published, push, remote_head, shown_branch, temporary_clone
from generator.tools.git.repository import Repository
from generator.tools.git.transaction import finish_killed

ATTEMPTS = 3

# An operation is carried out in a work tree or on a remote repository.
Target = Repository | Remote


def perform(operation: Operation, target: Target, options: Options, progress: Progress = quiet) -> Outcome:
    """Carry out an operation on its target; complete, or no change at all."""
    match target:
        case Repository():
            return apply(operation, target, options, progress)
        case Remote():
            return _apply_on_remote(operation, target, options, progress)


@contextmanager
def opened(target: Target) -> Iterator[Repository]:
    """Open a target for reading: finish an interrupted run in it, or fetch a remote with its history."""
    match target:
        case Repository():
            finish_killed(target)
            yield target
        case Remote():
            with temporary_clone(target.url, target.branch, target.prefix) as repository:
                fetch_published(repository, target.branch, open_run(repository).settings_alone.branch)
                yield repository


def _apply_on_remote(operation: Operation, remote: Remote, options: Options, progress: Progress) -> Outcome:
    heads: list[str] = []
    with temporary_clone(remote.url, remote.branch, remote.prefix, may_be_empty=operation.begins) as repository:
        while len(heads) < ATTEMPTS:
            if heads:
                time.sleep(0.2 * 2 ** len(heads))
                fetch_head(repository, remote.branch)
            run = _open(operation, repository, remote.branch, progress)
            heads.append(run.source.head)
            outcome = _attempt(operation, run, remote.branch, options)
            if not outcome.commit or outcome.pushed:
                return outcome
        now = remote_head(repository, 'origin', remote.branch)
    message = f'the branch moved three times before the push, from {heads[0][:7]} to {now[:7]}'
    raise problem(shown_branch(remote.url, remote.branch), '', message, 'run the command again')


def _open(operation: Operation, repository: Repository, branch: str, progress: Progress) -> Run:
    """Open a run on the current state of the branch, with the history that the operation reads."""
    run = open_run(repository, operation.models, prune=operation.prune, shards=True, progress=progress)
    if operation.begins:
        return run
    published = run.settings_alone.branch
    if published == branch and not operation.history:
        return run
    fetch_published(repository, branch, published)
    return open_run(repository, operation.models, prune=operation.prune, progress=progress)


def _attempt(operation: Operation, run: Run, branch: str, options: Options) -> Outcome:
    change = operation.change_of(run)
    if operation.change and not (change.files or operation.prune):
        return Outcome(result=change.result, branch=branch, dry_run=options.dry_run, warnings=change.warnings)
    laid, options = change.on(run), options.with_removable(change.removable)
    plan = laid.plan(discard=options.discard, removable=options.removable, adopted=change.adopted)
    if not operation.change:
        laid.check_requests(plan, options.removable)
    files = {**plan.files, **dict.fromkeys(plan.removed), **change.files}
    registry, reasons = tuple(sorted(change.files)), release_reasons(laid, plan, head=True)
    changes = Changeset(plan, files, registry, reasons=reasons)
    outcome = Outcome(plan, change.result, registry, branch=branch, dry_run=options.dry_run, reasons=reasons)
    outcome = replace(outcome, warnings=(*change.warnings, *shown_warnings(laid, outcome, options.removable)))
    if options.dry_run:
        return outcome
    commit = build(laid, changes, operation.trailer, options.message or change.subject, change.notes)
    pushed = bool(commit) and push(run.repository, 'origin', branch, run.source.head, commit)
    return replace(outcome, commit=commit, pushed=pushed)
