"""The capability tables → rows for the README: what engines support with which routers, what controllers enforce."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from generator.domain.choices import ENGINES, ROUTERS, Engine
from generator.strategies.capabilities import combinations, refusal
from generator.strategies.features import FEATURES
from generator.strategies.gateways import GatewayFeature, enforcing

_ENFORCED: Mapping[GatewayFeature, str] = {
    'auth.jwt': 'requests require a token',
    'auth.oidc': 'users sign in',
    'grpc': 'gRPC routes',
    'mirror': 'copies of a share of the requests',
    'rewrite': 'paths are rewritten',
    'timeout': 'time limits of requests',
}


def rows() -> Iterator[tuple[str, str, list[str]]]:
    """Yield feature, meaning, and for each engine the routers that it supports the feature with."""
    for feature, meaning in FEATURES.items():
        yield feature, meaning, [_routers(feature, engine) for engine in ENGINES]


def _routers(feature: str, engine: Engine) -> str:
    works = [router for router in ROUTERS if refusal(feature, engine, router) is None]
    return 'all' if len(works) == len(ROUTERS) else ', '.join(works) or '–'


def counts() -> tuple[int, int]:
    """Return how many combinations of feature, engine, router and agent are supported, and how many refused."""
    refused = sum(found is not None for *_, found in combinations())
    return len(list(combinations())) - refused, refused


def gateway_rows() -> Iterator[tuple[str, str, str]]:
    """Yield feature, meaning, and the Gateway API controllers that enforce it."""
    for feature, meaning in _ENFORCED.items():
        yield feature, meaning, ', '.join(enforcing(feature))


def gateway_markdown() -> str:
    """Return the table of the README of route features that controllers enforce."""
    lines = ['| Feature | | Enforced by controller |', '|---|---|---|']
    return '\n'.join(
        [*lines, *(f'| `{feature}` | {meaning} | {names} |' for feature, meaning, names in gateway_rows())]
    )


def markdown() -> str:
    """Return the table of the README of strategy features."""
    supported, refused = counts()
    lines = [f'| Feature | | {" | ".join(f"`{engine}`" for engine in ENGINES)} |', '|---' * (2 + len(ENGINES)) + '|']
    lines += [f'| `{feature}` | {meaning} | {" | ".join(works)} |' for feature, meaning, works in rows()]
    counted = f'{supported} of {supported + refused} combinations of feature, engine, router and agent are supported'
    return '\n'.join(
        [*lines, '', f'{counted}, {refused} are refused. The agent, Argo CD or Flux, makes no difference.']
    )
