"""Claims of releases → problems: files of a model that the pods of another one could change after their check."""

from __future__ import annotations

from collections.abc import Iterator

from generator.checks.owners import is_own, is_permitted, volumes
from generator.checks.scope import Scope
from generator.checks.written import at
from generator.domain.places import Path, json_path
from generator.domain.problems import Problem
from generator.domain.words import quoted


def written_artifacts(scope: Scope) -> Iterator[Problem]:
    """Report claims that one release has its artifact on and another one may write to."""
    served: dict[tuple[str, str], list[str]] = {}
    for release in scope.releases:
        artifact = release.merged['artifact']
        if artifact['delivery'] == 'volume':
            served.setdefault((release.environment.name, artifact['claimName']), []).append(release.release.name)
    for release in scope.releases if served else ():
        for use in volumes(release.merged):
            if use.kind != 'claim' or use.how[0]:
                continue
            here = served.get((release.environment.name, use.name), ())
            other = next((name for name in here if name != release.release.name), '')
            if other and not is_permitted(use, release) and not is_own(use.name, release, scope.registry):
                message = f"release '{other}' has its artifact on claim {quoted(use.name)}, which this one could change"
                hint = f"set readOnly: true, or use a claim whose name begins with '{release.release.model}-'"
                place: Path = ('values', *use.place)
                path = json_path(('spec', *place) if at(release.release.spec, place) else ('spec',))
                yield Problem(release.release.file, path, message, hint)
