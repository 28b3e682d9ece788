"""A work tree, or a revision of a bare repository → the files that a run reads, by path and blob id."""

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
    is_ledger,
    model_folder,
    names_below,
    values_file,
)
from generator.domain.problems import Problem, ProblemsFound, problem
from generator.domain.tree import LINK, Files
from generator.tools.git.files import FOLDER, blob_at, check_size, folder_in_the_way, named
from generator.tools.git.repository import Repository
from generator.tools.git.worktree import WorkTree, look_at_work_tree, read_file, read_revision


def open_source(repository: Repository, models: Collection[str] = ()) -> Source:
    """Start git's listing of the files of these models, () for all."""
    scope, refs = tuple(sorted(set(models))), repository.refs()
    head = refs.get('HEAD', '')
    if repository.bare:
        return Source(repository, scope, refs, lambda: _revision(repository, head, scope))
    # The environments are not known yet; in a work tree git accepts the pattern '*'.
    return Source(repository, scope, refs, look_at_work_tree(repository, _paths(scope, ['*']), head))


def open_revision(repository: Repository, revision: str, refs: Mapping[str, str]) -> Source:
    """Open a revision as if it were HEAD of a repository without a work tree; all models."""
    bare = replace(repository, folder=repository.git_dir, bare=True)
    here = {**{name: commit for name, commit in refs.items() if name != 'MERGE_HEAD'}, 'HEAD': revision}
    return Source(bare, (), here, lambda: _revision(bare, revision, ()))


def _revision(repository: Repository, head: str, scope: Collection[str]) -> WorkTree:
    environments = names_below(ENVIRONMENTS, repository.ids(head, [ENVIRONMENTS]))
    return read_revision(repository, head, _paths(scope, environments))


def _paths(scope: Collection[str], environments: Iterable[str]) -> list[str]:
    """All paths that a commit of this scope may change."""
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
    """The files when git listed them; `scope` are the models they belong to, () for all.

    Files of the registry are read once.
    """

    repository: Repository
    scope: tuple[str, ...]
    refs: Mapping[str, str]
    look: Callable[[], WorkTree] = field(repr=False, compare=False)
    laid: Files = field(default_factory=dict)
    _read: dict[str, bytes] = field(default_factory=dict, repr=False, compare=False)

    def with_files(self, files: Files) -> Source:
        """Return a source with these contents instead (None: removed), as if an operation had written them."""
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
        """The commit id of HEAD, '' before the first commit."""
        return self.refs.get('HEAD', '')

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The files of the registry; raises ProblemsFound for links, because a reviewer does not see their targets."""
        if links := [path for path in self.tree.links if f'{path}/'.startswith(f'{REGISTRY}/')]:
            hint = 'put the files themselves into the registry'
            raise ProblemsFound(
                Problem(path, '', f'expected a file or a folder, found {named(self.repository, path)}', hint)
                for path in links
            )
        all_, own = f'{REGISTRY}/', f'{SCHEMAS}/'
        return tuple(path for path in self.tree.ids if path.startswith(all_) and not path.startswith(own))

    def check_missing(self, path: str) -> None:
        """Raise ProblemsFound if a path that is not listed is in the index or in the work tree."""
        if self.repository.bare:
            return
        found = blob_at(self.repository, path)
        if not found and (path in self.tree.held or path in self.tree.staged):
            hint = "run 'git restore' for it, or 'git sparse-checkout add' for its folder"
            raise problem(path, '', 'the file is in git, but not in the work tree', hint)
        if found == FOLDER:
            raise ProblemsFound([folder_in_the_way(path)])
        if found:
            hint = f"remove the '.git' in {path.rpartition('/')[0]}"
            raise problem(path, '', 'the file belongs to another git repository', hint)

    def read(self, path: str) -> bytes:
        laid = self.laid.get(path)
        if laid is not None:
            return laid
        if path in self._read:
            return self._read[path]
        if self.repository.bare:
            return self._read_blobs(path)
        data = read_file(self.repository, path)
        if path.startswith(f'{REGISTRY}/'):  # generated files are many, and each is read rarely
            self._read[path] = data
        return data

    def _read_blobs(self, path: str) -> bytes:
        """Read a file of the revision; the files of the registry are read at once, by one git process."""
        ids = self.tree.ids
        together = filter(self.in_scope, self.names) if path.startswith(f'{REGISTRY}/') else ()
        wanted = {name: ids[name] for name in (*together, path) if name not in self.laid}
        sizes = self.repository.sizes(wanted.values())
        for name, blob in wanted.items():
            check_size(name, sizes.get(blob, 0))
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
        """Blob ids of the generated files of a revision, in scope, without documents; {} for no revision."""
        if revision not in self._held:
            environments = [name for name in names_below(ENVIRONMENTS, self.tree.ids) if '/' not in name]
            self._held[revision] = self.repository.ids(revision, _generated(self.scope, environments))
        return self._held[revision]

    @property
    def release_names(self) -> list[str]:
        """`env/model` of every release file."""
        return names_below(RELEASES, self.tree.ids)

    def fetch(self) -> None:
        """Let a clone without contents get those that a run reads, in one request."""
        ids = self.tree.ids
        # Charts are many, and a run over all models reads few of them.
        wanted = [p for p in ids if self.in_scope(p) and (self.scope or not is_generated(p) or is_ledger(p))]
        self.repository.fetch_missing(ids[path] for path in wanted if ids[path] != LINK)

    def in_scope(self, name: str) -> bool:
        """Whether a registry file belongs to a model of this scope, or to more than one model."""
        folder, stem = folder_and_stem(name)
        return not self.scope or folder not in OF_ONE_MODEL or stem in self.scope
