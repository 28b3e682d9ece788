"""The files that a run reads and compares, by name and blob id: of the work tree, or of a revision without one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from functools import cached_property, partial

from generator.domain.layout import (
    CHARTS,
    DELIVERY,
    DOCUMENTS,
    ENVIRONMENTS,
    GENERATED,
    OF_ONE_MODEL,
    REGISTRY,
    RELEASES,
    SCHEMAS,
    VALUES,
    delivery_file,
    folder_and_stem,
    is_generated,
    model_folder,
    names_below,
    values_file,
)
from generator.domain.problems import Problem, ProblemsFound, problem
from generator.tools.git.files import FOLDER, folder_in_the_way, named, standing
from generator.tools.git.repository import Repository
from generator.tools.git.worktree import WorkTree, look_at_work_tree, read_file, read_revision


class Source:
    """The files that a run reads: of the work tree, or of a revision where there is none."""

    def __init__(self, repository: Repository, only: Collection[str] = ()) -> None:
        self.repository = repository
        self.only = tuple(sorted(only))
        self.refs = repository.refs()
        self.head = self.refs.get('HEAD', '')
        self._cache: dict[str, bytes] = {}
        paths = [REGISTRY, *self._generated(('*',)), *self._documents()]
        self._look = (
            partial(read_revision, repository, self.head, paths)
            if repository.bare
            else look_at_work_tree(repository, paths, self.head)
        )

    @cached_property
    def tree(self) -> WorkTree:
        """What stands there; git has begun to look for it when this was made."""
        return self._look()

    def _documents(self) -> tuple[str, ...]:
        return () if self.only else DOCUMENTS

    def _generated(self, environments: Iterable[str]) -> list[str]:
        """The generated paths in scope; '*' stands for every environment where git takes patterns."""
        if not self.only:
            return list(GENERATED)
        if self.repository.bare and '*' in environments:
            return [CHARTS, VALUES, DELIVERY]
        releases = [f'{environment}/{model}' for environment in environments for model in self.only]
        per_release = [file(release) for release in releases for file in (values_file, delivery_file)]
        return [model_folder(model) for model in self.only] + per_release

    @cached_property
    def names(self) -> list[str]:
        """The registry's files; links are refused, for what they point to is not what a reviewer sees."""
        if links := [path for path in self.tree.links if f'{path}/'.startswith(f'{REGISTRY}/')]:
            hint = 'put the files themselves into the registry'
            raise ProblemsFound(
                Problem(path, '', f'{named(self.repository, path)} is no registry file', hint) for path in links
            )
        own = f'{SCHEMAS}/'
        return [path for path in self.tree.ids if path.startswith(f'{REGISTRY}/') and not path.startswith(own)]

    def check_missing(self, path: str) -> None:
        """ProblemsFound where what git knows, and what stands at a path, are not the same."""
        if self.repository.bare:
            return
        found = standing(self.repository, path)
        if not found and (path in self.tree.held or path in self.tree.staged):
            hint = "bring it here with 'git restore', or 'git sparse-checkout add' of its folder"
            raise problem(path, '', 'git has this file, but it is not in the work tree', hint)
        if found == FOLDER:
            raise ProblemsFound([folder_in_the_way(path)])
        if found:
            hint = f"remove the '.git' in {path.rpartition('/')[0]}"
            raise problem(path, '', 'git takes this file for one of another repository', hint)

    def read(self, path: str) -> bytes:
        if path not in self._cache:
            if self.repository.bare:
                return self.repository.read([self.tree.ids[path]])[self.tree.ids[path]]
            data = read_file(self.repository, path)
            if not path.startswith(f'{REGISTRY}/'):  # many, and none is asked for often
                return data
            self._cache[path] = data
        return self._cache[path]

    def lay(self, files: Mapping[str, bytes | None]) -> None:
        """Take these as if they stood there, None for removed: the registry as an operation leaves it."""
        ids = {path: blob for path, blob in self.tree.ids.items() if path not in files}
        kept = {path: data for path, data in files.items() if data is not None}
        ids.update((path, self.repository.blob_id(data)) for path, data in kept.items())
        self.tree = replace(self.tree, ids=ids)
        self._cache.update(kept)
        vars(self).pop('names', None)  # it is told anew

    def prefetch(self, paths: Iterable[str]) -> None:
        """Read many files by one git process where there is no work tree."""
        if self.repository.bare:
            wanted = {path: self.tree.ids[path] for path in paths if path in self.tree.ids}
            blobs = self.repository.read(wanted.values())
            self._cache.update((path, blobs[blob]) for path, blob in wanted.items())

    def generated(self) -> dict[str, str]:
        """Blob ids of the generated files and documents in scope."""
        return {path: blob for path, blob in self.tree.ids.items() if is_generated(path) or path in DOCUMENTS}

    def held(self) -> dict[str, str]:
        """Blob ids of the generated files in scope that HEAD holds, documents aside."""
        return {path: blob for path, blob in self.tree.held.items() if is_generated(path)}

    @property
    def release_names(self) -> list[str]:
        """`env/model` of every release file."""
        return names_below(RELEASES, self.tree.ids)

    def environments(self) -> list[str]:
        return [name for name in names_below(ENVIRONMENTS, self.tree.ids) if '/' not in name]

    def base_paths(self) -> list[str]:
        """The generated paths in scope, as ls-tree takes them."""
        return self._generated(self.environments())

    def commit_paths(self) -> list[str]:
        """All paths that a commit of this scope may touch."""
        return [REGISTRY, *self.base_paths(), *self._documents()]

    def in_scope(self, name: str) -> bool:
        """Whether a registry file belongs to the models of this run, or to all."""
        folder, stem = folder_and_stem(name)
        return not self.only or folder not in OF_ONE_MODEL or stem in self.only
