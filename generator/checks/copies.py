"""Secrets and ConfigMaps of releases → problems: those that Flagger would overwrite with its copies of others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from generator.checks.objects import tracks
from generator.checks.owners import uses
from generator.checks.scope import Scope
from generator.domain.generated import ResolvedRelease
from generator.domain.problems import Fault, Problem
from generator.domain.words import quoted
from generator.values.blame import to_problems

_COPY = '-primary'
_Copies = dict[tuple[str, str, str], str]


def overwritten_copies(scope: Scope) -> Iterator[Problem]:
    copies = _copies(scope.releases)
    for release in scope.releases if copies else ():
        if faults := list(_faults(release, copies)):
            yield from to_problems(faults, (*release.chart.layers, *release.layers), release.release.file)


def _copies(releases: Iterable[ResolvedRelease]) -> _Copies:
    """The objects that Flagger writes for the pods that have the requests, over whatever is there, with the release
    that uses the original: environment, kind and name."""
    found: _Copies = {}
    for release in releases:
        if _COPY in tracks(release):
            for use in uses(release.merged):
                if use.kind != 'claim':
                    found.setdefault((release.environment.name, use.kind, f'{use.name}{_COPY}'), release.release.name)
    return found


def _faults(release: ResolvedRelease, copies: _Copies) -> Iterator[Fault]:
    for use in uses(release.merged):
        if other := copies.get((release.environment.name, use.kind, use.name)):
            original = quoted(use.name.removesuffix(_COPY))
            message = f"Flagger writes {use.kind} {quoted(use.name)} for '{other}', as a copy of {original}"
            yield Fault(use.place, message, f"name a {use.kind} that does not end in '{_COPY}'")
