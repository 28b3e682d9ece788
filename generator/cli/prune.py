"""chartloom prune: chart folders that are not used → one commit that removes them; the git history keeps them."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import click

from generator.cli import offers
from generator.cli.operation import Place, operation_options
from generator.cli.outcome import tell
from generator.cli.output import say, wants_json
from generator.cli.registry import connect, registry_options
from generator.operations.prune import pruned_charts, pruning


@click.command()
@click.argument('models', nargs=-1, shell_complete=offers.models)
@registry_options
@operation_options
def command(models: tuple[str, ...], plain_http: bool, ca_file: str | None, place: Place, output: str) -> None:
    """Remove old chart versions of MODELS, by default of all models, in one commit.

    These stay: charts that a release pins, that a rollout comes from or leads to, or that an environment with
    'follow: newest' runs, and the newest versions of each model (charts.keep in registry/settings.yaml, default 10).
    The ledgers mark the others as pruned. Their files stay in the git history: if a release pins such a version again,
    'generate' restores it.

    If agents read an OCI registry (charts.source: oci), the folders of all versions go but that of the newest; the
    registry must have them.
    """
    outcome = place.carry_out(pruning(partial(connect, plain_http=plain_http, ca_file=ca_file), models))
    folders = pruned_charts(outcome.plan)
    if not folders and not wants_json():
        say('nothing to prune')
    tell(replace(outcome, result={'pruned': folders}))
