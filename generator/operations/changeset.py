"""A run → the content of its commit: generated files, the registry files they come from, and index entries."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from generator.delivery import documents as repository_documents
from generator.domain.generated import Change, Plan
from generator.domain.layout import (
    DOCUMENTS,
    OF_ONE_MODEL,
    REGISTRY,
    SCHEMAS,
    folder_and_stem,
    is_registry_yaml,
)
from generator.domain.problems import Problem, ProblemsFound
from generator.domain.settings import Signing
from generator.domain.tree import Files
from generator.operations.members import unlike_commit
from generator.operations.operation import Operation, Options
from generator.operations.provenance import provenance
from generator.pipeline.reasons import release_reasons
from generator.pipeline.run import Run
from generator.pipeline.signed import unsigned
from generator.plan.message import commit_message
from generator.plan.plan import left_behind
from generator.tools.git.attributes import check_stored
from generator.tools.git.build import build_commit
from generator.tools.git.repository import Repository
from generator.tools.git.signing import is_signed


@dataclass(frozen=True, slots=True)
class Changeset:
    """`plan` has the changes of generated files, `files` all files of the commit, `registry` the registry files among
    them, and `executable` those with the executable bit.

    `index` has the paths whose index entries are updated to the commit, with the blob ids that are staged now;
    `reasons` says why releases change.
    """

    plan: Plan
    files: Files
    registry: Collection[str] = ()
    executable: Collection[str] = ()
    index: Mapping[str, str] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)


def find_changes(run: Run, plan: Plan, operation: Operation, own: Collection[str], options: Options) -> Changeset:
    """Compare HEAD with the desired tree; `plan` does the same for the work tree.

    `own` are the registry files that belong to the operation's change. Raises ProblemsFound if the commit would lose a
    change, or contain a change that is not part of the operation.
    """
    if operation.along is not None and (problems := list(unlike_commit(run))):
        raise ProblemsFound(problems)
    removable, discard = options.removable, options.discard
    held = run.source.tree.held  # the files of HEAD that a commit of this scope may change
    lacking, registry = plan, {}
    if held != run.source.tree.ids:
        generated = run.without_left({path: blob for path, blob in held.items() if not _is_registry(path)})
        if generated != run.current:
            if problems := left_behind([path for path in generated if path not in run.desired_ids], removable):
                raise ProblemsFound(problems)
            lacking = run.head_plan(generated, removable)
        registry = _registry_changes(run, held)
        if problems := _strangers(run, registry, held, operation, own):
            raise ProblemsFound(problems)
    changes = _with_own_blocks(run, lacking, held)
    files = {**changes.files, **dict.fromkeys(changes.removed), **registry}
    index = _index(run, {*files, *(change.path for change in plan.changes)}, files, held, discard)
    reasons = release_reasons(run, changes, head=True)
    return Changeset(changes, files, tuple(registry), _executable(run, registry), index, reasons)


def _is_registry(path: str) -> bool:
    return path.startswith(f'{REGISTRY}/') and not path.startswith(f'{SCHEMAS}/')


def _with_own_blocks(run: Run, plan: Plan, held: Mapping[str, str]) -> Plan:
    """Change only the marked block of a document: the commit excludes the team's uncommitted changes around it."""
    dirty = [name for name in DOCUMENTS if run.whole and run.source.tree.ids.get(name) != held.get(name)]
    if not dirty:
        return plan
    blobs = run.repository.read(held[name] for name in dirty if name in held)
    current = {name: blobs[held[name]] for name in dirty if name in held}
    rendered = repository_documents.render_documents(run.registry, run.templates, current, run.prefix)
    wanted = {name: rendered[name] for name in dirty if name in rendered}
    changed = {name: data for name, data in wanted.items() if run.repository.blob_id(data) != held.get(name)}
    changes = [change for change in plan.changes if change.path not in dirty]
    changes += [Change('update' if name in held else 'add', name) for name in changed]
    files = {path: data for path, data in plan.files.items() if path not in dirty}
    return replace(plan, changes=tuple(sorted(changes, key=lambda change: change.path)), files=files | changed)


def _registry_changes(run: Run, held: Mapping[str, str]) -> dict[str, bytes | None]:
    """The registry files of the scope that differ from HEAD: a commit contains the files it was generated from."""
    source = run.source
    names = {name for name in source.names if is_registry_yaml(name) and source.in_scope(name)}
    changes: dict[str, bytes | None] = {
        name: source.read(name) for name in sorted(names) if held.get(name) != source.tree.ids[name]
    }
    gone = (path for path in sorted(held) if is_registry_yaml(path) and path not in source.tree.ids)
    changes.update((path, None) for path in gone if run.whole or (_is_of_model(path) and source.in_scope(path)))
    return changes


