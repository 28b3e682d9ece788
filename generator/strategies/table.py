"""The capability tables → rows for people: what engines can do with which routers, what controllers enforce."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from generator.domain.choices import ENGINES, ROUTERS, Engine
from generator.strategies.capabilities import FEATURES, combinations, refusal
from generator.strategies.gateways import GatewayFeature, enforcing

_ENFORCED: Mapping[GatewayFeature, str] = {
    'auth.jwt': 'requests need a token',
    'auth.oidc': 'users sign in',
    'grpc': 'routes for gRPC',
    'mirror': 'a copy of a share of the requests',
    'rewrite': 'the server gets another path',
    'timeout': 'a time limit of requests',
}


def rows() -> Iterator[tuple[str, str, list[str]]]:
    """Feature, what it is, and for each engine the routers that it works with."""
    for feature, meaning in FEATURES.items():
        yield feature, meaning, [_routers(feature, engine) for engine in ENGINES]


def _routers(feature: str, engine: Engine) -> str:
    works = [router for router in ROUTERS if refusal(feature, engine, router) is None]
    return 'all' if len(works) == len(ROUTERS) else ', '.join(works) or '–'


def counts() -> tuple[int, int]:
    """Combinations of feature, engine, router and agent that are supported, and that are refused."""
    refused = sum(found is not None for *_, found in combinations())
    return len(list(combinations())) - refused, refused


def gateway_rows() -> Iterator[tuple[str, str, str]]:
    """Feature, what it is, and the Gateway API controllers that enforce it."""
    for feature, meaning in _ENFORCED.items():
        yield feature, meaning, ', '.join(enforcing(feature))


def gateway_markdown() -> str:
    """The table of the README that says what of a route a controller enforces."""
    lines = ['| Feature | | Enforced by controller |', '|---|---|---|']
    return '\n'.join(
        [*lines, *(f'| `{feature}` | {meaning} | {names} |' for feature, meaning, names in gateway_rows())]
    )


def markdown() -> str:
    """The table of the README."""
    supported, refused = counts()
    lines = [f'| Feature | | {" | ".join(f"`{engine}`" for engine in ENGINES)} |', '|---' * (2 + len(ENGINES)) + '|']
    lines += [f'| `{feature}` | {meaning} | {" | ".join(works)} |' for feature, meaning, works in rows()]
    counted = f'{supported} of {supported + refused} combinations of feature, engine, router and agent are supported'
    return '\n'.join(
        [*lines, '', f'{counted}, {refused} are refused. Both agents, Argo CD and Flux, take all of them.']
    )
