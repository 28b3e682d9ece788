"""chartloom strategies: the capability tables → what each engine, router and controller supports, and alternatives."""

from __future__ import annotations

import click

from generator.cli.output import output_option, result, say, table
from generator.domain.choices import ENGINES
from generator.strategies.capabilities import REFUSALS, Refusal, combinations
from generator.strategies.gateways import GatewayRefusal, gateway_combinations
from generator.strategies.table import counts, gateway_rows, rows


@click.command()
@output_option
def command(output: str) -> None:
    """Show which strategies each engine supports with which routers, and the reason if not.

    Both agents, Argo CD and Flux, support all of them. A second table shows what each Gateway API controller enforces.
    """
    if output == 'json':
        result({'combinations': _data(), 'gateways': _gateways()})
        return
    table([(feature, meaning, *works) for feature, meaning, works in rows()], ('FEATURE', '', *map(str.upper, ENGINES)))
    say()
    for refusal in REFUSALS:
        routers = ', '.join(refusal.routers)
        say(f'{", ".join(refusal.features)} with {" or ".join(refusal.engines)} and router {routers}: {refusal.reason}')
        say(f'  instead: {refusal.instead}')
    supported, refused = counts()
    say(f'\n{supported} combinations of feature, engine, router and agent are supported, {refused} are refused')
    say('\nWith router gateway-api, features beyond the core of the API depend on the controller:\n')
    table([*gateway_rows()], ('FEATURE', '', 'ENFORCED BY'))


def _gateways() -> list[dict[str, object]]:
    return [
        {'feature': feature, 'controller': controller, 'supported': refusal is None, **_why(refusal)}
        for feature, controller, refusal in gateway_combinations()
    ]


def _why(refusal: Refusal | GatewayRefusal | None) -> dict[str, str]:
    return {'reason': refusal.reason, 'instead': refusal.instead} if refusal else {}


def _data() -> list[dict[str, object]]:
    return [
        {
            'feature': feature, 'engine': engine, 'router': router, 'agent': agent, 'supported': refusal is None,
            **_why(refusal),
        }
        for feature, engine, router, agent, refusal in combinations()
    ]  # fmt: skip
