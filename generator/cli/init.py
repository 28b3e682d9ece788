"""chartloom init: an empty folder or branch → a GitOps repository, with comments that explain each file."""

from __future__ import annotations

import click

from generator.cli.operation import Place, operation_options
from generator.cli.outcome import outcome_data, tell_commit
from generator.cli.output import result, say, wants_json
from generator.cli.reports import tell_report
from generator.domain.choices import AGENTS
from generator.domain.layout import SETTINGS, bootstrap_file, model_file, release_file
from generator.operations.init import FIRST_ENVIRONMENT, First, init, init_remote
from generator.operations.operation import Options, Outcome, Remote
from generator.pipeline.doctor import PLACEHOLDER


@click.command()
@click.option(
    '--url', default='', help="URL of the repository for the agents. Default: the URL of the remote 'origin'."
)
@click.option(
    '--agent',
    type=click.Choice(AGENTS),
    default='argocd',
    show_default=True,
    help='Agent of the first environment.',
)
@click.option('--example', is_flag=True, help='Add an example model and its release.')
@operation_options
def command(url: str, agent: str, example: bool, place: Place, output: str) -> None:
    """Create a GitOps repository: settings, a first environment `local`, and the files generated from them.

    If there is no git repository, it is created. Existing files are not overwritten. The result is one commit.
    """
    first = First(url, agent, example)
    options = Options(
        commit=True, push=place.push, dry_run=place.dry_run, message=place.message, report=bool(place.report_file)
    )
    if place.url:
        target = place.target
        assert isinstance(target, Remote)
        outcome = init_remote(target, first, options)
    else:
        outcome = init(place.folder, first, options)
    tell_report(outcome.report, place.report_file)
    if wants_json():
        made = [change.path for change in outcome.plan.changes]
        commands = [f'git push, then: kubectl apply -f {bootstrap_file(FIRST_ENVIRONMENT)}']
        written = [*outcome.result['written'], *made]
        result({**outcome_data(outcome), 'written': written, 'bootstrap': commands})
    else:
        _tell(outcome)


def _tell(outcome: Outcome) -> None:
    written, made = outcome.result['written'], len(outcome.plan.changes)
    verb = 'would write' if outcome.dry_run else 'wrote'
    for path in written:
        say(f'{verb} {path}')
    say(f'{"would generate" if outcome.dry_run else "generated"} {made} files from them')
    tell_commit(outcome)
    if outcome.result['url'] == PLACEHOLDER:
        say(f'\nset spec.repository.url in {SETTINGS}: it is a placeholder now, {PLACEHOLDER}', fg='yellow')
    bootstrap = bootstrap_file(FIRST_ENVIRONMENT)
    say('\nnext:')
    say(f'  write {model_file("<model>"):<35} for a model, and {release_file(f"{FIRST_ENVIRONMENT}/<model>")}')
    say('  chartloom generate --commit               generate its chart, values and delivery object')
    say(f'  kubectl apply -f {bootstrap:<24} once, by the platform team: the agent then follows the repository')
    say(f'  (review {bootstrap} first: it defines what the repository may deploy, and where)')
