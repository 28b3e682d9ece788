"""chartloom prune: chart folders that nobody needs any more, removed; git's history keeps them."""

from __future__ import annotations

from dataclasses import replace

import click

from generator.cli import offers
from generator.cli.operation import Place, operation_options, tell
from generator.cli.output import say, wants_json
from generator.operations.prune import pruned_charts, pruning


@click.command()
@click.argument('models', nargs=-1, shell_complete=offers.models)
@operation_options
def command(models: tuple[str, ...], place: Place, output: str) -> None:
    """Remove old chart versions, of all models or of MODELS, and make one commit of it.

    These stay: what a release pins, what a rollout names, what an environment follows, and the newest versions of each
    model (charts.keep in registry/settings.yaml, 10 by default). The ledgers mark the others as pruned. Their files
    remain in git's history: when a release pins such a version again, 'generate' restores it.
    """
    outcome = place.carry_out(pruning(models))
    folders = pruned_charts(outcome.plan)
    if not wants_json():
        for folder in folders:
            say(f'{"would remove" if outcome.dry_run else "removed"} {folder}')
        if not folders:
            say('nothing to prune')
    tell(replace(outcome, result={'pruned': folders}))
