"""A revision → the folders of registries in it: where a run has its registry, a request can change."""

from __future__ import annotations

from generator.domain.layout import DELIVERY, SETTINGS, release_of
from generator.tools.git.repository import Repository


def prefixes(repository: Repository, revision: str) -> list[str]:
    """Return the folders that hold a registry in the whole repository, '' or ending in '/'."""
    listing = repository.raw('ls-tree', '-r', '-z', '--name-only', '--full-tree', revision)
    paths = listing.decode('utf-8', 'surrogateescape').split('\0')
    return [path.removesuffix(SETTINGS) for path in paths if f'/{path}'.endswith(f'/{SETTINGS}')]


def delivers(repository: Repository, revision: str) -> bool:
    """Whether there are delivery objects of any registry."""
    found = prefixes(repository, revision)
    paths = repository.entries(revision, [f'{prefix}{DELIVERY}' for prefix in found]) if found else ()
    return any(release_of(path.removeprefix(prefix)) for prefix in found for path in paths)
