"""chartloom pin: the model version and chart version that releases stand on, written into the registry."""

from __future__ import annotations

from pathlib import Path

import click

from generator.cli import offers
from generator.cli.output import common_options, result, say
from generator.documents.edit import set_values
from generator.domain.places import Path as Place
from generator.operations.pin import choose_pins
from generator.pipeline.run import Run
from generator.tools.git.build import finish
from generator.tools.git.repository import open_repository
from generator.tools.git.worktree import write_files


@click.command()
@click.argument('releases', nargs=-1, metavar='[ENV/MODEL]...', shell_complete=offers.releases)
@click.option('--newest', is_flag=True, help='Move to the newest model version as well.')
@common_options
def command(releases: tuple[str, ...], newest: bool, folder: Path, output: str) -> None:
    """Write missing pins into releases; comments are kept.

    A release that names a version without its chart, or a chart of another version, gets the newest chart of its
    version. With names these releases move to the newest chart of their version.
    """
    repository = open_repository(folder)
    finish(repository)
    run = Run(repository, sorted({name.removeprefix('release/').rpartition('/')[2] for name in releases}))
    names = [name.removeprefix('release/') for name in releases]
    pins = choose_pins(run.registry, run.charts, names, newest=newest)
    files = {}
    for pin in pins:
        file = pin.release.file
        changes: dict[Place, str | bool] = {('spec', 'version'): pin.version, ('spec', 'chart'): pin.chart}
        files[file] = set_values(run.source.read(file), file, changes)
    write_files(repository, files, ())
    if output == 'json':
        rows = [{'release': p.release.name, 'version': p.version, 'chart': p.chart, 'before': p.before} for p in pins]
        result({'changed': bool(pins), 'pins': rows})
        return
    for pin in pins:
        say(f'{pin.release.name}: {pin.before} → {pin.version} (chart {pin.chart})')
    say("run 'chartloom generate' to follow" if pins else 'nothing to do: every release has its pin')
