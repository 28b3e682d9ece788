"""What git holds in a work tree, or in a revision without one → the files that a run reads, by name and blob id."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from generator.domain.layout import (
    DOCUMENTS,
    ENVIRONMENTS,
    GENERATED,
    OF_ONE_MODEL,
    REGISTRY,
    RELEASES,
    SCHEMAS,
    delivery_file,
    folder_and_stem,
    is_generated,
    model_folder,
    names_below,
    values_file,
)
from generator.domain.problems import Problem, ProblemsFound, problem
from generator.domain.tree import Files
from generator.tools.git.files import FOLDER, blob_at, folder_in_the_way, named
from generator.tools.git.repository import Repository
from generator.tools.git.worktree import WorkTree, look_at_work_tree, read_file, read_revision


def open_source(repository: Repository, models: Collection[str] = ()) -> Source:
    """Let git begin to look at what concerns these models, or at everything."""
    scope, refs = tuple(sorted(set(models))), repository.refs()
    head = refs.get('HEAD', '')
    if repository.bare:
        return Source(repository, scope, refs, lambda: _revision(repository, head, scope))
    # The environments are not known yet: git takes patterns in a work tree.
    return Source(repository, scope, refs, look_at_work_tree(repository, _paths(scope, ['*']), head))


def _revision(repository: Repository, head: str, scope: Collection[str]) -> WorkTree:
    environments = names_below(ENVIRONMENTS, repository.ids(head, [ENVIRONMENTS]))
    return read_revision(repository, head, _paths(scope, environments))


def _paths(scope: Collection[str], environments: Iterable[str]) -> list[str]:
    """All paths that a commit of this scope may touch."""
    documents = () if scope else DOCUMENTS
    return [REGISTRY, *_generated(scope, environments), *documents]


def _generated(scope: Collection[str], environments: Iterable[str]) -> list[str]:
    if not scope:
        return list(GENERATED)
    releases = [f'{environment}/{model}' for environment in environments for model in scope]
    per_release = [file(release) for release in releases for file in (values_file, delivery_file)]
    return [model_folder(model) for model in scope] + per_release


@dataclass(frozen=True)
class Source:
    """The files as they stood when git looked; `scope` are the models they belong to, none for all.

    What has been read is kept.
    """

    repository: Repository
    scope: tuple[str, ...]
    refs: Mapping[str, str]
    look: Callable[[], WorkTree] = field(repr=False, compare=False)
    laid: Files = field(default_factory=dict)
    _read: dict[str, bytes] = field(default_factory=dict, repr=False, compare=False)

    def with_files(self, files: Files) -> Source:
        """The same with these in place of what stands there, None for removed: as an operation leaves the registry."""
        ids = {path: blob for path, blob in self.tree.ids.items() if path not in files}
        blob_id = self.repository.blob_id
        ids.update((path, blob_id(data)) for path, data in files.items() if data is not None)
        tree = replace(self.tree, ids=ids)
        return replace(self, look=lambda: tree, laid={**self.laid, **files})

    @cached_property
    def tree(self) -> WorkTree:
        return self.look()

    @property
    def head(self) -> str:
        """The commit that HEAD is, '' for none."""
        return self.refs.get('HEAD', '')

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The registry's files; links are refused, for what they point to is not what a reviewer sees."""
        if links := [path for path in self.tree.links if f'{path}/'.startswith(f'{REGISTRY}/')]:
            hint = 'put the files themselves into the registry'
            raise ProblemsFound(
                Problem(path, '', f'{named(self.repository, path)} is no registry file', hint) for path in links
            )
        own = f'{SCHEMAS}/'
        return tuple(path for path in self.tree.ids if path.startswith(f'{REGISTRY}/') and not path.startswith(own))

    def check_missing(self, path: str) -> None:
        """ProblemsFound where what git knows, and what stands at a path, are not the same."""
        if self.repository.bare:
            return
        found = blob_at(self.repository, path)
        if not found and (path in self.tree.held or path in self.tree.staged):
            hint = "bring it here with 'git restore', or 'git sparse-checkout add' of its folder"
            raise problem(path, '', 'git has this file, but it is not in the work tree', hint)
        if found == FOLDER:
            raise ProblemsFound([folder_in_the_way(path)])
        if found:
            hint = f"remove the '.git' in {path.rpartition('/')[0]}"
            raise problem(path, '', 'git takes this file for one of another repository', hint)

    def read(self, path: str) -> bytes:
        laid = self.laid.get(path)
        if laid is not None:
            return laid
        if path in self._read:
            return self._read[path]
        if self.repository.bare:
            return self._read_blobs(path)
        data = read_file(self.repository, path)
        if path.startswith(f'{REGISTRY}/'):  # generated files are many, and none is asked for often
            self._read[path] = data
        return data

    def _read_blobs(self, path: str) -> bytes:
        """A file of the revision; of the registry all at once, by one process."""
        ids = self.tree.ids
        wanted = {name: ids[name] for name in (self.names if path.startswith(f'{REGISTRY}/') else ())} | {
            path: ids[path]
        }
        blobs = self.repository.read(wanted.values())
        self._read.update((name, blobs[blob]) for name, blob in wanted.items())
        return self._read[path]

    @cached_property
    def generated(self) -> Mapping[str, str]:
        """Blob ids of the generated files and documents in scope."""
        return {path: blob for path, blob in self.tree.ids.items() if is_generated(path) or path in DOCUMENTS}

    @cached_property
    def _held(self) -> dict[str, Mapping[str, str]]:
        return {self.head: {path: blob for path, blob in self.tree.held.items() if is_generated(path)}}

    def held_by(self, revision: str) -> Mapping[str, str]:
        """Blob ids of the generated files in scope that a revision holds, documents aside; {} for no revision."""
        if revision not in self._held:
            environments = [name for name in names_below(ENVIRONMENTS, self.tree.ids) if '/' not in name]
            self._held[revision] = self.repository.ids(revision, _generated(self.scope, environments))
        return self._held[revision]

    @property
    def release_names(self) -> list[str]:
        """`env/model` of every release file."""
        return names_below(RELEASES, self.tree.ids)

    def in_scope(self, name: str) -> bool:
        """Whether a registry file belongs to the models of this scope, or to all."""
        folder, stem = folder_and_stem(name)
        return not self.scope or folder not in OF_ONE_MODEL or stem in self.scope
