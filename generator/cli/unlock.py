"""chartloom unlock: a release, an environment or an application → without its lock."""

from __future__ import annotations

import click

from generator.cli.lock import chosen_scope, scope_options
from generator.cli.operation import Place, operation_options
from generator.cli.outcome import tell
from generator.cli.output import say, wants_json
from generator.operations.lock import unlocking


@click.command()
@scope_options
@operation_options
def command(release: str, environment: str, application: str, place: Place, output: str) -> None:
    """Remove a lock. Locks of the environment or of an application stay."""
    outcome = place.carry_out(unlocking(chosen_scope(release, environment, application)))
    tell(outcome)
    if not wants_json():
        scope = outcome.result['scope']
        verb = 'would be' if outcome.dry_run else 'is'
        say(f'{scope} {verb} unlocked' if outcome.changed else f'nothing to do: {scope} has no lock')
