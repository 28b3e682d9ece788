"""A work tree, or a revision of a bare repository → the files that a run reads, by path and blob id."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from generator.domain.layout import (
    APPLICATIONS,
    DOCUMENTS,
    ENVIRONMENTS,
    GENERATED,
    OF_ONE_MODEL,
    REGISTRY,
    RELEASES,
    SCHEMAS,
    SETTINGS,
    delivery_file,
    folder_and_stem,
    is_generated,
    is_ledger,
    model_file,
    model_folder,
    names_below,
    release_file,
    rollout_file,
    values_file,
)
from generator.domain.problems import Problem, ProblemsFound, problem
from generator.domain.tree import LINK, Files
from generator.tools.git.few import look_at_few
from generator.tools.git.files import FOLDER, blob_at, check_size, folder_in_the_way, named
from generator.tools.git.repository import Repository
from generator.tools.git.worktree import WorkTree, is_sparse, look_at_work_tree, read_file, read_revision

# The paths of the registry that belong to more than one model.
SHARED = (SETTINGS, ENVIRONMENTS, APPLICATIONS)
# For more models, git takes longer to compare each path with theirs than to list all.
_FEW = 20


def open_source(repository: Repository, models: Collection[str] = ()) -> Source:
    """Start git's listing of the files of these models, () for all."""
    scope, refs = tuple(sorted(set(models))), repository.refs()
    head = refs.get('HEAD', '')
    if repository.bare:
        return Source(repository, scope, refs, lambda: _revision(repository, head, scope))
    # The environments are not known yet; in a work tree git accepts the pattern '*'.
    narrow = 0 < len(scope) <= _FEW and not is_sparse(repository)
    own = [*registry_paths(scope, ['*']), *generated_paths(scope, ['*'])]
    paths = [f'{REGISTRY}/*', *SHARED, *own] if narrow else _paths(scope, ['*'])
    look = look_at_few if narrow else look_at_work_tree
    return Source(repository, scope, refs, look(repository, paths, head), narrow=narrow)


def open_revision(
    repository: Repository, revision: str, refs: Mapping[str, str], scope: tuple[str, ...] = ()
) -> Source:  # fmt: skip
    """Open a revision as if it were HEAD of a repository without a work tree; '' for one without files."""
    bare = replace(repository, folder=repository.git_dir, bare=True)
    here = {**{name: commit for name, commit in refs.items() if name != 'MERGE_HEAD'}, 'HEAD': revision}
    return Source(bare, scope, here, lambda: _revision(bare, revision, scope))


def _revision(repository: Repository, head: str, scope: Collection[str]) -> WorkTree:
    environments = names_below(ENVIRONMENTS, repository.ids(head, [ENVIRONMENTS]))
    return read_revision(repository, head, _paths(scope, environments))


def _paths(scope: Collection[str], environments: Iterable[str]) -> list[str]:
    """All paths that a commit of this scope may change."""
    documents = () if scope else DOCUMENTS
    return [REGISTRY, *generated_paths(scope, environments), *documents]


def registry_paths(scope: Collection[str], environments: Iterable[str]) -> list[str]:
    """The paths of the registry that belong to these models."""
    releases = [f'{environment}/{model}' for environment in environments for model in scope]
    return [*map(model_file, scope), *(file(each) for each in releases for file in (release_file, rollout_file))]


def generated_paths(scope: Collection[str], environments: Iterable[str]) -> list[str]:
    if not scope:
        return list(GENERATED)
    releases = [f'{environment}/{model}' for environment in environments for model in scope]
    per_release = [file(release) for release in releases for file in (values_file, delivery_file)]
    return [model_folder(model) for model in scope] + per_release


@dataclass(frozen=True, slots=True)
class Names:
    """The names of the registry's files in a folder; one that is asked for is looked up, without a list of all."""

    source: Source
    folder: str

    def __contains__(self, name: object) -> bool:
        return self.source.has(f'{self.folder}/{name}.yaml')

    def __iter__(self) -> Iterator[str]:
        return iter(names_below(self.folder, self.source.every_name))

    def __len__(self) -> int:
        return len(names_below(self.folder, self.source.every_name))


@dataclass(frozen=True)
class Source:
    """The files when git listed them; `scope` are the models they belong to, () for all.

    Files of the registry are read once. `narrow`: those that belong to other models are not listed.
    """

    repository: Repository
    scope: tuple[str, ...]
    refs: Mapping[str, str]
    look: Callable[[], WorkTree] = field(repr=False, compare=False)
    laid: Files = field(default_factory=dict)
    narrow: bool = False
    _read: dict[str, bytes] = field(default_factory=dict, repr=False, compare=False)

    def with_files(self, files: Files) -> Source:
        """Return a source with these contents instead (None: removed), as if an operation had written them."""
        ids, blob_id = dict(self.tree.ids), self.repository.blob_id
        for path, data in files.items():
            ids.pop(path, None)
            if data is not None:
                ids[path] = blob_id(data)
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

    @cached_property
    def every_name(self) -> tuple[str, ...]:
        """The files of the whole registry, also of other models."""
        if not self.narrow:
            return self.names
        look = look_at_work_tree(self.repository, [REGISTRY], self.head)
        return replace(self, look=look, narrow=False, laid={}).with_files(self.laid).names

    def known(self, folder: str) -> Collection[str]:
        """The names of the registry's files in a folder, also of other models."""
        return frozenset(names_below(folder, self.names)) if self.lists(folder) else Names(self, folder)

    def lists(self, folder: str) -> bool:
        """Whether all files of the registry in a folder are listed."""
        return not self.narrow or folder.rpartition('/')[2] not in OF_ONE_MODEL

    def lists_file(self, path: str) -> bool:
        return not self.narrow or self.in_scope(path)

    def has(self, path: str) -> bool:
        """Whether the registry has a file, also of other models."""
        if path in self.laid or self.lists_file(path):
            return path in self.tree.ids
        return os.path.isfile(self.repository.file(path))

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

    def already_read(self, path: str) -> bytes:
        """The content of a file of the registry that was read before; b'' for any other."""
        return self._read.get(path, b'')

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
            self._held[revision] = self.repository.ids(revision, generated_paths(self.scope, environments))
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
