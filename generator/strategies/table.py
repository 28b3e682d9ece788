"""The capability table → rows for people: what each engine can do with which routers, and why not with others."""

from __future__ import annotations

from collections.abc import Iterator

from generator.strategies.capabilities import ENGINES, FEATURES, ROUTERS, combinations, refusal


def rows() -> Iterator[tuple[str, str, list[str]]]:
    """Feature, what it is, and for each engine the routers that it works with."""
    for feature, meaning in FEATURES.items():
        yield feature, meaning, [_routers(feature, engine) for engine in ENGINES]


def _routers(feature: str, engine: str) -> str:
    works = [router for router in ROUTERS if refusal(feature, engine, router) is None]
    return 'all' if len(works) == len(ROUTERS) else ', '.join(works) or '–'


def counts() -> tuple[int, int]:
    """Combinations of feature, engine, router and agent that are supported, and that are refused."""
    refused = sum(found is not None for *_, found in combinations())
    return len(list(combinations())) - refused, refused


def markdown() -> str:
    """The table of the README."""
    supported, refused = counts()
    lines = [f'| Feature | | {" | ".join(f"`{engine}`" for engine in ENGINES)} |', '|---' * (2 + len(ENGINES)) + '|']
    lines += [f'| `{feature}` | {meaning} | {" | ".join(works)} |' for feature, meaning, works in rows()]
    counted = f'{supported} of {supported + refused} combinations of feature, engine, router and agent are supported'
    return '\n'.join(
        [*lines, '', f'{counted}, {refused} are refused. Both agents, Argo CD and Flux, take all of them.']
    )
