"""chartloom pin: releases → their pins (model version and chart version), written into the registry."""

from __future__ import annotations

import click

from generator.cli import offers
from generator.cli.lock import allow_frozen_option
from generator.cli.operation import Place, operation_options, release_name, removal_option, together_option
from generator.cli.outcome import tell
from generator.cli.output import say, wants_json
from generator.operations.pin import pinning
from generator.operations.pin_choice import Scope


@click.command()
@click.argument('releases', nargs=-1, metavar='[ENV/MODEL]...', callback=release_name, shell_complete=offers.releases)
@click.option(
    '--env',
    'environments',
    multiple=True,
    metavar='ENV',
    shell_complete=offers.environments,
    help='Move all pins of this environment, instead of named releases.',
)
@click.option('--all', 'everything', is_flag=True, help='Move all pins.')
@click.option('--newest', is_flag=True, help='Move to the newest model version.')
@together_option
@allow_frozen_option
@removal_option
@operation_options
def command(
    releases: tuple[str, ...],
    environments: tuple[str, ...],
    everything: bool,
    newest: bool,
    together: bool,
    allow_frozen: str,
    allow_removal: tuple[str, ...],
    place: Place,
    output: str,
) -> None:
    """Write missing pins into releases, generate the files, and commit both; comments are kept.

    A release whose chart is missing, or belongs to another version, gets the newest chart of its version. With names,
    --env or --all, these releases move to the newest chart of their version. --env and --all skip releases with a
    rollout in progress, and those of environments that follow the newest version.
    """
    scope = Scope(releases, environments, everything)
    if sum(map(bool, (releases, environments, everything))) > 1:
        raise click.UsageError('ENV/MODEL, --env and --all exclude each other')
    if allow_frozen and not scope.moves:
        raise click.UsageError('--allow-frozen requires the releases to move: ENV/MODEL, --env ENV or --all')
    if newest and not scope.moves:
        raise click.UsageError('--newest requires the releases to move: ENV/MODEL, --env ENV or --all')
    operation = pinning(scope, newest=newest, allow_frozen=allow_frozen, together=together)
    outcome = place.carry_out(operation, removable=allow_removal)
    if not wants_json():
        for pin in outcome.result['pins']:
            say(f'{pin["release"]}: {pin["before"]} → {pin["version"]} (chart {pin["chart"]})')
        for kept in outcome.result['skipped']:
            say(f'{kept["release"]} stays: {kept["reason"]}')
        if not outcome.result['pins']:
            say(f'nothing to do: {"no pin moves" if scope.moves else "every release has its pin"}')
    tell(outcome)
