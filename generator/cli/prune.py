"""chartloom prune: chart folders that nobody needs any more, removed; git's history keeps them."""

from __future__ import annotations

from pathlib import Path

import click

from generator.cli.generate import outcome_data, tell
from generator.cli.output import common_options, progress, result, say, warn
from generator.operations.apply import Options
from generator.operations.prune import prune, pruned_charts
from generator.tools.git.repository import open_repository


@click.command()
@click.argument('models', nargs=-1)
@click.option('--commit', is_flag=True, help='Make one commit of it; the registry must have no other changes.')
@click.option('--push', is_flag=True, help='Push the commit; requires --commit.')
@click.option('--message', default='', help='Subject of the commit instead of the one made from the changes.')
@click.option('--dry-run', is_flag=True, help='Only show what would be removed.')
@common_options
def command(
    models: tuple[str, ...], commit: bool, push: bool, message: str, dry_run: bool, folder: Path, output: str
) -> None:
    """Remove old chart versions, of all models or of MODELS.

    These stay: what a release pins, what a rollout names, what an environment follows, and the newest versions of each
    model (charts.keep in registry/settings.yaml, 10 by default). The ledgers mark the others as pruned. Their files
    remain in git's history: when a release pins such a version again, 'generate' restores it.
    """
    if push and not commit:
        raise click.UsageError('--push requires --commit')
    options = Options(models, commit, push, message)
    outcome = prune(open_repository(folder), options, progress, dry_run=dry_run)
    warn(outcome.warnings)
    folders = pruned_charts(outcome.plan)
    if output == 'json':
        result({'pruned': folders, 'dryRun': dry_run, **outcome_data(outcome)})
    elif dry_run:
        for folder_ in folders:
            say(folder_)
        say(f'{len(folders)} chart versions would be pruned' if folders else 'nothing to prune')
    elif not folders and not outcome.changed:
        say('nothing to prune')
    else:
        tell(outcome)
