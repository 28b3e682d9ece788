"""chartloom pin: releases → their pins (model version and chart version), written into the registry."""

from __future__ import annotations

import click

from generator.cli import offers
from generator.cli.operation import Place, operation_options, release_name, tell
from generator.cli.output import say, wants_json
from generator.operations.pin import pinning


@click.command()
@click.argument('releases', nargs=-1, metavar='[ENV/MODEL]...', callback=release_name, shell_complete=offers.releases)
@click.option('--newest', is_flag=True, help='Move to the newest model version.')
@operation_options
def command(releases: tuple[str, ...], newest: bool, place: Place, output: str) -> None:
    """Write missing pins into releases, generate the files, and commit both; comments are kept.

    A release whose chart is missing, or belongs to another version, gets the newest chart of its version. With names,
    these releases move to the newest chart of their version.
    """
    outcome = place.carry_out(pinning(releases, newest=newest))
    if not wants_json():
        for pin in outcome.result['pins']:
            say(f'{pin["release"]}: {pin["before"]} → {pin["version"]} (chart {pin["chart"]})')
        if not outcome.result['pins']:
            say('nothing to do: every release has its pin')
    tell(outcome)
