"""The values of a release → the paths of hosts that its routes open, and which of several gets a request.

A gRPC call is a request for /<service>/<method>. All routers let the most exact path win, in whole segments.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from generator.domain.values import Values
from generator.review.records import Side
from generator.values.merge import enabled

KEYS = ('route', 'grpcRoute')
ANY = '\0'  # any path below a prefix, or any service: no path of people has it
_BELOW = f'/{ANY}'


def shown(path: str) -> str:
    return path.replace(ANY, '*')


@dataclass(frozen=True, slots=True)
class Way:
    """A path, and unless it is `exact` all that is below it."""

    path: str
    exact: bool

    @property
    def points(self) -> tuple[str, ...]:
        """Paths that stand for all that it covers."""
        own = self.path.rstrip('/')
        return (own or '/',) if self.exact else (own or '/', f'{own}{_BELOW}')

    def covers(self, point: str) -> bool:
        own = self.path.rstrip('/')
        if own.startswith(f'{_BELOW}/'):  # a method of any service
            return point.count('/') == 2 and point.endswith(own[len(_BELOW) :])
        return point == (own or '/') or (not self.exact and point.startswith(f'{own}/'))

    def __str__(self) -> str:
        return shown(self.path) if self.exact else f'{shown(self.path)} and below'


@dataclass(frozen=True, slots=True)
class Opening:
    """A way to a release (`env/model`) under a host name, and what its pods are asked for, at a port of theirs."""

    release: str
    key: str
    host: str
    way: Way
    asked: Way
    port: str

    @property
    def model(self) -> str:
        return self.release.partition('/')[2]

    def is_of(self, host: str) -> bool:
        return host == self.host or (self.host.startswith('*') and host.endswith(self.host[1:]))

    @property
    def exactness(self) -> tuple[bool, int, bool, int]:
        return not self.host.startswith('*'), len(self.host), self.way.exact, len(self.way.path)


def openings(name: str, side: Side | None) -> Iterator[Opening]:
    """Yield what the routes of a release open; `name` is that of its touched release."""
    for key, route in ((key, side.merged[key]) for key in KEYS) if side else ():
        if route['enabled']:
            for host in route['hostnames'] or ('*',):
                yield from (Opening(name, key, host, *each) for each in _ways(key, route))


def _ways(key: str, route: Values) -> Iterator[tuple[Way, Way, str]]:
    every = Way('/', exact=False)
    if key == 'grpcRoute':
        calls = [_call(each) for each in enabled(route['methods']).values()] or [every]
        yield from ((call, call, str(route['port'])) for call in calls)
        return
    for rule in enabled(route['rules']).values():
        way = Way(rule['path'], rule['type'] == 'Exact')
        asked = Way(rule['rewrite'], way.exact) if rule.get('rewrite') else way
        yield way, asked, str(rule['port'])


def _call(method: Values) -> Way:
    service, name = method.get('service') or ANY, method.get('method', '')
    return Way(f'/{service}/{name}', exact=True) if name else Way(f'/{service}', exact=False)


def getter(found: Iterable[Opening], point: str) -> Opening | None:
    """Of several openings of a host the one that gets a request, None if none does."""
    return max((each for each in found if each.way.covers(point)), key=lambda each: each.exactness, default=None)
