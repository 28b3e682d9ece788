"""chartloom init: an empty GitOps repository that works, with comments that teach."""

from __future__ import annotations

from pathlib import Path

import click

from generator.cli.output import common_options, result, say
from generator.delivery.bootstrap import bootstrap_command
from generator.domain.choices import AGENTS
from generator.domain.layout import SETTINGS, bootstrap_file, model_file, release_file
from generator.operations.init import begin
from generator.pipeline.doctor import PLACEHOLDER
from generator.pipeline.run import Run


@click.command()
@click.option(
    '--url', default='', help="The repository's address for the agents. Default: that of the remote 'origin'."
)
@click.option(
    '--agent',
    type=click.Choice(AGENTS),
    default='argocd',
    show_default=True,
    help='Agent of the first environment.',
)
@click.option('--example', is_flag=True, help='With a first model and its release.')
@common_options
def command(url: str, agent: str, example: bool, folder: Path, output: str) -> None:
    """Begin a GitOps repository: settings, a first environment `local`, and all that is generated from them.

    Where there is no git repository one is made. Nothing that exists is overwritten.
    """
    begun = begin(folder, url, agent, example=example)
    made = [change.path for change in begun.outcome.plan.changes]
    environments = list(Run(begun.repository).registry.environments.values())
    commands = [f'git push, then: {bootstrap_command(environment)}' for environment in environments]
    if output == 'json':
        written = [*begun.files, *made]
        result({'changed': True, 'folder': str(begun.repository.root), 'written': written, 'bootstrap': commands})
        return
    for path in begun.files:
        say(f'wrote {path}')
    say(f'generated {len(made)} files from them')
    if begun.url == PLACEHOLDER:
        say(f'\nset spec.repository.url in {SETTINGS}: {PLACEHOLDER} stands for it now', fg='yellow')
    say('\nnext:')
    say('  git add -A && git commit                  keep this beginning')
    say(f'  edit {model_file("<model>"):<36} add a model, and {release_file("local/<model>")}')
    say('  chartloom generate --commit               make its chart, values and delivery object')
    for environment in environments:
        say(
            f'  {bootstrap_command(environment):<41} once, by the platform team: '
            f'{environment.name} then follows the repository'
        )
        say(f'  (review {bootstrap_file(environment.name)} first: it says what the repository may deploy, and where)')
