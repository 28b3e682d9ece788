"""A revision → the folders of registries in it; problems of a request that moves its registry.

What is published in one folder says nothing about another one: there each chart would be a draft, and each release the
first. git knows a folder by its real path only, so a link is a way to move it.
"""

from __future__ import annotations

from itertools import accumulate

from generator.domain.layout import CHARTS, DELIVERY, SETTINGS, release_of
from generator.domain.problems import problem
from generator.domain.settings import Settings
from generator.domain.words import quoted, some
from generator.pipeline.source import Source
from generator.tools.git.repository import LINKS, Repository


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


def refuse_moved(source: Source, settings: Settings, published: str) -> None:
    """Raise ProblemsFound if the published registry is in a folder that HEAD has not, or behind a link to ours."""
    repository, head = source.repository, source.head
    _check_path(source, settings)
    if not head:
        return
    if published == head or repository.ids(published, [SETTINGS]):
        return
    here = prefixes(repository, head)
    if gone := [prefix for prefix in prefixes(repository, published) if prefix not in here]:
        there, found = some(map(_shown, gone)), _shown(repository.prefix)
        message = f'the published registry is in {there}, and this one in {found}: nothing published counts here'
        hint = 'undo the move; whoever may push to the published branch moves the folder there, in a commit of its own'
        raise problem(SETTINGS, '', message, hint)


def _shown(prefix: str) -> str:
    return quoted(prefix) if prefix else 'the root'


def _check_path(source: Source, settings: Settings) -> None:
    """Raise ProblemsFound if agents read another folder of this repository than the one that is verified.

    The folder may be one of another repository, to which this registry is copied: there is none here then.
    """
    repository, head = source.repository, source.head
    path = settings.prefix(repository.prefix)
    if path == repository.prefix:  # git itself resolved it
        return
    parts = path.split('/')[:-1]
    if not {'.', '..'}.isdisjoint(parts):
        raise _other_folder(f"expected a folder without the parts '.' and '..', found {quoted(path)}")
    for part in accumulate(parts, '{}/{}'.format) if head else ():
        entry = repository.raw('--literal-pathspecs', 'ls-tree', '-z', '--full-tree', head, '--', part)
        if entry[:6].decode() in LINKS:
            what = 'a link' if entry.startswith(b'120000') else 'another repository'
            raise _other_folder(f'agents would read {quoted(path)}, and {quoted(part)} is {what}')
    if found := _read_there(source, path):
        here = _shown(repository.prefix)
        message = f'agents would read {quoted(found)}, and what is verified is in {here}'
        raise _other_folder(message)


def _read_there(source: Source, path: str) -> str:
    """A folder below a path that agents would take for one of this registry; '' for none."""
    entries = source.repository.entries(source.head, [f'{path}{CHARTS}', f'{path}{DELIVERY}'])
    there = {'/'.join(each.removeprefix(path).split('/')[:2]) for each in entries}
    ours = {'/'.join(each.split('/')[:2]) for each in source.generated}
    odd = {CHARTS, DELIVERY} & there  # links, which agents follow
    return next((f'{path}{each}' for each in sorted((there & ours) | odd)), '')


def _other_folder(message: str) -> Exception:
    return problem(SETTINGS, '$.spec.repository.path', message, 'name the folder of this registry')
