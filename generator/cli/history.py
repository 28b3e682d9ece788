"""chartloom history: a model → who moved what, when and why, from the history of the published branch."""

from __future__ import annotations

from pathlib import Path

import click

from generator.cli import offers
from generator.cli.operation import Place, branch_option, chosen_branch, repo_option
from generator.cli.output import common_options, in_a_line, result, say
from generator.domain.layout import model_name
from generator.operations.history import Entry, State, entry_data, read_history
from generator.operations.provenance import ACTOR
from generator.operations.remote import opened
from generator.operations.rollout_seen import utc
from generator.pipeline.run import open_run


@click.command()
@click.argument('model', shell_complete=offers.models)
@click.option(
    '--env',
    'environments',
    multiple=True,
    metavar='ENV',
    shell_complete=offers.environments,
    help='Only this environment; more than once for several.',
)
@click.option('--most', type=click.IntRange(1, 1000), default=20, show_default=True, help='Entries to show.')
@repo_option
@branch_option
@common_options
def command(
    model: str, environments: tuple[str, ...], most: int, repo: str, branch: str, folder: Path, output: str
) -> None:
    """Show who moved a model, when and why: the commits of the published branch, the newest first.

    Commits by hand and squashed requests are read like those of chartloom: by what they changed.
    """
    model = model_name(model)
    place = Place(folder, repo, chosen_branch(repo, branch), push=False, dry_run=False, message='')
    with opened(place.target) as repository:
        found = read_history(open_run(repository, [model]), model, environments, most)
    if output == 'json':
        result({'history': [entry_data(entry) for entry in found.entries], 'cut': found.cut})
        return
    for entry in found.entries:
        _show(entry)
    if found.cut:
        say('older commits are not shown: use --most, and in a shallow clone git fetch --unshallow')


def _show(entry: Entry) -> None:
    commit, moved = entry.commit, entry.before.pin != entry.after.pin
    move = f'  {_pin(entry.before)} → {_pin(entry.after)}' if moved else ''
    say((f'{utc(commit.time)}  {entry.release}{move}', {'bold': True}))
    for mark in entry.marks:
        say(f'  {in_a_line(mark)}')
    actor = f' for {in_a_line(found)}' if (found := entry.told(ACTOR)) else ''
    say(f'  {commit.id[:12]} by {in_a_line(commit.author)}{actor}: {in_a_line(commit.subject)}')
    say(f'  {"; ".join(map(in_a_line, entry.operations)) or "by hand"}')


def _pin(state: State) -> str:
    if state.spec is None:
        return 'nothing'
    return in_a_line(f'{state.version or "no version"} (chart {state.chart or "none"})')
