"""A plan → files in the work tree, or one commit on the branch and, where asked, on the remote."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Collection, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator

from generator import cache
from generator.commit import build_commit, finish, move_branch, push, remote_head, staged_problems
from generator.domain import Plan
from generator.errors import Problem, ProblemsFound, problem
from generator.message import commit_message
from generator.pipeline import Run
from generator.repository import Repository, clone_bare
from generator.repository_documents import SCHEMAS
from generator.source import REGISTRY, Source
from generator.worktree import write_files

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


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was done: the plan that was carried out, and the commit it became ('' for none)."""

    plan: Plan
    commit: str = ''
    branch: str = ''
    pushed: bool = False

    @property
    def changed(self) -> bool:
        return bool(self.plan.changes) or bool(self.commit)


def generate(repository: Repository, options: Options) -> Outcome:
    """Bring the work tree up to date, and with `commit` the branch."""
    finish(repository)
    purpose = 'commit' if options.commit else 'files'
    source = Source(repository, options.models)
    known = cache.fingerprint(repository, source, purpose)
    if not options.push and cache.is_known(repository, purpose, known):
        return Outcome(Plan((), {}))
    run = Run(repository, options.models, source=source)
    plan = run.plan(discard=options.discard, removable=options.removable)
    if options.commit:
        outcome = _commit(run, plan, options)
    else:
        write_files(repository, plan.files, plan.removed)
        outcome = Outcome(plan)
    if not outcome.changed:
        cache.remember(repository, purpose, known)
    return outcome


def _commit(run: Run, plan: Plan, options: Options) -> Outcome:
    repository, head = run.repository, run.source.head
    _refuse_merge(repository)
    held = repository.ids(head, run.source.commit_paths()) if head else {}
    changes = run.head_plan({p: b for p, b in held.items() if not _is_registry(p)}, options.removable)
    registry = _registry_changes(run, held)
    files: dict[str, bytes | None] = {**changes.files, **dict.fromkeys(changes.removed), **registry}
    final = {p: repository.blob_id(data) for p, data in files.items() if data is not None}
    staged_problems(run.source.tree, held, {**held, **final}, files)
    left = {path: data for path, data in plan.files.items() if path not in files}
    write_files(repository, left, [path for path in plan.removed if path not in files])
    reference = repository.ask('symbolic-ref', '--quiet', 'HEAD') or 'HEAD'
    branch = reference.removeprefix('refs/heads/')
    message = commit_message(changes, list(registry), _operation(options), options.message)
    sign = bool(run.registry.settings.spec.get('signing', {}).get('required'))
    commit = build_commit(repository, head, files, message, sign=sign) if files else ''
    pushed = False
    if options.push:
        pushed = _push(repository, branch, commit or head)
    if commit:
        move_branch(repository, reference, head, commit, files)
    return Outcome(plan if not changes.changes else changes, commit, branch, pushed)


def _operation(options: Options) -> str:
    return ' '.join((options.operation, *options.models))


def _is_registry(path: str) -> bool:
    return path.startswith(f'{REGISTRY}/') and not path.startswith(f'{SCHEMAS}/')


def _registry_changes(run: Run, held: Mapping[str, str]) -> dict[str, bytes | None]:
    """The registry files of the scope that HEAD does not hold as they are: a commit has what it was generated from."""
    names = {name for name in run.source.names if run.source.in_scope(name)}
    changes: dict[str, bytes | None] = {
        name: run.source.read(name) for name in sorted(names) if held.get(name) != run.source.tree.ids[name]
    }
    if run.whole:
        changes.update((path, None) for path in sorted(held) if _is_registry(path) and path not in names)
    return changes


def _refuse_merge(repository: Repository) -> None:
    for name in ('MERGE_HEAD', 'REBASE_HEAD', 'CHERRY_PICK_HEAD'):
        if repository.ask('rev-parse', '--verify', '--quiet', name):
            hint = "finish it, or give it up with 'git merge --abort' or 'git rebase --abort'"
            raise problem(name, '', 'a merge or rebase is in progress', hint)


def _push(repository: Repository, branch: str, commit: str) -> bool:
    remote = repository.ask('config', f'branch.{branch}.remote') or 'origin'
    if not repository.ask('remote', 'get-url', remote):
        raise problem('git', '', f"there is no remote '{remote}' to push to", "add one with 'git remote add'")
    old = remote_head(repository, remote, branch)
    if old == commit:
        return False
    if old and not repository.contains(commit, old):
        hint = f"run 'git pull {remote} {branch}', then the command again"
        raise problem(f'{remote}/{branch}', '', f'is at {old[:8]}, which this branch does not have', hint)
    if not push(repository, remote, branch, old, commit):
        now = remote_head(repository, remote, branch)
        raise problem(f'{remote}/{branch}', '', f'moved from {old[:8]} to {now[:8]} meanwhile', 'run the command again')
    return True


def generate_remote(url: str, branch: str, prefix: str, options: Options) -> Outcome:
    """The same without a checkout: fetch the head, generate, push; made again on the new head where it has moved."""
    with _temporary_clone(url, branch, prefix) as repository:
        heads = []
        for attempt in range(ATTEMPTS):
            run = Run(repository, options.models)
            heads.append(run.source.head)
            plan = run.plan(discard=options.discard, removable=options.removable)
            files: dict[str, bytes | None] = {**plan.files, **dict.fromkeys(plan.removed)}
            message = commit_message(plan, (), _operation(options), options.message)
            sign = bool(run.registry.settings.spec.get('signing', {}).get('required'))
            commit = build_commit(repository, run.source.head, files, message, sign=sign) if files else ''
            if not commit or not options.commit:
                return Outcome(plan, '', branch)
            if push(repository, 'origin', branch, run.source.head, commit):
                return Outcome(plan, commit, branch, pushed=True)
            time.sleep(0.2 * 2**attempt)
            repository.git('fetch', '--quiet', 'origin', f'+refs/heads/{branch}:refs/heads/{branch}')
        message = f'moved from {heads[0][:8]} on, {ATTEMPTS} times while this was applied'
        raise problem(f'{url} {branch}', '', message, 'run the command again')


@contextmanager
def _temporary_clone(url: str, branch: str, prefix: str) -> Iterator[Repository]:
    with tempfile.TemporaryDirectory(prefix='chartloom-') as folder:
        yield clone_bare(url, branch, Path(folder) / 'repository', prefix)
