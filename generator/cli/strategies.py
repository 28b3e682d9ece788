"""chartloom strategies: what each engine can do with which routers, and the nearest way where it cannot."""

from __future__ import annotations

import click

from generator.cli.output import output_option, result, say, table
from generator.strategies.capabilities import ENGINES, REFUSALS, combinations
from generator.strategies.table import counts, rows


@click.command()
@output_option
def command(output: str) -> None:
    """Show which strategies each engine can carry out with which routers, and why not with others.

    Both agents, Argo CD and Flux, take all of them.
    """
    if output == 'json':
        result({'combinations': _data()})
        return
    table([(feature, meaning, *works) for feature, meaning, works in rows()], ('FEATURE', '', *map(str.upper, ENGINES)))
    say()
    for refusal in REFUSALS:
        routers = ', '.join(refusal.routers)
        say(f'{", ".join(refusal.features)} with {" or ".join(refusal.engines)} and router {routers}: {refusal.reason}')
        say(f'  instead: {refusal.instead}')
    supported, refused = counts()
    say(f'\n{supported} combinations of feature, engine, router and agent are supported, {refused} are refused')


def _data() -> list[dict[str, object]]:
    return [
        {
            'feature': feature, 'engine': engine, 'router': router, 'agent': agent, 'supported': refusal is None,
            **({'reason': refusal.reason, 'instead': refusal.instead} if refusal else {}),
        }
        for feature, engine, router, agent, refusal in combinations()
    ]  # fmt: skip
