"""A branch whose base moved → one commit with both: registry files merged, everything else generated anew.

It also ends a merge or a rebase that has stopped: with the same commit, on the branch as it was before.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial

from generator.domain.problems import Problem, ProblemsFound, problem
from generator.domain.progress import Progress, quiet
from generator.operations.changeset import signed
from generator.operations.operation import Options, Outcome, Remote
from generator.operations.provenance import provenance
from generator.operations.remote import Target
from generator.operations.reported import reported
from generator.operations.warnings import shown_warnings
from generator.pipeline.merged import Merge, find_sides, merge
from generator.pipeline.reasons import release_reasons
from generator.pipeline.renumber import Renumbered
from generator.pipeline.run import open_run
from generator.pipeline.sides import Sides
from generator.plan.message import commit_message, shortened
from generator.tools.git.attributes import check_stored
from generator.tools.git.build import build_commit
from generator.tools.git.head import current_branch, refuse_unfinished
from generator.tools.git.lock import locked
from generator.tools.git.remote import fetch_published, push, push_onto, push_remote, shown_branch, temporary_clone
from generator.tools.git.repository import Repository
from generator.tools.git.sides import staged_entries, unstaged_files
from generator.tools.git.stopped import end_merge, find_stopped, finish_move, move_to
from generator.tools.git.transaction import finish_locked


def refresh(base: str, target: Target, options: Options, progress: Progress = quiet) -> Outcome:
    """Merge the branch `base`, '' for the published one, into the current branch, or into one of a remote."""
    match target:
        case Repository():
            with locked(target):
                finish_locked(target)
                finish_move(target)
                return _refresh(base, target, options, progress)
        case Remote():
            return _on_remote(base, target, options, progress)


def _refresh(base: str, repository: Repository, options: Options, progress: Progress) -> Outcome:
    stopped = find_stopped(repository)
    if stopped and stopped.kind == 'rebase' and repository.contains(stopped.ours, stopped.theirs):
        stopped = None  # it edits the branch's own commits
    if stopped is None:
        refuse_unfinished(repository)
        _refuse_changes(repository)
    reference = stopped.branch if stopped else current_branch(repository)
    branch = reference.removeprefix('refs/heads/') if reference != 'HEAD' else ''
    sides = find_sides(repository, base, stopped)
    remote = _remote(repository, branch) if options.push else ''
    made = _make(sides, branch, options, progress)
    if options.dry_run:
        return made
    if not made.commit:
        if sides.staged:
            end_merge(repository)
        return made
    commit = push_onto(repository, remote, branch, sides.ours, made.commit) if remote else made.commit
    move_to(repository, reference, sides.ours, commit, sides.theirs, stopped)
    return replace(made, commit=commit, pushed=bool(remote))


def _refuse_changes(repository: Repository) -> None:
    """Raise ProblemsFound for changes that are not committed: a merge of commits does not have them."""
    head = repository.ask('rev-parse', '--verify', '--quiet', 'HEAD')
    changed = sorted({*(staged_entries(repository, head) if head else ()), *unstaged_files(repository)})
    if changed:
        hint = "commit it first ('chartloom generate --commit'), or put it aside with 'git stash'"
        cut = len(repository.prefix) if all(path.startswith(repository.prefix) for path in changed) else 0
        raise ProblemsFound(Problem(path[cut:], '', 'changed and not committed', hint) for path in changed)


def _remote(repository: Repository, branch: str) -> str:
    if not branch:
        raise problem('HEAD', '', 'expected a branch to push, found a detached HEAD', "run 'git switch <branch>' first")
    return push_remote(repository, branch)


def _make(sides: Sides, branch: str, options: Options, progress: Progress) -> Outcome:
    """Merge, generate and build the commit, '' if nothing differs or for a dry run; no branch moves."""
    if sides.base == sides.ours != sides.theirs:  # nothing of its own
        told = {**_told(sides, [], []), 'result': 'fast-forwarded'}
        commit = '' if options.dry_run else sides.theirs
        return Outcome(result=told, commit=commit, branch=branch, dry_run=options.dry_run)
    done = merge(sides, progress)
    plan, registry = done.plan, tuple(sorted(done.registry))
    reasons, told = release_reasons(done.run, plan, head=True), _told(sides, done.renumbered, done.pins)
    outcome = Outcome(plan, told, registry, branch=branch, dry_run=options.dry_run, reasons=reasons)
    warnings = shown_warnings(done.run, outcome, done.removable)
    outcome = replace(outcome, warnings=warnings, report=reported(done.run, options))
    commit = _build(done, outcome, options)
    if not commit:
        return Outcome(result={**told, 'result': 'up to date'}, branch=branch, dry_run=options.dry_run)
    return outcome if options.dry_run else replace(outcome, commit=commit)


def _build(done: Merge, outcome: Outcome, options: Options) -> str:
    sides, plan, repository = done.sides, outcome.plan, done.sides.repository
    files = {**plan.files, **dict.fromkeys(plan.removed), **done.registry}
    check_stored(repository, sides.theirs, files)
    merges = not repository.contains(sides.ours, sides.theirs)
    subject = options.message or shortened(f'Refresh {outcome.branch or "HEAD"} onto {sides.name} {sides.theirs[:8]}')
    notes = list(_notes(done, merges))
    told = provenance(os.environ)
    message = commit_message(plan, outcome.registry, f'refresh {sides.name}', subject, outcome.reasons, notes, told)
    make = partial(
        build_commit, repository, sides.theirs, files, message, entries=done.entries,
        executable=_executable(sides, outcome.registry),
        parents=[sides.ours, sides.theirs] if merges else [sides.ours],
    )  # fmt: skip
    return signed(repository, done.run.settings.signing, make)


def _executable(sides: Sides, registry: tuple[str, ...]) -> frozenset[str]:
    prefix = sides.repository.prefix
    entries = sides.repository.entries(sides.ours, [prefix + name for name in registry]) if registry else {}
    return frozenset(name for name in registry if entries.get(prefix + name, '').startswith('100755'))


def _told(sides: Sides, drafts: Iterable[Renumbered], pins: Iterable[tuple[str, str, str]]) -> dict[str, object]:
    return {
        'result': 'refreshed',
        'base': sides.name,
        'baseCommit': sides.theirs,
        'ended': sides.stopped.kind if sides.stopped else '',
        'renumbered': [
            {'model': each.model, 'version': each.version, 'from': each.before, 'to': each.now} for each in drafts
        ],
        'pins': [{'file': name, 'from': before, 'to': now} for name, before, now in pins],
    }


def _notes(done: Merge, merges: bool) -> Iterator[str]:
    """The first lines of the commit's body."""
    sides = done.sides
    if merges:
        yield f'Merges {sides.name} ({sides.theirs[:12]}): registry files by meaning, generated files made anew.'
    if sides.stopped:
        yield f'Ends the {sides.stopped.kind} that had stopped.'
    for each in done.renumbered:
        yield f'{each.model}: the draft {each.before} of version {each.version} is now chart {each.now}.'
    for name, before, now in done.pins:
        yield f'{name}: the pin follows its draft, {before} → {now}.'
    yield f'What this branch changes on top of {sides.name}:'


def _on_remote(base: str, remote: Remote, options: Options, progress: Progress) -> Outcome:
    with temporary_clone(remote.url, remote.branch, remote.prefix) as repository:
        published = open_run(repository).settings_alone.branch
        for name in dict.fromkeys([base, published]):
            if name:
                fetch_published(repository, 'origin', remote.branch, name)
        sides = find_sides(repository, base)
        made = _make(sides, remote.branch, options, progress)
        if options.dry_run or not made.commit:
            return made
        if not push(repository, 'origin', remote.branch, sides.ours, made.commit):
            where = shown_branch(remote.url, remote.branch)
            raise problem(where, '', 'moved during this run', 'run the command again')
        return replace(made, pushed=True)
