"""A run over some models → the releases of the other members of their applications, to check them together."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

from generator.domain.generated import ResolvedRelease
from generator.domain.layout import ENVIRONMENTS, ledger_file, names_below
from generator.domain.problems import ProblemsFound
from generator.domain.records import Registry
from generator.domain.tree import LINK, Ids
from generator.pipeline.source import SHARED, Source, generated_paths, open_source, registry_paths
from generator.tools.git.files import FOLDER, blob_at
from generator.tools.git.worktree import WorkTree

Resolve = Callable[[Source], tuple[Registry, list[ResolvedRelease]]]


def with_companions(source: Source, registry: Registry, resolve: Resolve) -> tuple[Registry, list[ResolvedRelease]]:
    """Return the registry with the companions of a scope, and their releases; `resolve` makes these from a source.

    Companions with problems of their own are left out: a command is stopped only by what it touches.
    """
    if not source.scope:
        return registry, []
    members = {member for application in registry.applications.values() for member in application.members}
    beside = [member for member in sorted(members.difference(source.scope)) if member in registry.model_names]
    if not beside:
        return registry, []
    try:
        found, releases = resolve(_beside(source, beside))
    except ProblemsFound:
        return registry, []
    whole = replace(
        registry,
        models={**found.models, **registry.models},
        releases={**found.releases, **registry.releases},
        applications={**found.applications, **registry.applications},
        applications_of={**found.applications_of, **registry.applications_of},
    )
    return whole, releases


def _beside(source: Source, models: Collection[str]) -> Source:
    """The same source over other models, to read them."""
    if source.repository.bare:
        return replace(source, scope=tuple(sorted(models)))  # of its own revision, which may not be HEAD
    if source.narrow:
        scope = tuple(sorted(models))
        other = replace(source, scope=scope, look=lambda: _look(source, scope), laid={})
    else:
        other = open_source(source.repository, models)
    return other.with_files(source.laid) if source.laid else other


def _look(source: Source, models: Collection[str]) -> WorkTree:
    """Look at the files of more models without git's index: each question about it reads all of it.

    Of their generated files only the ledgers are compared with HEAD.
    """
    repository, tree = source.repository, source.tree
    environments = [name for name in names_below(ENVIRONMENTS, tree.ids) if '/' not in name]
    own = registry_paths(models, environments)
    held = repository.ids(source.head, [*own, *generated_paths(models, environments)])
    now = {path: blob_at(repository, path) for path in (*own, *map(ledger_file, models))}
    found = {**held, **now}
    ids = {**_shared(tree.ids), **{path: blob for path, blob in found.items() if blob not in ('', FOLDER)}}
    links = frozenset(path for path, blob in ids.items() if blob == LINK)
    return WorkTree(ids, links, ids, {**_shared(tree.held), **held})


def _shared(ids: Ids) -> dict[str, str]:
    return {path: blob for path, blob in ids.items() if path.startswith(SHARED)}
