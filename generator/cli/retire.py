"""chartloom retire: a model in named environments, or everywhere → its files in the repository are removed."""

from __future__ import annotations

import click

from generator.cli import offers
from generator.cli.operation import Place, operation_options
from generator.cli.outcome import tell
from generator.cli.output import say, wants_json
from generator.domain.layout import model_name
from generator.operations.retire import Retired, retiring


@click.command()
@click.argument('model', shell_complete=offers.models)
@click.option(
    '--env',
    'environments',
    multiple=True,
    metavar='ENV',
    shell_complete=offers.environments,
    help='Remove its release in this environment; more than once for several.',
)
@click.option('--all', 'everywhere', is_flag=True, help='Remove all its releases, and the model.')
@click.option('--keep', is_flag=True, help='Leave its objects in the cluster: this takes two commits.')
@click.option('--with-routes', is_flag=True, help='Remove it although its routes are open: its host names go, too.')
@operation_options
def command(
    model: str,
    environments: tuple[str, ...],
    everywhere: bool,
    keep: bool,
    with_routes: bool,
    place: Place,
    output: str,
) -> None:
    """Remove a model from environments, or everywhere, after a proof that nothing routes to it or calls it.

    The agent uninstalls it. With --keep the first commit suspends the release, and the same command, after the agent
    has applied that, removes it: its objects stay, with both agents.
    """
    if everywhere == bool(environments):
        raise click.UsageError('expected --env ENV, or --all for all environments and the model itself')
    what = Retired(model_name(model), tuple(dict.fromkeys(environments)), everywhere, keep, with_routes)
    outcome = place.carry_out(retiring(what))
    tell(outcome)
    if wants_json():
        return
    told = outcome.result
    match told['result']:
        case 'nothing':
            say(f'nothing to do: {what} has no release')
        case 'unpublished':
            say(f'nothing to do yet: {", ".join(told["suspended"])} must be published as suspended first: push it')
        case 'suspended':
            say(f'1 of 2: {", ".join(told["suspended"])} suspended; when the agent has applied it: {told["again"]}')
        case _:
            say(f'retired: {what}')
