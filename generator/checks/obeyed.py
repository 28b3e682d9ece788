"""Paths of a repository → problems and warnings: files that agents, forges and helm obey, whoever has written them.

A reviewer sees one more file; the program that obeys it deploys, shows or asks for something else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from generator.domain.choices import has_projects
from generator.domain.layout import CHARTS, DELIVERY, REGISTRY
from generator.domain.problems import Problem
from generator.domain.records import Registry


@dataclass(frozen=True, slots=True)
class Place:
    """A file by its path from the top of the git repository; `prefix` is our folder in it, '' or ending in '/'."""

    path: str
    prefix: str
    registry: Registry

    @property
    def folder(self) -> str:
        """The folder of the file, '' or ending in '/'."""
        return self.path[: self.path.rfind('/') + 1]

    @property
    def ours(self) -> bool:
        return self.path.startswith(self.prefix)

    def below(self, *folders: str) -> bool:
        return self.ours and self.path.removeprefix(self.prefix).startswith(tuple(f'{folder}/' for folder in folders))

    @property
    def shown(self) -> str:
        """The path in our folder, or from the top in git's own notation."""
        return self.path.removeprefix(self.prefix) if self.ours else f':/{self.path}'


@dataclass(frozen=True, slots=True)
class Obeyed:
    """A kind of file that a program obeys: the pattern of its name, where it counts, and what it does."""

    name: str
    counts: Callable[[Place], bool]
    does: str
    refused: bool = True


def _hides_from_flux(place: Place) -> bool:
    """The file counts for its folder and all below it."""
    served = any(not has_projects(environment.agent) for environment in place.registry.environments.values())
    return served and (place.prefix.startswith(place.folder) or place.below(CHARTS, DELIVERY))


def _is_deployed(place: Place) -> bool:
    return place.below(CHARTS, DELIVERY)


def _replaces_owners(place: Place) -> bool:
    return place.folder == '.github/' and _has_owners(place)


def _is_not_read(place: Place) -> bool:
    return place.folder in ('docs/', '.gitlab/', '.gitea/', '.forgejo/') and _has_owners(place)


def _is_of_bitbucket(place: Place) -> bool:
    return place.folder == '.bitbucket/' and _has_owners(place)


def _has_owners(place: Place) -> bool:
    """Whether forges read our CODEOWNERS, and it has owners."""
    return not place.prefix and 'owners' in place.registry.settings.spec


OBEYED = (
    # Patterns of source-controller: a file of Flux that is hidden is a file that is gone, and Flux removes its objects.
    Obeyed(
        r'\.sourceignore', _hides_from_flux, 'it hides files from Flux, which then removes what they describe'
    ),
    # Overrides of the repo-server, read from the folder of an Application's source.
    Obeyed(r'\.argocd-source(?:-.*)?\.yaml', _is_deployed, 'it changes what Argo CD deploys from this folder'),
    Obeyed(
        r'\.argocd-allow-concurrency', _is_deployed, 'it changes how Argo CD renders this folder', refused=False
    ),
    # kustomize-controller makes one for a folder that has none.
    Obeyed(
        r'kustomization\.ya?ml|Kustomization', lambda place: place.below(DELIVERY),
        'agents deploy only what it lists, instead of the files beside it',
    ),
    Obeyed(r'\.helmignore', lambda place: place.below(CHARTS), 'it hides files of the chart from helm'),
    # GitHub reads the first of .github/, the top and docs/; GitLab the first of the top, docs/ and .gitlab/; Gitea and
    # Forgejo the first of the top, docs/ and their own folder.
    Obeyed(
        'CODEOWNERS', _replaces_owners, 'GitHub reads it instead of CODEOWNERS, which has the owners of the settings'
    ),
    Obeyed('CODEOWNERS', _is_not_read, 'no forge reads it beside CODEOWNERS', refused=False),
    # Bitbucket Data Center reads this file alone.
    Obeyed('CODEOWNERS', _is_of_bitbucket, 'Bitbucket reads it instead of CODEOWNERS', refused=False),
    # Argo CD fetches submodules of every repository, with its own credentials.
    Obeyed(
        r'\.gitmodules', lambda place: not place.folder, 'Argo CD fetches the repositories that it names', refused=False
    ),
)  # fmt: skip
# What git must look for.
NAMES = (
    '.sourceignore', '.argocd-source*.yaml', '.argocd-allow-concurrency', 'kustomization.yaml', 'kustomization.yml',
    'Kustomization', '.helmignore', 'CODEOWNERS', '.gitmodules',
)  # fmt: skip


def obeyed_files(paths: Iterable[str], prefix: str, registry: Registry, *, refused: bool) -> Iterator[Problem]:
    """Report files that are refused, or else those to warn of; paths are relative to the top of the repository."""
    for path in sorted(paths):
        place = Place(path, prefix, registry)
        for kind in OBEYED:
            if kind.refused is refused and re.fullmatch(kind.name, path.rpartition('/')[2]) and kind.counts(place):
                yield Problem(place.shown, '', kind.does, 'remove it')


_NONE = ('unspecified', 'unset')
# Attributes of git, the values that change what is stored or shown, and what they do.
ATTRIBUTES: Mapping[str, tuple[Callable[[str], bool], str]] = {
    'diff': (lambda value: value == 'unset', 'forges and git show no changes of this file'),
    'linguist-generated': (lambda value: value not in (*_NONE, 'false'), 'GitHub hides the changes of this file'),
    'gitlab-generated': (lambda value: value not in (*_NONE, 'false'), 'GitLab hides the changes of this file'),
    'eol': (lambda value: value == 'crlf', 'git writes other bytes than it stores'),
    'working-tree-encoding': (lambda value: value not in _NONE, 'git writes other bytes than it stores'),
    'filter': (lambda value: value not in _NONE, 'git writes other bytes than it stores'),
    'ident': (lambda value: value == 'set', 'git writes other bytes than it stores'),
    # Forges obey it, too; drivers of other names are configured in a clone.
    'merge': (lambda value: value == 'union', 'git keeps the lines of both sides where they conflict'),
    'export-ignore': (lambda value: value not in _NONE, 'archives of the repository lack it'),
    'export-subst': (lambda value: value not in _NONE, 'archives of the repository have other words in it'),
}  # fmt: skip
# What our own block in .gitattributes sets, for files that nobody reviews line by line.
_GENERATED = (f'{CHARTS}/', f'{REGISTRY}/schemas/')


def _counts(attribute: str, path: str) -> bool:
    """Whether an attribute matters for a file: agents and people may use archives of what is deployed."""
    if attribute.startswith('export-'):
        return path.startswith((f'{CHARTS}/', f'{DELIVERY}/', f'{REGISTRY}/'))
    return not (attribute.endswith('-generated') and path.startswith(_GENERATED))


def attribute_problems(found: Iterable[tuple[str, str, str]]) -> Iterator[Problem]:
    """Report attributes of git, given as path, name and value: the first file of each, and the number of the others."""
    touched: dict[tuple[str, str], list[str]] = {}
    for path, name, value in found:
        harms, _ = ATTRIBUTES[name]
        if harms(value) and _counts(name, path):
            touched.setdefault((name, value), []).append(path)
    for (name, value), paths in sorted(touched.items()):
        more = f' (and {len(paths) - 1} more)' if len(paths) > 1 else ''
        message = f"attribute '{name}' is {value} for this file{more}: {ATTRIBUTES[name][1]}"
        yield Problem(
            min(paths), '', message, "remove it from .gitattributes ('git check-attr --all <file>' shows all)"
        )
