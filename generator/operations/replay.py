"""An operation → one commit on a branch of a remote, applied again to its new head whenever the branch moves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from generator.domain.problems import CommandFailed, ProblemsFound, problem
from generator.domain.progress import Progress
from generator.operations.changeset import Changeset, build
from generator.operations.decide import Superseded, decide
from generator.operations.members import Wider
from generator.operations.operation import Operation, Options, Outcome, RegistryChange
from generator.operations.reported import reported
from generator.operations.scoped import scoped
from generator.operations.warnings import shown_warnings
from generator.pipeline.reads import reads
from generator.pipeline.reasons import release_reasons
from generator.pipeline.run import Run, open_run
from generator.tools.git.remote import (
    changed_paths,
    deepen,
    is_answered,
    refused,
    shown_branch,
    try_push,
)
from generator.tools.git.repository import Repository


@dataclass(frozen=True, slots=True)
class Site:
    """A repository without a work tree whose HEAD is the head of a branch of `remote`; `url` is shown to people.

    `follow` moves HEAD to the head of the branch and returns it ('': no branch); `fetch_history` fetches all of the
    history of the branch and of the published branch, which it gets.
    """

    repository: Repository
    remote: str
    branch: str
    url: str
    follow: Callable[[], str]
    fetch_history: Callable[[str], None]


@dataclass(frozen=True, slots=True)
class _Try:
    """What an operation does at a head of the branch; `changes` None: there is nothing to commit."""

    head: str
    run: Run
    change: RegistryChange
    outcome: Outcome
    changes: Changeset | None = None


def replay(operation: Operation, site: Site, options: Options, progress: Progress, *, again: bool = False) -> Outcome:
    """Apply an operation, push its commit with the head as lease, and do it again while the branch moves.

    What an earlier try found is kept as long as no file that it read has changed. An operation that has become
    meaningless meanwhile changes nothing. `again`: it was applied before, to an earlier head.
    """
    try:
        return _replay(operation, site, options, progress, again)
    except Superseded as error:
        return Outcome(branch=site.branch, dry_run=options.dry_run, superseded=error.problems)


def _replay(operation: Operation, site: Site, options: Options, progress: Progress, again: bool) -> Outcome:
    patience = options.patience
    end, heads = patience.clock() + patience.seconds, list[str]()
    found = _tried(operation, site, options, progress, again)
    while True:
        heads.append(found.head)
        outcome = _push(operation, found, site, options)
        if outcome is not None:
            return outcome
        if not patience.pause(len(heads), end):
            raise _moved_on(site, heads, patience.seconds)
        head = site.follow()
        if _is_same(operation, found, head, site):
            found = replace(found, head=head)
            continue
        found = _tried(operation, site, options, progress, True)


def _tried(operation: Operation, site: Site, options: Options, progress: Progress, again: bool) -> _Try:
    operation = scoped(operation, site.repository)
    try:
        return _apply(operation, _open(operation, site, options, progress), site, options, again)
    except Wider as wider:
        operation = replace(operation, models=wider.models)
        return _apply(operation, _open(operation, site, options, progress), site, options, again)


def _open(operation: Operation, site: Site, options: Options, progress: Progress) -> Run:
    """Open a run on the current state of the branch, with the history that the operation reads."""
    run = open_run(
        site.repository, operation.models, prune=operation.prune, shards=True, progress=progress, at=options.at
    )
    if operation.begins:
        return run
    run.source.fetch()
    published = run.settings_alone.branch
    if published == site.branch and not operation.history:
        return run
    site.fetch_history(published)
    return open_run(site.repository, operation.models, prune=operation.prune, progress=progress, at=options.at)


def _apply(operation: Operation, run: Run, site: Site, options: Options, again: bool) -> _Try:
    decided = decide(operation, run, options, again=again)
    laid, change, plan = decided.run, decided.change, decided.plan
    head, dry_run, options = run.source.head, options.dry_run, options.permitting(change)
    if plan is None:
        nothing = Outcome(result=change.result, branch=site.branch, dry_run=dry_run, warnings=change.warnings)
        return _Try(head, run, change, replace(nothing, report=reported(laid, options)))
    if not operation.change:
        laid.judged.check_requests(plan, options.removable)
    files = {**plan.files, **dict.fromkeys(plan.removed), **change.files}
    registry, reasons = tuple(sorted(change.files)), release_reasons(laid, plan, head=True)
    outcome = Outcome(plan, change.result, registry, branch=site.branch, dry_run=dry_run, reasons=reasons)
    warnings = (*change.warnings, *shown_warnings(laid, outcome, options.removable))
    outcome = replace(outcome, warnings=warnings, report=reported(laid, options))
    return _Try(head, laid, change, outcome, Changeset(plan, files, registry, reasons=reasons))


def _push(operation: Operation, found: _Try, site: Site, options: Options) -> Outcome | None:
    """Make the commit and push it; None if the branch has moved, or has not answered that it has this commit."""
    if found.changes is None or options.dry_run:
        return found.outcome
    subject = options.message or found.change.subject
    commit = build(found.run, found.changes, operation.trailer, subject, found.change.notes, parent=found.head)
    if not commit:
        return found.outcome
    failure = try_push(site.repository, site.remote, f'refs/heads/{site.branch}', found.head, commit)
    if failure is not None:
        now = _head_after(site, failure)
        if now == found.head:
            raise refused(site.url, site.branch, failure)
        if is_answered(failure) or not _is_landed(site, now, commit):
            return None
    return replace(found.outcome, commit=commit, pushed=True)


def _head_after(site: Site, failure: CommandFailed) -> str:
    """Return the head of the branch after a push that may have failed; raises the failure if nobody answers."""
    try:
        return site.follow()
    except CommandFailed:
        raise failure from None


def _is_landed(site: Site, now: str, commit: str) -> bool:
    """Whether a branch has a commit whose push got no answer."""
    if site.repository.contains(now, commit):
        return True
    return deepen(site.repository, site.branch) and site.repository.contains(now, commit)


def _is_same(operation: Operation, found: _Try, head: str, site: Site) -> bool:
    """Whether no file that a try read differs at another head, so that its result is the same there."""
    if found.change.wide or found.run.settings.branch != site.branch:
        return False
    changed = changed_paths(site.repository, found.head, head, history=operation.history)
    return changed is not None and not any(reads(found.run, path, how) for path, how in changed.items())


def _moved_on(site: Site, heads: list[str], seconds: float) -> ProblemsFound:
    times = 'once' if len(heads) == 1 else f'{len(heads)} times'
    message = f'the branch moved {times} before the push, within {seconds:.0f} seconds; it was at {heads[0][:7]} first'
    hint = 'run the command again, with a longer --wait'
    return problem(shown_branch(site.url, site.branch), '', message, hint)