def _strangers(
    run: Run, changed: Collection[str], held: Mapping[str, str], operation: Operation, own: Collection[str]
) -> list[Problem]:
    """Report changed registry files that are not part of the operation, or that also change other models."""
    gone = (path for path in held if is_registry_yaml(path) and path not in run.source.tree.ids)
    shared = {path for path in (*changed, *gone) if not _is_of_model(path) and not _is_of_these(run, path)}
    if operation.along is not None:
        # The commit of an operation contains no other change: its files would not match the registry without it.
        found, message = {*changed, *shared}.difference(own, operation.along), 'changed, and not part of this operation'
        hint = operation.instead or "commit it first ('chartloom generate --commit'), or undo it with 'git restore'"
    else:
        found, message = set() if run.whole else shared, 'changed, and other models may depend on it'
        hint = "run 'chartloom generate --commit' for all models, or undo the change with 'git restore'"
    return [Problem(path, '', message, hint) for path in sorted(found)]


def _is_of_these(run: Run, path: str) -> bool:
    """Whether a file is a new application whose members are all in this run."""
    application = next((each for each in run.registry.applications.values() if each.file == path), None)
    return (
        application is not None
        and path not in run.source.tree.held
        and {*run.source.scope}.issuperset(application.members)
    )


def _is_of_model(path: str) -> bool:
    return folder_and_stem(path)[0] in OF_ONE_MODEL


def _index(run: Run, paths: set[str], files: Files, held: Mapping[str, str], discard: bool) -> dict[str, str]:
    """The index entries to update; raises ProblemsFound if that would lose a staged change."""
    if not paths and not discard:
        return {}
    tree, blob_id, desired = run.source.tree, run.repository.blob_id, run.files
    made = run.desired_ids  # already hashed
    final = {
        **held,
        **{p: made[p] if data is desired.get(p) else blob_id(data) for p, data in files.items() if data is not None},
    }
    nothing = blob_id(b'')  # staged by `git add --intent-to-add`
    if discard:
        paths |= {p for p, blob in tree.staged.items() if not _is_registry(p) and blob != final.get(p)}
    lost = [
        path
        for path in sorted(paths)
        if not (discard and not _is_registry(path))
        and tree.staged.get(path) not in (None, nothing, held.get(path), final.get(path), tree.ids.get(path))
    ]
    if lost:
        hint = "commit it, or undo it with 'git restore --staged'"
        raise ProblemsFound(Problem(path, '', 'a staged change would be lost', hint) for path in lost)
    return {path: tree.staged.get(path, '') for path in sorted(paths)}


def build(
    run: Run, changes: Changeset, trailer: str, subject: str, notes: Sequence[str] = (), parent: str | None = None
) -> str:
    """Create the commit without moving a branch; return its id, '' if nothing differs.

    `parent` is another commit than that of the run, with the same contents of all files that the run reads.
    """
    if not changes.files:
        return ''
    if parent in (None, run.source.head):  # else it was checked before, and no attributes have changed
        check_stored(run.repository, run.source.head, changes.files)
    told = provenance(os.environ)
    gone = [path for path in changes.registry if changes.files[path] is None]
    message = commit_message(changes.plan, changes.registry, trailer, subject, changes.reasons, notes, told, gone)
    signing, head = run.settings.signing, run.source.head if parent is None else parent
    make = partial(build_commit, run.repository, head, changes.files, message, executable=changes.executable)
    return signed(run.repository, signing, make)


def signed(repository: Repository, signing: Signing, make: Callable[..., str]) -> str:
    """Make a commit as the settings say, and return its id; raises ProblemsFound if its signature does not count.

    Before anything moves or leaves: git signs with a key that nobody may know.
    """
    commit = make(sign=signing.required, form=signing.format)
    if commit and (signing.required or is_signed(repository, commit)):
        check_signed(repository, [commit], signing)
    return commit


def check_signed(repository: Repository, commits: Iterable[str], signing: Signing) -> None:
    """Raise ProblemsFound unless each commit is signed by a known signer."""
    if problems := list(unsigned(repository, commits, signing)):
        raise ProblemsFound(problems)


def _executable(run: Run, registry: Collection[str]) -> frozenset[str]:
    """Registry files that keep their executable bit, by git's own rule."""
    repository = run.repository
    found = [path for path in registry if os.access(repository.root / path, os.X_OK)]
    if not found or repository.ask('config', '--type=bool', 'core.fileMode') != 'false':
        return frozenset(found)
    entries = repository.entries(run.source.head, [repository.prefix + path for path in found])
    return frozenset(path for path in found if entries.get(repository.prefix + path, '').startswith('100755'))
