"""Releases with a sign-in by cookie → problems: annotations by which pages of other origins would use it.

A browser sends the cookie with every request. As soon as CORS is on, ingress-nginx lets pages of all origins read the
answers to requests with cookies, unless more is written.
"""

from __future__ import annotations

from collections.abc import Iterator

from generator.checks.scope import Scope
from generator.domain.choices import is_ingress
from generator.domain.generated import ResolvedRelease
from generator.domain.problems import Problem
from generator.domain.words import quoted
from generator.strategies.routers.nginx import PREFIX
from generator.values.blame import written_at

_OFF = frozenset(('0', 'f', 'F', 'false', 'False', 'FALSE'))
_CORS, _COOKIES, _ORIGINS = (
    f'{PREFIX}/{key}' for key in ('enable-cors', 'cors-allow-credentials', 'cors-allow-origin')
)


def shared_sessions(scope: Scope) -> Iterator[Problem]:
    """Yield what anybody else than the environment writes of CORS with cookies, for routes with sign-in."""
    for release in scope.releases:
        if release.merged['auth']['type'] != 'oidc':
            continue
        for route in ('route', 'grpcRoute'):
            found = release.merged[route]['annotations'] if is_ingress(release.merged[route]['type']) else {}
            if str(found.get(_CORS, 'f')) not in _OFF and str(found.get(_COOKIES, 't')) not in _OFF:
                yield from _foreign(release, route)


def _foreign(release: ResolvedRelease, route: str) -> Iterator[Problem]:
    for key in (_CORS, _COOKIES, _ORIGINS):
        if key not in release.merged[route]['annotations']:
            continue
        file, path = written_at((route, 'annotations', key), release.layers) or (release.release.file, '$.spec')
        if file != release.environment.file:
            message = f'{quoted(key)} lets pages of other origins use the sign-in of visitors'
            hint = f"write {quoted(_COOKIES)}: 'false' beside it, or let the environment write it in spec.values"
            yield Problem(file, path, message, hint)
